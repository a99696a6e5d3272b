"""One Parquet file or Arrow stream of a Hugging Face data set: its rows become entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pentad.core.errors import Reason
from pentad.core.modality import Modality
from pentad.sources.collect import Collector, Entry, Facts, checked_caption
from pentad.sources.hf_columns import HfColumns, hf_columns
from pentad.sources.lines import MARKING, checked_text
from pentad.sources.refusal import Refused
from pentad.store.captions import clean_caption


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Yield a table: its ``schema`` and its ``batches(columns)``.

    Raises:
        Refused: It is no Parquet file or Arrow stream, or is damaged.
        OSError: It cannot be read.
    """
    import pyarrow as pa

    try:
        with _Arrow(path) if path.suffix.lower() == ".arrow" else _Parquet(path) as table:
            yield table
    except (pa.ArrowException, ValueError) as error:
        line = (str(error).splitlines() or [type(error).__name__])[0]
        raise Refused(Reason.CORRUPT, f"not a whole table ({line})") from None


class _Parquet:
    def __init__(self, path: Path) -> None:
        import pyarrow.parquet as pq

        self._file = pq.ParquetFile(path)
        self.schema = self._file.schema_arrow

    def __enter__(self) -> _Parquet:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def batches(self, columns: list[str]) -> Iterator[Any]:
        """Yield record batches of some columns."""
        yield from self._file.iter_batches(columns=columns)


class _Arrow:
    def __init__(self, path: Path) -> None:
        import pyarrow as pa

        self._file = pa.OSFile(str(path))
        self._stream = pa.ipc.open_stream(self._file)
        self.schema = self._stream.schema

    def __enter__(self) -> _Arrow:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._file.close()

    def batches(self, columns: list[str]) -> Iterator[Any]:
        """Yield record batches of some columns."""
        for batch in self._stream:
            chosen = batch.select(columns)
            chosen.validate(full=True)  # nothing in the format keeps offsets within bounds
            yield chosen


def collect_hf_table(collector: Collector, file: str, modality: Modality | None) -> None:
    """Add the rows of one table to a collector.

    Args:
        collector: Takes the rows; the table lies below its root.
        file: The table, relative to the root.
        modality: Take only columns of this one. With ``text`` the captions alone.

    Raises:
        Refused: Nothing of the table can be used.
        OSError: It cannot be read.
    """
    with opened(collector.root / file) as table:
        columns = _chosen(hf_columns(table.schema), table.schema.names, modality)
        if columns is None:
            return
        for row, values in enumerate(read_rows(table, columns.told)):
            _collect_row(collector, file, row, values, columns)


def _chosen(columns: HfColumns, names: list[str], modality: Modality | None) -> HfColumns | None:
    """Return the columns that are wanted; None where the table has none of this modality."""
    if modality is Modality.TEXT:
        if not columns.captions:
            raise _missing("captions", "caption", names)
        return HfColumns({}, columns.captions, columns.facts, columns.classes)
    if not columns.media:
        hint = "; for captions without files say modality 'text'" if columns.captions else ""
        raise _missing(f"bytes of images, sounds, videos or clouds{hint}", "image", names)
    media = {name: kind for name, kind in columns.media.items() if modality in (None, kind)}
    if not media:
        return None
    return HfColumns(media, columns.captions, columns.facts, columns.classes)


def _missing(what: str, column: str, names: list[str]) -> Refused:
    seen = ", ".join(map(repr, names[:12])) or "none"
    detail = f"no column holds {what}; the columns are {seen}"
    return Refused(Reason.MISSING_COLUMN, detail, column=column)


def read_rows(table: Any, columns: list[str]) -> Iterator[Mapping[str, Any]]:
    """Yield some cells of every row of a table that `opened` gave, by column."""
    for batch in table.batches(columns):
        if not columns:
            yield from ({} for _ in range(batch.num_rows))
            continue
        cells = [_values(batch.column(name)) for name in columns]
        for values in zip(*cells, strict=True):
            yield dict(zip(columns, values, strict=True))


def _values(column: Any) -> list[Any]:
    """Return cells as Python values; text that is none is marked: one cell costs one row."""
    import pyarrow as pa
    from pyarrow import types

    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not types.is_string(column.type):
        return list(column.to_pylist())
    raw = column.cast(pa.binary()).to_pylist()
    return [None if value is None else value.decode("utf-8", MARKING) for value in raw]


def _collect_row(
    collector: Collector, file: str, row: int, values: Mapping[str, Any], columns: HfColumns
) -> None:
    captions = _captions(collector, file, row, values, columns)
    facts = _facts(values, columns)
    for column, kind in columns.media.items():
        _add(collector, file, row, Entry(kind, f"{file}/{row}/{column}", None, facts), captions)
    if not columns.media and captions:
        _add(collector, file, row, Entry(Modality.TEXT, "", None, facts), captions)


def _add(collector: Collector, file: str, row: int, entry: Entry, captions: list[str]) -> None:
    each: list[str] | list[None] = captions or [None]
    for caption in each:
        where = f"{file}, row {row + 1}"
        try:
            collector.add(Entry(entry.modality, entry.file, caption, entry.facts, where))
        except Refused as refused:
            collector.refuse(file, refused, modality=entry.modality, line=row + 1)


def _captions(
    collector: Collector, file: str, row: int, values: Mapping[str, Any], columns: HfColumns
) -> list[str]:
    """Return the captions of a row, each once; list those that cannot be used."""
    found = []
    for column in columns.captions:
        value = values[column]
        for text in value if isinstance(value, list) else [value]:
            try:
                if text is not None:
                    found.append(checked_caption(checked_text(text, column), column))
            except Refused as refused:
                kind = next(iter(columns.media.values()), Modality.TEXT)
                collector.refuse(file, refused, modality=kind, line=row + 1)
    return list(dict.fromkeys(found))


def _facts(values: Mapping[str, Any], columns: HfColumns) -> Facts:
    concept, dataset, license_ = (
        _fact(
            values.get(columns.facts.get(name, "")),
            columns.classes.get(columns.facts.get(name, "")),
        )
        for name in ("concept", "source_dataset", "dataset_license")
    )
    return concept, dataset, license_


def _fact(value: Any, names: Any) -> str | None:
    """Return a fact; a number of a class is its name, -1 is none."""
    if isinstance(value, list):
        value = value[0] if value else None
    if names and isinstance(value, int):
        return names[value] if 0 <= value < len(names) else None
    if not isinstance(value, str):
        return None
    try:
        return clean_caption(checked_text(value) or "") or None
    except Refused:
        return None
