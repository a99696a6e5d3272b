"""What a manifest of groups says: where they come from, what limited them, and what was counted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from pentad.core.modality import Modality
from pentad.groups.capacity.assignment import Assignment, Drop, Short
from pentad.groups.columns import Picked
from pentad.groups.limits import Limits
from pentad.neighbors.neighbors import Neighbors

_EMBEDDINGS = "embeddings"


def behind(neighbors: Neighbors) -> dict[str, str]:
    """Return the space and metric of a search, and where its vectors lie."""
    return {
        "space": neighbors.space,
        "metric": neighbors.metric,
        "text": neighbors.query_location,
        "items": neighbors.location,
    }


def search_facts(neighbors: Neighbors) -> dict[str, Any]:
    """Return what a search was asked for and what it says of itself, as plain values."""
    asked = {"k": neighbors.k, "candidates": neighbors.columns, "items": neighbors.corpus_size}
    return asked | {str(name): plain_value(value) for name, value in neighbors.how.items()}


def encoder_names(
    lists: Mapping[Modality, Neighbors], given: Mapping[str, Any] | None
) -> dict[str, list[str]]:
    """Return the encoders of each modality: those given, else those that locations name.

    Args:
        lists: Neighbors by modality; vectors of a workspace lie in ``embeddings/ENCODER/MODALITY``.
        given: Names by modality.
    """
    if given is not None:
        return {str(m): [str(name) for name in names] for m, names in given.items()}
    first = next(iter(lists.values()))
    places = {Modality.TEXT: first.query_location} | {m: n.location for m, n in lists.items()}
    parts = {m.value: PurePosixPath(place).parts for m, place in places.items()}
    return {m: [p[1]] for m, p in parts.items() if len(p) == 3 and p[0] == _EMBEDDINGS}


def limit_facts(limits: Mapping[Modality, Limits]) -> dict[str, Any]:
    """Return ``max_uses`` and ``threshold``, one value where all modalities have the same."""
    return {
        "max_uses": _common({m.value: limit.max_uses for m, limit in limits.items()}),
        "threshold": _common({m.value: limit.threshold for m, limit in limits.items()}),
    }


def count_groups(
    picked: Mapping[Modality, Picked],
    assigned: Mapping[Modality, Assignment],
    limits: Mapping[Modality, Limits],
    *,
    left_out: int,
) -> dict[str, Any]:
    """Return the counts of a manifest, as `Groups` says."""
    shape = next(iter(picked.values())).chosen.shape
    complete, any_item = np.ones(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    for pick in picked.values():
        complete &= pick.present
        any_item |= pick.present
    own = {m: _native(pick) for m, pick in picked.items() if pick.neighbors.native is not None}
    return {
        "captions": shape[0],
        "captions_left_out": left_out,
        "groups": shape[0] * shape[1],
        "complete": int(complete.sum()),
        "empty": int((~any_item).sum()),
        "edges": {m.value: pick.neighbors.ids.size for m, pick in picked.items()},
        "dropped": {m.value: _dropped(a, limits[m]) for m, a in assigned.items()},
        "nulls": {m.value: int((~pick.present).sum()) for m, pick in picked.items()},
        "short": {m.value: _short(a) for m, a in assigned.items()},
        **({"native": {m.value: count for m, count in own.items()}} if own else {}),
    }


def plain_value(value: Any) -> Any:
    """Return a value as JSON has it: numbers of numpy, arrays and tuples become plain.

    A number that is not finite, which JSON does not have, becomes None.
    """
    if isinstance(value, Mapping):
        return {str(name): plain_value(one) for name, one in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain_value(value.tolist())
    if isinstance(value, list | tuple):
        return [plain_value(one) for one in value]
    if isinstance(value, float):
        return float(value) if np.isfinite(value) else None
    if value is None or isinstance(value, bool | int):
        return value
    return str(value)


def _native(picked: Picked) -> int:
    """Return how many of the chosen items are the caption's own."""
    flags = picked.neighbors.native
    if flags is None:
        return 0
    rows = np.arange(len(flags))
    columns = picked.chosen.T
    return sum(int((flags[rows, c.clip(0)] & (c >= 0)).sum()) for c in columns)


def _dropped(assigned: Assignment, limits: Limits) -> dict[str, int]:
    dropped = assigned.dropped
    found = {"beyond_k": dropped[Drop.BEYOND_K], "max_uses": dropped[Drop.FULL]}
    if limits.threshold is not None:
        found["below_threshold"] = dropped[Drop.BELOW]
    if dropped[Drop.REPEATED]:
        found["repeated"] = dropped[Drop.REPEATED]
    return found


def _short(assigned: Assignment) -> dict[str, dict[str, int]]:
    counted = {"captions": assigned.short_queries, "places": assigned.short_places}
    return {what: {_NAMES[why]: n for why, n in by.items()} for what, by in counted.items()}


_NAMES = {
    Short.TOO_FEW: "too_few_candidates",
    Short.BELOW: "below_threshold",
    Short.FULL: "max_uses",
}


def _common(values: Mapping[str, Any]) -> Any:
    different = list({repr(value): value for value in values.values()}.values())
    if len(different) == 1:
        return different[0]
    return {name: value for name, value in values.items() if value is not None}
