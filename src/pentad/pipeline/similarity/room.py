"""Where results may be written: never over something else."""

from __future__ import annotations

from pathlib import Path

from pentad.core.errors import InputError
from pentad.evaluation.similarity.named import FILES, RECORD
from pentad.pipeline.similarity.opened import is_workspace
from pentad.store.records import read_record


def require_grid_folder(out: Path, source: Path) -> None:
    """Refuse a file, the source itself and a workspace as the folder of a grid.

    Raises:
        InputError: It is one of them.
    """
    if out.exists() and not out.is_dir():
        raise InputError("is a file, where a folder is to be written", file=out)
    if is_workspace(out) or (out.exists() and source.exists() and out.samefile(source)):
        raise InputError("holds the vectors; name another folder for the grid", file=out)


def require_room(out: Path, source: Path, *, any_files: bool = False) -> None:
    """Refuse a folder for prepared vectors in which something else lies, the source included.

    Args:
        out: The folder.
        source: What is prepared.
        any_files: Whether it is looked at by what writes into it.

    Raises:
        InputError: It is a file, the source, or holds something else.
    """
    if out.exists() and not out.is_dir():
        raise InputError("is a file, where a folder is to be written", file=out)
    if out.exists() and source.exists() and out.samefile(source):
        raise InputError("is the source; name another folder for what is prepared", file=out)
    found = {path.name for path in out.iterdir()} if out.is_dir() else set()
    others = sorted(name for name in found - FILES if not name.startswith("."))
    record = read_record(out / RECORD)
    if record is not None and "recipe" not in record.fields:
        others.append(RECORD)
    if others and not any_files:
        raise InputError(
            "holds something else than prepared vectors; name a new folder",
            file=out,
            seen=others[0],
        )
