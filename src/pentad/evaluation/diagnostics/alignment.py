r"""Alignment: how near to one another the two sides of a native pair lie.

$$ \mathcal{L}_{\mathrm{align}} = \frac1p \sum_{(x, y)} \| x - y \|^2 $$

over native pairs of a caption and an item, at length 1 (Wang and Isola, "Understanding
Contrastive Representation Learning through Alignment and Uniformity on the Hypersphere", ICML
2020, exponent 2). 0 is perfect, 2 is what directions at right angles give, 4 the worst. A space in
which all vectors are nearly one is aligned too; so beside it stands the value of random pairs of
the same captions and items, exactly:

$$ \overline{\|x\|^2} + \overline{\|y\|^2} - 2\, \bar x \cdot \bar y $$
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.core.seeds import generator
from pentad.evaluation.diagnostics.space import Part, Space
from pentad.evaluation.intervals import bootstrap_means


@dataclass(frozen=True)
class Alignment:
    """How near native pairs lie.

    Attributes:
        left: Modality of the captions.
        right: Modality of the items.
        value: Mean squared distance of a native pair, 0 to 4; less is nearer.
        low: Lower end of the 95 % interval over units.
        high: Upper end.
        control: What pairs made at random of the same captions and items have.
        pairs: How many native pairs there are.
    """

    left: Modality
    right: Modality
    value: float
    low: float
    high: float
    control: float
    pairs: int


def alignments(space: Space, *, seed: int = 0) -> tuple[Alignment, ...]:
    """Return the alignment of captions with each other modality that has native pairs."""
    if Modality.TEXT not in space:
        return ()
    text, found = space[Modality.TEXT], []
    for modality, part in space.items():
        if modality is not Modality.TEXT:
            pairs = native_pairs(text, part)
            if len(pairs):
                found.append(_alignment(text, part, pairs, seed))
    return tuple(found)


def native_pairs(text: Part, items: Part) -> NDArray[np.int64]:
    """Return int64 (pairs, 2): the row of each caption that has a vector, and that of its item."""
    row_of = {keys[0]: row for row, keys in enumerate(text.captions)}
    pairs = [(row_of[k], i) for i, keys in enumerate(items.captions) for k in keys if k in row_of]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _alignment(text: Part, items: Part, pairs: NDArray[np.int64], seed: int) -> Alignment:
    left = text.vectors[pairs[:, 0]].astype(np.float64)
    right = items.vectors[pairs[:, 1]].astype(np.float64)
    squares = ((left - right) ** 2).sum(axis=1)
    rng = generator(seed, "alignment", items.modality.value)
    interval = bootstrap_means(squares[None], items.units[pairs[:, 1]], rng)[0]
    lengths = (left**2).sum() + (right**2).sum()
    control = lengths / len(pairs) - 2 * left.mean(axis=0) @ right.mean(axis=0)
    return Alignment(text.modality, items.modality, *interval, float(control), len(pairs))
