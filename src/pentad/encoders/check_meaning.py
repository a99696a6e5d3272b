"""Whether vectors mean anything: pictures and sounds beside captions, and known numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pentad.core.errors import DecodeError, InputError, Reason
from pentad.core.modality import Modality
from pentad.encoders.accept import accepted
from pentad.encoders.check_media import captioned_pictures, captioned_sounds
from pentad.encoders.check_report import Check
from pentad.encoders.protocol import ChoosesDecoding, Encoder
from pentad.encoders.vectors import normalized_rows
from pentad.media.types import DecodeOptions

_UP = 3  # folders above a golden file that its inputs may lie in


def means_something(encoder: Encoder) -> bool:
    """Return whether nearness is meant to be likeness of content."""
    return bool(getattr(getattr(encoder, "card", None), "semantic", False))


def pictures_and_captions(encoder: Encoder) -> Check:
    """Find the caption of every picture; more have to be right than by chance."""
    right, count = _found(encoder, Modality.IMAGE, captioned_pictures())
    detail = f"{right} of {count} pictures nearest to their own caption, 1 by chance"
    return Check("pictures and captions", "", right > 1, detail, right / count)


def sounds_and_captions(encoder: Encoder) -> Check:
    """Find the caption of every sound; told only, for few models have heard such sounds."""
    right, count = _found(encoder, Modality.AUDIO, captioned_sounds())
    detail = f"{right} of {count} sounds nearest to their own caption, 1 by chance"
    return Check("sounds and captions", "", None, detail, right / count)


def golden(encoder: Encoder, root: Path | None) -> Check | None:
    """Compare with the numbers beside an ONNX card; None where there are none."""
    from pentad.encoders.onnx.encoder import OnnxEncoder
    from pentad.encoders.onnx.golden import GOLDEN_FILE, check_golden

    if not isinstance(encoder, OnnxEncoder) or not (Path(encoder.folder) / GOLDEN_FILE).is_file():
        return None
    folder = Path(encoder.folder).resolve()
    for place in [folder, *folder.parents[:_UP]] if root is None else [root]:
        try:
            report = check_golden(encoder, place)
        except DecodeError as error:
            if error.reason is Reason.MISSING_FILE and root is None:
                continue
            raise
        good = sum(item.passed for item in report.items)
        detail = (
            f"{good} of {len(report.items)} inputs as listed, "
            f"least cosine {report.worst.cosine:.4f}"
        )
        return Check(GOLDEN_FILE, "", report.passed, detail, report.worst.cosine)
    return Check(GOLDEN_FILE, "", None, "its inputs are not here; say where with a root folder")


def refuses_others(encoder: Encoder) -> Check:
    """Another modality than its own is refused in one line."""
    from pentad.core.modality import MODALITIES

    others = [each.value for each in MODALITIES if each not in encoder.modalities] or ["smell"]
    try:
        encoder.encode([], modality=others[0])
    except InputError as error:
        return Check("wrong modality", "", True, f"{others[0]} is refused: {error}")
    return Check("wrong modality", "", False, f"{others[0]} is not refused")


def _found(
    encoder: Encoder, modality: Modality, known: Sequence[tuple[str, Any]]
) -> tuple[int, int]:
    captions = [caption for caption, _ in known]
    options = DecodeOptions()
    if isinstance(encoder, ChoosesDecoding):
        options = encoder.decode_options(modality)
    media = accepted(encoder.name, [item for _, item in known], modality, object, options)
    texts = normalized_rows(encoder.encode(captions, modality=Modality.TEXT))
    items = normalized_rows(encoder.encode(media, modality=modality))
    nearest = np.argmax(items @ texts.T, axis=1)
    return int((nearest == np.arange(len(known))).sum()), len(known)
