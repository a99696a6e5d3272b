"""Looks at a published folder."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any


def content(folder: Path) -> dict[str, bytes]:
    """Return relative name -> bytes of every file."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def record(folder: Path) -> dict[str, Any]:
    """Return the record of a published folder."""
    value: dict[str, Any] = json.loads((folder / "record.json").read_text())
    return value


def samples(folder: Path, table: str) -> dict[str, dict[str, bytes]]:
    """Return key -> part -> bytes of all shards of a table, read with the standard library."""
    found: dict[str, dict[str, bytes]] = {}
    for path in sorted(folder.glob(f"{table}-*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                key, _, part = member.name.partition(".")
                file = tar.extractfile(member)
                found.setdefault(key, {})[part] = file.read() if file else b""
    return found
