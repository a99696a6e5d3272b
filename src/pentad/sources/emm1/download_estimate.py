"""What is to be expected of a download, from what earlier ones into the same folder have shown.

Sizes are means of the files that came, by modality and source. Speeds are files a second by source,
as they were while several sources were fetched side by side; they are kept in a small file beside
the ledger. Where nothing was seen yet, the guesses below are taken and are said to be guesses.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pentad.core.modality import Modality
from pentad.sources.fetch.catalog import Method, SourcePlan, plan_for, source_key
from pentad.sources.fetch.ledger import Ledger, Row, State
from pentad.store.atomic import write_json

if TYPE_CHECKING:
    import polars as pl

GUESSED_BYTES = {
    Modality.IMAGE: 150_000,
    Modality.AUDIO: 1_000_000,
    Modality.VIDEO: 2_000_000,
    Modality.POINTS: 240_000,
}
"""Bytes of one file where none has been seen: a photograph, ten seconds of video, 10,000 points."""

GUESSED_PER_SECOND = {
    Method.WEB: 10.0,
    Method.YOUTUBE: 0.5,
    Method.ZIP: 20.0,
    Method.TAR: 20.0,
    Method.PARQUET: 50.0,
    Method.FOLDER: 200.0,
}
"""Files a second where none has been seen, with eight threads."""

_ENOUGH = 5
_FASTEST = 1e9


@dataclass(frozen=True)
class Expected:
    """What the files of one modality and source will take.

    Attributes:
        modality: Of the items.
        source: Of the items.
        files: How many are to be fetched.
        bytes: What they have together.
        seconds: What they take if nothing else is slower.
        seen: Whether sizes and speed were seen, and are not guesses.
        whole_archives: Whether archives have to be read from their beginning, which takes more
            bytes than the files have.
    """

    modality: Modality
    source: str
    files: int
    bytes: int
    seconds: float
    seen: bool
    whole_archives: bool


def expect(
    counts: Mapping[tuple[Modality, str], int],
    plans: Mapping[str, SourcePlan],
    ledger: pl.DataFrame | None,
    speeds: Mapping[str, float],
) -> list[Expected]:
    """Return what is to be expected, a row for each modality and source.

    Args:
        counts: (modality, source) -> files to fetch.
        plans: Where the sources lie.
        ledger: What earlier runs did, None where there were none.
        speeds: Files a second by `source_key`, from `read_speeds`.
    """
    sizes = _mean_sizes(ledger)
    rows = []
    for (modality, source), files in counts.items():
        plan, key = plan_for(plans, source), source_key(source)
        size, speed = sizes.get((modality.value, key)), speeds.get(key)
        usual = GUESSED_PER_SECOND[Method.WEB if plan is None else plan.method]
        rows.append(
            Expected(
                modality,
                source,
                files,
                bytes=round(files * (size or GUESSED_BYTES[modality])),
                seconds=files / (speed or usual),
                seen=size is not None and speed is not None,
                whole_archives=plan is not None and plan.method is Method.TAR,
            )
        )
    return rows


def _mean_sizes(ledger: pl.DataFrame | None) -> dict[tuple[str, str], float]:
    import polars as pl

    if ledger is None:
        return {}
    done = ledger.filter((pl.col("state") == State.DONE.value) & (pl.col("bytes") > 0))
    means = done.group_by("modality", "source").agg(pl.col("bytes").mean(), pl.len())
    return {
        (modality, source_key(source)): mean
        for modality, source, mean, count in means.iter_rows()
        if count >= _ENOUGH
    }


class TimedLedger(Ledger):
    """A ledger that notes what is written in it, and how fast the files of each source come.

    Attributes:
        written: Modality -> ids of the items that were written about since it was opened.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.written: dict[str, set[int]] = {}
        self._spans: dict[str, tuple[int, float, float]] = {}
        self._noting = threading.Lock()

    def record(self, row: Row) -> None:
        """Write a row, and note that and when."""
        super().record(row)
        key, now = source_key(row.source), time.monotonic()
        with self._noting:
            self.written.setdefault(row.key[1], set()).add(row.key[2])
            if row.state is State.DONE:
                count, first, _ = self._spans.get(key, (0, now, now))
                self._spans[key] = (count + 1, first, now)

    def save_speeds(self) -> None:
        """Keep the speeds of sources that sent enough files."""
        new = {
            key: (count - 1) / (last - first)
            for key, (count, first, last) in self._spans.items()
            if count >= _ENOUGH and last > first
        }
        if new:
            write_json(_speeds_path(self.path), {**read_speeds(self.path), **new})


def read_speeds(ledger: Path) -> dict[str, float]:
    """Return files a second by `source_key`, as the last runs had them; nothing where unknown."""
    try:
        found = json.loads(_speeds_path(ledger).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    pairs = found.items() if isinstance(found, dict) else ()
    return {k: float(v) for k, v in pairs if isinstance(v, int | float) and 0 < v < _FASTEST}


def _speeds_path(ledger: Path) -> Path:
    return ledger.with_suffix(".speeds.json")
