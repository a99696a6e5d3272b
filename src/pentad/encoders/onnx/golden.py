"""Checks an ONNX encoder against its golden.json: known inputs with known numbers.

The numbers come from whoever made the card, by other code, so a difference shows that the card was
misread or that this machine computes something else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.onnx.encoder import OnnxEncoder
from pentad.encoders.onnx.pooling import Floats, normalized
from pentad.media.types import Media

GOLDEN_FILE = "golden.json"
_NORMALIZED = "first8_normalized"
_RAW = ("first8_raw", "first8_feat", "first8_mean")
_EXACT = ("token_ids", "patches")
_COSINE = re.compile(r"cosine[^0-9]*>=\s*([0-9.]+)")
_WITHIN = re.compile(r"within\s+([0-9.]+(?:e-?[0-9]+)?)(\s+relative)?")


@dataclass(frozen=True)
class Tolerance:
    """How far numbers may lie from the golden ones; None where nothing is said.

    Attributes:
        cosine: The least cosine between the listed numbers and ours.
        absolute: The largest difference of a number of the normalised vector.
        relative: The largest difference of a raw number or norm, relative to the largest listed.
    """

    cosine: float | None = None
    absolute: float | None = None
    relative: float | None = None


@dataclass(frozen=True)
class GoldenItem:
    """How one golden input fared.

    Attributes:
        input: The caption, or the file relative to the root.
        cosine: Between the listed first numbers of the vector and ours.
        absolute: Largest difference of a number of the normalised vector.
        relative: Largest difference of a raw number or the norm, relative to the largest listed.
        log_mel: Largest difference of the listed log-mel values; 0 where none are listed.
        differing: Listed facts that are not as listed: ``token_ids``, ``patches``, ``top1``.
        passed: Whether the stated tolerance is kept and no fact differs.
    """

    input: str
    cosine: float
    absolute: float
    relative: float
    log_mel: float
    differing: tuple[str, ...]
    passed: bool


@dataclass(frozen=True)
class GoldenReport:
    """How an encoder fared on its golden file.

    Attributes:
        encoder: Its name.
        tolerance: What the file allows.
        items: One entry per golden input.
    """

    encoder: str
    tolerance: Tolerance
    items: tuple[GoldenItem, ...]

    @property
    def passed(self) -> bool:
        """Whether every input passed."""
        return all(item.passed for item in self.items)

    @property
    def worst(self) -> GoldenItem:
        """The input with the smallest cosine."""
        return min(self.items, key=lambda item: item.cosine)


def check_golden(encoder: OnnxEncoder, root: str | Path) -> GoldenReport:
    """Compare ``encoder`` with the ``golden.json`` beside its card.

    Args:
        encoder: An encoder made by `load_onnx`.
        root: Folder that the golden inputs' paths start from; of no matter for captions.

    Raises:
        InputError: There is no golden file, or it cannot be read or understood.
        DecodeError: A golden input cannot be decoded.
    """
    file = Path(encoder.folder) / GOLDEN_FILE
    table = _read(file)
    tolerance = _tolerance(file, table.get("tolerance"))
    modality = encoder.modalities[0]
    items = []
    for entry in table["items"]:
        ours = encoder.explain(
            _input(encoder, modality, Path(root), entry["input"]), modality=modality
        )
        items.append(_compared(entry, ours, tolerance))
    return GoldenReport(encoder.name, tolerance, tuple(items))


def _read(file: Path) -> dict[str, Any]:
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", file=file) from None
    except ValueError:
        raise InputError("is not JSON", file=file) from None
    items = table.get("items") if isinstance(table, dict) else None
    if not isinstance(items, list) or not items:
        raise InputError("needs a list of items", file=file, column="items")
    for row, entry in enumerate(items, start=1):
        if (
            not isinstance(entry, dict)
            or not isinstance(entry.get("input"), str)
            or _NORMALIZED not in entry
        ):
            raise InputError(
                f"item {row} needs 'input' and {_NORMALIZED!r}", file=file, column="items"
            )
    return dict(table)


def _tolerance(file: Path, stated: object) -> Tolerance:
    """From an object, or from words such as "cosine >= 0.99; values within 1e-3 relative"."""
    if isinstance(stated, dict) and stated and set(stated) <= set(Tolerance.__annotations__):
        return Tolerance(**{key: float(value) for key, value in stated.items()})
    text = stated if isinstance(stated, str) else ""
    cosine, within = _COSINE.search(text), _WITHIN.search(text)
    if not cosine and not within:
        raise InputError(
            "is not understood",
            file=file,
            column="tolerance",
            expected="cosine >= X or within Y",
            seen=stated,
        )
    bound = float(within[1]) if within else None
    is_relative = bool(within and within[2])
    return Tolerance(
        float(cosine[1]) if cosine else None,
        None if is_relative else bound,
        bound if is_relative else None,
    )


def _input(encoder: OnnxEncoder, modality: Modality, root: Path, value: str) -> Media:
    if modality is Modality.TEXT:
        return value
    from pentad.media.decode import decode

    return decode(root / value, modality, encoder.decode_options(modality))


def _compared(
    entry: Mapping[str, Any], ours: Mapping[str, Any], tolerance: Tolerance
) -> GoldenItem:
    listed = np.array(entry[_NORMALIZED], dtype=np.float64)
    unit = normalized(ours["vector"], "l2")[: len(listed)].astype(np.float64)
    absolute = float(np.abs(unit - listed).max())
    relative = _relative(entry, ours)
    mel = np.array(entry.get("log_mel_first4", []), dtype=np.float64)
    differing = _differing(entry, ours)
    cosine = _cosine(unit, listed)
    keeps = (
        (tolerance.cosine is None or cosine >= tolerance.cosine)
        and (tolerance.absolute is None or absolute <= tolerance.absolute)
        and (tolerance.relative is None or relative <= tolerance.relative)
    )
    return GoldenItem(
        input=entry["input"],
        cosine=cosine,
        absolute=absolute,
        relative=relative,
        log_mel=float(np.abs(mel - ours["log_mel_first4"]).max()) if len(mel) else 0.0,
        differing=differing,
        passed=keeps and not differing,
    )


def _differing(entry: Mapping[str, Any], ours: Mapping[str, Any]) -> tuple[str, ...]:
    """Facts that must be as listed.

    Golden files do not say whether ``top1`` is the best class by the pooled probabilities or by the
    mean raw score, and both are in use, so either will do.
    """
    found = [key for key in _EXACT if key in entry and entry[key] != ours.get(key)]
    if "top1" in entry and entry["top1"] not in (ours.get("top1"), ours.get("top1_raw")):
        found.append("top1")
    return tuple(found)


def _relative(entry: Mapping[str, Any], ours: Mapping[str, Any]) -> float:
    found = [abs(entry["norm"] - ours["norm"]) / entry["norm"]] if entry.get("norm") else []
    for key in _RAW:
        if key in entry:
            listed = np.array(entry[key], dtype=np.float64)
            largest = max(float(np.abs(listed).max()), 1e-3)
            found.append(float(np.abs(ours["vector"][: len(listed)] - listed).max()) / largest)
    return max(found, default=0.0)


def _cosine(left: Floats, right: Floats) -> float:
    """Two zero vectors agree; a zero vector and another do not."""
    lengths = float(np.sqrt(np.sum(left**2) * np.sum(right**2)))
    if lengths > 0:
        return float(np.sum(left * right)) / lengths
    return 1.0 if np.array_equal(left, right) else 0.0
