"""What a run keeps of a task beside its scores, read back; what is not there is said, not fatal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pentad.core.modality import Modality
from pentad.evaluation.page.markup import clean
from pentad.pipeline.run_qrels import qrels_file

if TYPE_CHECKING:
    import polars as pl

QUERY, ITEM = "query", "item"
_AGAIN = "score the task again with 'pentad benchmark --again'"


class Content(NamedTuple):
    """A query or an item.

    Attributes:
        modality: What it is.
        text: What it says, or None.
        file: Where it lies, or None.
        start: Seconds at which it begins, or None.
        end: Seconds at which it ends, or None.
    """

    modality: Modality | None
    text: str | None
    file: str | None
    start: float | None
    end: float | None


Entries = Mapping[str, Mapping[str, Content]]
"""Side (`QUERY` or `ITEM`) -> id -> content."""


@dataclass(frozen=True, eq=False)
class Details:
    """What is known of the queries and items of one task.

    Attributes:
        entries: Of both sides, in the order of the task.
        qrels: Columns query, item, grade; None where the run has none.
        gaps: What is missing, one line each.
    """

    entries: Entries
    qrels: pl.DataFrame | None
    gaps: tuple[str, ...] = ()

    def side_of(self, query: Modality) -> str:
        """Return which side of the task has the queries of a direction, by their modality."""
        asking = self.entries.get(QUERY, {})
        kind = next((each.modality for each in asking.values()), query)
        return QUERY if kind is query or not asking else ITEM


def read_details(folder: Path, task: str) -> Details:
    """Return the entries and judgments of a task, as far as they are there and sound."""
    import polars as pl

    texts = dict.fromkeys(["side", "id", "modality", "text", "file"], pl.String)
    numbers = dict.fromkeys(["start", "end"], pl.Float64)
    entries, first = _read(folder / "entries" / f"{task}.parquet", {**texts, **numbers})
    schema = {"query": pl.String, "item": pl.String, "grade": pl.Int64}
    qrels, second = _read(qrels_file(folder, task), schema)
    gaps = []
    if first:
        gaps.append(f"What queries and items are cannot be shown: {first}; {_AGAIN}.")
    if second:
        gaps.append(
            f"What is relevant, and so classes and confusions, is not known: {second}; {_AGAIN}."
        )
    return Details(_entries(entries), qrels, tuple(gaps))


def read_top(folder: Path, task: str, direction: str) -> tuple[pl.DataFrame | None, str]:
    """Return the best results of every query of a direction, or why there are none."""
    import polars as pl

    schema = {
        "query": pl.String, "rank": pl.Int64, "item": pl.String,
        "score": pl.Float64, "grade": pl.Int64,
    }  # fmt: skip
    frame, why = _read(folder / "top" / f"{task}.{direction}.parquet", schema)
    if frame is None:
        return None, f"What was found for each query cannot be shown: {why}; {_AGAIN}."
    return frame.sort("query", "rank", maintain_order=True), ""


def _read(path: Path, schema: Mapping[str, object]) -> tuple[pl.DataFrame | None, str]:
    """Return a table, or why it cannot be used."""
    import polars as pl

    name = f"{path.parent.name}/{path.name}"
    try:
        frame = pl.read_parquet(path)
    except FileNotFoundError:
        return None, f"this run has no {name}"
    except OSError as error:
        return None, f"{name} cannot be read ({error.strerror or error})"
    except pl.exceptions.PolarsError:
        return None, f"{name} is damaged"
    if dict(frame.schema) != dict(schema):
        return None, f"{name} has other columns"
    return frame, ""


def _entries(frame: pl.DataFrame | None) -> dict[str, dict[str, Content]]:
    found: dict[str, dict[str, Content]] = {}
    for side, name, kind, text, file, start, end in [] if frame is None else frame.iter_rows():
        shown = None if text is None else clean(text)
        content = Content(_modality(kind), shown, file, start, end)
        found.setdefault(side, {})[name] = content
    return found


def _modality(name: str | None) -> Modality | None:
    try:
        return Modality(name or "")
    except ValueError:
        return None
