"""Why a file could not be had, typed, and whether another try may help."""

from __future__ import annotations

from enum import StrEnum

from pentad.core.errors import PentadError


class FetchReason(StrEnum):
    """Why something could not be fetched. The value is what the ledger stores."""

    BAD_ADDRESS = "bad-address"
    UNSUPPORTED_SCHEME = "unsupported-scheme"
    BLOCKED_ADDRESS = "blocked-address"
    UNKNOWN_HOST = "unknown-host"
    CONNECTION = "connection-failed"
    TLS = "tls-failed"
    TIMEOUT = "timeout"
    REDIRECTS = "bad-redirect"
    NOT_FOUND = "not-found"
    GONE = "gone"
    FORBIDDEN = "forbidden"
    REFUSED = "refused"
    RATE_LIMITED = "rate-limited"
    SERVER_ERROR = "server-error"
    BAD_ANSWER = "bad-answer"
    ROBOTS = "robots"
    OPT_OUT = "opt-out"
    TRUNCATED = "truncated"
    TOO_LARGE = "too-large"
    EMPTY = "empty"
    WRONG_SIZE = "wrong-size"
    WRONG_HASH = "wrong-hash"
    WRONG_CONTENT_TYPE = "wrong-content-type"
    CHANGED = "changed-meanwhile"
    NO_RANGES = "no-ranges"
    BAD_ARCHIVE = "bad-archive"
    MEMBER_MISSING = "member-missing"
    PRIVATE = "private"
    SIGN_IN = "sign-in-needed"
    GEO_BLOCKED = "geo-blocked"
    TOOL_MISSING = "tool-missing"
    TOOL_FAILED = "tool-failed"
    WRONG_DURATION = "wrong-duration"
    MISSING_STREAM = "missing-stream"
    UNUSABLE = "unusable"
    BAD_FIELDS = "bad-fields"
    BAD_TARGET = "bad-target"
    UNKNOWN_SOURCE = "unknown-source"
    NO_LOCATION = "no-location"
    CANCELED = "canceled"

    @property
    def retriable(self) -> bool:
        """Whether the same request may succeed later without anything else being changed."""
        return self in _TRANSIENT


_TRANSIENT = frozenset(
    {
        FetchReason.UNKNOWN_HOST,  # a dead host looks like a network that is down
        FetchReason.CONNECTION,
        FetchReason.TIMEOUT,
        FetchReason.RATE_LIMITED,
        FetchReason.SERVER_ERROR,
        FetchReason.TRUNCATED,
        FetchReason.CHANGED,
        FetchReason.TOOL_MISSING,
        FetchReason.TOOL_FAILED,
        FetchReason.UNKNOWN_SOURCE,  # these two end with a line in the user's file of sources
        FetchReason.NO_LOCATION,
        FetchReason.CANCELED,
    }
)


_LONGEST = 1000


def printable(text: str) -> str:
    """Return text of a server as terminals and data bases can take it, and not too much of it."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]} ..."
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class FetchError(PentadError):
    """One file could not be fetched.

    Attributes:
        reason: The typed reason.
        detail: One line for people.
        wait: Seconds that the server asks to wait before another try, if it does.
    """

    def __init__(self, reason: FetchReason, detail: str, *, wait: float | None = None) -> None:
        self.reason = reason
        self.detail = printable(" ".join(detail.split()))
        self.wait = wait
        super().__init__(f"{reason.value}: {self.detail}")

    @property
    def retriable(self) -> bool:
        """Whether the failure is transient."""
        return self.reason.retriable
