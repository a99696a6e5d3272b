"""Every error a user can meet, in one tree.

    PentadError
    ├── InputError        a file, table, row or argument is not what is needed
    ├── UnknownName       a name that no registry knows; says the nearest ones
    ├── MissingExtra      an optional dependency is not installed; says the install line
    ├── SpaceMismatch     vectors of two spaces were about to be compared
    ├── SchemaMismatch    a stored file has other columns or another version than expected
    ├── StoreError        a workspace is damaged, locked, full, or not a workspace
    ├── RatingConflict    two ratings contradict each other where only one may stand
    └── DecodeError       one media file cannot be used, with a typed reason

Messages are one line: what is wrong, where, and what to do about it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path


class PentadError(Exception):
    """Base of every error that Pentad raises on purpose."""

    def __str__(self) -> str:
        """Return the message on one line, whatever names and values it quotes."""
        return " ".join(super().__str__().splitlines())

    def __reduce__(self) -> tuple[object, ...]:
        # The default would call __init__ with the message alone, which fails for most of the tree
        # and then takes the whole pool of worker processes down.
        return _rebuilt, (type(self), self.args, self.__dict__)


class InputError(PentadError):
    """Something the user gave is not usable.

    Attributes:
        file: The file concerned, if any.
        row: Its 1-based line or row, the header counted, if known.
        column: The column or key concerned, if any.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | Path | None = None,
        row: int | None = None,
        column: str | None = None,
        expected: object = None,
        seen: object = None,
    ) -> None:
        self.file = None if file is None else str(file)
        self.row = row
        self.column = column
        self.expected = expected
        self.seen = seen
        super().__init__(_located(message, self.file, row, column, expected, seen))


class UnknownName(PentadError):
    """A name that nothing is registered under.

    Attributes:
        kind: What was looked up, such as ``encoder``.
        name: The name as given.
        nearest: Registered names that resemble it, best first.
    """

    def __init__(
        self, kind: str, name: str, known: Iterable[str], *, listing: str | None = None
    ) -> None:
        names = sorted(map(str, known))
        self.kind = kind
        self.name = name
        self.nearest = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        if self.nearest:
            hint = f"did you mean {' or '.join(repr(n) for n in self.nearest)}?"
        elif len(names) <= 12:
            hint = f"known are: {', '.join(names) or 'none'}"
        else:
            hint = f"there are {len(names)} known names"
        tail = f" ('{listing}' lists all)" if listing else ""
        super().__init__(f"unknown {kind} {name!r}; {hint}{tail}")


class MissingExtra(PentadError):
    """An optional dependency is needed and absent."""

    def __init__(self, package: str, extra: str) -> None:
        self.package = package
        self.extra = extra
        super().__init__(
            f"{package} is needed for this and is not installed; run: pip install 'pentad[{extra}]'"
        )


class SpaceMismatch(PentadError):
    """Vectors of two different spaces cannot be compared."""

    def __init__(self, left: str, right: str) -> None:
        self.left = left
        self.right = right
        super().__init__(
            f"space {left!r} and space {right!r} cannot be compared; "
            "embed both with one encoder, or learn a bridge between them"
        )


class SchemaMismatch(PentadError):
    """A stored file has columns, types or a version that this version cannot read."""

    def __init__(self, file: str | Path, expected: object, seen: object) -> None:
        self.file = str(file)
        self.expected = expected
        self.seen = seen
        super().__init__(f"{file}: expected {expected}, found {seen}")


class StoreError(PentadError):
    """A workspace or one of its files is damaged, locked, full, or missing."""


class RatingConflict(PentadError):
    """Two ratings contradict each other where only one may stand."""


class Reason(StrEnum):
    """Why an item was refused. The value is what ``logs/rejected.parquet`` stores."""

    MISSING_FILE = "missing-file"
    OUTSIDE_ROOT = "outside-root"
    UNREADABLE = "unreadable"
    EMPTY_FILE = "empty-file"
    UNSUPPORTED = "unsupported-format"
    CORRUPT = "corrupt"
    TRUNCATED = "truncated"
    EMPTY = "empty-content"
    NON_FINITE = "non-finite"
    CONSTANT = "constant-content"
    TOO_LARGE = "too-large"
    TOO_SMALL = "too-small"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out-of-memory"
    WORKER_DIED = "decoder-died"
    QUARANTINED = "quarantined"
    VARIABLE_RATE = "variable-frame-rate"
    MISSING_COLUMN = "missing-column"
    EMPTY_CAPTION = "empty-caption"
    WRONG_ENCODING = "wrong-encoding"
    DUPLICATE = "duplicate"
    CONFLICT = "conflicting-values"
    BAD_ROW = "bad-row"
    NO_CAPTION = "no-caption"
    NOT_FETCHED = "not-fetched"
    ENCODER_FAILED = "encoder-failed"
    MODEL_REFUSED = "model-refused"
    NO_ANSWER = "no-answer"


class DecodeError(PentadError):
    """One media file cannot be used.

    Attributes:
        reason: The typed reason.
        detail: One line for people.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        self.detail = " ".join(detail.split())
        super().__init__(f"{reason.value}: {self.detail}")


def _rebuilt(
    kind: type[PentadError], args: tuple[object, ...], state: dict[str, object]
) -> PentadError:
    error = kind.__new__(kind, *args)
    error.__setstate__(state)
    return error


def _located(
    message: str,
    file: str | None,
    row: int | None,
    column: str | None,
    expected: object,
    seen: object,
) -> str:
    where = file or ""
    if row is not None:
        where += f":{row}" if where else f"row {row}"
    if column is not None:
        where += f" [{column}]" if where else f"column {column!r}"
    text = f"{where}: {message}" if where else message
    if expected is not None:
        text += f"; expected {expected}"
    if seen is not None:
        text += f", got {seen}" if expected is not None else f"; got {seen}"
    return text
