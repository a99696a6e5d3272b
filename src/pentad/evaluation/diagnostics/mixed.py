"""Mixed lists under every way to merge modalities: who is in them, and what they are worth.

| option | scores are made comparable by | places are shared out |
|---|---|---|
| ``raw`` | nothing: cosines as they are | by score |
| ``quota`` | nothing | equally |
| ``proportional`` | nothing | as the corpus is |
| ``standardize`` | mean and deviation of pseudo-positives | by score |
| ``zscore`` | mean and deviation of all pairs | by score |
| ``csls`` | CSLS | by score |

Nothing is judged by what it was learned from: scales and terms of one half of the units come from
the queries of the other half.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.core.seeds import generator
from pentad.evaluation.diagnostics.mixed_relevance import MixedRelevance, fair_weights
from pentad.evaluation.diagnostics.shares import KS, Share, fair_shares, modality_shares
from pentad.evaluation.diagnostics.space import Rows, Space
from pentad.evaluation.intervals import bootstrap_means
from pentad.neighbors.merge_modalities import (
    Merged,
    ScoredList,
    merge_rankings,
    standardized,
)
from pentad.neighbors.modality_lists import Asked, csls_lists, modality_lists
from pentad.neighbors.score_scales import all_pairs_scale, pseudo_positive_scale

OPTIONS = ("raw", "quota", "proportional", "standardize", "zscore", "csls")
LEARNED = ("standardize", "zscore", "csls")
SCORED_AT = 10

Lists = Mapping[Modality, ScoredList]


@dataclass(frozen=True)
class MixedScore:
    """What mixed lists are worth under one option.

    Attributes:
        option: One of `OPTIONS`.
        query: Modality of the queries.
        metric: ``hit@k``: something relevant is among the first k. ``precision@k``: the share of
            the k that is relevant. ``covered@k``: of the modalities that have something relevant,
            the share of which some is among the k.
        value: Mean over queries.
        low: Lower end of the 95 % interval over units.
        high: Upper end.
        n: How many queries have something relevant.
        excluded: How many have nothing.
    """

    option: str
    query: Modality
    metric: str
    value: float
    low: float
    high: float
    n: int
    excluded: int


@dataclass(frozen=True)
class Mixed:
    """Mixed lists of one query modality.

    Attributes:
        query: Modality of the queries.
        shares: By option, the share of each modality for each k.
        scores: By option.
        lists: The items found in each modality, ids being rows of the space.
        rows: int64 (queries,), rows of the queries.
        missing: Options that need two halves of units where there is one unit.
    """

    query: Modality
    shares: Mapping[str, tuple[Share, ...]]
    scores: tuple[MixedScore, ...]
    lists: Lists
    rows: Rows
    missing: tuple[str, ...] = ()


def mixed_lists(
    space: Space, query: Modality, *, ks: Sequence[int] = KS, most: int = 2000, seed: int = 0
) -> Mixed:
    """Search all modalities at once with queries of one, under every option.

    Values of k that a list of everything but the query does not exceed are left out.

    Args:
        space: At least one modality.
        query: Modality of the queries; a query is never found by itself.
        ks: For the shares.
        most: Queries; more are sampled.
        seed: Of sample, halves and intervals.
    """
    part = space[query]
    pool = sum(len(p) for p in space.values()) - 1
    rows = part.sample(most, seed, "queries")
    asked = Asked(part.vectors[rows], query, rows)
    depth = max([SCORED_AT, *(k for k in ks if k < pool)])
    corpora = {m: p.vectors for m, p in space.items()}
    lists = modality_lists(asked, corpora, depth)
    if not lists:  # one vector alone: there is nothing to find
        return Mixed(query, {}, (), lists, rows)
    halves = _halves(part.units[rows], generator(seed, "halves", query.value))
    merged = {
        option: _merged(option, make, halves)
        for option, make in _options(space, asked, lists, depth).items()
        if option not in LEARNED or len(halves) == 2
    }
    shown = [k for k in ks if k < pool]
    return Mixed(
        query,
        {option: _shares(space, m, query, rows, shown, seed) for option, m in merged.items()},
        _scores(space, merged, query, rows, seed),
        lists,
        rows,
        tuple(option for option in OPTIONS if option not in merged),
    )


_Make = Callable[[Rows, Rows], Merged]
"""Takes the queries of one half and those that it may learn from to merged lists."""


def _options(space: Space, asked: Asked, lists: Lists, depth: int) -> dict[str, _Make]:
    corpora = {m: part.vectors for m, part in space.items()}

    def scaled(kind: str, half: Rows, others: Rows) -> Merged:
        if kind == "standardize":
            scales = {m: pseudo_positive_scale(part.scores[others]) for m, part in lists.items()}
        else:
            scales = {
                m: all_pairs_scale(asked.vectors[others], corpora[m], same=m is asked.modality)
                for m in lists
            }
        return merge_rankings(standardized(_take(lists, half), scales), depth)

    def by_csls(half: Rows, others: Rows) -> Merged:
        reference = asked.take(others)
        return merge_rankings(
            csls_lists(asked.take(half), corpora, depth, reference=reference), depth
        )

    def plain(weights: Mapping[Modality, float] | None, by: str, half: Rows, _: Rows) -> Merged:
        return merge_rankings(_take(lists, half), depth, by=by, weights=weights)

    return {
        "raw": partial(plain, None, "score"),
        "quota": partial(plain, None, "quota"),
        "proportional": partial(plain, fair_weights(space), "quota"),
        "standardize": partial(scaled, "standardize"),
        "zscore": partial(scaled, "zscore"),
        "csls": by_csls,
    }


def _merged(option: str, make: _Make, halves: Sequence[Rows]) -> Merged:
    """Return the lists of all queries, each half made with the other one at hand."""
    if option not in LEARNED:
        everyone = np.arange(sum(len(half) for half in halves))
        return make(everyone, everyone)
    parts = [make(halves[0], halves[1]), make(halves[1], halves[0])]
    back = np.argsort(np.concatenate(halves), kind="stable")
    first = parts[0]
    return Merged(
        first.modalities,
        *(
            np.concatenate([getattr(p, name) for p in parts])[back]
            for name in ("which", "ids", "scores", "adjusted")
        ),
    )


def _take(lists: Lists, rows: Rows) -> dict[Modality, ScoredList]:
    return {m: ScoredList(part.ids[rows], part.scores[rows]) for m, part in lists.items()}


def _halves(units: Rows, rng: np.random.Generator) -> list[Rows]:
    """Return the queries of two halves of the units; all in one where there is a single unit."""
    _, codes = np.unique(units, return_inverse=True)
    count = int(codes.max()) + 1
    if count < 2:
        return [np.arange(len(units))]
    side = np.empty(count, dtype=np.int64)
    side[rng.permutation(count)] = np.arange(count) % 2
    return [np.flatnonzero(side[codes] == half) for half in (0, 1)]


def _shares(
    space: Space, merged: Merged, query: Modality, rows: Rows, ks: Sequence[int], seed: int
) -> tuple[Share, ...]:
    if not ks:
        return ()
    rng = generator(seed, "shares", query.value)
    fair, units = fair_shares(space, query), space[query].units[rows]
    return modality_shares(merged, query, ks, fair=fair, units=units, rng=rng)


def _scores(
    space: Space, merged: Mapping[str, Merged], query: Modality, rows: Rows, seed: int
) -> tuple[MixedScore, ...]:
    relevance = MixedRelevance(space)
    available = relevance.available(query, rows)
    keep = available.any(axis=1)
    if not keep.any():
        return ()
    names = [f"{name}@{SCORED_AT}" for name in ("hit", "precision", "covered")]
    units, excluded = space[query].units[rows][keep], int((~keep).sum())
    scores = []
    for option, lists in merged.items():
        found = relevance.found(query, rows, lists)[:, :SCORED_AT]
        values = _values(found, lists, available, list(space))[:, keep]
        rng = generator(seed, "mixed", query.value)
        intervals = bootstrap_means(values, units, rng)
        scores += [
            MixedScore(option, query, name, *interval, len(units), excluded)
            for name, interval in zip(names, intervals, strict=True)
        ]
    return tuple(scores)


def _values(
    found: NDArray[np.bool_],
    lists: Merged,
    available: NDArray[np.bool_],
    modalities: Sequence[Modality],
) -> NDArray[np.float64]:
    """Return float64 (3, queries): hit, precision and covered modalities."""
    which = lists.which[:, :SCORED_AT]
    hit = np.stack(
        [
            (found & (which == lists.modalities.index(m))).any(axis=1)
            if m in lists.modalities
            else np.zeros(len(found), dtype=bool)
            for m in modalities
        ],
        axis=1,
    )
    covered = hit.sum(axis=1) / np.maximum(available.sum(axis=1), 1)
    return np.stack([found.any(axis=1).astype(np.float64), found.mean(axis=1), covered])
