"""What is resampled together: a concept; without one, captions and items that hang together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Unit = tuple[str, str]


def units_of_items(
    captions: Sequence[Sequence[str]],
    concepts: Sequence[str | None],
    ids: NDArray[np.generic],
    units_of_key: Mapping[str, Unit],
) -> list[Unit]:
    """Return the unit of each item: its concept, else that of its first caption, else itself.

    Args:
        captions: Per item, its caption keys.
        concepts: Per item, its concept or None.
        ids: (items,) integers.
        units_of_key: What `units_of_keys` gave for the same items.
    """
    units: list[Unit] = []
    for keys, concept, item in zip(captions, concepts, ids.tolist(), strict=True):
        if concept is not None:
            units.append(("concept", concept))
        elif keys:
            units.append(units_of_key[min(keys)])
        else:
            units.append(("item", str(item)))
    return units


def units_of_keys(
    captions: Sequence[Sequence[str]], concepts: Sequence[str | None]
) -> dict[str, Unit]:
    """Return the unit of each caption key.

    It is the concept that most items with this caption have (of equally frequent ones the first in
    the alphabet). A caption of items without any concept belongs to its component: captions of one
    item belong together, and items that share a caption do too. A component is named by its first
    caption in the alphabet, so no order of rows shows in the result.

    Args:
        captions: Per item, its caption keys.
        concepts: Per item, its concept or None.
    """
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for keys, concept in zip(captions, concepts, strict=True):
        for key in keys:
            votes[key].update([] if concept is None else [concept])
    loose = [keys for keys, concept in zip(captions, concepts, strict=True) if concept is None]
    roots = _components(loose)
    return {
        key: ("concept", _most_common(count)) if count else ("caption", roots[key])
        for key, count in votes.items()
    }


def unit_codes(units: Sequence[Unit]) -> NDArray[np.int64]:
    """Return int64 (rows,): equal numbers for equal units, numbered in alphabetical order."""
    code = {unit: number for number, unit in enumerate(sorted(set(units)))}
    return np.array([code[unit] for unit in units], dtype=np.int64)


def _most_common(count: Counter[str]) -> str:
    return min(count, key=lambda concept: (-count[concept], concept))


def _components(captions: Iterable[Sequence[str]]) -> dict[str, str]:
    """Return the alphabetically first caption of the component of each caption."""
    parent: dict[str, str] = {}
    for keys in captions:
        roots = {_root(parent, key) for key in keys}
        for root in roots:
            parent[root] = min(roots)
    return {key: _root(parent, key) for key in list(parent)}


def _root(parent: dict[str, str], key: str) -> str:
    parent.setdefault(key, key)
    while parent[key] != key:
        # Halving the path as it is walked keeps later walks short.
        parent[key] = parent[parent[key]]
        key = parent[key]
    return key
