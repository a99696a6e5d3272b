"""What became of each item, on disk: so that a stopped download goes on, and can be explained."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pentad.core.errors import InputError, StoreError
from pentad.sources.fetch.errors import FetchReason, printable
from pentad.sources.fetch.jobs import Key
from pentad.store.atomic import store_error
from pentad.store.lock import writer_lock

if TYPE_CHECKING:
    import polars as pl

Retry = Literal["transient", "all"] | None
"""Which earlier failures are tried again."""

_BATCH = 256
_SECONDS = 2.0
_VERSION = 1
_LARGEST_ID = (1 << 32) - 1
_TEXT = ("source", "what", "state", "reason", "detail", "sha256", "path")
_COLUMNS = (
    "split", "modality", "id", "source", "what", "state", "reason", "detail", "bytes", "sha256",
    "attempts", "path",
)  # fmt: skip
_TABLE = """
CREATE TABLE IF NOT EXISTS items (
    split TEXT NOT NULL, modality TEXT NOT NULL, id INTEGER NOT NULL,
    source TEXT, what TEXT, state TEXT NOT NULL, reason TEXT, detail TEXT,
    bytes INTEGER, sha256 TEXT, attempts INTEGER NOT NULL, path TEXT,
    PRIMARY KEY (split, modality, id)
) WITHOUT ROWID
"""
_WRITE = f"""
INSERT INTO items VALUES ({", ".join("?" * len(_COLUMNS))})
ON CONFLICT (split, modality, id) DO UPDATE SET
    source = excluded.source, what = excluded.what, state = excluded.state,
    reason = excluded.reason, detail = excluded.detail, bytes = excluded.bytes,
    sha256 = excluded.sha256, attempts = items.attempts + excluded.attempts, path = excluded.path
"""


class State(StrEnum):
    """What became of an item."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the ledger.

    Attributes:
        key: Split, modality and id.
        source: Its source data set.
        what: Address, or archive and member.
        state: What became of it.
        path: Its file, relative to the media root.
        reason: Why it failed, as in `FetchReason`; empty if it did not.
        detail: The same for people.
        bytes: Size of the file.
        sha256: Its hash.
        attempts: How many runs tried it; as written, how many to add.
    """

    key: Key
    source: str
    what: str
    state: State
    path: str
    reason: str = ""
    detail: str = ""
    bytes: int = 0
    sha256: str = ""
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Known:
    """What matters of an earlier row when deciding whether to try again."""

    state: State
    reason: str

    def again(self, retry: Retry) -> bool:
        """Return whether an item with this past is to be tried."""
        if self.state is State.SKIPPED or retry == "all":
            return True
        if self.state is State.DONE or retry is None:
            return False
        try:
            return FetchReason(self.reason).retriable
        except ValueError:
            return True


class Ledger:
    """The ledger of one media folder; use it in a ``with`` statement. Safe to share by threads.

    Rows are written in batches, each durable as a whole: a process that is killed loses the last
    ones, whose files are found in their places by the next run.

    Args:
        path: Its file, made if it is not there.

    Raises:
        StoreError: It is no ledger, is damaged, or another process is writing to it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._waiting: list[tuple[Any, ...]] = []
        self._written = time.monotonic()
        self._held = ExitStack()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise store_error(path, error) from error
        self._held.enter_context(writer_lock(path.with_name(f".{path.name}.lock")))
        try:
            self._base = self._held.enter_context(_base(path, write=True))
        except BaseException:
            self._held.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is waiting and let go of the file."""
        try:
            self.commit()
        finally:
            self._held.close()

    def known(self, key: Key) -> Known | None:
        """Return what became of an item earlier, None if it was never tried."""
        query = "SELECT state, reason FROM items WHERE split = ? AND modality = ? AND id = ?"
        with self._lock, _told(self.path):
            found = self._base.execute(query, key).fetchone()
            return None if found is None else Known(State(found[0]), found[1] or "")

    def record(self, row: Row) -> None:
        """Write a row, soon; an earlier one of the item is replaced and its attempts are kept."""
        # Names in archives, and local paths, may be text that no data base takes.
        what, detail = printable(row.what), printable(row.detail)
        values = (*row.key, row.source, what, row.state.value, row.reason, detail)
        with self._lock:
            self._waiting.append((*values, row.bytes, row.sha256, row.attempts, row.path))
            late = time.monotonic() - self._written > _SECONDS
            if late or len(self._waiting) >= _BATCH:
                self._commit()

    def commit(self) -> None:
        """Write what is waiting, durably."""
        with self._lock:
            self._commit()

    def _commit(self) -> None:
        self._written = time.monotonic()
        if not self._waiting:
            return
        with _told(self.path), self._base:
            self._base.execute("BEGIN IMMEDIATE")
            self._base.executemany(_WRITE, self._waiting)
        self._waiting.clear()

    def frame(self) -> pl.DataFrame:
        """Return all rows as a table, in order of split, modality and id."""
        self.commit()
        with self._lock, _told(self.path):
            return _frame(self._base)


def read_ledger(path: Path) -> pl.DataFrame:
    """Return the rows of a ledger, also while a download is writing to it.

    Raises:
        InputError: There is none.
        StoreError: It is no ledger, or damaged.
    """
    if not path.is_file():
        raise InputError("no ledger; nothing was downloaded into this folder yet", file=path)
    with _base(path, write=False) as base, _told(path):
        return _frame(base)


@contextmanager
def _base(path: Path, *, write: bool) -> Iterator[sqlite3.Connection]:
    # Who only reads may still have to take back what a killed writer had begun.
    address = f"{path.absolute().as_uri()}?mode={'rwc' if write else 'rw'}"
    with _told(path):
        base = sqlite3.connect(
            address, uri=True, timeout=30, isolation_level=None, check_same_thread=False
        )
    try:
        with _told(path):
            if write:
                base.execute("PRAGMA synchronous = FULL")
                base.execute(_TABLE)
            _check(path, base, write=write)
        yield base
    finally:
        base.close()


def _check(path: Path, base: sqlite3.Connection, *, write: bool) -> None:
    (version,) = base.execute("PRAGMA user_version").fetchone()
    names = tuple(row[1] for row in base.execute("PRAGMA table_info(items)"))
    if not (version or names or write or path.stat().st_size):
        return  # a writer was killed before it wrote anything
    if version not in (0, _VERSION) or names != _COLUMNS:
        raise StoreError(
            f"{path}: not a ledger that this version reads; move it away to begin anew"
        )
    if write and version == 0:
        base.execute(f"PRAGMA user_version = {_VERSION}")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.DatabaseError, ValueError, TypeError) as error:
        raise StoreError(
            f"{path}: the ledger cannot be used ({' '.join(str(error).split())}); if it is "
            "damaged, move it away: files that are there are not fetched again"
        ) from error


def _frame(base: sqlite3.Connection) -> pl.DataFrame:
    import polars as pl

    types: dict[str, Any] = dict.fromkeys(_COLUMNS, pl.String)
    types |= dict.fromkeys(("id", "bytes", "attempts"), pl.Int64)
    parts = [pl.DataFrame(schema=types)]
    if not base.execute("PRAGMA table_info(items)").fetchall():
        return parts[0]
    cursor = base.execute(f"SELECT * FROM items ORDER BY {', '.join(_COLUMNS[:3])}")
    try:
        while rows := cursor.fetchmany(100_000):
            parts.append(pl.DataFrame(rows, schema=types, orient="row"))
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"a row is of other types, {error}") from error
    frame = pl.concat(parts)
    _check_rows(frame)
    return frame


def _check_rows(frame: pl.DataFrame) -> None:
    odd = ~frame["state"].is_in([state.value for state in State])
    if odd.any():
        raise ValueError(f"an item has the state {frame['state'].filter(odd)[0]!r}")
    if not frame["id"].is_between(0, _LARGEST_ID).all():
        raise ValueError("an item has an id that is none")
