"""`decode()`: one file in, one validated value out, or a `DecodeError` that says why not."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

from pentad.core.errors import DecodeError, InputError, PentadError, Reason
from pentad.core.modality import Modality, as_modality
from pentad.media.audio import decode_audio
from pentad.media.files import MAX_FILE_BYTES, check_file
from pentad.media.formats import EXTENSIONS
from pentad.media.image import decode_image
from pentad.media.points import decode_points
from pentad.media.types import Decoded, DecodeOptions
from pentad.media.video import decode_video

_DEFAULTS = DecodeOptions()
_PACKAGES = frozenset({"PIL", "av", "numpy", "soundfile", "soxr", "trimesh"})
_DECODERS: dict[Modality, Callable[[Path, DecodeOptions, int], Decoded]] = {
    Modality.IMAGE: decode_image,
    Modality.AUDIO: decode_audio,
    Modality.VIDEO: decode_video,
    Modality.POINTS: decode_points,
}


def decode(
    path: str | Path, modality: str, options: DecodeOptions = _DEFAULTS, *, seed: int = 0
) -> Decoded:
    """Decode and validate one file. The format is found from the content where that is possible.

    The result depends on the file's bytes, ``options`` and ``seed`` alone. This runs in the calling
    process, with no limit on time or memory; for files from elsewhere use `DecodePool`.

    Args:
        path: The file.
        modality: ``image``, ``audio``, ``video`` or ``points``.
        options: What the consumer needs of the file.
        seed: Seed of whatever is sampled; only points need it.

    Raises:
        DecodeError: The file cannot be used; the error carries a `Reason`.
        InputError: ``modality`` is ``text``, which is not in files.
        UnknownName: ``modality`` is none of the five.
        PentadError: A package that decodes cannot be imported.

    Examples:
        >>> decode("cat.png", "image", DecodeOptions(image_side=224)).pixels.shape  # doctest: +SKIP
        (480, 640, 3)
    """
    kind = as_modality(modality)
    if kind is Modality.TEXT:
        raise InputError("captions are not decoded from files", expected="a media modality")
    file = Path(path)
    check_file(file, MAX_FILE_BYTES[kind])
    try:
        return _DECODERS[kind](file, options, seed)
    except DecodeError:
        raise
    except MemoryError as error:
        raise DecodeError(Reason.OUT_OF_MEMORY, f"{file.name}: does not fit in memory") from error
    except Exception as error:  # whatever a library raises on bad bytes is a refusal, not a crash
        raise _refusal(error, file, kind) from error


def _refusal(error: Exception, file: Path, kind: Modality) -> PentadError:
    text = str(error).strip() or "unreadable"
    detail = f"{file.name}: {type(error).__name__}: {text[:200]}"
    if isinstance(error, ImportError) and (error.name or "").split(".")[0] in _PACKAGES:
        return PentadError(f"{error.name} cannot be imported ({text}); install Pentad again")
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return DecodeError(Reason.OUT_OF_MEMORY, detail)
    if isinstance(error, PermissionError):
        return DecodeError(Reason.UNREADABLE, detail)
    if "truncated" in text.lower():
        return DecodeError(Reason.TRUNCATED, detail)
    if file.suffix.lower() in EXTENSIONS[kind]:
        return DecodeError(Reason.CORRUPT, detail)
    return DecodeError(Reason.UNSUPPORTED, detail)
