"""`check_encoder`: whether an encoder does what every encoder must, and how fast it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from pentad.core.errors import PentadError
from pentad.core.modality import Modality
from pentad.encoders.check_meaning import (
    golden,
    means_something,
    pictures_and_captions,
    refuses_others,
    sounds_and_captions,
)
from pentad.encoders.check_report import Check, CheckReport
from pentad.encoders.check_trial import Trial
from pentad.encoders.protocol import Encoder, space_of


def check_encoder(encoder: Encoder, *, root: str | Path | None = None) -> CheckReport:
    """Try an encoder with made-up inputs of each of its modalities.

    Args:
        encoder: Any encoder.
        root: Where the inputs of an ONNX model's ``golden.json`` lie; None to look in its folder
            and in a few above it.

    Returns:
        One `Check` for each thing tried: shapes, finite numbers, lengths, the same bits twice,
        order and batch size, row independence, distinct vectors, an empty list, a file by its path,
        a wrong modality, speed; where the encoder is semantic, pictures and sounds beside captions;
        and the known numbers of an ONNX model. What an encoder raises is a failed check.
    """
    found: list[Check | None] = [c for each in encoder.modalities for c in _of(encoder, each)]
    found.append(_tried(lambda: refuses_others(encoder), "wrong modality", ""))
    served = set(encoder.modalities)
    if means_something(encoder) and Modality.TEXT in served:
        if Modality.IMAGE in served:
            name = "pictures and captions"
            found.append(_tried(lambda: pictures_and_captions(encoder), name, ""))
        if Modality.AUDIO in served:
            name = "sounds and captions"
            found.append(_tried(lambda: sounds_and_captions(encoder), name, ""))
    place = None if root is None else Path(root)
    found.append(_tried(lambda: golden(encoder, place), "golden.json", ""))
    return CheckReport(encoder.name, space_of(encoder), tuple(c for c in found if c is not None))


def _of(encoder: Encoder, modality: Modality) -> Iterator[Check | None]:
    try:
        trial = Trial(encoder, modality)
    except Exception as error:
        yield _failed("encodes", modality.value, error)
        return
    for rule in trial.rules:
        yield _tried(rule, rule.__name__.replace("_", " "), modality.value)


def _tried(rule: Callable[[], Check | None], name: str, modality: str) -> Check | None:
    """Return what a rule finds; an encoder may be anybody's, and may raise anything."""
    try:
        return rule()
    except Exception as error:
        return _failed(name, modality, error)


def _failed(name: str, modality: str, error: Exception) -> Check:
    line = " ".join(str(error).split())[:200]
    known = isinstance(error, PentadError)
    return Check(name, modality, False, line if known else f"{type(error).__name__}: {line}")
