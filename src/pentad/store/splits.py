"""What must stay on one side of a split: items of one concept, or that share a caption."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.core.seeds import derive_seed
from pentad.store.captions import caption_key
from pentad.store.items import Catalog


@dataclass(frozen=True, eq=False)
class Units:
    """The unit of every item: what is never cut in two.

    Attributes:
        labels: One label per unit: its concept, else the first caption key or item of it.
        of: Media modality -> int64 (items,), row numbers into `labels`, rows as in
            ``catalog.items(modality)``.
    """

    labels: list[str]
    of: Mapping[Modality, NDArray[np.int64]]


def split_units(catalog: Catalog) -> Units:
    """Return units: concepts, and for items without one, what hangs together by shared captions.

    Captions follow their items: one that items of several units share has no unit of its own, and
    whoever splits has to keep it on the judged side alone.
    """
    texts = catalog.items(Modality.TEXT)
    key_of = {i: caption_key(c) for i, c in zip(texts.ids.tolist(), texts.captions, strict=True)}
    nodes = _Nodes()
    members: dict[Modality, list[int]] = {}
    for modality in MEDIA_MODALITIES:
        items = catalog.items(modality)
        concepts = zip(items.ids.tolist(), items.frame["concept"], strict=True)
        members[modality] = [
            nodes.number(_name(modality, item, concept)) for item, concept in concepts
        ]
        loose = {
            item: node
            for item, node, concept in zip(
                items.ids.tolist(), members[modality], items.frame["concept"], strict=True
            )
            if concept is None
        }
        for text_id, item_id in catalog.pairs.of(modality).tolist():
            if item_id in loose and text_id in key_of:
                nodes.join(loose[item_id], nodes.number(f"k{key_of[text_id]}"))
    return _numbered(nodes, members)


def _name(modality: Modality, item: int, concept: str | None) -> str:
    return f"item {modality.value}/{item}" if concept is None else f"c{concept}"


class _Nodes:
    """Disjoint sets over named nodes (union by smaller number, path halving)."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self._parent: list[int] = []

    def number(self, name: str) -> int:
        """Return the number of ``name``, a new one if it was never met."""
        node = self.names.setdefault(name, len(self._parent))
        if node == len(self._parent):
            self._parent.append(node)
        return node

    def root(self, node: int) -> int:
        """Return the smallest number in the set of ``node``."""
        while self._parent[node] != node:
            self._parent[node] = self._parent[self._parent[node]]
            node = self._parent[node]
        return node

    def join(self, left: int, right: int) -> None:
        """Make the sets of two nodes one."""
        first, second = sorted((self.root(left), self.root(right)))
        self._parent[second] = first


def _numbered(nodes: _Nodes, members: Mapping[Modality, list[int]]) -> Units:
    labels: dict[int, str] = {}
    for name, node in nodes.names.items():
        root = nodes.root(node)
        labels[root] = min(labels.get(root, name), name)
    used = {nodes.root(node) for rows in members.values() for node in rows}
    order = sorted(used, key=lambda root: labels[root])
    number = {root: unit for unit, root in enumerate(order)}
    return Units(
        [labels[root] for root in order],
        {m: np.array([number[nodes.root(n)] for n in ns], np.int64) for m, ns in members.items()},
    )


def fold_of_units(labels: list[str], folds: int, seed: int) -> NDArray[np.int64]:
    """Deal units into ``folds`` folds of nearly equal size; depends on labels and seed alone.

    Returns:
        int64 (units,) in 0..folds-1.
    """
    order = sorted(
        range(len(labels)), key=lambda i: (derive_seed(seed, "split", labels[i]), labels[i])
    )
    fold = np.empty(len(labels), dtype=np.int64)
    fold[order] = np.arange(len(order)) % folds
    return fold
