"""What a library says went wrong, as part of one line."""

from __future__ import annotations

_LONGEST = 200


def why(error: BaseException) -> str:
    """Return the first line of an error's text that has one; its type where none has."""
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)[:_LONGEST]
