"""Which part of a sound or video a row is about, checked before it becomes part of a name."""

from __future__ import annotations

import os
import re
from decimal import Decimal
from pathlib import Path

from pentad.core.errors import Reason
from pentad.core.modality import Modality
from pentad.sources.refusal import Refused
from pentad.store.segments import segment_name

Times = tuple[float | None, float | None]
"""Seconds at which the part begins and ends; None where the file itself does."""
WHOLE: Times = (None, None)
TIMED = (Modality.AUDIO, Modality.VIDEO)
"""What has a playing time."""

_SECONDS = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]*)?([eE][+-]?[0-9]{1,2})?|[+-]?\.[0-9]{1,15}")


def read_times(start: object, end: object) -> Times:
    """Return two cells as seconds; empty ones say nothing.

    Raises:
        Refused: One is no time, or the end does not come after the start.
    """
    times = _seconds(start, "start_time"), _seconds(end, "end_time")
    if times == WHOLE:
        return WHOLE
    _checked(times[0], None, "start_time")
    _checked(*times, "end_time")
    return times


def timed_name(file: str, modality: Modality, times: Times, root: Path) -> str:
    """Return the name of the part of a file that an item is.

    Args:
        file: The file, relative to the root.
        modality: What it is.
        times: Which part is wanted.
        root: Root of the source.

    Raises:
        Refused: The file has no playing time, or another file has that very name.
    """
    if times == WHOLE:
        return file
    if modality not in TIMED:
        column = "start_time" if times[0] is not None else "end_time"
        detail = f"an item of modality {modality.value!r} has no playing time; leave this empty"
        raise Refused(Reason.BAD_ROW, detail, column=column)
    name = segment_name(file, *times)
    if name != file and os.path.lexists(root / name):
        raise Refused(Reason.CONFLICT, f"there is a file named {name!r}; rename it")
    return name


def _checked(start: float | None, end: float | None, column: str) -> None:
    try:
        segment_name("", start, end)
    except ValueError as error:
        raise Refused(Reason.BAD_ROW, str(error), column=column) from None


def _seconds(value: object, column: str) -> float | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str) and _SECONDS.fullmatch(value.strip()):
        return float(value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    raise Refused(Reason.BAD_ROW, f"{str(value)[:80]!r} is no number of seconds", column=column)
