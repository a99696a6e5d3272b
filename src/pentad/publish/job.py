"""What was asked for, and how far it got: the record of a published folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.store.atomic import discard, store_error, write_json
from pentad.store.lock import writer_lock
from pentad.store.records import Record, read_record, recover

RECORD = "record.json"
IF_EXISTS = ("skip", "replace", "error")
_LOCK = ".lock"


@contextmanager
def publishing_to(out: Path) -> Iterator[None]:
    """Hold the folder ``out`` for writing; it is made, and removed again if it stays empty.

    Raises:
        InputError: It is a file.
        StoreError: Another process writes to it, or it cannot be written.
    """
    if out.exists() and not out.is_dir():
        raise InputError("this is a file; name a folder to write to", file=out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise store_error(out, error) from error
    lock = out / _LOCK
    try:
        with writer_lock(lock):
            try:
                yield
            finally:
                discard(lock)
    finally:
        with suppress(OSError):
            out.rmdir()


def begin(out: Path, job: Mapping[str, Any], if_exists: str) -> Record | None:
    """Look at what is in a folder; return its record if the job is done there already.

    Args:
        out: The folder, which is held.
        job: What is asked for.
        if_exists: ``skip`` goes on with the same job and returns a finished one, ``replace``
            removes what an earlier job wrote, ``error`` takes only an empty folder.

    Raises:
        InputError: The folder holds something else.
        UnknownName: There is no such way.
    """
    if if_exists not in IF_EXISTS:
        raise UnknownName("way for what exists", if_exists, IF_EXISTS)
    if not _entries(out):
        return None
    if _is_ours(out):
        recover(out)
    there = _entries(out)
    record = read_record(out / RECORD) if _is_ours(out) else None
    same = record is not None and record.fields.get("job") == dict(job)
    if record is None or if_exists == "error" or (not same and if_exists != "replace"):
        raise _not_empty(out, record, there, if_exists)
    if if_exists == "replace":
        _clear(out)
        return None
    return record if record.fields.get("finished") and _is_whole(record) else None


def mark_begun(out: Path, job: Mapping[str, Any]) -> None:
    """Write the record of a job that fills its folder bit by bit."""
    write_json(out / RECORD, {"job": dict(job), "finished": False, "files": {}})


def abandon(out: Path) -> None:
    """Remove the record of a job that has failed, unless there is something to go on from."""
    for folder in sorted((p for p in out.rglob("*") if p.is_dir()), reverse=True):
        with suppress(OSError):
            folder.rmdir()
    if _entries(out) == [RECORD]:
        discard(out / RECORD)


def _is_ours(out: Path) -> bool:
    """Return whether the folder has a record of this module, pending or not."""
    try:
        return "job" in json.loads((out / RECORD).read_bytes())
    except (OSError, ValueError, TypeError):
        return False


def _is_whole(record: Record) -> bool:
    folder = record.path.parent
    shards = record.fields.get("shards", {})
    return record.intact() and all(
        (folder / name).is_file() and (folder / name).stat().st_size == info["bytes"]
        for name, info in shards.items()
    )


def _entries(out: Path) -> list[str]:
    return sorted(e.name for e in out.iterdir() if e.name != _LOCK)


def _not_empty(out: Path, record: Record | None, there: list[str], if_exists: str) -> InputError:
    shown = ", ".join(there[:5]) + (", ..." if len(there) > 5 else "")
    if record is None:
        return InputError("the folder is not empty; name another", file=out, seen=shown)
    if if_exists == "error":
        return InputError("something was published here already; name another folder", file=out)
    return InputError(
        "something else was published here, or it was made of other tables; "
        "name another folder, or replace it (--if-exists replace)",
        file=out,
    )


def _clear(out: Path) -> None:
    """Remove what the records of a folder name, and nothing else."""
    try:
        for path in sorted(out.glob("*.json")):
            shard = read_record(path)
            for name in shard.files if shard is not None else ():
                (out / name).unlink(missing_ok=True)
                _remove_empty((out / name).parent, out)
            if shard is not None:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise store_error(out, error) from error
    left = _entries(out)
    if left:
        raise StoreError(
            f"{out}: {left[0]} was not written by Pentad and was left alone; name another folder"
        )


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top:
        with suppress(OSError):
            folder.rmdir()
        folder = folder.parent
