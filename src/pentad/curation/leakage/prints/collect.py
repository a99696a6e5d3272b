"""The prints of many items: decoded once, refused ones listed, kept in a cache where asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.curation.leakage.prints.cache import PrintCache
from pentad.curation.leakage.prints.printer import PRINTED, Printer
from pentad.embeddings.stream import EncodingRun
from pentad.store.items import Items


@dataclass(frozen=True, eq=False)
class Prints:
    """The prints of the items of one modality.

    Attributes:
        modality: What the items are.
        ids: u32 (items,), of those that have a print, ascending.
        rows: uint8 (rows, 1 + width): a flag and a print; those of one item follow another.
        offsets: int64 (items + 1,), where the rows of each item begin.
        blank: How many items have nothing to compare: one color, silence, no extent.
        refused: What could not be decoded: file and why.
    """

    modality: Modality
    ids: NDArray[np.uint32]
    rows: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    blank: int = 0
    refused: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        """Return how many items have a print."""
        return len(self.ids)


def collect_prints(
    items: Items,
    *,
    cache: Path | None = None,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> Prints:
    """Return the prints of items; a file that cannot be used is listed and nothing else.

    Args:
        items: Files of one modality.
        cache: A folder in which prints are kept by the SHA-256 of files; None keeps none.
        workers: Decoder processes; default one a processor.
        progress: Where to report.
    """
    kept = None if cache is None else PrintCache(cache, items.modality)
    known: dict[str, NDArray[np.uint8]] = {} if kept is None else kept.read()
    frame = items.frame
    contents = frame["fingerprint"].to_list()
    missing = [row for row, content in enumerate(contents) if content not in known]
    made, refused = _made(items, missing, workers, progress)
    fresh = {contents[row]: rows for row, rows in made.items() if contents[row]}
    if kept is not None and fresh:
        kept.write({**known, **fresh})
    found = {row: known[c] for row, c in enumerate(contents) if c in known} | made
    return _joined(items, found, refused)


def empty_prints(modality: Modality) -> Prints:
    """Return the prints of no item."""
    rows = np.empty((0, Printer(modality).dim), np.uint8)
    return Prints(modality, np.empty(0, np.uint32), rows, np.zeros(1, np.int64))


def _made(
    items: Items, missing: Sequence[int], workers: int | None, progress: Progress
) -> tuple[dict[int, NDArray[np.uint8]], list[tuple[str, str]]]:
    made: dict[int, NDArray[np.uint8]] = {}
    refused: list[tuple[str, str]] = []
    if not missing:
        return made, refused
    paths = items.paths()
    printer = Printer(items.modality)
    with (
        progress.task(f"read {items.modality.value} to compare", len(missing)) as task,
        EncodingRun(printer, items.modality, workers=workers, frames=True) as run,
    ):
        results = run.encode([paths[row] for row in missing])
        for row, result in zip(missing, results, strict=True):
            task.advance()
            if result.vector is not None:
                made[row] = result.vector.astype(np.uint8)
            else:
                refused.append((str(items.frame["file"][row]), str(result.error)))
    return made, refused


def _joined(
    items: Items, found: Mapping[int, NDArray[np.uint8]], refused: Sequence[tuple[str, str]]
) -> Prints:
    usable = [row for row in sorted(found) if (found[row][:, 0] == PRINTED).any()]
    empty = empty_prints(items.modality)
    rows = [found[row] for row in usable]
    return Prints(
        items.modality,
        items.ids[usable],
        np.concatenate([empty.rows, *rows]),
        np.cumsum([0, *(len(each) for each in rows)]).astype(np.int64),
        len(found) - len(usable),
        tuple(refused),
    )
