"""Several files that change together, with a record that says what they must be.

A record is a JSON file that lists its files with size and SHA-256, and whatever the stage wants
remembered (inputs, seeds, versions). Writing goes through `Commit`:

1. every new file is written beside its target and made durable;
2. the record is replaced by the new one, marked ``pending``: from here on the change counts;
3. the files are renamed into place, files that the new record no longer names are removed;
4. the record is written once more without the mark.

A process killed before 2 has changed nothing; one killed after 2 is finished by `recover`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from pentad.core.errors import StoreError
from pentad.core.failpoints import failpoint
from pentad.core.fingerprint import fingerprint_file
from pentad.store.atomic import (
    NEXT_SUFFIX,
    discard,
    fsync_file,
    fsync_folder,
    next_path,
    store_error,
    write_failure,
    write_json,
)

_FILES = "files"
_PENDING = "pending"
_OBSOLETE = "obsolete"


@dataclass(frozen=True)
class Record:
    """What a finished record says.

    Attributes:
        path: The record itself.
        files: File name -> ``{"bytes": int, "sha256": str}``, relative to the record's folder.
        fields: Everything else the stage wrote.
    """

    path: Path
    files: Mapping[str, Mapping[str, Any]]
    fields: Mapping[str, Any] = field(default_factory=dict)

    def intact(self) -> bool:
        """Return whether every file is there with the recorded size (not hashed)."""
        folder = self.path.parent
        return all(_size(folder / name) == info["bytes"] for name, info in self.files.items())

    def damaged(self) -> list[tuple[Path, str]]:
        """Return every file that is missing or whose content differs, with what is wrong."""
        files = {self.path.parent / name: info for name, info in self.files.items()}
        return [(path, text) for path, info in files.items() if (text := _problem(path, info))]


def is_pending(path: Path) -> bool:
    """Return whether the record at ``path`` was left, or is being written, half way."""
    return bool((_load(path) or {}).get(_PENDING))


def read_record(path: Path) -> Record | None:
    """Return the finished record at ``path``; None where it is absent, unreadable or pending."""
    raw = _load(path)
    if raw is None or raw.get(_PENDING):
        return None
    fields = {k: v for k, v in raw.items() if k != _FILES}
    return Record(path, raw[_FILES], fields)


class Commit:
    """Collects the files of one record and puts them in place together."""

    def __init__(self, record: Path) -> None:
        self._record = record
        self._names: list[str] = []

    def path(self, name: str) -> Path:
        """Return where to write the file that will be called ``name``."""
        self._names.append(name)
        target = self._record.parent / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return next_path(target)

    def finish(self, fields: Mapping[str, object]) -> Record:
        """Put every file in place and write the record; ``fields`` is remembered in it."""
        folder = self._record.parent
        files = {name: _describe(next_path(folder / name)) for name in sorted(self._names)}
        previous = _load(self._record) or {}
        obsolete = sorted(set(previous.get(_FILES, ())) - set(files))
        final = {**fields, _FILES: files}
        for parent in {(folder / name).parent for name in files} - {folder}:
            _fsync_upwards(parent, folder)
        failpoint("commit.staged")
        write_json(self._record, {**final, _PENDING: True, _OBSOLETE: obsolete})
        failpoint("commit.pending")
        _roll_forward(self._record, final, obsolete)
        return Record(self._record, files, dict(fields))


@contextmanager
def committing(record: Path) -> Iterator[Commit]:
    """Yield a `Commit`; what was written is dropped when the block fails before ``finish``."""
    commit = Commit(record)
    try:
        failpoint("commit.begun")
        yield commit
    except BaseException as error:
        _drop(record, commit)
        failure = write_failure(error)
        if failure is None:
            raise
        raise store_error(record, failure) from error


def recover(folder: Path) -> None:
    """Finish every pending record below ``folder`` and remove files of writes that never counted.

    Raises:
        StoreError: The disk is full or cannot be written.
    """
    try:
        _recover(folder)
    except OSError as error:
        raise store_error(Path(error.filename or folder), error) from error


def _recover(folder: Path) -> None:
    for path in sorted(folder.rglob("*.json")):
        raw = _load(path)
        if raw is not None and raw.get(_PENDING):
            final = {k: v for k, v in raw.items() if k not in (_PENDING, _OBSOLETE)}
            _roll_forward(path, final, raw.get(_OBSOLETE, []))
    for path in sorted(folder.rglob(f".*{NEXT_SUFFIX}")):
        path.unlink()


def _roll_forward(record: Path, final: Mapping[str, Any], obsolete: list[str]) -> None:
    folder = record.parent
    for name in final[_FILES]:
        target = folder / name
        if next_path(target).exists():
            next_path(target).replace(target)
            failpoint("commit.renamed")
    for name in obsolete:
        (folder / name).unlink(missing_ok=True)
    for parent in {(folder / name).parent for name in [*final[_FILES], *obsolete]}:
        if parent.exists():
            fsync_folder(parent)
    failpoint("commit.settled")
    write_json(record, final)
    failpoint("commit.finished")


def _drop(record: Path, commit: Commit) -> None:
    if (_load(record) or {}).get(_PENDING):
        return
    for name in commit._names:
        discard(next_path(record.parent / name))


def _fsync_upwards(folder: Path, top: Path) -> None:
    while folder != top:
        fsync_folder(folder)
        folder = folder.parent


def describe_files(folder: Path, names: Iterable[str]) -> dict[str, dict[str, object]]:
    """Return size and SHA-256 of files that are in place, as a record lists them."""
    return {name: _describe(folder / name) for name in names}


def _describe(path: Path) -> dict[str, object]:
    fsync_file(path)
    return {"bytes": path.stat().st_size, "sha256": fingerprint_file(path)}


def _problem(path: Path, info: Mapping[str, Any]) -> str:
    try:
        if path.stat().st_size == info["bytes"] and fingerprint_file(path) == info["sha256"]:
            return ""
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "content differs from its record"


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _load(path: Path) -> dict[str, Any] | None:
    try:
        raw = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror})") from error
    return raw if isinstance(raw, dict) and _is_record(raw) else None


def _is_record(raw: dict[str, Any]) -> bool:
    files, obsolete = raw.get(_FILES), raw.get(_OBSOLETE, [])
    if not isinstance(files, dict) or not isinstance(obsolete, list):
        return False
    described = all(
        isinstance(info, dict)
        and isinstance(info.get("bytes"), int)
        and isinstance(info.get("sha256"), str)
        for info in files.values()
    )
    return described and all(_stays_below(name) for name in [*files, *obsolete])


def _stays_below(name: object) -> bool:
    """Return whether a name cannot lead out of the record's folder, whoever wrote the record."""
    if not isinstance(name, str):
        return False
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts
