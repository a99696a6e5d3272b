"""What a picture file holds beside its pixels, counted before a library sees it.

The number of pixels is in the header, and `pentad.media.image` looks at that. But a file can also
ask for much work by what surrounds them: metadata, frames of an animation, passes over a picture.
"""

from __future__ import annotations

from typing import BinaryIO

from pentad.core.errors import DecodeError, Reason

MAX_CHUNKS = 10_000
"""Pieces of a PNG or WebP other than those with pixels."""
MAX_METADATA = 16 << 20
"""Bytes of one such piece: a colour profile, EXIF, XMP or text."""
MAX_ANIMATION = 10_000
"""Frames of an animation, of which only the first is ever decoded."""
MAX_SCANS = 500
"""Passes over a JPEG; a progressive one has about ten."""

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_PIXELS = frozenset({b"IDAT", b"fdAT"})
_PNG_METADATA = frozenset({b"iCCP", b"eXIf", b"tEXt", b"zTXt", b"iTXt"})
_WEBP_METADATA = frozenset({b"ICCP", b"EXIF", b"XMP "})
_JPEG_PLAIN, _JPEG_PASS = frozenset({0xC0, 0xC1}), 0xDA
_GIF_EXTENSION, _GIF_FRAME = 0x21, 0x2C


def check_picture(file: BinaryIO) -> None:
    """Refuse a picture that is mostly something else. Damage is for the decoder to find.

    Raises:
        DecodeError: There are too many pieces, frames or passes, or too much metadata.
    """
    head = file.read(16)
    if head.startswith(_PNG):
        size = file.seek(0, 2)
        file.seek(len(_PNG))
        _check_png(file, size)
    elif head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        file.seek(12)
        _check_webp(file)
    elif head[:6] in {b"GIF87a", b"GIF89a"}:
        file.seek(0)
        _check_at_most(_gif_frames(file.read()), MAX_ANIMATION, "frames")
    elif head[:2] == b"\xff\xd8":
        file.seek(2)
        if not _is_painted_once(file):
            file.seek(0)
            _check_at_most(file.read().count(b"\xff\xda"), MAX_SCANS, "passes over the picture")


def _check_at_most(count: int, most: int, what: str) -> None:
    if count > most:
        raise DecodeError(Reason.TOO_LARGE, f"more than {most:,} {what}")


def _check_png(file: BinaryIO, size: int) -> None:
    extras = 0
    while len(head := file.read(8)) == 8:
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        extras += kind not in _PNG_PIXELS
        _check_at_most(extras, MAX_CHUNKS, "chunks")
        if kind in _PNG_METADATA:
            _check_at_most(length, MAX_METADATA, f"bytes of {kind.decode()}")
        if kind == b"acTL":
            frames = int.from_bytes(file.read(4), "big")
            _check_at_most(frames, MAX_ANIMATION, "frames")
            length -= 4
        if kind == b"IEND":
            return
        if length > size:  # Pillow would ask for that much memory
            raise DecodeError(Reason.TRUNCATED, f"a chunk of {length:,} bytes, more than there are")
        file.seek(max(0, length) + 4, 1)


def _check_webp(file: BinaryIO) -> None:
    extras = frames = 0
    while len(head := file.read(8)) == 8:
        kind, length = head[:4], int.from_bytes(head[4:], "little")
        frames += kind == b"ANMF"
        extras += kind != b"ANMF"
        _check_at_most(frames, MAX_ANIMATION, "frames")
        _check_at_most(extras, MAX_CHUNKS, "chunks")
        if kind in _WEBP_METADATA:
            _check_at_most(length, MAX_METADATA, f"bytes of {kind.decode().strip()}")
        file.seek(length + (length & 1), 1)


def _is_painted_once(file: BinaryIO) -> bool:
    """Whether a JPEG is of the plain kind whose first pass holds all channels, and is the last."""
    channels = 0
    for _ in range(MAX_CHUNKS):
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF:
            break
        kind, length = head[1], int.from_bytes(head[2:], "big")
        if kind in _JPEG_PLAIN:
            frame = file.read(6)
            channels = frame[5] if len(frame) == 6 else 0
            length -= 6
        if kind == _JPEG_PASS:
            return 0 < channels == (file.read(1) or b"\0")[0]
        file.seek(max(0, length - 2), 1)
    return False


def _gif_frames(data: bytes) -> int:
    """Count the frames of a GIF up to one more than are allowed, or up to the first damage."""
    frames = 0
    position = 13 + _gif_colors(data[10:11])
    while position < len(data) and frames <= MAX_ANIMATION:
        kind = data[position]
        if kind == _GIF_EXTENSION:
            position += 2
        elif kind == _GIF_FRAME:
            frames += 1
            position += 11 + _gif_colors(data[position + 9 : position + 10])
        else:
            break
        position = _behind_blocks(data, position)
    return frames


def _gif_colors(flags: bytes) -> int:
    """Return the bytes of the colour table that these flags announce."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _behind_blocks(data: bytes, position: int) -> int:
    """Return where the chain of blocks that begins at ``position`` ends."""
    while position < len(data) and (length := data[position]):
        position += 1 + length
    return position + 1
