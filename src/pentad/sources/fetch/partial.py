"""A download on its way: a hidden file beside the target, and a note of what it is a part of."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pentad.store.atomic import discard, fsync_file, fsync_folder

_LONGEST_NAME = 200


def hidden_beside(target: Path, suffix: str) -> Path:
    """Return a hidden name beside ``target`` that no other target has.

    Examples:
        >>> hidden_beside(Path("a/b.jpg"), "part").as_posix()
        'a/.b.jpg.part'
    """
    name = target.name
    if len(name.encode("utf-8", "surrogateescape")) > _LONGEST_NAME:
        name = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return target.with_name(f".{name}.{suffix}")


class Partial:
    """What has arrived of one file.

    Args:
        target: The file it will become.
        what: What it is a part of: the content's hash where that is known, else the address.

    Attributes:
        path: The hidden file.
    """

    def __init__(self, target: Path, what: str) -> None:
        self.path = hidden_beside(target, "part")
        self._note = hidden_beside(target, "part.json")
        self._target = target
        self._what = what

    def arrived(self) -> tuple[int, str | None]:
        """Return how many bytes can be built upon, and what tells their version from others."""
        note = self._read_note()
        try:
            size = self.path.stat().st_size
        except OSError:
            size = 0
        if size == 0 or note.get("what") != self._what:
            return 0, None
        version = note.get("version")
        return size, version if isinstance(version, str) else None

    def _read_note(self) -> dict[str, Any]:
        try:
            note = json.loads(self._note.read_bytes())
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}

    def begin(self, version: str | None) -> None:
        """Start from nothing; the note is there before the first byte is."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(b"")
        self._note.write_text(json.dumps({"what": self._what, "version": version}))

    def drop(self) -> None:
        """Remove what has arrived."""
        discard(self.path)
        discard(self._note)

    def finish(self) -> None:
        """Make the file durable and put it in the target's place."""
        fsync_file(self.path)
        self.path.replace(self._target)
        fsync_folder(self._target.parent)
        discard(self._note)
