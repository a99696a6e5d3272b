"""How much the items of a group are alike, and groups put together so that they are.

Two modalities with vectors in one space are compared by cosine; others have no say.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality, as_modality
from pentad.embeddings.embeddings import Embeddings, unit_rows

_BLOCK_BYTES = 16 << 20
_DIGITS = 6

Chosen = Mapping[Modality, NDArray[np.int16]]


@dataclass(frozen=True, eq=False)
class Agreement:
    """Groups and how much their items are alike.

    Attributes:
        chosen: int16 (captions, k) by modality, which candidate stands in each group; -1 for none.
        values: float32 (captions, k), mean similarity of the pairs in each group; NaN where it has
            no pair.
        facts: What was compared and the mean before and after, as plain values.
    """

    chosen: Chosen
    values: NDArray[np.float32]
    facts: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class _Compared:
    """What is compared, and where to write what it comes to.

    Attributes:
        modalities: Those that share a space with another one.
        pairs: Places of two modalities in ``modalities``.
        features: Vectors by modality.
        ids: (captions, columns), the candidates by modality.
        chosen: int16 (captions, k) by modality, as they are lined up by rank.
        how: ``rank`` or ``agreement``.
    """

    modalities: tuple[Modality, ...]
    pairs: Sequence[tuple[int, int]]
    features: Mapping[Modality, Embeddings]
    ids: Mapping[Modality, NDArray[Any]]
    chosen: Chosen
    how: str


def agree_on(
    ids: Mapping[Modality, NDArray[Any]],
    chosen: Chosen,
    features: Mapping[str, Embeddings],
    *,
    how: str,
    threads: int | None = None,
) -> Agreement:
    """Compare the items of each group, and with ``agreement`` put them together anew.

    It goes through captions in blocks, and holds some 64 MiB a thread beside the outcome. Captions
    do not depend on each other, so the outcome is the same on any number of threads.

    Args:
        ids: (captions, columns), candidates by modality.
        chosen: int16 (captions, k) by modality, candidates that are to stand in groups, best first,
            -1 behind the last.
        features: Vectors by modality; memory-mapped ones are read a block at a time.
        how: ``rank`` leaves groups as they are; see `pentad.groups.compose`.
        threads: Default one a processor.

    Raises:
        InputError: No two modalities share a space, or a chosen item has no vector.
    """
    from threadpoolctl import threadpool_limits

    vectors = {as_modality(m): e for m, e in features.items()}
    compared = _compared(ids, chosen, vectors, how)
    any_chosen = next(iter(chosen.values()))
    after = np.empty(any_chosen.shape, dtype=np.float32)
    before = np.empty_like(after)
    found = {m: c.copy() if m in compared.modalities else c for m, c in chosen.items()}
    step = _block_rows(compared, any_chosen.shape[1])
    blocks = [slice(start, start + step) for start in range(0, len(after), step)]

    def work(block: slice) -> None:
        _compose(compared, block, found, before, after)

    # Products of blocks this small gain nothing from more threads, and are the same on one.
    with threadpool_limits(1), ThreadPoolExecutor(threads or _processors()) as pool:
        for _ in pool.map(work, blocks):
            pass
    return Agreement(found, after, _facts(compared, before, after))


def comparable_pairs(
    modalities: Sequence[Modality], features: Mapping[Modality, Embeddings]
) -> list[tuple[Modality, Modality]]:
    """Return every two modalities with vectors in one space.

    Raises:
        InputError: Vectors of one space differ in length.
    """
    pairs = []
    for left, right in combinations([m for m in modalities if m in features], 2):
        if features[left].space != features[right].space:
            continue
        if features[left].dim != features[right].dim:
            expected, seen = (f"{m} {features[m].dim}" for m in (left, right))
            raise InputError(
                "vectors of one space must have one length", expected=expected, seen=seen
            )
        pairs.append((left, right))
    return pairs


def _compared(
    ids: Mapping[Modality, NDArray[Any]],
    chosen: Chosen,
    features: Mapping[Modality, Embeddings],
    how: str,
) -> _Compared:
    pairs = comparable_pairs(tuple(chosen), features)
    if not pairs:
        spaces = ", ".join(f"{m} {features[m].space}" for m in chosen if m in features)
        raise InputError(
            "agreement needs two modalities with vectors in one space", seen=spaces or "no vectors"
        )
    members = tuple(m for m in chosen if any(m in pair for pair in pairs))
    numbered = [(members.index(left), members.index(right)) for left, right in pairs]
    return _Compared(members, numbered, features, ids, chosen, how)


def _compose(
    compared: _Compared,
    block: slice,
    found: Chosen,
    before: NDArray[np.float32],
    after: NDArray[np.float32],
) -> None:
    """Put the groups of some captions together and write what they come to."""
    from pentad.groups.compose import compose

    given = [compared.chosen[m][block] for m in compared.modalities]
    sides = [_vectors(compared, m, block) for m in compared.modalities]
    similar = [sides[left] @ sides[right].swapaxes(1, 2) for left, right in compared.pairs]
    counts = np.stack([(candidates >= 0).sum(axis=1) for candidates in given], axis=1)
    made = compose(np.stack(similar, axis=1), compared.pairs, counts=counts, how=compared.how)
    before[block], after[block] = made.before, made.agreement
    for place, (modality, candidates) in enumerate(zip(compared.modalities, given, strict=True)):
        items = made.chosen[:, :, place]
        moved = np.take_along_axis(candidates, items.clip(0).astype(np.intp), axis=1)
        found[modality][block] = np.where(items >= 0, moved, np.int16(-1))


def _vectors(compared: _Compared, modality: Modality, block: slice) -> NDArray[np.float32]:
    """Return unit vectors of the chosen items, float32 (captions, k, dim); zeros where none is."""
    embeddings, chosen = compared.features[modality], compared.chosen[modality][block]
    there = chosen >= 0
    places = chosen.clip(0).astype(np.intp)
    wanted = np.take_along_axis(compared.ids[modality][block], places, axis=1)[there]
    rows = np.searchsorted(embeddings.ids, wanted)
    known = rows < len(embeddings)
    known[known] = embeddings.ids[rows[known]] == wanted[known]
    if not known.all():
        missing = wanted[np.argmin(known)]
        raise InputError(
            f"{modality} {missing} stands in a group and has no vector among the features; "
            "pass features of all items that were searched"
        )
    found = unit_rows(embeddings.vectors[rows])
    if there.all():
        return found.reshape(*chosen.shape, embeddings.dim)
    units = np.zeros((*chosen.shape, embeddings.dim), dtype=np.float32)
    units[there] = found
    return units


def _facts(
    compared: _Compared, before: NDArray[np.float32], after: NDArray[np.float32]
) -> dict[str, Any]:
    names = compared.modalities
    return {
        "pairs": [
            {
                "left": names[left].value,
                "right": names[right].value,
                "space": compared.features[names[left]].space,
            }
            for left, right in compared.pairs
        ],
        "groups": int((~np.isnan(after)).sum()),
        "agreement_by_rank": _mean(before),
        "agreement": _mean(after),
    }


def _mean(values: NDArray[np.float32]) -> float | None:
    there = ~np.isnan(values)
    count = int(there.sum())
    if not count:
        return None
    return round(float(values.sum(where=there, dtype=np.float64)) / count, _DIGITS)


def _block_rows(compared: _Compared, k: int) -> int:
    """Return how many captions go into a block, so that their vectors are `_BLOCK_BYTES`."""
    floats = sum(k * compared.features[m].dim for m in compared.modalities)
    return max(1, _BLOCK_BYTES // (4 * (floats + len(compared.pairs) * k * k)))


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
