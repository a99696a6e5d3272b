"""What must hold of a file before any decoder sees it, and files that another file names."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from urllib.parse import unquote

from pentad.core.errors import DecodeError, Reason
from pentad.core.modality import Modality

MEBIBYTE = 1 << 20
MAX_FILE_BYTES: dict[Modality, int] = {
    Modality.IMAGE: 256 * MEBIBYTE,
    Modality.AUDIO: 4096 * MEBIBYTE,
    Modality.VIDEO: 16384 * MEBIBYTE,
    Modality.POINTS: 512 * MEBIBYTE,
}


_LONGEST_NAME = 200


def printable(text: str) -> str:
    """Return a text as it may be shown and stored: bytes of no character and controls escaped."""
    whole = text.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in whole)


def shown(name: str) -> str:
    """Return a name as it may stand in a message: printable, not too long."""
    plain = printable(name)
    return plain if len(plain) <= _LONGEST_NAME else f"...{plain[-_LONGEST_NAME:]}"


def check_file(path: Path, limit: int) -> int:
    """Return the size of a readable regular file of 1 to ``limit`` bytes; links are followed.

    Raises:
        DecodeError: The file is missing, empty, too large, unreadable, or not a regular file.
    """
    try:
        info = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise DecodeError(Reason.MISSING_FILE, f"{shown(path.name)}: no such file") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise DecodeError(Reason.UNREADABLE, f"{shown(path.name)}: {why}") from None
    if not stat.S_ISREG(info.st_mode):
        raise DecodeError(Reason.UNREADABLE, f"{shown(path.name)}: not a regular file")
    if info.st_size == 0:
        raise DecodeError(Reason.EMPTY_FILE, f"{shown(path.name)}: 0 bytes")
    if info.st_size > limit:
        raise DecodeError(
            Reason.TOO_LARGE, f"{shown(path.name)}: {info.st_size:,} bytes; the limit is {limit:,}"
        )
    if not os.access(path, os.R_OK):
        raise DecodeError(Reason.UNREADABLE, f"{shown(path.name)}: no permission to read it")
    return info.st_size


def read_head(path: Path, size: int = 64) -> bytes:
    """Return the first ``size`` bytes of a file, fewer where it is shorter."""
    with path.open("rb") as file:
        return file.read(size)


def read_sibling(owner: Path, name: str, limit: int) -> bytes:
    """Return the content of a file that ``owner`` refers to by a relative name.

    A model may name its buffers, materials and textures. Such a name comes from whoever made the
    model, so it can reach only regular files in the model's own folder or below.

    Raises:
        DecodeError: The name leads elsewhere, or the file cannot be used.
    """
    folder = owner.parent.resolve()
    try:
        target = (folder / unquote(name).replace("\\", "/")).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise DecodeError(Reason.UNREADABLE, f"{name[:80]!r}: {why}") from None
    if not target.is_relative_to(folder):
        raise DecodeError(
            Reason.OUTSIDE_ROOT,
            f"{shown(owner.name)} refers to {name[:80]!r}, outside its own folder",
        )
    check_file(target, limit)
    return target.read_bytes()
