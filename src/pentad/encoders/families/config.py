"""Numbers in a ``config.json``, checked where they are read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError


def positive(
    config: Mapping[str, Any], folder: Path, *keys: str, default: int | None = None
) -> int:
    """Return a whole number above zero from nested tables.

    Args:
        config: The table.
        folder: Where it was read, for the message.
        keys: The way to the number.
        default: What it is where a key is missing or null; None where it must be there.

    Raises:
        InputError: It is missing, or no whole number above zero.
    """
    value: Any = config
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    if value is None:
        value = default
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InputError(
            "wrong value",
            file=folder / "config.json",
            column=".".join(keys),
            expected="a whole number above 0",
            seen=repr(value),
        )
    return value
