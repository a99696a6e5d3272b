"""Specs of encoders made relative to a folder and absolute again.

A spec is a registered name, ``onnx:FOLDER`` or the path of a folder, with ``MODALITY=`` before it
or not.
"""

from __future__ import annotations

import os
from pathlib import Path

from pentad.encoders.registry import is_registered

_FOLDER_PREFIX = "onnx:"


def relative_spec(spec: str, folder: Path) -> str:
    """Return a spec whose path, if it has one, is relative to ``folder``."""
    prefix, path = _path_of(spec)
    if path is None:
        return spec
    relative = Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    return prefix + (relative if relative.startswith("..") else f"./{relative}")


def absolute_spec(spec: str, folder: Path) -> str:
    """Return a spec as `relative_spec` made it, with its path found from ``folder``."""
    prefix, path = _path_of(spec)
    if path is None or path.is_absolute():
        return spec
    return prefix + os.path.normpath(folder.resolve() / path)


def split_spec(spec: str) -> tuple[str | None, str]:
    """Return the modality that stands before ``=``, if there is one, and the rest."""
    head, equals, tail = spec.partition("=")
    if not equals or "/" in head or ":" in head:
        return None, spec
    return head, tail


def _path_of(spec: str) -> tuple[str, Path | None]:
    modality, name = split_spec(spec)
    prefix = "" if modality is None else f"{modality}="
    if name.startswith(_FOLDER_PREFIX):
        return prefix + _FOLDER_PREFIX, Path(name.removeprefix(_FOLDER_PREFIX)).expanduser()
    is_path = name.startswith((".", "~")) or ("/" in name and ":" not in name)
    is_path = is_path or (not is_registered(name) and Path(name).is_dir())
    return (prefix, Path(name).expanduser()) if is_path else (spec, None)
