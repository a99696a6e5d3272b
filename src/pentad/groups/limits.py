"""Which candidates become a caption's items: the limits of each modality, and what they leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import Modality, as_modality
from pentad.groups.capacity.assignment import METHOD_NAMES, Assignment, least_of
from pentad.groups.capacity.first import first_fitting
from pentad.groups.keys import deciding_keys
from pentad.neighbors.neighbors import Neighbors

MaxUses = int | Mapping[str, int] | None
Threshold = float | Mapping[str, float] | None


@dataclass(frozen=True)
class Limits:
    """What restricts the items of one modality.

    Attributes:
        max_uses: How often an item may be used; None for any number.
        threshold: The least raw score; None for any.
        method: How ``max_uses`` is kept to, one of `METHOD_NAMES`.
    """

    max_uses: int | None
    threshold: float | None
    method: str

    def move_up(self) -> bool:
        """Return whether candidates may move up, so that rank and retrieval rank may differ."""
        return self.max_uses is not None or self.threshold is not None


def limits_of(
    modalities: Sequence[Modality], max_uses: MaxUses, threshold: Threshold, method: str
) -> dict[Modality, Limits]:
    """Return the limits of each modality.

    Args:
        modalities: Which there are.
        max_uses: One number for all, or numbers by modality; what is not named has no limit.
        threshold: Likewise.
        method: One of `METHOD_NAMES`.

    Raises:
        InputError: A limit that cannot be, or of a modality that is not there.
        UnknownName: There is no such method or modality.
    """
    if method not in METHOD_NAMES:
        raise UnknownName("method", method, METHOD_NAMES)
    uses = _by_modality(max_uses, modalities, "max_uses")
    least = _by_modality(threshold, modalities, "threshold")
    for m in modalities:
        most = uses.get(m)
        if most is not None and (not isinstance(most, int | np.integer) or most < 1):
            raise InputError("max_uses must be at least 1", seen=most)
        least_of(least.get(m))
    return {
        m: Limits(
            int(uses[m]) if uses.get(m) is not None else None,
            float(least[m]) if least.get(m) is not None else None,
            method,
        )
        for m in modalities
    }


def choose_items(neighbors: Neighbors, k: int, limits: Limits) -> Assignment:
    """Give each caption up to k of its candidates, ranks closed up.

    Raises:
        InputError: Scores that are no numbers, or too many edges for the method.
        MissingExtra: The method needs what is not installed.
    """
    keys = deciding_keys(neighbors)
    if limits.max_uses is None:
        return first_fitting(
            neighbors.ids, keys, k=k, threshold=limits.threshold, raw=neighbors.scores
        )
    from pentad.groups.capacity.assign import assign

    return assign(
        neighbors.ids,
        keys,
        k=k,
        max_uses=limits.max_uses,
        threshold=limits.threshold,
        raw=neighbors.scores,
        method=limits.method,
    )


def _by_modality(
    given: Mapping[str, int] | Mapping[str, float] | float | None,
    modalities: Sequence[Modality],
    name: str,
) -> dict[Modality, int | float]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        return dict.fromkeys(modalities, given)
    named = {as_modality(key): value for key, value in given.items()}
    strange = next((m for m in named if m not in modalities), None)
    if strange is not None:
        there = ", ".join(modalities)
        raise InputError(
            f"{name} is given for {strange}, of which there are no neighbors", expected=there
        )
    return named
