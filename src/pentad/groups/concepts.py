"""`concept_match`: how often the items of a group show what the caption is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import MEDIA_MODALITIES, Modality, as_modality
from pentad.groups.groups import Groups
from pentad.store.captions import caption_key
from pentad.store.items import Catalog

if TYPE_CHECKING:
    import polars as pl

_DIGITS = 6
_UNKNOWN = -1

Concepts = Mapping[str, "pl.DataFrame | Mapping[int, str | None]"]
"""By modality, text among them: ``<modality>_id, concept``, or id -> concept; None is unknown."""


@dataclass(frozen=True)
class Share:
    """How many of those that could be judged are right.

    Attributes:
        equal: How many have equal concepts.
        judged: How many have both concepts known.
    """

    equal: int
    judged: int

    @property
    def value(self) -> float | None:
        """The share, None where nothing could be judged."""
        return self.equal / self.judged if self.judged else None

    def to_json(self) -> dict[str, Any]:
        """Return the share, rounded, and what it is of."""
        share = None if self.value is None else round(self.value, _DIGITS)
        return {"share": share, "equal": self.equal, "judged": self.judged}


@dataclass(frozen=True)
class ConceptMatch:
    """How far the concepts of groups agree.

    Attributes:
        items: By modality, items with the concept of the caption.
        pairs: Pairs of items of one group with equal concepts.
    """

    items: Mapping[Modality, Share]
    pairs: Share

    def to_json(self) -> dict[str, Any]:
        """Return the shares as plain values."""
        items = {m.value: share.to_json() for m, share in self.items.items()}
        return {"items": items, "pairs": self.pairs.to_json()}


def concept_match(groups: Groups, concepts: Concepts) -> ConceptMatch:
    """Compare the concepts of the items of each group with the caption's and with each other.

    Call it on the groups of two ways of making them to see what changed.

    Args:
        groups: What to judge.
        concepts: Concepts by modality, as `concepts_of` gives them; of what is not named, nothing
            is known.
    """
    codes = _codes(groups, _vocabulary(concepts))
    caption = codes.pop(Modality.TEXT)
    pairs = [_share(left, right) for left, right in combinations(codes.values(), 2)]
    return ConceptMatch(
        {m: _share(caption, own) for m, own in codes.items()},
        Share(sum(p.equal for p in pairs), sum(p.judged for p in pairs)),
    )


def concepts_of(catalog: Catalog) -> dict[Modality, pl.DataFrame]:
    """Return the concept of each item and caption that has one, ``<modality>_id, concept``.

    A caption's concept is the one that most of the items with this caption have, up to
    `caption_key`; of equally frequent ones it is the first in the alphabet.
    """
    import polars as pl

    media = {
        m: catalog.items(m).frame.select(m.id_column, "concept").drop_nulls()
        for m in MEDIA_MODALITIES
        if m in catalog.modalities
    }
    texts = catalog.items(Modality.TEXT)
    keys = pl.DataFrame(
        {"text_id": texts.ids, "key": [caption_key(caption) for caption in texts.captions]},
        schema_overrides={"key": pl.String},
    )
    votes = [_votes(catalog, modality, items, keys) for modality, items in media.items()]
    if not votes:
        return {Modality.TEXT: pl.DataFrame(schema={"text_id": pl.UInt32, "concept": pl.String})}
    ranked = (
        pl.concat(votes)
        .group_by("key", "concept")
        .len()
        .sort("key", "len", "concept", descending=[False, True, False])
        .unique("key", keep="first", maintain_order=True)
    )
    captions = keys.join(ranked, on="key", maintain_order="left").select("text_id", "concept")
    return {Modality.TEXT: captions, **media}


def _votes(
    catalog: Catalog, modality: Modality, items: pl.DataFrame, keys: pl.DataFrame
) -> pl.DataFrame:
    """Return ``key, concept``, one row for each item and key of its captions."""
    import polars as pl

    pairs = catalog.pairs.frame.filter(pl.col("modality") == modality.value)
    named = items.rename({modality.id_column: "item_id"})
    joined = pairs.select("text_id", "item_id").join(named, on="item_id").join(keys, on="text_id")
    return joined.unique(["item_id", "key"]).select("key", "concept")


@dataclass(frozen=True, eq=False)
class _Known:
    """The concepts of one modality: ids, ascending, and a number for each concept."""

    ids: NDArray[Any]
    codes: NDArray[np.int32]

    def of(self, column: pl.Series) -> NDArray[np.int32]:
        """Return the number of each id's concept, `_UNKNOWN` for none."""
        wanted = column.fill_null(0).to_numpy()
        if not len(self.ids):
            return np.full(len(wanted), _UNKNOWN, dtype=np.int32)
        rows = np.searchsorted(self.ids, wanted).clip(max=len(self.ids) - 1)
        known = (self.ids[rows] == wanted) & ~column.is_null().to_numpy()
        return np.where(known, self.codes[rows], _UNKNOWN)


def _vocabulary(concepts: Concepts) -> dict[Modality, _Known]:
    """Number all concepts, equal ones of any modality alike."""
    named = {as_modality(name): _rows(as_modality(name), given) for name, given in concepts.items()}
    words = sorted({word for rows in named.values() for word in set(rows.values())})
    number = {word: place for place, word in enumerate(words)}
    known = {}
    for modality, rows in named.items():
        ids = np.array(sorted(rows), dtype=np.uint64)
        codes = np.array([number[rows[i]] for i in ids.tolist()], dtype=np.int32)
        known[modality] = _Known(ids, codes)
    return known


def _rows(modality: Modality, given: pl.DataFrame | Mapping[int, str | None]) -> dict[int, str]:
    if isinstance(given, Mapping):
        pairs: Iterator[tuple[int, str | None]] = iter(given.items())
    else:
        pairs = zip(given[modality.id_column].to_list(), given["concept"].to_list(), strict=True)
    return {int(item): concept for item, concept in pairs if concept is not None}


def _codes(groups: Groups, known: Mapping[Modality, _Known]) -> dict[Modality, NDArray[np.int32]]:
    none = _Known(np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int32))
    members = (Modality.TEXT, *groups.modalities)
    return {m: known.get(m, none).of(groups.table[m.id_column]) for m in members}


def _share(left: NDArray[np.int32], right: NDArray[np.int32]) -> Share:
    judged = (left != _UNKNOWN) & (right != _UNKNOWN)
    return Share(int((judged & (left == right)).sum()), int(judged.sum()))
