"""What one system does: its index is built once and kept, then searched with many settings.

Each setting is first tried on a few queries, and others between those on either side of a recall
that is asked for. The fastest for that recall, and some that show the curve, are then measured: on
all queries, or on as many as fit into some seconds, several times, by the median.
"""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from neighbors_parts.clocks import Clock, Peak, medians
from neighbors_parts.curve import Point, between, worth_measuring
from neighbors_parts.systems.base import K, Searcher, Setting
from neighbors_parts.systems.registry import SYSTEMS
from neighbors_parts.vectors import Data

_ROUGH = 1000
_ROUGH_SECONDS = 30.0
_SECONDS = 5.0
_ENOUGH = 0.997
_BISECTIONS = 2


def find_truth(*, folder: str) -> dict[str, float]:
    """Search exactly, keep the rows, and return what it took."""
    from pentad.neighbors.exact import ExactSearch
    from pentad.neighbors.metrics import get_metric

    data = Data(Path(folder))
    ExactSearch(data.items[:2048], get_metric("cosine"), int8=True).search(data.queries[:64], K)
    with Peak() as peak, Clock() as clock:
        rows, _ = ExactSearch(data.items, get_metric("cosine")).search(data.queries, K)
    np.save(data.folder / "truth.npy", rows)
    rates = {"rate": len(rows) / clock.wall, "rate_cpu": len(rows) / clock.cpu}
    return rates | {"held": peak.held}


def build(*, name: str, folder: str, index: str) -> dict[str, Any]:
    """Build an index and keep what is known of it beside; an unfinished one is removed."""
    target = Path(index)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with Peak() as peak, Clock() as clock:
        found = SYSTEMS[name].build(Data(Path(folder)), target)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    facts = {"cpu": clock.cpu, "wall": clock.wall, "held": peak.held, "bytes": size} | found
    (target / "built.json").write_text(json.dumps(facts), encoding="utf-8")
    return facts


def search(
    *, name: str, folder: str, index: str, repeat: int, targets: list[float]
) -> dict[str, Any]:
    """Open an index, sweep its settings, and return its curve and the most memory it took."""
    data = Data(Path(folder))
    truth = np.load(data.folder / "truth.npy")
    with Peak() as peak:
        searcher = SYSTEMS[name].open(data, Path(index))
        rough = _rough(searcher, truth, targets)
        chosen = worth_measuring(rough, targets)
        owned = [p for p in rough if p["setting"].get("own") and p not in chosen]
        points = [_measured(searcher, truth, p, repeat) for p in [*chosen, *owned]]
    return {"points": points, "rough": rough, "held": peak.held, "mapped": peak.mapped}


def _rough(searcher: Searcher, truth: np.ndarray, targets: list[float]) -> list[Point]:
    """Try all settings on few queries, and more between those around a target.

    A series ends where it is good enough or too slow.
    """
    found = []
    few = min(_ROUGH, len(truth))
    for series in searcher.settings():
        searcher.search(slice(0, min(64, few)), series[0])
        points: list[Point] = []
        for setting in series:
            points.append(_once(searcher, truth, setting, few))
            if points[-1]["recall"] >= _ENOUGH or points[-1]["wall"] > _ROUGH_SECONDS:
                break
        for target in targets * _BISECTIONS:
            points.sort(key=lambda p: p["recall"])
            for pair in pairwise(points.copy()):
                setting = between(*pair, target)
                if setting is not None:
                    points.append(_once(searcher, truth, setting, few))
        found += points
    return found


def _measured(searcher: Searcher, truth: np.ndarray, rough: Point, repeat: int) -> Point:
    wanted = int(_SECONDS * rough["rate"])
    asked = min(len(truth), max(_ROUGH, wanted))
    return medians([_once(searcher, truth, rough["setting"], asked) for _ in range(repeat)])


def _once(searcher: Searcher, truth: np.ndarray, setting: Setting, asked: int) -> Point:
    with Clock() as clock:
        found = searcher.search(slice(0, asked), setting)
    return {
        "setting": setting,
        "queries": asked,
        "recall": _recall(found, truth[:asked]),
        "wall": clock.wall,
        "rate": asked / clock.wall,
        "rate_cpu": asked / clock.cpu,
    }


def _recall(found: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of the true neighbors that were found, in whatever order."""
    places = np.arange(len(truth))[:, None] << 32
    return float(np.isin(truth + places, found.astype(np.int64) + places).mean())
