"""Files that are cells of Parquet tables, as hubs keep data sets of pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.handlers.members import deliver
from pentad.sources.fetch.handlers.wanted import Wanted
from pentad.sources.fetch.jobs import Lot, Report
from pentad.sources.fetch.places import Place, Places
from pentad.sources.fetch.placing import Rules

if TYPE_CHECKING:
    import pyarrow as pa

MAX_COLUMN = 4 << 30
"""Bytes of one column of one row group that are read at most."""


class ParquetBatch:
    """Takes cells out of Parquet tables: reads names, then only the row groups that are wanted.

    Args:
        name: The source.
        wanted: The tasks.
        places: What finds and opens tables.
        locations: Where they are.
        columns: The column of names and the column of contents; dots lead into structures.
        rules: What the files must be.
    """

    def __init__(
        self,
        name: str,
        wanted: Wanted,
        places: Places,
        locations: Sequence[str],
        columns: tuple[str, str],
        rules: Rules,
    ) -> None:
        self.name = name
        self._wanted = wanted
        self._places = places
        self._locations = locations
        self._names, self._contents = columns
        self._rules = rules

    def lots(self) -> Iterator[Lot]:
        """Return one piece of work a table.

        Raises:
            FetchError: The tables cannot be found.
        """
        return (partial(self._table, p) for p in self._places.find(self._locations))

    def close(self, report: Report) -> None:
        """Report the tasks that no table had."""
        self._wanted.close(report, self.name)

    def _table(self, place: Place, report: Report) -> Iterable[Lot]:
        if not len(self._wanted):
            return ()
        try:
            with self._opened(place) as file:
                self._check_columns(file, place)
                for group in range(file.num_row_groups):
                    if self._may_have(file, group):
                        self._group(file, group, place, report)
        except FetchError as error:
            self._wanted.failed(error)
        return ()

    @contextmanager
    def _opened(self, place: Place) -> Iterator[Any]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        with self._places.seeking(place, MAX_COLUMN) as source, _told(place):
            python = pa.PythonFile(source, mode="r")
            with pq.ParquetFile(python, pre_buffer=False) as file:
                yield file

    def _check_columns(self, file: Any, place: Place) -> None:
        paths = {file.schema.column(i).path for i in range(len(file.schema))}
        for name in (self._names, self._contents):
            if name not in paths:
                shown = ", ".join(sorted(paths)[:10])
                raise FetchError(
                    FetchReason.BAD_ARCHIVE, f"{place.name}: no column {name!r}, only {shown}"
                )

    def _may_have(self, file: Any, group: int) -> bool:
        meta = file.metadata.row_group(group)
        for number in range(meta.num_columns):
            column = meta.column(number)
            if column.path_in_schema == self._names:
                known = column.statistics
                if known is None or not known.has_min_max or not isinstance(known.min, str):
                    return True
                return self._wanted.may_be_within(known.min, known.max)
        return True

    def _group(self, file: Any, group: int, place: Place, report: Report) -> None:
        names = _column(file, group, self._names).to_pylist()
        rows = [i for i, n in enumerate(names) if isinstance(n, str) and n in self._wanted]
        if not rows:
            return
        contents = _column(file, group, self._contents)
        for row in rows:
            if tasks := self._wanted.claim(names[row]):
                what = f"{place.name}#{names[row]}"
                deliver(tasks, _cell(contents[row].as_py(), what), what, self._rules, report)


def _column(file: Any, group: int, name: str) -> pa.ChunkedArray:
    table = file.read_row_group(group, columns=[name], use_threads=False)
    column = table.column(0)
    for step in name.split(".")[1:]:
        import pyarrow.compute as pc

        column = pc.struct_field(column, step)
    return column


def _cell(value: object, what: str) -> Iterator[bytes]:
    if not isinstance(value, bytes):
        raise FetchError(FetchReason.UNUSABLE, f"{what}: the cell holds no bytes")
    yield value


@contextmanager
def _told(place: Place) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        text = (str(error).splitlines() or [""])[0]
        raise FetchError(FetchReason.BAD_ARCHIVE, f"{place.name}: {text}") from error
