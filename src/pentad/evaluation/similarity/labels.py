"""`LabelTable`: which items have which labels, and the families that labels belong to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError

_EXTENSION = re.compile(r"(?<=.)\.[A-Za-z][A-Za-z0-9]{0,4}$")


@dataclass(frozen=True, eq=False)
class LabelTable:
    """Items and their labels.

    Attributes:
        names: The items, no two equal.
        classes: The labels, in the alphabet's order.
        member: bool (items, classes).
    """

    names: tuple[str, ...]
    classes: tuple[str, ...]
    member: NDArray[np.bool_]
    _place: dict[str, int] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Remember where each name is."""
        self._place.update((name, row) for row, name in enumerate(self.names))
        if len(self._place) != len(self.names):
            seen: set[str] = set()
            for name in self.names:
                if name in seen:
                    raise InputError("an item has two rows of labels", seen=repr(name))
                seen.add(name)

    def __len__(self) -> int:
        """Return how many items there are."""
        return len(self.names)

    @classmethod
    def from_labels(cls, labels: Mapping[str, Iterable[str]]) -> LabelTable:
        """Return the table of name -> labels; a label that is there twice counts once."""
        rows = [tuple(each) for each in labels.values()]
        classes = tuple(sorted({label for row in rows for label in row}))
        code = {label: column for column, label in enumerate(classes)}
        member = np.zeros((len(rows), len(classes)), np.bool_)
        for row, own in enumerate(rows):
            member[row, [code[label] for label in own]] = True
        return cls(tuple(labels), classes, member)

    def rows_of(self, names: Sequence[str]) -> NDArray[np.int64]:
        """Return int64 (names,): the row of each name, -1 where it has none.

        ``64760`` and ``64760.wav`` are the same item where nothing else could be: no other name
        here or there is one of the two, or the other with another extension.
        """
        rows = [self._place.get(name, -1) for name in names]
        missing = [place for place, row in enumerate(rows) if row < 0]
        if missing:
            for place, row in self._but_for_extension(names, missing, set(rows)).items():
                rows[place] = row
        return np.array(rows, np.int64)

    def _but_for_extension(
        self, names: Sequence[str], missing: Sequence[int], taken: set[int]
    ) -> dict[int, int]:
        """Return place in ``names`` -> row, where exactly one of the two has an extension."""
        own: dict[str, list[int]] = {}
        for row, name in enumerate(self.names):
            own.setdefault(_EXTENSION.sub("", name), []).append(row)
        plain = [_EXTENSION.sub("", names[place]) for place in missing]
        often = Counter(plain)
        found = {}
        for place, key in zip(missing, plain, strict=True):
            rows = own.get(key, [])
            if often[key] > 1 or len(rows) != 1 or rows[0] in taken:
                continue
            if key in (names[place], self.names[rows[0]]):
                found[place] = rows[0]
        return found

    def of(self, names: Sequence[str]) -> LabelTable:
        """Return the rows of some names, in their order; the classes stay.

        Raises:
            InputError: A name has no labels.
        """
        rows = self.rows_of(names)
        if (rows < 0).any():
            missing = names[int(np.argmin(rows))]
            raise InputError("an item has no row of labels", seen=repr(missing))
        return LabelTable(tuple(names), self.classes, self.member[rows])


@dataclass(frozen=True)
class Families:
    """Labels by family.

    Attributes:
        labels: Family -> the labels of it that occur in the table.
        empty: Families of which no label occurs.
    """

    labels: Mapping[str, tuple[str, ...]]
    empty: tuple[str, ...] = ()

    @classmethod
    def within(cls, families: Mapping[str, Sequence[str]], classes: Sequence[str]) -> Families:
        """Return the families with the labels that occur, each once, in the order given."""
        known = set(classes)
        found = {
            name: tuple(dict.fromkeys(label for label in labels if label in known))
            for name, labels in families.items()
        }
        empty = tuple(name for name, labels in found.items() if not labels)
        return cls({name: labels for name, labels in found.items() if labels}, empty)
