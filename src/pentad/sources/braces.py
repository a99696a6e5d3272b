"""Brace patterns, as shells expand them: ``shards/{00000..00012}.tar``."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from pentad.core.errors import InputError

MOST_NAMES = 1_000_000
_RANGE = re.compile(r"(-?\d{1,18})\.\.(-?\d{1,18})(?:\.\.(-?\d{1,9}))?|([a-zA-Z])\.\.([a-zA-Z])")


def expand_braces(pattern: str) -> list[str]:
    """Return the names that a pattern stands for, in its order.

    ``{00..12}`` counts, as wide as the wider end is written if one begins with a zero; a third
    number is the step; ``{a..d}`` goes through letters; ``{train,val}`` lists; all may be nested
    and stand side by side. Braces with neither a comma nor a range stand for themselves.

    Raises:
        InputError: A brace is left open, or there would be more than `MOST_NAMES` names.

    Examples:
        >>> expand_braces("{a,b}-{08..10}.tar")
        ['a-08.tar', 'a-09.tar', 'a-10.tar', 'b-08.tar', 'b-09.tar', 'b-10.tar']
    """
    names = list(itertools.islice(_names(pattern, pattern), MOST_NAMES + 1))
    if len(names) > MOST_NAMES:
        raise InputError(
            f"the pattern stands for more than {MOST_NAMES:,} names; name fewer", seen=pattern
        )
    return names


def _names(text: str, whole: str) -> Iterator[str]:
    opened = text.find("{")
    if opened < 0:
        yield text
        return
    closed = _closing(text, opened, whole)
    head, inside, tail = text[:opened], text[opened + 1 : closed], text[closed + 1 :]
    for middle in _choices(inside, whole):
        for rest in _names(tail, whole):
            yield f"{head}{middle}{rest}"


def _closing(text: str, opened: int, whole: str) -> int:
    depth = 0
    for place in range(opened, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return place
    raise InputError("a brace is opened and not closed", seen=whole)


def _choices(inside: str, whole: str) -> Iterator[str]:
    parts = _parts(inside)
    if len(parts) > 1:
        for part in parts:
            yield from _names(part, whole)
        return
    match = _RANGE.fullmatch(inside)
    if match is None:
        for name in _names(inside, whole):
            yield f"{{{name}}}"
    elif match[4]:
        first, last = ord(match[4]), ord(match[5])
        yield from map(chr, _counted(first, last, 1))
    else:
        yield from _numbers(match[1], match[2], int(match[3] or 1))


def _numbers(first: str, last: str, step: int) -> Iterator[str]:
    padded = any(len(end.lstrip("-")) > 1 and end.lstrip("-")[0] == "0" for end in (first, last))
    width = max(len(first), len(last)) if padded else 0
    for number in _counted(int(first), int(last), step):
        yield f"{number:0{width}d}"


def _counted(first: int, last: int, step: int) -> range:
    step = abs(step) or 1
    return range(first, last + 1, step) if last >= first else range(first, last - 1, -step)


def _parts(inside: str) -> list[str]:
    """Split at the commas that stand in no inner braces."""
    parts, depth = [""], 0
    for char in inside:
        depth += (char == "{") - (char == "}")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts
