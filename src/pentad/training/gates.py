"""How much of a trained correction to keep: judged on items that nothing was trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pentad.bridge.choose import first_hit_gain
from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.core.seeds import generator
from pentad.encoders.heads import Head
from pentad.training.data import Rows, TrainingData

GATES = (0.0, 0.25, 0.5, 1.0)
MIN_UNITS = 10
"""With fewer units, differences between them say nothing about others: the gate stays 0."""

Gates = Mapping[Modality, float]
Heads = Mapping[Modality, Head]
Gains = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Heads, and native pairs that neither they nor the bridge below them have seen.

    Attributes:
        heads: Trained without the data.
        data: Vectors and native pairs; groups play no part.
        units: int64 (captions,), what a split never cuts in two.
    """

    heads: Heads
    data: TrainingData
    units: Rows

    def __post_init__(self) -> None:
        """Check that every caption has a unit."""
        captions = len(self.data.vectors[Modality.TEXT])
        if self.units.shape != (captions,):
            raise InputError("a unit a caption is needed", expected=captions, seen=self.units.shape)


@dataclass(frozen=True)
class GateChoice:
    """The gates, and why.

    Attributes:
        gates: By modality.
        quality: Shared gate -> mean over directions of the mean of 1 / log2(1 + rank).
        gain: What the best shared gate adds to gate 0.
        error: Standard error of that gain over units.
        units: How many units it was judged by.
    """

    gates: dict[Modality, float]
    quality: dict[float, float]
    gain: float
    error: float
    units: int


def choose_gate(
    folds: Sequence[HeldOut],
    *,
    gates: Sequence[float] = GATES,
    per_modality: bool = False,
    tolerance: float = 1.0,
    max_pairs: int = 3000,
    seed: int = 0,
) -> GateChoice:
    """Return the gate that clearly improves on the bridge alone, or else 0.

    The measure is that of the bridge: 1 / log2(1 + rank of the first right answer), ties by
    expected rank; captions to items and items to captions; mean over queries, then over directions.
    Gains are paired, and their standard error is over units, for the queries of a unit stand or
    fall together.

    Args:
        folds: One or more, each with heads of its own.
        gates: What to choose from; 0 always takes part.
        per_modality: Judge the gate of each item modality by itself once the shared one is found.
        tolerance: By how many standard errors a gate must be better.
        max_pairs: Most pairs of a modality and fold that take part.
        seed: Decides which, where there are more.

    Raises:
        InputError: A gate is not from 0 to 1.
    """
    if not all(0.0 <= gate <= 1.0 for gate in gates):
        raise InputError("gates go from 0 to 1", seen=list(gates))
    # As in the bridge: small products, and bytes that do not depend on the number of cores.
    with threadpool_limits(1):
        return _choose(folds, sorted({0.0, *gates}), per_modality, tolerance, max_pairs, seed)


def with_gates(heads: Heads, gates: Gates) -> dict[Modality, Head]:
    """Return the heads with other gates; one that ``gates`` does not name is switched off."""
    return {m: replace(head, gate=gates.get(m, 0.0)) for m, head in heads.items()}


def _choose(
    folds: Sequence[HeldOut],
    options: Sequence[float],
    per_modality: bool,
    tolerance: float,
    max_pairs: int,
    seed: int,
) -> GateChoice:
    directions = [both for fold in folds for both in _directions(fold, max_pairs, seed)]
    kinds = [m for m in Modality if any(m in fold.heads for fold in folds)]
    tried = {g: _judge(directions, dict.fromkeys(kinds, g)) for g in options}
    shared, gain, error = _clearly_best(tried, 0.0, tolerance)
    chosen = dict.fromkeys(kinds, shared)
    if per_modality and shared > 0:
        for modality in (m for m in kinds if m is not Modality.TEXT):
            alone = {g: _judge(directions, {**chosen, modality: g}) for g in options}
            chosen[modality], _, _ = _clearly_best(alone, chosen[modality], tolerance)
    quality = {g: float(by_unit.sum()) for g, by_unit in tried.items()}
    return GateChoice(chosen, quality, gain, error, len(tried[0.0]))


@dataclass(frozen=True, eq=False)
class _Both:
    """The two directions of one modality in one fold: n captions and m items.

    Attributes:
        fold: Where heads and vectors are.
        modality: Of the items.
        captions: (n,) rows of text, one for each distinct caption.
        items: (m,) rows of the modality.
        relevant: (n, m) what is native to what.
        item_units: (m,).
        known: Gates of captions and items -> gains found before.
    """

    fold: HeldOut
    modality: Modality
    captions: Rows
    items: Rows
    relevant: NDArray[np.bool_]
    item_units: Rows
    known: dict[tuple[float, float], tuple[Gains, Gains]] = field(default_factory=dict)

    def gains(self, gates: Gates) -> tuple[Gains, Gains]:
        """Return (n,) gains of the captions and (m,) gains of the items."""
        both = gates.get(Modality.TEXT, 0.0), gates.get(self.modality, 0.0)
        if both not in self.known:
            texts = self._moved(Modality.TEXT, self.captions, both[0])
            scores = texts @ self._moved(self.modality, self.items, both[1]).T
            back = first_hit_gain(np.ascontiguousarray(scores.T), self.relevant.T)
            self.known[both] = first_hit_gain(scores, self.relevant), back
        return self.known[both]

    def _moved(self, modality: Modality, rows: Rows, gate: float) -> NDArray[np.float64]:
        vectors = self.fold.data.vectors[modality][rows]
        head = self.fold.heads.get(modality)
        if head is not None:
            vectors = replace(head, gate=gate).correct(vectors)
        return vectors.astype(np.float64)


def _directions(fold: HeldOut, max_pairs: int, seed: int) -> Iterator[_Both]:
    for modality, pairs in fold.data.pairs.items():
        if not len(pairs):
            continue
        order = generator(seed, "gate-pairs", modality).permutation(len(pairs))[:max_pairs]
        texts, rows = pairs[np.sort(order)].T
        keys, first, key_of = np.unique(
            fold.data.caption_keys[texts], return_index=True, return_inverse=True
        )
        items, first_pair, item_of = np.unique(rows, return_index=True, return_inverse=True)
        relevant = np.zeros((len(keys), len(items)), dtype=np.bool_)
        relevant[key_of, item_of] = True
        units = fold.units[texts[first_pair]]
        yield _Both(fold, Modality(modality), texts[first], items, relevant, units)


def _judge(directions: Sequence[_Both], gates: Gates) -> Gains:
    """Return what each unit contributes to the quality, (units,) in the order of their numbers."""
    gains: dict[tuple[Modality, str], list[Gains]] = {}
    units: dict[tuple[Modality, str], list[Rows]] = {}
    for both in directions:
        forth, back = both.gains(gates)
        for way, values, unit in (
            ("forth", forth, both.fold.units[both.captions]),
            ("back", back, both.item_units),
        ):
            gains.setdefault((both.modality, way), []).append(values)
            units.setdefault((both.modality, way), []).append(unit)
    if not gains:
        return np.zeros(0)
    shares = [np.concatenate(g) / (sum(map(len, g)) * len(gains)) for g in gains.values()]
    labels = np.concatenate([u for parts in units.values() for u in parts])
    _, place = np.unique(labels, return_inverse=True)
    return np.bincount(place, weights=np.concatenate(shares)).astype(np.float64)


def _clearly_best(
    tried: Mapping[float, Gains], default: float, tolerance: float
) -> tuple[float, float, float]:
    """Return the gate, and gain and error of the best other gate over the default."""
    others = [gate for gate in tried if gate != default]
    units = len(tried[default])
    if not others or not units:
        return default, 0.0, 0.0
    best = max(others, key=lambda gate: (tried[gate].sum(), -gate))
    gains = tried[best] - tried[default]
    gain = float(gains.sum())
    error = float(np.sqrt(units) * gains.std(ddof=1)) if units > 1 else 0.0
    clear = units >= MIN_UNITS and gain > tolerance * error
    return (best if clear else default), gain, error
