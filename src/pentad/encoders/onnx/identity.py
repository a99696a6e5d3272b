"""The fingerprint of an ONNX encoder: all that can change a vector, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pentad.core.fingerprint import fingerprint_file, fingerprint_value
from pentad.core.modality import Modality
from pentad.encoders.onnx.card import OnnxCard
from pentad.encoders.onnx.front import Front
from pentad.encoders.onnx.schema import COMMON, Key, preprocess_keys
from pentad.media.render import RENDERER

_NO_EFFECT = frozenset({"name", "file", "tokenizer", "classes"})


def fingerprint_of(card: OnnxCard, front: Front, external: Sequence[Path]) -> str:
    """Return 64 hex digits over the files' bytes, the values that matter, and our code's version.

    Args:
        card: The card.
        front: Its preprocessing.
        external: Further files that the model keeps weights in.
    """
    files = {"model": card.model, "tokenizer": card.tokenizer}
    files |= {f"external:{path.relative_to(card.folder)}": path for path in external}
    keys = preprocess_keys(card.modality.value, card.preprocess)
    return fingerprint_value(
        {
            "files": {name: fingerprint_file(path) for name, path in files.items() if path},
            "classes": list(card.classes),
            "card": _mattering(COMMON, card.values),
            "preprocess": _mattering(keys, card.preprocess),
            "code": [card.modality.value, front.version],
            "renderer": RENDERER if Modality.POINTS in front.modalities else None,
        }
    )


def _mattering(keys: Sequence[Key], values: Mapping[str, Any]) -> dict[str, Any]:
    out = {}
    for key in keys:
        value = values[key.name]
        remark = key.free or key.name in _NO_EFFECT
        if not remark and not (key.late and value == key.default):
            out[key.name] = value
    return out
