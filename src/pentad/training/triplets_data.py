"""Triplets as rated pairs: the rated item beside the caption, and beside the paired item.

How well an item fits a caption also says how well it fits what the caption was written for. Each of
the two is one pair with one rating: where rows repeat it the majority counts, and the lower rating
on a tie.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.core.rating import Rating
from pentad.ratings.triplets import Triplets, merge_ratings
from pentad.training.projection_features import MISSING, FrozenVectors
from pentad.training.projection_settings import FitSettings
from pentad.training.rated_pairs import Kind, RatedPairs

if TYPE_CHECKING:
    import polars as pl

_KIND = ("anchor_modality", "rated_modality")
_PAIR = ("anchor_modality", "anchor_id", "rated_modality", "rated_id")
Part = dict[str, NDArray[np.int64]]


def rated_pairs(
    triplets: Triplets,
    features: Mapping[Modality, FrozenVectors],
    anchors: frozenset[Modality],
    settings: FitSettings,
) -> RatedPairs:
    """Find the vectors of triplets; what cannot be used is left out and counted.

    Args:
        triplets: The triplets.
        features: What is known of the items.
        anchors: Modalities without a head; two of them teach nothing about each other.
        settings: How to train.
    """
    left_out: dict[str, int] = {}
    table = _used(_pairs(triplets.frame(), left_out), settings, left_out)
    parts: dict[Kind, Part] = {}
    for names, part in sorted(table.partition_by(_KIND, as_dict=True).items()):
        kind = (Modality(names[0]), Modality(names[1]))
        if anchors.issuperset(kind):
            _count(left_out, f"pairs of {kind[0].value} and {kind[1].value}: no head", part.height)
        elif missing := [m for m in kind if m not in features]:
            _count(left_out, f"pairs with {missing[0].value}: no features", part.height)
        else:
            parts[kind] = _found(kind, part, features, left_out)
    return _lined_up(parts, left_out, settings)


def _pairs(table: pl.DataFrame, left_out: dict[str, int]) -> pl.DataFrame:
    """Return ``caption``, anchor, rated item and ``rating``, one row a pair."""
    import polars as pl

    id_type = pl.UInt64
    rated = ("rated_modality", pl.col("rated_id").cast(id_type), "rating")
    caption = pl.col("text_id").cast(id_type).alias("caption")
    sides = [
        (pl.lit(Modality.TEXT.value), pl.col("text_id")),
        (pl.col("paired_modality"), pl.col("paired_id")),
    ]
    found = []
    for modality, number in sides:
        anchor = (modality.alias("anchor_modality"), number.cast(id_type).alias("anchor_id"))
        side = table.select(caption, *anchor, *rated)
        merged, _ = merge_ratings(side, _PAIR)
        first = side.group_by(_PAIR, maintain_order=True).agg(pl.col("caption").first())
        found.append(merged.with_columns(first["caption"]))
    _count(left_out, "ratings of a pair that has several", table.height - found[0].height)
    return pl.concat(found)


def _used(table: pl.DataFrame, settings: FitSettings, left_out: dict[str, int]) -> pl.DataFrame:
    refused = []
    if settings.negatives == "ignore":
        refused.append(Rating.BAD)
    if settings.partial_weight == 0:
        refused.append(Rating.PARTIAL)
    for rating in refused:
        kept = table.filter(table["rating"] != rating.value)
        _count(left_out, f"pairs rated {rating.name}, by setting", table.height - kept.height)
        table = kept
    return table


def _found(
    kind: Kind,
    part: pl.DataFrame,
    features: Mapping[Modality, FrozenVectors],
    left_out: dict[str, int],
) -> Part:
    sides = {"anchor": (kind[0], "anchor_id"), "item": (kind[1], "rated_id")}
    columns: Part = {"caption": part["caption"].to_numpy().astype(np.int64)}
    columns["rating"] = part["rating"].to_numpy().astype(np.int64)
    there = np.ones(part.height, dtype=np.bool_)
    for name, (modality, ids) in sides.items():
        columns[name] = features[modality].positions(part[ids].to_numpy()).astype(np.int64)
        absent = columns[name] == MISSING
        _count(left_out, f"pairs with {modality.value} without a vector", int(absent.sum()))
        there &= ~absent
    return {name: column[there] for name, column in columns.items()}


def _lined_up(
    parts: Mapping[Kind, Part], left_out: dict[str, int], settings: FitSettings
) -> RatedPairs:
    """Return all kinds in one table, by caption."""
    names = ("caption", "anchor", "item", "rating")
    nothing = np.empty(0, dtype=np.int64)
    joined = {n: np.concatenate([nothing, *(p[n] for p in parts.values())]) for n in names}
    lengths = [len(part["caption"]) for part in parts.values()]
    order = np.argsort(joined["caption"], kind="stable")
    captions = joined["caption"][order]
    starts = np.flatnonzero(np.diff(captions, prepend=-1))
    weights = np.zeros(len(Rating), dtype=np.float32)
    weights[Rating.GOOD], weights[Rating.PARTIAL] = 1.0, settings.partial_weight
    return RatedPairs(
        kinds=tuple(parts),
        kind=np.repeat(np.arange(len(parts)), lengths)[order],
        anchor=joined["anchor"][order],
        item=joined["item"][order],
        weight=weights[joined["rating"]][order],
        starts=np.append(starts, len(captions)),
        left_out={reason: count for reason, count in left_out.items() if count},
        settings=settings,
    )


def _count(left_out: dict[str, int], reason: str, count: int) -> None:
    left_out[reason] = left_out.get(reason, 0) + count
