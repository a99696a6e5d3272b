"""Writes the small TOML files of a workspace (the standard library only reads TOML)."""

from __future__ import annotations

import json
from collections.abc import Mapping


def dump_toml(value: Mapping[str, object]) -> str:
    """Return a mapping of strings, numbers, booleans, lists of those and tables as TOML."""
    return "\n".join(_table(value, ())) + "\n"


def _table(value: Mapping[str, object], path: tuple[str, ...]) -> list[str]:
    lines = [f"{_quote(k)} = {_scalar(v)}" for k, v in value.items() if not isinstance(v, Mapping)]
    for key, child in value.items():
        if isinstance(child, Mapping):
            where = (*path, key)
            header = f"[{'.'.join(_quote(part) for part in where)}]"
            lines += ["", header, *_table(child, where)]
    return lines


def _quote(key: str) -> str:
    return (
        key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else _string(key)
    )


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_scalar(v) for v in value)}]"
    return _string(str(value))


def _string(text: str) -> str:
    # JSON's escapes are TOML's too, except that TOML wants DEL escaped as well.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
