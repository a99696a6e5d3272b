"""`Frozen`: everything that is known before anything is learned: items, units, frozen vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.embeddings.features import Features
from pentad.store.captions import caption_key
from pentad.store.items import Catalog
from pentad.store.splits import Units, fold_of_units, split_units

HELD_OUT_FOLDS = 5
"""One fold of so many is held out for the scores."""


@dataclass(frozen=True, eq=False)
class Frozen:
    """Items with their frozen vectors.

    Attributes:
        catalog: Items and native pairs.
        units: What a split never cuts in two.
        features: Frozen vectors by modality.
    """

    catalog: Catalog
    units: Units
    features: Mapping[Modality, Features]

    def unit_of(self, modality: str) -> dict[int, int]:
        """Return item id -> unit of one modality."""
        kind = Modality(modality)
        ids = self.catalog.items(kind).ids.tolist()
        return dict(zip(ids, self.units.of[kind].tolist(), strict=True))

    def split(self, held: NDArray[np.bool_]) -> tuple[Frozen, Frozen]:
        """Return what may be trained on, and what is judged.

        Items follow their unit. A caption, with all that are equal to it under `caption_key`, is
        judged as soon as one of its items is held out, and is then no training caption, whatever
        other items have it. Captions without items are trained on.

        Args:
            held: (units,) which units are held out.
        """
        items = {m: held[self.units.of[m]] for m in MEDIA_MODALITIES}
        texts = self._captions_of(items)
        training, judged = {}, {}
        for modality, features in self.features.items():
            out = texts if modality is Modality.TEXT else items[modality]
            ids = self.catalog.items(modality).ids
            training[modality], judged[modality] = features.take(ids[~out]), features.take(ids[out])
        return replace(self, features=training), replace(self, features=judged)

    def _captions_of(self, items: Mapping[Modality, NDArray[np.bool_]]) -> NDArray[np.bool_]:
        """Return which captions, up to `caption_key`, belong to one of the marked items."""
        texts = self.catalog.items(Modality.TEXT)
        keys = dict(zip(texts.ids.tolist(), map(caption_key, texts.captions), strict=True))
        found = set()
        for modality, marked in items.items():
            ids = self.catalog.items(modality).ids[marked]
            native = self.catalog.pairs.of(modality)
            found |= {keys[t] for t in native[np.isin(native[:, 1], ids), 0].tolist()}
        return np.array([key in found for key in keys.values()], dtype=bool)

    def pairs(self, modality: str) -> NDArray[np.int64]:
        """Return (pairs, 3): rows of the text and item features of each native pair, and its unit.

        Pairs of which either side has no vector are left out.
        """
        native = self.catalog.pairs.of(modality)
        texts, items = self.features[Modality.TEXT].ids, self.features[Modality(modality)].ids
        both = np.isin(native[:, 0], texts) & np.isin(native[:, 1], items)
        native = native[both]
        unit_of = self.unit_of(modality)
        units = np.array([unit_of[i] for i in native[:, 1].tolist()], dtype=np.int64)
        text_rows = np.searchsorted(texts, native[:, 0])
        return np.column_stack([text_rows, np.searchsorted(items, native[:, 1]), units])

    def caption_keys(self) -> list[str]:
        """Return the caption key of each row of the text features."""
        texts = self.catalog.items(Modality.TEXT).take(self.features[Modality.TEXT].ids)
        return [caption_key(caption) for caption in texts.captions]


def freeze(catalog: Catalog, features: Mapping[Modality, Features]) -> Frozen:
    """Put items and their frozen vectors together."""
    return Frozen(catalog, split_units(catalog), features)


def held_out_units(
    units: Units, seed: int, *, fold: int = 0, folds: int = HELD_OUT_FOLDS
) -> NDArray[np.bool_]:
    """Return (units,): which are held out; none where there are fewer than two."""
    if len(units.labels) < 2:
        return np.zeros(len(units.labels), dtype=bool)
    dealt = fold_of_units(units.labels, min(folds, len(units.labels)), seed)
    held: NDArray[np.bool_] = dealt == fold
    return held
