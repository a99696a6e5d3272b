"""Git LFS pointers: what a clone made without git-lfs has in the place of a table."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from pathlib import Path

from pentad.core.errors import InputError

_HEAD = b"version https://git-lfs.github.com/spec/"
_LONGEST = 1024
REPOSITORY = "https://github.com/encord-team/E-MM1.git"
_OID = re.compile(rb"^oid sha256:([0-9a-f]{64})\r?$", re.MULTILINE)
_SIZE = re.compile(rb"^size (\d{1,15})\r?$", re.MULTILINE)


@dataclass(frozen=True)
class Pointer:
    """What a pointer file says of the file it stands for.

    Attributes:
        oid: Its SHA-256, 64 hex digits.
        size: Its bytes.
    """

    oid: str
    size: int


def read_pointer(path: Path) -> Pointer | None:
    """Return the pointer in ``path``, or None where the file is anything else."""
    try:
        found = path.stat()
        if found.st_size > _LONGEST or not stat.S_ISREG(found.st_mode):
            return None
        text = path.read_bytes()
    except OSError:
        return None
    oid, size = _OID.search(text), _SIZE.search(text)
    if not text.startswith(_HEAD) or oid is None or size is None:
        return None
    return Pointer(oid[1].decode(), int(size[1]))


def refuse_pointer(path: Path) -> None:
    """Raise where a pointer lies in the place of a table.

    Raises:
        InputError: It does; the message says how to fetch the table.
    """
    pointer = read_pointer(path)
    if pointer is not None:
        raise InputError(
            f"this is a Git LFS pointer, not the table ({pointer.size:,} bytes); {fetching(path)}",
            file=path,
        )


def fetching(path: Path) -> str:
    """Return what to run to get the file behind a pointer."""
    return f"fetch it: {fetch_command(path)}"


def fetch_command(path: Path) -> str:
    """Return the command that gets the file behind a pointer; git is needed for Parquet alone."""
    root = clone_root(path)
    if path.suffix == ".parquet":
        top = root or path.absolute().parent
        inside = path.absolute().relative_to(top.absolute()).as_posix()
        return f"git -C {top} lfs pull --include='{inside}'"
    if root is None:
        return f"pentad emm1 pull {_home(path).parent} {pull_flags(path)} --remote {REPOSITORY}"
    return f"pentad emm1 pull {root} {pull_flags(path)}"


def clone_root(path: Path) -> Path | None:
    """Return the nearest folder above ``path`` that is a git clone."""
    return next((folder for folder in path.absolute().parents if (folder / ".git").exists()), None)


def pull_flags(path: Path) -> str:
    """Return the options of `pentad emm1 pull` that bring the table at ``path``."""
    rank = re.fullmatch(r"nn_0*(\d+)", path.parent.name)
    if rank is not None:
        return f"--split 100m --nn {rank[1]}"
    if path.name.startswith(("eshot", "category")):
        return "--split eshot"
    return "--split 1m" if (_home(path) / "triplets.csv").exists() else "--split 100m --nn 1"


def _home(path: Path) -> Path:
    """Return the folder of the split that a table belongs to."""
    inner = path.parent.name == "infos" or path.parent.name.startswith("nn_")
    return path.parent.parent if inner else path.parent
