"""Segments: a part of a sound or video, told by the end of its name.

    clip.mp4#t=14,24      seconds 14 to 24
    clip.mp4#t=14         from second 14 on
    clip.mp4#t=,24        up to second 24; written as 0,24

This is the temporal dimension of the W3C's media fragments, in seconds. Every row of a table that
wants another part of a file is another item, and the name alone says which part, so the tables of
items need no columns for it: `segment_of` reads it back.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from pentad.core.fingerprint import fingerprint_bytes

_DIGITS = 6
"""Decimals that count: a microsecond is less than one sample of any sound."""
_LONGEST = 1e9
_NUMBER = r"[0-9]{1,10}(?:\.[0-9]{0,15})?"
_FRAGMENT = re.compile(rf"(?s)(.+)#t=({_NUMBER})?(?:,({_NUMBER}))?")


@dataclass(frozen=True, slots=True)
class Segment:
    """A file, and which part of its playing time is wanted.

    Attributes:
        file: The name without its fragment.
        start: Seconds at which the part begins; None for the beginning.
        end: Seconds at which it ends; None for the end.
    """

    file: str
    start: float | None = None
    end: float | None = None


def segment_of(file: str) -> Segment:
    """Return what a name says; a name without a well-formed fragment is a whole file.

    A file that really has such a name is not told apart here: `pentad.store.places.locate` looks.

    Examples:
        >>> segment_of("a.mp4#t=14,24")
        Segment(file='a.mp4', start=14.0, end=24.0)
        >>> segment_of("a.mp4").start is None
        True
    """
    match = _FRAGMENT.fullmatch(file)
    if match is None or (match[2] is None and match[3] is None):
        return Segment(file)
    start, end = _seconds(match[2]), _seconds(match[3])
    if (end is not None and end <= (start or 0.0)) or max(start or 0, end or 0) > _LONGEST:
        return Segment(file)
    return Segment(match[1], start, end)


def segment_name(file: str, start: float | None, end: float | None) -> str:
    """Return the name of a part of a file; equal parts have equal names.

    Args:
        file: Name of the whole file.
        start: Seconds at which the part begins, None for the beginning.
        end: Seconds at which it ends, None for the end.

    Raises:
        ValueError: The part is empty, begins before the file, or is no number.

    Examples:
        >>> segment_name("a.mp4", 14.0, 24.5)
        'a.mp4#t=14,24.5'
        >>> segment_name("a.mp4", 0.0, None)
        'a.mp4'
    """
    first = 0.0 if start is None else _checked(start)
    if end is None:
        return f"{file}#t={_plain(first)}" if first else file
    last = _checked(end)
    if last <= first:
        raise ValueError(f"the segment ends at {_plain(last)} s and begins at {_plain(first)} s")
    return f"{file}#t={_plain(first)},{_plain(last)}"


def segment_fingerprint(content: str, segment: Segment) -> str:
    """Return the fingerprint of a part, from that of the whole file: two parts of it differ."""
    if segment.start is None and segment.end is None:
        return content
    return fingerprint_bytes(f"{content}{segment_name('', segment.start, segment.end)}".encode())


def _checked(seconds: float) -> float:
    if not math.isfinite(seconds) or not 0 <= seconds <= _LONGEST:
        raise ValueError(f"{seconds} is no time within a file; it is given in seconds from 0 on")
    return round(float(seconds), _DIGITS)


def _seconds(text: str | None) -> float | None:
    return None if text is None else round(float(text), _DIGITS)


def _plain(seconds: float) -> str:
    """Return a number without an exponent and without zeros that say nothing."""
    return f"{seconds:.{_DIGITS}f}".rstrip("0").rstrip(".")
