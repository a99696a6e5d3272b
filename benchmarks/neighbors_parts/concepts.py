"""Captions and items with concepts: on real files, and made up with hubs among the items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neighbors_parts.vectors import unit

if TYPE_CHECKING:
    from pentad.pipeline.frozen import Frozen
    from pentad.pipeline.plan import EncoderPlan

_STYLES = 6
_LEAN, _STYLE, _OWN = 0.5, 0.4, 0.7


@dataclass(frozen=True, eq=False)
class Judged:
    """Captions, the items of one modality, and what belongs together.

    Attributes:
        name: Which these are.
        queries: (q, dim), all captions.
        corpus: (n, dim), all items.
        asked: (a,) rows of the captions that are judged.
        concepts: (n,) number of the concept of each item; -1 where it has none.
        pairs: (p, 2) row of a caption and number of a concept it is of.
        own: (o, 2) row of a caption and row of an item that it was written for.
    """

    name: str
    queries: np.ndarray
    corpus: np.ndarray
    asked: np.ndarray
    concepts: np.ndarray
    pairs: np.ndarray
    own: np.ndarray

    def save(self, path: Path) -> None:
        """Write everything."""
        np.savez(path, **vars(self))

    @classmethod
    def load(cls, path: Path) -> Judged:
        """Read what `save` wrote."""
        with np.load(path) as parts:
            arrays = {name: parts[name] for name in parts.files}
        return cls(**arrays | {"name": str(arrays["name"])})


def make_synthetic(captions: int, items: int, dim: int, concepts: int) -> Judged:
    """Return made-up captions and items.

    Captions share a direction, as those of one encoder do, and differ in some others that say
    nothing of their concept. Some items lean into these directions more than others, and are then
    near to captions of any concept: hubs.
    """
    rng = np.random.default_rng(0)
    centers = unit(rng.standard_normal((concepts, dim)))
    shared = unit(rng.standard_normal((1 + _STYLES, dim)))
    of_items, of_captions = (rng.integers(0, concepts, n) for n in (items, captions))
    lean = unit(rng.standard_normal((items, 1 + _STYLES))) * rng.exponential(_LEAN, (items, 1))
    style = np.hstack([np.ones((captions, 1)), rng.normal(0, _STYLE, (captions, _STYLES))])
    corpus = centers[of_items] + lean @ shared + _noise(rng, items, dim)
    queries = _OWN * centers[of_captions] + style @ shared + _noise(rng, captions, dim)
    rows = np.arange(captions)
    return Judged(
        "synthetic",
        unit(queries).astype(np.float16),
        unit(corpus).astype(np.float16),
        rows,
        of_items,
        np.column_stack([rows, of_captions]),
        np.empty((0, 2), np.int64),
    )


def _noise(rng: np.random.Generator, rows: int, dim: int) -> np.ndarray:
    return rng.standard_normal((rows, dim)) / np.sqrt(dim)


def place_real(*, real: str, folder: str, models: list[str], folds: int) -> list[str]:
    """Embed real files, learn the bridge, and keep where captions and items lie.

    Once learned on everything, as `pentad build` does for the groups it makes ("seen"), and once
    for each fold of concepts on the others, whose captions alone are then judged ("unseen").

    Returns:
        Names of the files that were written.
    """
    from pentad.pipeline.frozen import HELD_OUT_FOLDS, held_out_units
    from pentad.pipeline.learned import class_name_vectors
    from pentad.pipeline.steps import choose_encoders, embed_all, load_frozen
    from pentad.sources.read import read_source
    from pentad.store.workspace import Workspace

    workspace = Workspace.create(Path(folder) / "workspace")
    with workspace.writing():
        catalog = workspace.add(read_source(real))
        plan = choose_encoders(workspace, catalog, models)
        embed_all(workspace, catalog, plan)
        frozen = load_frozen(workspace, catalog, plan)
    names = class_name_vectors(plan, frozen)
    written = []
    for fold in range(-1, min(folds, HELD_OUT_FOLDS)):
        held = held_out_units(frozen.units, 0, fold=fold)
        training, judged = (frozen, frozen) if fold < 0 else frozen.split(held)
        for found in _placed(plan, frozen, training, judged, names):
            kind = "seen" if fold < 0 else f"unseen-{fold}"
            found.save(Path(folder) / f"{found.name}-{kind}.npz")
            written.append(f"{found.name}-{kind}.npz")
    return written


def _placed(
    plan: EncoderPlan, frozen: Frozen, training: Frozen, judged: Frozen, names: Any
) -> Iterator[Judged]:
    """Learn on some, place everything, and yield what is judged by modality."""
    from pentad.core.modality import Modality
    from pentad.pipeline.learned import bridge_data, learn_model, placed

    model, _ = learn_model(plan, bridge_data(training, names), seed=0)
    everything = placed(model, frozen)
    captions = everything.pop(Modality.TEXT)
    asked = np.flatnonzero(np.isin(captions.ids, judged.features[Modality.TEXT].ids))
    labels = _labels(frozen)
    pairs = _caption_concepts(frozen, captions.ids, labels)
    for modality, items in everything.items():
        native = frozen.catalog.pairs.of(modality).astype(np.int64)
        native = native[np.isin(native[:, 0], captions.ids) & np.isin(native[:, 1], items.ids)]
        own = [
            np.searchsorted(ids, native[:, i]) for i, ids in enumerate((captions.ids, items.ids))
        ]
        concepts = np.array([labels[modality.value].get(i, -1) for i in items.ids.tolist()])
        parts = captions.vectors, items.vectors, asked, concepts, pairs, np.column_stack(own)
        yield Judged(modality.value, *parts)


def _labels(frozen: Frozen) -> dict[str, dict[int, int]]:
    """Return by modality the number of the concept of each item that has one."""
    numbers: dict[str, int] = {}
    found: dict[str, dict[int, int]] = {}
    for modality in frozen.features:
        items = frozen.catalog.items(modality)
        if "concept" in items.frame.columns:
            pairs = zip(items.ids.tolist(), items.frame["concept"].to_list(), strict=True)
            found[modality.value] = {i: numbers.setdefault(c, len(numbers)) for i, c in pairs if c}
    return found


def _caption_concepts(
    frozen: Frozen, ids: np.ndarray, labels: dict[str, dict[int, int]]
) -> np.ndarray:
    """Return row of caption and concept of an item that it was written for, each pair once."""
    row = {caption: i for i, caption in enumerate(ids.tolist())}
    found = {
        (row[text], named[item])
        for modality, named in labels.items()
        for text, item in frozen.catalog.pairs.of(modality).tolist()
        if text in row and item in named
    }
    return np.array(sorted(found), np.int64).reshape(-1, 2)
