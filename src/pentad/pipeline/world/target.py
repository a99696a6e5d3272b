"""The folder a world goes to: whose it is, whether it is whole, and replacing it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pentad.core.errors import InputError
from pentad.core.fingerprint import canonical_json, fingerprint_file, fingerprint_value
from pentad.core.modality import MEDIA_MODALITIES

MARKER = "world.json"
_MADE_BY = "pentad generated world"
_REVISION = 1
"""Raised whenever the same seed gives other bytes."""


@dataclass(frozen=True)
class Made:
    """What a world was generated from."""

    seed: int
    items_per_modality: int


def claim(root: Path) -> None:
    """Make sure that ``root`` may be written: absent, empty, or a generated world and nothing else.

    Raises:
        InputError: Something there is not ours.
    """
    if root.is_dir():
        if any(root.iterdir()):
            _refuse_foreign(root)
    elif os.path.lexists(root):
        raise InputError("is no folder; name a new folder for the world", file=root)


def is_intact(root: Path, made: Made) -> bool:
    """Return whether ``root`` holds this very world, every byte of it."""
    marker = _read_marker(root)
    if marker is None or {**marker, **_about(made)} != marker:
        return False
    return marker.get("fingerprint") == _fingerprint(root)


@contextmanager
def publishing(root: Path, made: Made) -> Iterator[Path]:
    """Yield a new folder beside ``root``; on success it takes the place of ``root``."""
    root.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=f".{root.name}-", dir=root.parent))
    try:
        coming = workshop / "coming"
        coming.mkdir()
        yield coming
        record = {**_about(made), "fingerprint": _fingerprint(coming)}
        (coming / MARKER).write_text(canonical_json(record) + "\n", encoding="utf-8")
        if root.exists():
            root.rename(workshop / "gone")
        coming.rename(root)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _refuse_foreign(root: Path) -> None:
    way_out = "name a new or empty folder"
    if _read_marker(root) is None:
        raise InputError(f"the folder is not empty and is no generated world; {way_out}", file=root)
    for path in sorted(root.rglob("*")):
        if not _is_ours(path.relative_to(root)):
            raise InputError(f"is not from the generator; move it away or {way_out}", file=path)


def _is_ours(path: Path) -> bool:
    parts = path.parts
    if parts[0] not in MEDIA_MODALITIES:
        return path == Path(MARKER)
    return len(parts) == 1 or parts[1:] == ("captions.csv",) or parts[1] == "files"


def _about(made: Made) -> dict[str, object]:
    return {
        "made_by": _MADE_BY,
        "revision": _REVISION,
        "seed": made.seed,
        "items_per_modality": made.items_per_modality,
    }


def _read_marker(root: Path) -> dict[str, object] | None:
    try:
        record = json.loads((root / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and record.get("made_by") == _MADE_BY else None


def _fingerprint(root: Path) -> str:
    """Return the SHA-256 over the path and content of every file but the marker."""
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.name != MARKER)
    return fingerprint_value([[p.relative_to(root).as_posix(), fingerprint_file(p)] for p in files])
