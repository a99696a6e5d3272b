"""Content put in its place: written beside, checked, finished, made durable, renamed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pentad.core.errors import PentadError, StoreError
from pentad.core.fingerprint import fingerprint_file
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.jobs import Finish, Got
from pentad.sources.fetch.magic import check_kind
from pentad.sources.fetch.partial import hidden_beside, target_error
from pentad.store.atomic import discard, replacing

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Rules:
    """What the files of a source must be.

    Attributes:
        kind: What their first bytes must be of, None to take anything.
        limit: Size above which one is refused.
        finish: What turns a file that came into the file that is kept, None to keep it as it is.
    """

    kind: str | None = None
    limit: int = 4 << 30
    finish: Finish | None = None


def place(path: Path, chunks: Iterable[bytes], what: str, rules: Rules) -> Got:
    """Write content into a file, whole and checked or not at all.

    Raises:
        FetchError: It is not what it must be, or cannot be read.
        StoreError: It cannot be written.
    """
    with _replacing(path) as coming:
        if rules.finish is None:
            size, digest = _written(coming, chunks, what, rules)
            return Got(size, digest, what)
        raw = hidden_beside(path, "raw")
        try:
            _written(raw, chunks, what, rules)
            return _finished(raw, coming, what, rules.finish)
        finally:
            discard(raw)


def finish_file(raw: Path, path: Path, what: str, finish: Finish) -> Got:
    """Turn a file that came into the file that is kept, and remove the former.

    Raises:
        FetchError: It cannot be used.
        StoreError: It cannot be written.
    """
    try:
        with _replacing(path) as coming:
            return _finished(raw, coming, what, finish)
    finally:
        discard(raw)


def copy_to(path: Path, source: Path, what: str) -> Got:
    """Put a copy of a file that is in its place into another place."""
    return place(path, _blocks(source), what, Rules(limit=1 << 62))


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    try:
        with replacing(path) as coming:
            yield coming
    except StoreError as error:
        if isinstance(error.__cause__, OSError):
            raise target_error(path, error.__cause__) from error.__cause__
        raise


def _written(path: Path, chunks: Iterable[bytes], what: str, rules: Rules) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > rules.limit:
                raise FetchError(FetchReason.TOO_LARGE, f"{what}: more than {rules.limit} bytes")
            digest.update(chunk)
            file.write(chunk)
    check_kind(path, rules.kind, what)
    return size, digest.hexdigest()


def _finished(raw: Path, coming: Path, what: str, finish: Finish) -> Got:
    try:
        finish(raw, coming)
    except (FetchError, StoreError):
        raise
    except PentadError as error:
        raise FetchError(FetchReason.UNUSABLE, f"{what}: {error}") from error
    return Got(coming.stat().st_size, fingerprint_file(coming), what)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
