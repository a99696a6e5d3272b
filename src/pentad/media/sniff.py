"""Which container a sound or video file is, told from its first bytes.

FFmpeg would guess, and its guesses include playlists and scripts that name other files and
addresses. What is not one of the containers below is never shown to it, and what is one is read as
that and as nothing else, whatever the file is called.
"""

from __future__ import annotations

from pathlib import Path

from pentad.media.mp3 import frame_length, skip_tags

_HEAD = 1 << 16
_TS_PACKETS = (188, 192, 204)
_TS_MARKS = 4
_MP3_FRAMES = 4
_MP4_BOXES = frozenset(
    {
        b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot", b"junk",
        b"uuid", b"sidx", b"udta",
    }
)  # fmt: skip
_BY_START: tuple[tuple[bytes, str], ...] = (
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"RF64", "wav"),
    (b"RIFX", "wav"),
    (b"caff", "caf"),
    (b".snd", "au"),
    (b"FLV\x01", "flv"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (b"\x00\x00\x01\xba", "mpeg"),
)
_FORMS = {
    (b"RIFF", b"WAVE"): "wav",
    (b"RIFF", b"AVI "): "avi",
    (b"FORM", b"AIFF"): "aiff",
    (b"FORM", b"AIFC"): "aiff",
}


def container_of(path: Path) -> str | None:
    """Return FFmpeg's name for the container that a file is, or None for none that is read here."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if head[:3] != b"ID3":
            return _container(head)
        # A tag may stand before sounds of several kinds.
        size = file.seek(0, 2)
        file.seek(skip_tags(file, size))
        return _container(file.read(_HEAD)) or "mp3"


def _container(head: bytes) -> str | None:
    for start, name in _BY_START:
        if head.startswith(start):
            return name
    form = _FORMS.get((head[:4], head[8:12]))
    if form is not None:
        return form
    if head[4:8] in _MP4_BOXES:
        return "mov"
    if _is_transport_stream(head):
        return "mpegts"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "mp3" if head[1] & 0x06 else "aac"
    return "mp3" if _has_mp3_frames(head) else None


def _is_transport_stream(head: bytes) -> bool:
    """Whether a mark stands at the distance of packets, wherever the first one is."""
    for length in _TS_PACKETS:
        for first in range(min(length, len(head))):
            marks = head[first : first + length * _TS_MARKS : length]
            if marks == b"\x47" * _TS_MARKS:
                return True
    return False


def _has_mp3_frames(head: bytes) -> bool:
    """Whether frames follow one another somewhere: what was cut from a stream begins midway."""
    at = head.find(b"\xff")
    while at >= 0:
        position = at
        for _ in range(_MP3_FRAMES):
            length = frame_length(head[position : position + 4])
            if not length:
                break
            position += length
        else:
            return True
        at = head.find(b"\xff", at + 1)
    return False
