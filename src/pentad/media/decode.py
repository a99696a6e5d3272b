"""`decode()`: one file in, one validated value out, or a `DecodeError` that says why not."""

from __future__ import annotations

import errno
from collections.abc import Callable

from pentad.core.errors import DecodeError, InputError, PentadError, Reason
from pentad.core.modality import Modality, as_modality
from pentad.media.audio import decode_audio
from pentad.media.files import MAX_FILE_BYTES, printable
from pentad.media.formats import EXTENSIONS
from pentad.media.image import decode_image
from pentad.media.points import decode_points
from pentad.media.segment import Segment, as_segment
from pentad.media.source import Source, name_of, opened
from pentad.media.types import Decoded, DecodeOptions
from pentad.media.video import decode_video
from pentad.store.places import Place

_DEFAULTS = DecodeOptions()
_PACKAGES = frozenset({"PIL", "av", "numpy", "soundfile", "soxr", "trimesh"})
_DECODERS: dict[Modality, Callable[[Source, DecodeOptions, int, Segment | None], Decoded]] = {
    Modality.IMAGE: decode_image,
    Modality.AUDIO: decode_audio,
    Modality.VIDEO: decode_video,
    Modality.POINTS: decode_points,
}
_PLAYED = frozenset({Modality.AUDIO, Modality.VIDEO})


def decode(
    place: str | Place,
    modality: str,
    options: DecodeOptions = _DEFAULTS,
    *,
    seed: int = 0,
    start: float | None = None,
    end: float | None = None,
) -> Decoded:
    """Decode and validate one file. The format is found from the content where that is possible.

    The result depends on the file's bytes, ``options``, ``seed``, ``start`` and ``end`` alone. This
    runs in the calling process, with no limit on time or memory; for files from elsewhere use
    `DecodePool`.

    Args:
        place: The file, or the part of a larger one, or bytes in memory.
        modality: ``image``, ``audio``, ``video`` or ``points``.
        options: What the consumer needs of the file.
        seed: Seed of whatever is sampled; only points need it.
        start: Second at which the wanted part of a sound or video begins; None for its beginning.
        end: Second at which the part ends, not included; None for the end. Up to 5 % of the part
            may lie behind the end of the file.

    Raises:
        DecodeError: The file cannot be used; the error carries a `Reason`.
        InputError: ``modality`` is ``text``, which is not in files.
        UnknownName: ``modality`` is none of the five.
        PentadError: A package that decodes cannot be imported, or there is no room for a copy of
            what is only a part of a file.

    Examples:
        >>> decode("cat.png", "image", DecodeOptions(image_side=224)).pixels.shape  # doctest: +SKIP
        (480, 640, 3)
    """
    kind = as_modality(modality)
    if kind is Modality.TEXT:
        raise InputError("captions are not decoded from files", expected="a media modality")
    segment = _segment(place, kind, start, end)
    with opened(place, MAX_FILE_BYTES[kind]) as source:
        try:
            return _DECODERS[kind](source, options, seed, segment)
        except DecodeError as error:
            raise DecodeError(error.reason, _without_folder(error.detail, source)) from error
        except MemoryError as error:
            text = f"{source.name}: does not fit in memory"
            raise DecodeError(Reason.OUT_OF_MEMORY, text) from error
        except Exception as error:  # whatever a library raises on bad bytes is a refusal
            raise _refusal(error, source, kind) from error


def _segment(
    place: str | Place, kind: Modality, start: float | None, end: float | None
) -> Segment | None:
    try:
        segment = as_segment(start, end)
    except DecodeError as error:
        raise DecodeError(error.reason, f"{name_of(place)}: {error.detail}") from None
    if segment is not None and kind not in _PLAYED:
        raise DecodeError(
            Reason.UNSUPPORTED, f"{name_of(place)}: {segment} of something that does not play"
        )
    return segment


def _without_folder(text: str, source: Source) -> str:
    """Name the file alone: what is stored must not depend on where folders lie."""
    for path in (source.path.absolute(), source.path):
        for written in (str(path), repr(str(path))[1:-1]):
            text = text.replace(written, source.name)
    return printable(" ".join(text.split()))


def _refusal(error: Exception, source: Source, kind: Modality) -> PentadError:
    text = _without_folder(str(error).strip() or "unreadable", source)
    detail = f"{source.name}: {type(error).__name__}: {text[:200]}"
    if isinstance(error, ImportError) and (error.name or "").split(".")[0] in _PACKAGES:
        return PentadError(f"{error.name} cannot be imported ({text}); install Pentad again")
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return DecodeError(Reason.OUT_OF_MEMORY, detail)
    # FFmpeg has the same error for damage of some kinds.
    if isinstance(error, PermissionError) and type(error).__module__.split(".")[0] != "av":
        return DecodeError(Reason.UNREADABLE, detail)
    if "truncated" in text.lower():
        return DecodeError(Reason.TRUNCATED, detail)
    if source.suffix in EXTENSIONS[kind]:
        return DecodeError(Reason.CORRUPT, detail)
    return DecodeError(Reason.UNSUPPORTED, detail)
