"""Numbers that count something, as Python has them or as numpy does."""

from __future__ import annotations

import operator

from pentad.core.errors import InputError


def whole_number(name: str, value: object) -> int:
    """Return ``value`` as an int of Python; compiled code takes no other.

    Raises:
        InputError: It is no whole number; a float is none, whatever its value.
    """
    if isinstance(value, bool):
        raise InputError(f"{name} must be a whole number", seen=value)
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise InputError(f"{name} must be a whole number", seen=repr(value)) from None
