"""What a file is, by its first bytes: an error page under a picture's name is no picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pentad.sources.fetch.errors import FetchError, FetchReason

_HEAD = 512
_STARTS = {
    "image": (
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"GIF87a",
        b"GIF89a",
        b"II*\0",
        b"MM\0*",
    ),
    "video": (b"\x1aE\xdf\xa3", b"\0\0\x01\xba", b"\0\0\x01\xb3", b"FLV\x01", b"OggS"),
    "points": (b"\x93NUMPY", b"ply\n", b"ply\r", b"glTF"),
}
_SOUND_STARTS = (
    b"fLaC", b"OggS", b"ID3", b".snd", b"caff", b"#!AMR", b"\x30\x26\xb2\x75", b"RF64",
)  # fmt: skip
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
_TS_PACKET = 188
_PICTURE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"mif1")


def _is_image(head: bytes) -> bool:
    if head[:4] == b"RIFF":
        return head[8:12] == b"WEBP"
    if head[4:8] == b"ftyp":
        return head[8:12] in _PICTURE_BRANDS
    if head[:2] == b"BM":  # as many a text begins
        return int.from_bytes(head[14:18], "little") in _BMP_HEADERS
    return head.startswith(_STARTS["image"])


def _is_video(head: bytes) -> bool:
    if head[:4] == b"RIFF":
        return head[8:12] == b"AVI "
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free"):
        return head[8:12] not in _PICTURE_BRANDS
    if head[:1] == b"G":  # a transport stream, or "Gone", or a GIF
        return head[_TS_PACKET : _TS_PACKET + 1] == b"G"
    return head.startswith(_STARTS["video"])


def _is_sound(head: bytes) -> bool:
    """Return whether a file is a sound by itself, or a clip that has one."""
    if head[:4] in (b"RIFF", b"FORM"):
        return head[8:12] in (b"WAVE", b"AIFF", b"AIFC", b"AVI ")
    framed = head[:1] == b"\xff" and head[1:2] >= b"\xe0"  # MPEG audio, or AAC without a container
    return framed or head.startswith(_SOUND_STARTS) or _is_video(head)


def _is_points(head: bytes) -> bool:
    return head.startswith(_STARTS["points"])


_TESTS: dict[str, Callable[[bytes], bool]] = {
    "image": _is_image,
    "video": _is_video,
    "audio": _is_video,  # sounds of the data set are clips too
    "sound": _is_sound,
    "points": _is_points,
    "file": lambda head: not _is_page(head),  # formats that begin with anything
}
KINDS = frozenset(_TESTS)
"""Kinds of content that can be asked for."""


def check_kind(path: Path, kind: str | None, where: str) -> None:
    """Refuse a file that is empty, or not of the kind wanted.

    Raises:
        FetchError: ``empty`` or ``wrong-content-type``.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise FetchError(FetchReason.EMPTY, f"{where}: no content")
    if kind is not None and not _TESTS[kind](head):
        seen = "a web page" if _is_page(head) else f"content that begins with {head[:12]!r}"
        raise FetchError(FetchReason.WRONG_CONTENT_TYPE, f"{where}: {seen}, not {kind}")


def _is_page(head: bytes) -> bool:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml", b"<!--"))
