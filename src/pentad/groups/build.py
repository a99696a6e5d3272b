"""`build_groups`: a caption's j-th items, one of each modality, are its group of rank j."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import Modality
from pentad.embeddings.embeddings import Embeddings
from pentad.groups.agreement import Agreement, agree_on
from pentad.groups.columns import Picked, group_table
from pentad.groups.groups import Groups
from pentad.groups.limits import MaxUses, Threshold, choose_items, limits_of
from pentad.groups.lists import chosen_captions, group_count, lists_by_modality
from pentad.groups.provenance import (
    behind,
    count_groups,
    encoder_names,
    limit_facts,
    plain_value,
    search_facts,
)
from pentad.groups.uses import use_figures
from pentad.neighbors.neighbors import Neighbors

if TYPE_CHECKING:
    import polars as pl

COMPOSITIONS = ("rank", "agreement")
"""How the items of a caption are put together."""


def build_groups(
    neighbors: Sequence[Neighbors],
    *,
    k: int | None = None,
    max_uses: MaxUses = None,
    method: str = "greedy",
    threshold: Threshold = None,
    compose: str = "rank",
    features: Mapping[str, Embeddings] | None = None,
    encoders: Mapping[str, Sequence[str]] | None = None,
    captions: ArrayLike | None = None,
) -> Groups:
    """Line up the neighbors of several modalities: one group for each caption and rank.

    Every caption gets k groups. Where a modality has no item left for a rank its columns are null.
    Who gets an item goes by `Neighbors.order` (adjusted scores where there are some; native items
    that were put first are ahead of all others). Scores in the table are always the raw ones, and
    adjusted ones follow them. What was dropped, and why captions are short, is in the manifest.

    A caption's later candidates move up where ``max_uses`` or ``threshold`` drop one, and
    ``agreement`` gives places anew. With any of these ``neighbor_rank_<modality>`` keeps the rank
    that the search gave an item; without, the rank of the group is just that, and the column is
    left out.

    Args:
        neighbors: One for each modality, all of the same captions.
        k: How many groups a caption gets; default the most columns that any modality has. What a
            modality has beyond k is a reserve that ``max_uses`` and ``threshold`` draw on.
        max_uses: How often an item may be used, over all groups: one number for all, or numbers by
            modality (what is not named has no limit).
        method: How ``max_uses`` is kept to. ``greedy``: edges by score descending, then caption
            id, then rank. ``auction``: near the greatest sum of scores, and says how near.
            ``exact``: the greatest, for small sets; needs ortools.
        threshold: The least score of an item, one for all or by modality. It is on the raw
            similarity, also where adjusted scores decide the order.
        compose: ``rank``: j-th items stand together. ``agreement``: the k items of each modality
            are put together so that the sum of the similarities within groups is the greatest
            found, whatever their ranks.
        features: Vectors of the items by modality. Modalities of one space are compared, by
            cosine, and ``agreement`` is the mean over the pairs of a group.
        encoders: Names of the encoders by modality, for the manifest; default what the locations
            of vectors say.
        captions: Ids of the captions to make groups of; default all.

    Raises:
        InputError: There are no neighbors, two of one modality, other than text as queries,
            differing captions, a caption id that is unknown, a limit that cannot be, no two
            modalities to compare, or a chosen item without a vector.
        UnknownName: There is no such method, composition or modality.
        MissingExtra: ``exact`` without ortools.
    """
    lists = lists_by_modality(neighbors)
    limits = limits_of(tuple(lists), max_uses, threshold, method)
    _require_composition(compose, features)
    first = next(iter(lists.values()))
    kept, size = chosen_captions(first, captions), group_count(lists, k)
    if not kept.all():
        lists = {m: n.take(kept) for m, n in lists.items()}
    assigned = {m: choose_items(n, size, limits[m]) for m, n in lists.items()}
    picked = {
        m: Picked(n, assigned[m].chosen, limits[m].move_up() or compose == "agreement")
        for m, n in lists.items()
    }
    composed: dict[str, Any] = {"how": compose}
    agreement = None
    if features is not None:
        picked, found = _compared(picked, features, compose)
        agreement, composed = found.values, composed | dict(found.facts)
    table = group_table(first.query_ids[kept], picked, agreement)
    manifest = {
        "kind": "groups",
        "k": size,
        **limit_facts(limits),
        "query_modality": Modality.TEXT.value,
        "modalities": [m.value for m in lists],
        "embeddings": {m.value: behind(n) for m, n in lists.items()},
        "encoders": encoder_names(lists, encoders),
        "search": {m.value: search_facts(n) for m, n in lists.items()},
        "assignment": {m.value: plain_value(a.how) for m, a in assigned.items()},
        "compose": composed,
        "counts": count_groups(picked, assigned, limits, left_out=int((~kept).sum())),
        "uses": {m.value: _uses(table, m, n.corpus_size) for m, n in lists.items()},
    }
    return Groups(table, manifest)


def _require_composition(compose: str, features: Mapping[str, Embeddings] | None) -> None:
    if compose not in COMPOSITIONS:
        raise UnknownName("composition", compose, COMPOSITIONS)
    if compose == "agreement" and features is None:
        raise InputError("agreement compares vectors of the items; pass features=")


def _compared(
    picked: Mapping[Modality, Picked], features: Mapping[str, Embeddings], how: str
) -> tuple[dict[Modality, Picked], Agreement]:
    """Return what stands in the groups after they were compared, and what came of that."""
    ids = {m: p.neighbors.ids for m, p in picked.items()}
    found = agree_on(ids, {m: p.chosen for m, p in picked.items()}, features, how=how)
    return {m: replace(p, chosen=found.chosen[m]) for m, p in picked.items()}, found


def _uses(table: pl.DataFrame, modality: Modality, corpus_size: int) -> dict[str, Any]:
    return use_figures(table[modality.id_column].drop_nulls().to_numpy(), corpus_size)
