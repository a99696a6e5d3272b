"""Why one row, cell or table is not used, while it travels to the listing's rejections."""

from __future__ import annotations

from pentad.core.errors import Reason


class Refused(Exception):
    """Raised for what is being read, caught by the reader that knows the source; stays in here.

    Attributes:
        reason: Typed reason.
        detail: One line for people.
        line: 1-based line or row, where the raiser knows it.
        column: Column concerned, if any.
    """

    def __init__(
        self, reason: Reason, detail: str, *, line: int | None = None, column: str | None = None
    ) -> None:
        self.reason = reason
        self.detail = " ".join(detail.split())
        self.line = line
        self.column = column
        super().__init__(detail)


def visible(text: str) -> str:
    """Return text that any file can hold: what is not Unicode is written as an escape."""
    return text.encode("utf-8", "backslashreplace").decode()


def unreadable(error: OSError) -> Refused:
    """Return what the operating system said as a refusal."""
    gone = isinstance(error, FileNotFoundError | NotADirectoryError)
    reason = Reason.MISSING_FILE if gone else Reason.UNREADABLE
    return Refused(reason, error.strerror or str(error))
