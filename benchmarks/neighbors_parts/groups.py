"""Groups with limits: time and memory of building them, and what an auction gains.

Candidates are made up: items are wanted as unevenly as in Zipf's law, and more are kept than are
used, so that there is a reserve. Memory is the most that the process held, its input included.
"""

from __future__ import annotations

import shutil
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from neighbors_parts.clocks import Clock, Peak, medians
from neighbors_parts.processes import measured
from neighbors_parts.tables import show_table

K, KEPT = 16, 24
METHODS = ("greedy", "auction")
MODALITIES = ("image", "audio", "video", "points")
_EXPONENT = 0.6
_ROWS = 20_000
_DRAWN = 3 * KEPT


def run(arguments: Namespace) -> dict[str, Any]:
    """Make candidates, build groups by both methods, print tables."""
    captions, items = arguments.captions, arguments.group_items
    folder = arguments.dir / "groups" / f"{captions}-{items}"
    if not (folder / "done").exists():
        _make(folder, captions, items)
    options = {"folder": str(folder), "max_uses": arguments.max_uses, "items": items}
    runs: dict[str, list[dict[str, Any]]] = {method: [] for method in METHODS}
    for _ in range(arguments.repeat):
        for method, done in runs.items():
            done.append(
                measured("groups:build", threads=arguments.threads, method=method, **options)
            )
    found = {method: medians(done) | {"runs": done} for method, done in runs.items()}
    _show(found, arguments)
    if arguments.remove:
        shutil.rmtree(folder)
    return {"methods": found}


def build(*, folder: str, max_uses: int, items: int, method: str) -> dict[str, Any]:
    """Build groups of all captions."""
    from pentad.groups.build import build_groups

    _compile(method)
    with Peak() as peak, Clock() as clock:
        neighbors = [_neighbors(Path(folder), name, items) for name in MODALITIES]
        groups = build_groups(neighbors, k=K, max_uses=max_uses, method=method)
    counts = groups.manifest["counts"]
    short = {name: sum(counts["short"][name]["captions"].values()) for name in MODALITIES}
    totals = {name: groups.table[f"{name}_score"].cast(float).sum() for name in MODALITIES}
    return {
        "cpu": clock.cpu,
        "wall": clock.wall,
        "held": peak.held,
        "complete": counts["complete"],
        "empty_places": counts["nulls"],
        "short_captions": short,
        "totals": totals,
        "how": groups.manifest["assignment"],
    }


def _compile(method: str) -> None:
    """Compile what is compiled once a machine."""
    from pentad.groups.capacity.assign import assign

    ids = np.array([[0, 1, 2], [0, 1, 2]], np.uint32)
    scores = np.array([[0.9, 0.5, 0.1], [0.8, 0.6, 0.2]], np.float32)
    assign(ids, scores, k=2, max_uses=1, method=method)


def _make(folder: Path, captions: int, items: int) -> None:
    """Write ids and scores of every modality, block by block."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(MODALITIES):
        rng = np.random.default_rng(number)
        wanted = np.arange(1, items + 1) ** -_EXPONENT
        limits = np.cumsum(wanted / wanted.sum())
        names = rng.permutation(items).astype(np.uint32)
        pull = (0.1 * wanted / wanted.max()).astype(np.float32)
        shape = (captions, KEPT)
        ids = np.lib.format.open_memmap(folder / f"{name}-ids.npy", "w+", np.uint32, shape)
        scores = np.lib.format.open_memmap(folder / f"{name}-scores.npy", "w+", np.float32, shape)
        for start in range(0, captions, _ROWS):
            rows = min(_ROWS, captions - start)
            places = _distinct(rng, limits, rows)
            values = rng.normal(0.3, 0.08, places.shape).astype(np.float32) + pull[places]
            order = np.argsort(-values, axis=1)
            part = slice(start, start + rows)
            ids[part] = names[np.take_along_axis(places, order, axis=1)]
            scores[part] = np.take_along_axis(values, order, axis=1)
    (folder / "done").touch()


def _distinct(rng: np.random.Generator, limits: np.ndarray, rows: int) -> np.ndarray:
    """Return (rows, kept) places of items, none twice in a row, the frequent ones more often."""
    drawn = np.searchsorted(limits, rng.random((rows, _DRAWN)) * limits[-1])
    order = np.argsort(drawn, axis=1, kind="stable")
    ordered = np.take_along_axis(drawn, order, axis=1)
    repeated = np.zeros(drawn.shape, bool)
    np.put_along_axis(repeated, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
    first = np.argsort(repeated, axis=1, kind="stable")[:, :KEPT]
    return np.take_along_axis(drawn, first, axis=1)


def _candidates(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    return np.load(folder / f"{name}-ids.npy"), np.load(folder / f"{name}-scores.npy")


def _neighbors(folder: Path, name: str, items: int) -> Any:
    from pentad.core.modality import Modality
    from pentad.neighbors.neighbors import Neighbors

    ids, scores = _candidates(folder, name)
    captions = np.arange(len(ids), dtype=np.uint32)
    kinds = Modality.TEXT, Modality(name)
    return Neighbors(captions, ids, scores, *kinds, "made-up", KEPT, corpus_size=items)


def _show(found: dict[str, dict[str, Any]], arguments: Namespace) -> None:
    title = (
        f"Groups: {arguments.captions:,} captions x {len(MODALITIES)} modalities x {K} of {KEPT} "
        f"candidates, {arguments.group_items:,} items each, used at most {arguments.max_uses} times"
    )
    rows = [
        [method, done["cpu"], done["wall"], done["held"], done["complete"]]
        for method, done in found.items()
    ]
    headers = ["method", "CPU s", "wall s", "peak MiB", "groups with all four"]
    show_table(title, headers, rows)
    base, rows = found["greedy"], []
    for name in MODALITIES:
        for method, done in found.items():
            ratio = f"{done['totals'][name] / base['totals'][name]:.5f}"
            counts = [done["empty_places"][name], done["short_captions"][name]]
            rows.append([name, method, *counts, ratio])
    headers = ["modality", "method", "empty places", "captions short", "total score / greedy's"]
    show_table("Who gets what", headers, rows)
