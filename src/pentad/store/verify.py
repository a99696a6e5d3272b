"""Names every damaged file of a workspace."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pentad.core.progress import SILENT, Progress
from pentad.store.records import is_pending, read_record
from pentad.store.workspace import Workspace

_CHECKED = ("items", "embeddings", "bridges", "neighbors", "groups", "models", "selections")


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
    read = {path: read_record(path) for path in records}
    known = {p.parent / name for p, record in read.items() if record for name in record.files}
    found = []
    with progress.task(f"verify {folder.name}", len(records)) as task:
        for path, record in read.items():
            if record is not None:
                found += [Damage(p.relative_to(root), problem) for p, problem in record.damaged()]
            elif is_pending(path):
                found.append(Damage(path.relative_to(root), "a write was cut short here"))
            elif path not in known and not _is_plain_json(path):
                found.append(Damage(path.relative_to(root), "record cannot be read"))
            task.advance()
    strangers = {p for p in folder.rglob("*") if p.is_file()} - known - set(records)
    found += [Damage(p.relative_to(root), "no record knows this file") for p in strangers]
    return found


def _is_plain_json(path: Path) -> bool:
    try:
        raw = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return not (isinstance(raw, dict) and "files" in raw)
