"""What an answer of a server says beyond its body, read with suspicion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pentad.sources.fetch.errors import FetchError, FetchReason

_REASONS = {
    401: FetchReason.FORBIDDEN,
    403: FetchReason.FORBIDDEN,
    404: FetchReason.NOT_FOUND,
    407: FetchReason.FORBIDDEN,
    408: FetchReason.TIMEOUT,
    410: FetchReason.GONE,
    425: FetchReason.RATE_LIMITED,
    429: FetchReason.RATE_LIMITED,
    451: FetchReason.FORBIDDEN,
    509: FetchReason.RATE_LIMITED,
}
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


def status_error(url: str, status: int, headers: Mapping[str, str]) -> FetchError | None:
    """Return what a status that is not a success means, or None for 200 and 206."""
    if status in (200, 206):
        return None
    reason = _REASONS.get(status)
    if reason is None:
        reason = FetchReason.BAD_ANSWER
        if status >= 400:
            reason = FetchReason.SERVER_ERROR if status >= 500 else FetchReason.REFUSED
    return FetchError(reason, f"{url}: status {status}", wait=retry_after(headers))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that ``Retry-After`` asks for, as a number or a date."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def content_length(headers: Mapping[str, str]) -> int | None:
    """Return the length of the body as stated, None where it is not, or is no number."""
    text = headers.get("Content-Length", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def content_range(headers: Mapping[str, str]) -> tuple[int, int, int | None] | None:
    """Return first byte, byte after the last and total size that a partial answer states."""
    match = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
    if match is None or int(match[2]) < int(match[1]):
        return None
    total = None if match[3] == "*" else int(match[3])
    return int(match[1]), int(match[2]) + 1, total


def validator(headers: Mapping[str, str]) -> str | None:
    """Return what tells this version of the content from another, for ``If-Range``.

    A weak ETag does not promise equal bytes, so it is passed over.
    """
    etag = headers.get("ETag", "").strip()
    if len(etag) > 2 and etag.startswith('"') and etag.endswith('"') and etag.isprintable():
        return etag
    modified = headers.get("Last-Modified", "").strip()
    return modified if modified and modified.isprintable() else None


def is_other_version(headers: Mapping[str, str], version: str) -> bool:
    """Return whether an answer says itself that it is of another version; silence says nothing.

    A server that does not know ``If-Range`` sends the part all the same.
    """
    name = "ETag" if version.startswith('"') else "Last-Modified"
    stated = headers.get(name, "").strip()
    return bool(stated) and stated != version


def is_encoded(headers: Mapping[str, str]) -> bool:
    """Return whether the body is compressed, so that lengths and ranges are not of the content."""
    return headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity")
