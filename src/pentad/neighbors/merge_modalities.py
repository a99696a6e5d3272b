"""One list out of the lists of several modalities, whose scores do not compare as they are.

Captions lie nearer to captions than to pictures, whatever they say: merged by cosine, a list begins
with the modality of the query. What can be done about it, in two independent parts:

*Make scores comparable.* `standardized` gives each score its place on the scale of its modality
(`pentad.neighbors.score_scales` finds the scales); `modality_lists` adjusts scores by CSLS.

*Share out the places.* `merge_rankings` orders by these scores, or gives each modality a quota, or
leaves the lists beside one another.

Nothing here looks at vectors, so it serves a search as well as its evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import Modality
from pentad.neighbors.score_scales import Scale

WAYS = ("score", "quota", "per-modality")
NOTHING = -1

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ScoredList:
    """What was found in one modality for some queries, best first.

    Attributes:
        ids: Integers (queries, n).
        scores: (queries, n), such as cosines, for people to read.
        adjusted: (queries, n), what decides the order, greater first; default the scores.
    """

    ids: NDArray[Any]
    scores: NDArray[Any]
    adjusted: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        """Check shapes, that every number is one, and that the best comes first."""
        if self.ids.ndim != 2 or not self.ids.shape == self.scores.shape == self.order.shape:
            seen = (self.ids.shape, self.scores.shape, self.order.shape)
            raise InputError("ids and scores must be (queries, n)", seen=seen)
        if not np.isfinite(self.order).all() or not np.isfinite(self.scores).all():
            raise InputError("scores must be finite to be ordered")
        if (np.diff(self.order, axis=1) > 0).any():
            raise InputError("a list must have its greatest score first")

    @property
    def order(self) -> NDArray[Any]:
        """(queries, n): what decides the order."""
        return self.scores if self.adjusted is None else self.adjusted


@dataclass(frozen=True, eq=False)
class Merged:
    """One list a query. Where there were not enough items the rest is `NOTHING`, scores NaN.

    Attributes:
        modalities: What the numbers in ``which`` mean.
        which: int8 (queries, k), the place of each item's modality in ``modalities``.
        ids: int64 (queries, k), ids within that modality.
        scores: float64 (queries, k), as they were found; those of two modalities do not compare.
        adjusted: float64 (queries, k), what modalities were compared by.
    """

    modalities: tuple[Modality, ...]
    which: NDArray[np.int8]
    ids: Ids
    scores: Floats
    adjusted: Floats

    def names(self, query: int) -> list[str]:
        """Return the modality of each item that was found for one query, in order."""
        return [self.modalities[i].value for i in self.which[query].tolist() if i != NOTHING]


def merge_rankings(
    lists: Mapping[Modality, ScoredList],
    k: int,
    *,
    by: str = "score",
    weights: Mapping[Modality, float] | None = None,
) -> Merged:
    r"""Return the first ``k`` items of several lists as one.

    The lists must be as long as the places they can get: ``k`` items each, or all there are.
    Within a modality the order of its list always stays, ties between modalities go by the usual
    order of modalities, and the first j of k places are the list for ``k = j`` (except for
    ``per-modality``, which is no single list).

    - ``score``: by ``order`` of the lists, descending. Right only where the scores compare.
    - ``quota``: places in proportion to ``weights`` (by default equal), at every length of the
      list: the j-th item of a modality of weight w stands at $(j - 1/2) / w$ (Sainte-Lague), equal
      ones go by score. A modality that has no more items leaves its places to the others.
    - ``per-modality``: ``k`` of each, one list after the other.

    Args:
        lists: One a modality, all of the same queries.
        k: How many places; with ``per-modality`` for each.
        by: One of `WAYS`.
        weights: For ``quota``, one positive number a modality, such as its number of items.

    Raises:
        InputError: There are no lists, they are of different queries, k is less than 1, or a weight
            is missing or not positive.
        UnknownName: There is no such way.
    """
    parts = _checked(lists, k, by)
    width = [part.ids.shape[1] for part in parts.values()]
    which = np.repeat(np.arange(len(parts), dtype=np.int8), width)
    order = np.concatenate([part.order for part in parts.values()], axis=1).astype(np.float64)
    position = np.concatenate([np.arange(w) for w in width])
    if by == "per-modality":
        places = np.tile(np.flatnonzero(position < k), (len(order), 1))
        k *= len(parts)
    else:
        share = _shares(tuple(parts), weights)[which] if by == "quota" else None
        seats = np.zeros(len(position)) if share is None else (position + 0.5) / share
        places = np.lexsort((-order, np.broadcast_to(seats, order.shape)), axis=-1)[:, :k]
    ids = np.concatenate([part.ids.astype(np.int64) for part in parts.values()], axis=1)
    scores = np.concatenate([part.scores for part in parts.values()], axis=1).astype(np.float64)
    return _padded(
        Merged(
            tuple(parts),
            which[places],
            np.take_along_axis(ids, places, axis=1),
            np.take_along_axis(scores, places, axis=1),
            np.take_along_axis(order, places, axis=1),
        ),
        k,
    )


def standardized(
    lists: Mapping[Modality, ScoredList], scales: Mapping[Modality, Scale]
) -> dict[Modality, ScoredList]:
    """Return the lists with each score less the mean of its modality, in its deviations.

    Args:
        lists: One a modality.
        scales: At least one for each of them, made for queries of the same modality.

    Raises:
        InputError: A scale is missing.
    """
    missing = [m.value for m in lists if m not in scales]
    if missing:
        raise InputError("there is no scale for the scores of a modality", seen=missing[0])
    return {
        m: replace(part, adjusted=scales[m].standardize(part.scores)) for m, part in lists.items()
    }


def _checked(lists: Mapping[Modality, ScoredList], k: int, by: str) -> dict[Modality, ScoredList]:
    if by not in WAYS:
        raise UnknownName("way to merge", by, WAYS)
    if not lists:
        raise InputError("there are no lists to merge")
    if k < 1:
        raise InputError("k must be at least 1", seen=k)
    counts = {m.value: len(part.ids) for m, part in lists.items()}
    if len(set(counts.values())) > 1:
        raise InputError("the lists are of different queries", seen=counts)
    return {m: lists[m] for m in Modality if m in lists}


def _shares(modalities: Sequence[Modality], weights: Mapping[Modality, float] | None) -> Floats:
    given = dict.fromkeys(modalities, 1.0) if weights is None else weights
    shares = np.array([given.get(m, 0.0) for m in modalities], dtype=np.float64)
    if not (np.isfinite(shares) & (shares > 0)).all():
        seen = {m.value: given.get(m) for m in modalities}
        raise InputError("a quota needs one positive weight for each modality", seen=seen)
    return shares


def _padded(merged: Merged, k: int) -> Merged:
    """Return lists of ``k`` places, the last ones empty where there are not enough items."""
    lacking = ((0, 0), (0, k - merged.ids.shape[1]))
    return Merged(
        merged.modalities,
        np.pad(merged.which, lacking, constant_values=NOTHING),
        np.pad(merged.ids, lacking, constant_values=NOTHING),
        np.pad(merged.scores, lacking, constant_values=np.nan),
        np.pad(merged.adjusted, lacking, constant_values=np.nan),
    )
