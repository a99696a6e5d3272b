"""Which keys a card.toml may have. The parser, the docs and the tests all read this one list."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError


@dataclass(frozen=True)
class Key:
    """One key of a card.

    Attributes:
        name: The key as written.
        kind: ``text``, ``flag``, ``whole``, ``number``, ``texts`` or ``numbers``.
        required: It must be there.
        default: Its value where it is not.
        choices: The only values allowed; empty if any.
        least: The least number allowed.
        free: A remark for people: it changes no vector and is left out of the fingerprint.
        late: It came after cards were in use: left out of the fingerprint where it has its default,
            so that theirs stay as they are.
    """

    name: str
    kind: str
    required: bool = True
    default: Any = None
    choices: tuple[str, ...] = ()
    least: float | None = None
    free: bool = False
    late: bool = False


def _optional(name: str, kind: str, default: Any = None, **more: Any) -> Key:
    return Key(name, kind, required=False, default=default, **more)


def _late(name: str, kind: str, default: Any = None, **more: Any) -> Key:
    return _optional(name, kind, default, late=True, **more)


def _remark(name: str, *, required: bool = False) -> Key:
    return Key(name, "text", required=required, default="", free=True)


POOLINGS = ("mean", "max", "cls", "last", "none")
INSIDE_GRAPH = "inside the graph"

COMMON = (
    Key("name", "text"),
    _optional("revision", "text", "1"),
    Key("modality", "text", choices=("text", "image", "audio")),
    Key("file", "text"),
    Key("inputs", "texts"),
    Key("output", "text"),
    Key("dim", "whole", least=1),
    Key("pooling", "text"),
    Key("normalize", "text", choices=("l2", "none")),
    _remark("licence", required=True),
    _remark("source", required=True),
    _optional("tokenizer", "text"),
    _optional("classes", "text"),
    _optional("class_output", "text"),
    _optional("class_activation", "text", choices=("softmax", "sigmoid", "none")),
    _optional("class_pooling", "text", "mean", choices=("mean", "max")),
    _optional("semantic", "flag", True, free=True),
    _remark("description"),
    _remark("citation"),
    _remark("quantisation"),
    _remark("notes"),
)

TEXT = (
    Key("max_tokens", "whole", least=1),
    Key("add_special_tokens", "flag"),
    Key("pad_id", "whole", least=0),
    _optional("lowercase", "flag", False),
    _remark("quantisation"),
    _remark("notes"),
)

IMAGE = (
    Key("color", "text", choices=("RGB", "BGR")),
    Key("size", "whole", least=1),
    Key("resize", "text", choices=("fit", "shortest", "stretch")),
    _optional(
        "interpolation", "text", "bicubic", choices=("nearest", "bilinear", "bicubic", "lanczos")
    ),
    _optional("pad", "text", choices=("center", "corner")),
    _optional("pad_value", "whole", least=0),
    _optional("crop", "text", choices=("center",)),
    _optional("shortest_side", "whole", least=1),
    _optional("scale", "number", 1.0),
    Key("mean", "numbers"),
    Key("std", "numbers"),
    Key("layout", "text", choices=("NCHW", "NHWC")),
    _optional("video_frames", "whole", 8, least=1),
    _optional("point_views", "whole", 4, least=1),
    _remark("quantisation"),
    _remark("notes"),
)

_LEVEL = (
    _late("level", "text", "as_is", choices=("as_is", "peak")),
    _late("peak_headroom", "number", 0.0, least=0),
)
_PATCHES_OF_SAMPLES = (
    _late("patch_samples", "whole", least=1),
    _late("patch_hop_samples", "whole", least=1),
    _late("patch_start", "text", "start", choices=("start", "center")),
    _late("patch_end", "text", "drop", choices=("drop", "fill", "past_end")),
    _late("channel_axis", "text", "first", choices=("first", "last")),
)

AUDIO = (
    _late("input", "text", "log_mel", choices=("log_mel", "samples")),
    Key("sample_rate", "whole", least=1),
    *_LEVEL,
    Key(
        "window",
        "text",
        choices=("hann_periodic", "hann_symmetric", "hamming_periodic", "hamming_symmetric"),
    ),
    Key("window_samples", "whole", least=2),
    Key("hop_samples", "whole", least=1),
    Key("fft_size", "whole", least=2),
    Key("spectrum", "text", choices=("magnitude", "power")),
    Key("pad_frames", "text", choices=("none", "reflect", "zero", "zero_past_end")),
    Key("mel_bands", "whole", least=1),
    Key("mel_formula", "text", choices=("htk", "slaney")),
    Key("mel_min_hz", "number", least=0),
    Key("mel_max_hz", "number", least=0),
    Key("mel_triangles", "text"),
    Key("log", "text", choices=("ln", "log10", "decibel", "none")),
    _late("log_floor", "number", 0.0, least=0),
    Key("log_offset", "number", least=0),
    Key("patch_frames", "whole", least=1),
    _optional("patch_hop_frames", "whole", least=1),
    *_PATCHES_OF_SAMPLES,
    _late("patch_range", "number", least=0),
    _optional("patch_axes", "text", "time_mel", choices=("time_mel", "mel_time")),
    Key("min_samples", "whole", least=1),
    _optional("max_seconds", "number", least=0.01),
    _remark("quantisation"),
    _remark("notes"),
)

SAMPLES = (
    Key("input", "text", choices=("samples",)),
    Key("sample_rate", "whole", least=1),
    *_LEVEL,
    *_PATCHES_OF_SAMPLES,
    Key("min_samples", "whole", least=1),
    _optional("max_seconds", "number", least=0.01),
    _remark("quantisation"),
    _remark("notes"),
)

PREPROCESS: Mapping[str, tuple[Key, ...]] = {"text": TEXT, "image": IMAGE, "audio": AUDIO}


def preprocess_keys(modality: str, section: Mapping[str, Any]) -> tuple[Key, ...]:
    """Return the keys of ``[preprocess]``: those for samples where a sound model takes samples."""
    if modality == "audio" and section.get("input") == "samples":
        return SAMPLES
    return PREPROCESS[modality]


def checked_table(
    file: Path, table: Mapping[str, Any], keys: Sequence[Key], prefix: str = ""
) -> dict[str, Any]:
    """Return the values of one table with defaults filled in.

    Raises:
        InputError: A key is unknown, missing, or has a value of the wrong type or not allowed.
    """
    names = [key.name for key in keys]
    for name in table:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise InputError(f"unknown key{hint}", file=file, column=prefix + name)
    return {key.name: _checked_value(file, table, key, prefix) for key in keys}


def _checked_value(file: Path, table: Mapping[str, Any], key: Key, prefix: str) -> Any:
    column = prefix + key.name
    if key.name not in table:
        if key.required:
            raise InputError(
                "required key is missing", file=file, column=column, expected=_wanted(key)
            )
        return key.default
    value = table[key.name]
    if not _KINDS[key.kind](value) or not _allowed(key, value):
        raise InputError(
            "wrong value", file=file, column=column, expected=_wanted(key), seen=repr(value)
        )
    return float(value) if key.kind == "number" else value


def _allowed(key: Key, value: Any) -> bool:
    return (not key.choices or value in key.choices) and (key.least is None or value >= key.least)


def _wanted(key: Key) -> str:
    if key.choices:
        return " or ".join(repr(choice) for choice in key.choices)
    least = "" if key.least is None else f", at least {key.least:g}"
    return _WORDS[key.kind] + least


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_whole(value) or (isinstance(value, float) and math.isfinite(value))


def _is_list(value: Any, holds: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and bool(value) and all(holds(entry) for entry in value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


_KINDS: dict[str, Callable[[Any], bool]] = {
    "text": _is_text,
    "flag": lambda value: isinstance(value, bool),
    "whole": _is_whole,
    "number": _is_number,
    "texts": lambda value: _is_list(value, _is_text),
    "numbers": lambda value: _is_list(value, _is_number),
}
_WORDS = {
    "text": "a text",
    "flag": "true or false",
    "whole": "a whole number",
    "number": "a number",
    "texts": "a list of texts",
    "numbers": "a list of numbers",
}
