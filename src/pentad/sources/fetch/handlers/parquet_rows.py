"""Files that are cells of Parquet tables, as hubs keep data sets of pictures."""

from __future__ import annotations

from collections import deque
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

MAX_COLUMN = 1 << 30
"""Bytes of one column of one row group that are read at most."""

_NAMES = 1024
_CELLS = 16


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
                    self._group(file, group, place, report)
                    if not len(self._wanted):
                        break
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

    # Statistics would tell which row groups cannot have a name, but to look at those of a damaged
    # table can end the whole process, deep in Arrow, where no exception helps.
    def _group(self, file: Any, group: int, place: Place, report: Report) -> None:
        rows = deque(self._rows(file, group))
        at = 0
        for cells in _parts(file, group, self._contents, _CELLS) if rows else ():
            while rows and rows[0][0] < at + len(cells):
                row, name = rows.popleft()
                if tasks := self._wanted.claim(name):
                    what = f"{place.name}#{name}"
                    deliver(tasks, _cell(cells[row - at].as_py(), what), what, self._rules, report)
            at += len(cells)
            if not rows:
                break

    def _rows(self, file: Any, group: int) -> Iterator[tuple[int, str]]:
        at = 0
        for names in _parts(file, group, self._names, _NAMES):
            for row, name in enumerate(names.to_pylist(), at):
                if isinstance(name, str) and name in self._wanted:
                    yield row, name
            at += len(names)


def _parts(file: Any, group: int, name: str, rows: int) -> Iterator[pa.Array]:
    """Yield a column of a row group, some rows at a time.

    A cell that is stored once may stand in a million rows: all at once they would take any memory.
    """
    import pyarrow.compute as pc

    for batch in file.iter_batches(rows, row_groups=[group], columns=[name], use_threads=False):
        column = batch.column(0)
        for step in name.split(".")[1:]:
            column = pc.struct_field(column, step)
        yield column


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
