"""Names every damaged file of a workspace."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pentad.core.errors import StoreError
from pentad.core.progress import SILENT, Progress
from pentad.store.records import Record, is_pending, read_record
from pentad.store.workspace import Workspace

_CHECKED = (
    "items",
    "captions",
    "embeddings",
    "bridges",
    "neighbors",
    "groups",
    "ratings",
    "models",
    "selections",
)
_DATABASE = "ratings.db"
"""Rows come and go in it, so no record says what it must be; SQLite checks it itself."""


@dataclass(frozen=True)
class Damage:
    """One file that is not what its record says.

    Attributes:
        path: The file, relative to the workspace.
        problem: What is wrong with it.
    """

    path: Path
    problem: str


def verify(workspace: Workspace, *, progress: Progress = SILENT) -> list[Damage]:
    """Hash every recorded file and look for files that no record knows.

    Returns:
        What is damaged, in path order; an empty list when all is well.
    """
    found: list[Damage] = []
    for folder in (workspace.root / name for name in _CHECKED):
        found += _check_folder(workspace.root, folder, progress)
    return sorted(found, key=lambda d: d.path)


def _check_folder(root: Path, folder: Path, progress: Progress) -> list[Damage]:
    records = [p for p in sorted(folder.rglob("*.json")) if not p.name.startswith(".")]
    read = {path: _read(path) for path in records}
    known = {p.parent / name for p, record in read.items() if record for name in record.files}
    found = []
    with progress.task(f"verify {folder.name}", len(records)) as task:
        for path, record in read.items():
            if record is not None:
                found += [Damage(p.relative_to(root), problem) for p, problem in record.damaged()]
            elif path not in known and (problem := _problem(path)):
                found.append(Damage(path.relative_to(root), problem))
            task.advance()
    files = {p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(_DATABASE)}
    strangers = files - known - set(records)
    found += [Damage(p.relative_to(root), "no record knows this file") for p in strangers]
    return found


def _read(path: Path) -> Record | None:
    try:
        return read_record(path)
    except StoreError:
        return None


def _problem(path: Path) -> str:
    """Return what is wrong with a JSON file that is no finished record, if anything."""
    try:
        raw = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return "record cannot be read"
    if not isinstance(raw, dict) or "files" not in raw:
        return ""
    return "a write was cut short here" if is_pending(path) else "record cannot be read"
