"""The frames of an MP3 file, walked without decoding: is the end there?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from pentad.core.errors import DecodeError, Reason

_LAYER_3 = 1
_MPEG_1 = 3
_RESERVED = 1
_KILOBITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
}
_RATES = {3: (44100, 48000, 32000, 0), 2: (22050, 24000, 16000, 0), 0: (11025, 12000, 8000, 0)}


def check_mp3(file: BinaryIO, size: int) -> None:
    """Refuse an MP3 with fewer frames than it announces, or whose last frame is cut.

    What is no MP3, or has something odd between its frames, passes: its decoder has the say.

    Raises:
        DecodeError: The end of the file is missing.
    """
    start = skip_tags(file, size)
    announced = _announced_frames(file, start)
    ends = list(_frame_ends(file, start))
    if not ends:
        return
    frames = len(ends)
    if announced is not None and frames < announced * 0.95:
        raise DecodeError(Reason.TRUNCATED, f"MP3: {frames} of {announced} frames are there")
    if announced is None and ends[-1] > size:
        raise DecodeError(Reason.TRUNCATED, f"MP3: frame {frames} is cut off")


def skip_tags(file: BinaryIO, size: int) -> int:
    """Return where the ID3 tags at the start of a file end."""
    position = 0
    while position < size:
        file.seek(position)
        head = file.read(10)
        if len(head) < 10 or head[:3] != b"ID3":
            break
        length = 0
        for byte in head[6:10]:
            length = length << 7 | byte & 0x7F
        position += 10 + length + (10 if head[5] & 0x10 else 0)
    return position


def _announced_frames(file: BinaryIO, start: int) -> int | None:
    """Return the number of frames that a Xing, Info or VBRI header declares, if there is one."""
    file.seek(start)
    first = file.read(200)
    for mark in (b"Xing", b"Info"):
        at = first.find(mark)
        if at > 0 and first[at + 7] & 1:
            return int.from_bytes(first[at + 8 : at + 12], "big")
    at = first.find(b"VBRI")
    return int.from_bytes(first[at + 14 : at + 18], "big") if at > 0 else None


def _frame_ends(file: BinaryIO, start: int) -> Iterator[int]:
    position = start
    while True:
        file.seek(position)
        length = frame_length(file.read(4))
        if not length:
            return
        position += length
        yield position


def frame_length(head: bytes) -> int:
    """Return the length in bytes of the layer 3 frame that begins with ``head``, else 0."""
    bits = int.from_bytes(head, "big")
    version, layer = bits >> 19 & 3, bits >> 17 & 3
    if len(head) < 4 or bits >> 21 != 0x7FF or layer != _LAYER_3 or version == _RESERVED:
        return 0
    first = version == _MPEG_1
    kilobits, rate = _KILOBITS[first][bits >> 12 & 15], _RATES[version][bits >> 10 & 3]
    if not kilobits or not rate:
        return 0
    return (144 if first else 72) * kilobits * 1000 // rate + (bits >> 9 & 1)
