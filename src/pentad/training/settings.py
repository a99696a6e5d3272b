"""`TrainSettings`: everything that may be chosen about training, with the reasons in the report."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import as_modality

Pairing = Literal["text", "all"]


@dataclass(frozen=True)
class TrainSettings:
    """How heads are trained.

    Attributes:
        hidden: Width of a head's hidden layer.
        lr: Highest learning rate of AdamW.
        weight_decay: Of the heads; the temperature has none.
        warmup: Share of the steps in which the learning rate rises; then it falls as a cosine.
        epochs: How often the native pairs are gone through; without them, the groups.
        batch: Rows a step.
        native_share: Share of native pairs in a batch, the rest are groups; 1 trains on native
            pairs alone, 0 on groups alone. Where one kind is absent the other is used alone.
        max_rank: Groups beyond this rank are not used.
        rank_decay: A group of rank r weighs ``rank_decay ** (r - 1)``.
        pairs: ``text`` compares each modality with the captions, ``all`` each with each.
        pair_weights: Weight of single comparisons, by name such as ``text-audio``; default 1.
        dropout: Share of the input's values that are dropped in training.
        noise: Length of a random vector that is added to the input in training.
        temperature: What similarities are divided by at first; learned.
        max_scale: Most that 1 / temperature may become.
        false_negative: Frozen cosine of two items of one modality from which one does not count
            against the other; None for never.
        chunk: Rows of the table of similarities that are held at once.
        threads: Of one step. More are faster for large batches alone, and far slower where other
            programs want the cores too. Part of the result: other sums, other last digits.
    """

    hidden: int = 256
    lr: float = 3e-4
    weight_decay: float = 0.1
    warmup: float = 0.05
    epochs: int = 8
    batch: int = 1024
    native_share: float = 0.8
    max_rank: int = 1
    rank_decay: float = 1.0
    pairs: Pairing = "text"
    pair_weights: Mapping[str, float] = dataclasses.field(default_factory=dict)
    dropout: float = 0.1
    noise: float = 0.0
    temperature: float = 0.07
    max_scale: float = 100.0
    false_negative: float | None = None
    chunk: int = 2048
    threads: int = 1

    def __post_init__(self) -> None:
        """Check every value against what it may be."""
        for name, (least, most) in _RANGES.items():
            _check_number(name, getattr(self, name), least, most)
        if self.pairs not in ("text", "all"):
            raise UnknownName("setting of pairs", str(self.pairs), ("text", "all"))
        if self.false_negative is not None:
            _check_number("false_negative", self.false_negative, -1.0, math.inf)
        for name, weight in self.pair_weights.items():
            _check_pair(name)
            _check_number(f"pair_weights[{name}]", weight, 0.0, math.inf)

    def weight_of(self, first: str, second: str) -> float:
        """Return the weight of comparing two modalities, in whichever order."""
        weights = self.pair_weights
        return weights.get(f"{first}-{second}", weights.get(f"{second}-{first}", 1.0))

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> TrainSettings:
        """Return settings from plain values or their text, as ``--set KEY=VALUE`` gives them.

        Pair weights are a mapping, text such as ``text-audio:2,text-image:0.5``, or single keys
        such as ``pair_weights.text-audio``.

        Raises:
            UnknownName: There is no such setting; the message names the nearest one.
            InputError: A value is not of the setting's type or out of its range.

        Examples:
            >>> TrainSettings.from_mapping({"lr": "0.001", "pair_weights.text-audio": 2}).lr
            0.001
        """
        known = {field.name: field for field in dataclasses.fields(cls)}
        plain: dict[str, Any] = {}
        weights: dict[str, float] = {}
        for key, value in values.items():
            name, _, pair = key.partition(".")
            if name not in known or (pair and name != "pair_weights"):
                raise UnknownName("training setting", key, known)
            if name == "pair_weights":
                weights |= _weights({pair: value} if pair else value)
            else:
                plain[name] = _parsed(name, value, str(known[name].type))
        return cls(**plain, pair_weights=weights)


_RANGES: dict[str, tuple[float, float]] = {
    "hidden": (1, math.inf),
    "lr": (0.0, 10.0),
    "weight_decay": (0.0, math.inf),
    "warmup": (0.0, 1.0),
    "epochs": (0, math.inf),
    "batch": (2, math.inf),
    "native_share": (0.0, 1.0),
    "max_rank": (1, math.inf),
    "rank_decay": (0.0, 1.0),
    "dropout": (0.0, 0.99),
    "noise": (0.0, math.inf),
    "temperature": (1e-3, 1e3),
    "max_scale": (1e-3, 1e4),
    "chunk": (1, math.inf),
    "threads": (1, 1024),
}


def _check_number(name: str, value: float, least: float, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError("is not a number", column=name, seen=repr(value))
    if isinstance(least, int) and not isinstance(value, int):
        raise InputError("is not a whole number", column=name, seen=value)
    if not math.isfinite(value) or not least <= value <= most:
        span = f"at least {least:g}" if math.isinf(most) else f"{least:g} to {most:g}"
        raise InputError("is out of range", column=name, expected=span, seen=value)


def _check_pair(name: str) -> None:
    first, dash, second = name.partition("-")
    if not dash or as_modality(first) == as_modality(second):
        raise InputError("names no two modalities", expected="such as text-audio", seen=name)


def _parsed(name: str, value: object, kind: str) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip()
    if kind == "Pairing":
        return text
    if "None" in kind and text.lower() in ("", "none"):
        return None
    try:
        return int(text) if kind == "int" else float(text)
    except ValueError:
        wanted = "a whole number" if kind == "int" else "a number"
        raise InputError("cannot be read", column=name, expected=wanted, seen=text) from None


def _weights(value: object) -> dict[str, float]:
    if isinstance(value, str):
        value = dict(part.split(":", 1) for part in value.split(",") if ":" in part) or {value: ""}
    if not isinstance(value, Mapping):
        raise InputError(
            "cannot be read", column="pair_weights", expected="text-audio:2,...", seen=value
        )
    parsed = {str(k).strip(): _parsed(f"pair_weights.{k}", v, "float") for k, v in value.items()}
    return {k: v if isinstance(v, float) else float(str(v)) for k, v in parsed.items()}
