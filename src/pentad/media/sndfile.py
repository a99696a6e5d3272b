"""Sounds that libsndfile reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, Reason
from pentad.media.collected import (
    MAX_SAMPLES,
    Collected,
    check_channels,
    check_length,
    plan,
)
from pentad.media.segment import Segment
from pentad.media.source import Source

if TYPE_CHECKING:
    from soundfile import SoundFile

KINDS = frozenset({"wav", "aiff", "au", "flac", "ogg", "caf", "mp3"})
"""Containers for libsndfile, of the many that it would try."""
# What can be entered at any sample; an MP3 or Ogg lands beside the place, and is read up to it.
_PLAIN = ("PCM_", "FLOAT", "DOUBLE", "ULAW", "ALAW")
_BLOCK = 1 << 18
_UNSUPPORTED_ENCODING = 4
_UNKNOWN_LENGTH = 1 << 62
_ESTIMATE = 1.5
# Where libsndfile knows the container, its refusal stands: other decoders play broken FLACs.
_HEADS = (b"RIFF", b"RIFX", b"RF64", b"fLaC", b"OggS", b"FORM", b".snd", b"caff", b"ID3")


def read_sndfile(
    source: Source, max_seconds: float | None, segment: Segment | None
) -> Collected | None:
    """Read a sound or a part of it; None where another decoder may know more.

    Raises:
        DecodeError: It is damaged, or beyond the limits.
    """
    with _opened(source) as file:
        if file is None:
            return None
        check_channels(file.channels)
        present = _length(file)
        sound = plan(file.samplerate, present, max_seconds, segment)
        if present is not None:
            if sound.skip and file.subtype.startswith(_PLAIN):
                sound.passed = file.seek(sound.skip)
            return _collect(file, sound)
        if sound.limit <= MAX_SAMPLES:
            return _collect(file, sound)
        if file.format == "MP3":
            check_length((file.frames - sound.skip) / _ESTIMATE)
            return _collect(file, sound)
        check_length(_counted(file, sound.skip + MAX_SAMPLES) - sound.skip)
    # Some files that do not say how long they are cannot be wound back either.
    with _opened(source) as file:
        return None if file is None else _collect(file, sound)


@contextmanager
def _opened(source: Source) -> Iterator[SoundFile | None]:
    import soundfile

    # By its descriptor: given a name, libsndfile goes by its ending and looks for files beside it.
    with source.path.open("rb", buffering=0) as raw:
        start = raw.read(4)
        raw.seek(0)
        try:
            file = soundfile.SoundFile(raw.fileno(), closefd=False)
        except soundfile.LibsndfileError as error:
            if start.startswith(_HEADS) and error.code != _UNSUPPORTED_ENCODING:
                text = f"{source.name}: {error.error_string}"
                raise DecodeError(Reason.CORRUPT, text) from error
            yield None
            return
        with file:
            yield file


def _length(file: SoundFile) -> int | None:
    # The length of an MP3 is an estimate; `check_end` has counted its frames.
    certain = file.format != "MP3" and 0 <= file.frames < _UNKNOWN_LENGTH
    return int(file.frames) if certain else None


def _counted(file: SoundFile, most: int) -> int:
    count = 0
    while count <= most and (block := len(_read(file))):
        count += block
    return count


def _collect(file: SoundFile, sound: Collected) -> Collected:
    while len(block := _read(file)):
        if not sound.add(block[:, 0] if block.shape[1] == 1 else block.mean(axis=1)):
            break
    return sound


def _read(file: SoundFile) -> NDArray[np.float32]:
    size = max(1, _BLOCK // file.channels)
    block: NDArray[np.float32] = file.read(size, dtype="float32", always_2d=True)
    return block
