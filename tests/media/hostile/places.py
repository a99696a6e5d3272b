"""Names and places that are no files, or not the ones they seem."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from pentad.core.errors import Reason
from pentad.store.places import Loaded, Member, Place
from tests.media.hostile.kit import BROKEN, TRUNCATED, UNSUPPORTED, World, of
from tests.media.makers import MAKERS

_picture, _sound, _video, _points = map(of, ("image", "audio", "video", "points"))


def _folder(path: Path, world: World) -> None:
    path.mkdir()


def _pipe(path: Path, world: World) -> None:
    os.mkfifo(path)


def _device(path: Path, world: World) -> Place:
    return Path("/dev/zero")


def _socket(path: Path, world: World) -> Place:
    """A socket's name must be short."""
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)
    return path


def _loop(path: Path, world: World) -> None:
    path.symlink_to(path)


def _dangling(path: Path, world: World) -> None:
    path.symlink_to("nowhere")


def _passwd(path: Path, world: World) -> None:
    path.symlink_to("/etc/passwd")


def _missing(path: Path, world: World) -> None:
    pass


def _nul(path: Path, world: World) -> Place:
    return path.parent / "a\0b.png"


def _protocol(path: Path, world: World) -> Place:
    """A name that FFmpeg might take for an address; the test is in the file's own folder."""
    path.write_bytes(b"#EXTM3U\n")
    return Path(path.name)


def _beyond(path: Path, world: World) -> Place:
    path.write_bytes(bytes(1000))
    return Member(path, 900, 4 << 30, "in/a.mp4")


def _inside_pipe(path: Path, world: World) -> Place:
    os.mkfifo(path)
    return Member(path, 0, 100, "in/a.wav")


def _loaded(path: Path, world: World) -> Place:
    return Loaded(b"\x89PNG\r\n\x1a\n" + bytes(100), "17/../../etc/passwd")


_ODD = os.fsdecode(b"\xff\xfe\n\x1b[31m.png")
PLACES = [
    _picture("empty.png", Reason.EMPTY_FILE, b""),
    _sound("empty.wav", Reason.EMPTY_FILE, b""),
    _video("empty.mp4", Reason.EMPTY_FILE, b""),
    _points("empty.ply", Reason.EMPTY_FILE, b""),
    _picture("folder.png", Reason.UNREADABLE, _folder),
    _sound("pipe.wav", Reason.UNREADABLE, _pipe),
    _video("device.mp4", Reason.UNREADABLE, _device),
    _points("socket.ply", Reason.UNREADABLE, _socket),
    _picture("loop.png", Reason.UNREADABLE, _loop),
    _picture("dangling.png", Reason.MISSING_FILE, _dangling),
    _picture("passwd.png", BROKEN, _passwd),
    _video("passwd.mp4", UNSUPPORTED, _passwd),
    _sound("missing.wav", Reason.MISSING_FILE, _missing),
    _picture("nul.png", Reason.UNREADABLE, _nul),
    _picture(_ODD, BROKEN, b"\x89PNG\r\n\x1a\n" + bytes(100)),
    _video("concat:a.mp4|b.mp4", UNSUPPORTED, _protocol),
    _video("beyond.tar", {TRUNCATED, Reason.TOO_LARGE}, _beyond),
    _sound("pipe.tar", Reason.UNREADABLE, _inside_pipe),
    _picture("name.png", BROKEN, _loaded),
]
ZEROS = [
    of(modality)(f"zeros-{name}", BROKEN | {Reason.EMPTY}, bytes(4096))
    for modality, makers in MAKERS.items()
    for name in makers
]
"""Nothing but zeros, under every ending."""
