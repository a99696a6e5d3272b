"""`build_groups`: a caption's j-th neighbors, one of each modality, are its group of rank j."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.groups.groups import Groups
from pentad.groups.uses import use_figures
from pentad.neighbors.neighbors import Neighbors

if TYPE_CHECKING:
    import polars as pl

Lists = Mapping[Modality, Neighbors]


@dataclass(frozen=True)
class Drops:
    """Edges that did not become part of a group, by reason.

    Attributes:
        beyond_k: The caption had its k items before this candidate's turn came.
        max_uses: The item had been used ``max_uses`` times by closer captions.
    """

    beyond_k: int
    max_uses: int


def build_groups(
    neighbors: Sequence[Neighbors],
    *,
    k: int | None = None,
    max_uses: int | None = None,
    captions: ArrayLike | None = None,
) -> Groups:
    """Line up the neighbors of several modalities: one group for each caption and rank.

    Every caption gets k groups. Where a modality has no item left for a rank its columns are null.

    Args:
        neighbors: One for each modality, all of the same captions.
        k: How many groups a caption gets; default the most columns that any modality has. What a
            modality has beyond k is a reserve that ``max_uses`` draws on.
        max_uses: How often an item may be used, over all groups. Edges are taken greedily by score
            descending, then caption id, then rank; a caption's later candidates move up.
        captions: Ids of the captions to make groups of; default all.

    Raises:
        InputError: There are no neighbors, two of one modality, other than text as queries,
            differing captions, or a caption id that is unknown.
    """
    lists = _by_modality(neighbors)
    kept = _chosen_captions(next(iter(lists.values())), captions)
    size = _group_count(lists, k)
    lined = {m: _line_up(n, kept, size, max_uses) for m, n in lists.items()}
    text_ids = next(iter(lists.values())).query_ids[kept]
    table = _table(text_ids, lined, size)
    manifest = {
        "kind": "groups",
        "k": size,
        "max_uses": max_uses,
        "query_modality": Modality.TEXT.value,
        "modalities": [m.value for m in lists],
        "embeddings": {m.value: _behind(n) for m, n in lists.items()},
        "counts": _counts(lined, size, left_out=len(kept) - len(text_ids)),
        "uses": {
            m.value: use_figures(column.ids[column.present], lists[m].corpus_size)
            for m, column in lined.items()
        },
    }
    return Groups(table, manifest)


@dataclass(frozen=True)
class _Lined:
    """The items of one modality, (captions, k); scores and ids mean nothing where not present."""

    ids: NDArray[Any]
    scores: NDArray[np.float32]
    present: NDArray[np.bool_]
    drops: Drops
    edges: int


def _line_up(neighbors: Neighbors, kept: NDArray[np.bool_], k: int, max_uses: int | None) -> _Lined:
    part = neighbors.take(kept)
    chosen, drops = _chosen(part, k, max_uses)
    places = chosen.clip(0)
    ids = np.take_along_axis(part.ids, places, axis=1)
    scores = np.take_along_axis(part.scores, places, axis=1)
    return _Lined(ids, scores, chosen >= 0, drops, part.ids.size)


def _chosen(part: Neighbors, k: int, max_uses: int | None) -> tuple[NDArray[np.int16], Drops]:
    """Return columns of the candidates that are used, (captions, k), -1 where there is none."""
    if max_uses is None:  # the first ones, for which nothing has to be compiled
        columns = np.arange(k, dtype=np.int16)
        first = np.where(columns < part.columns, columns, np.int16(-1))
        beyond = len(part) * max(0, part.columns - k)
        return np.tile(first, (len(part), 1)), Drops(beyond, 0)
    from pentad.groups.capacity.assign import assign
    from pentad.groups.capacity.outcome import Drop

    found = assign(part.ids, part.scores, k=k, max_uses=max_uses)
    return found.chosen, Drops(found.dropped[Drop.BEYOND_K], found.dropped[Drop.FULL])


def _table(text_ids: NDArray[Any], lined: Mapping[Modality, _Lined], k: int) -> pl.DataFrame:
    import polars as pl

    ranks = np.repeat(np.arange(1, k + 1, dtype=np.uint16), len(text_ids))
    columns = [pl.Series("text_id", np.tile(text_ids, k)), pl.Series("rank", ranks)]
    for modality, column in lined.items():
        absent = pl.Series(~column.present.T.ravel())
        ids = pl.Series(modality.id_column, column.ids.T.ravel())
        scores = pl.Series(f"{modality}_score", column.scores.T.ravel())
        columns += [ids.set(absent, None), scores.set(absent, None)]
    return pl.DataFrame(columns)


def _counts(lined: Mapping[Modality, _Lined], k: int, *, left_out: int) -> dict[str, Any]:
    present = np.stack([column.present for column in lined.values()])
    return {
        "captions": present.shape[1],
        "captions_left_out": left_out,
        "groups": present.shape[1] * k,
        "complete": int(present.all(axis=0).sum()),
        "empty": int((~present.any(axis=0)).sum()),
        "edges": {m.value: column.edges for m, column in lined.items()},
        "dropped": {m.value: asdict(column.drops) for m, column in lined.items()},
        "nulls": {m.value: int((~column.present).sum()) for m, column in lined.items()},
    }


def _behind(neighbors: Neighbors) -> dict[str, str]:
    return {
        "space": neighbors.space,
        "metric": neighbors.metric,
        "text": neighbors.query_location,
        "items": neighbors.location,
    }


def _by_modality(neighbors: Sequence[Neighbors]) -> dict[Modality, Neighbors]:
    if not neighbors:
        raise InputError("groups need the neighbors of at least one modality")
    lists = {n.modality: n for n in neighbors}
    if len(lists) < len(neighbors):
        names = ", ".join(n.modality for n in neighbors)
        raise InputError("groups take one set of neighbors for each modality", seen=names)
    for item in neighbors:
        if item.query_modality is not Modality.TEXT or item.modality is Modality.TEXT:
            seen = f"{item.query_modality} to {item.modality}"
            raise InputError(
                "groups need neighbors of captions", expected="text to media", seen=seen
            )
        _require_same_captions(neighbors[0], item)
    return {m: lists[m] for m in MEDIA_MODALITIES if m in lists}


def _require_same_captions(left: Neighbors, right: Neighbors) -> None:
    if np.array_equal(left.query_ids, right.query_ids):
        return
    only_left = np.setdiff1d(left.query_ids, right.query_ids)
    only_right = np.setdiff1d(right.query_ids, left.query_ids)
    parts = [
        f"{len(ids)} only with {modality} (first {ids[0]})"
        for ids, modality in ((only_left, left.modality), (only_right, right.modality))
        if len(ids)
    ]
    raise InputError(
        f"all neighbors must be of the same captions; of these, {' and '.join(parts)}; "
        "find all neighbors with the same text embeddings, or take() their common ids first"
    )


def _chosen_captions(neighbors: Neighbors, captions: ArrayLike | None) -> NDArray[np.bool_]:
    if captions is None:
        return np.ones(len(neighbors), dtype=np.bool_)
    wanted = np.unique(np.asarray(captions))
    unknown = np.setdiff1d(wanted, neighbors.query_ids)
    if len(unknown):
        raise InputError(f"{len(unknown)} captions have no neighbors; the first is {unknown[0]}")
    return np.isin(neighbors.query_ids, wanted)


def _group_count(lists: Lists, k: int | None) -> int:
    if k is None:
        return max(n.columns for n in lists.values())
    if k < 1:
        raise InputError("k must be at least 1", seen=k)
    return k
