"""Specs of encoders (a name, ``onnx:FOLDER``, a path), made relative and absolute again."""

from __future__ import annotations

import os
from pathlib import Path

_FOLDER_PREFIX = "onnx:"


def relative_spec(spec: str, folder: Path) -> str:
    """Return a spec whose path, if it has one, is relative to ``folder``."""
    prefix, path = _path_of(spec)
    if path is None:
        return spec
    return prefix + Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def absolute_spec(spec: str, folder: Path) -> str:
    """Return a spec as `relative_spec` made it, with its path found from ``folder``."""
    prefix, path = _path_of(spec)
    if path is None or path.is_absolute():
        return spec
    return prefix + os.path.normpath(folder.resolve() / path)


def _path_of(spec: str) -> tuple[str, Path | None]:
    if spec.startswith(_FOLDER_PREFIX):
        return _FOLDER_PREFIX, Path(spec.removeprefix(_FOLDER_PREFIX)).expanduser()
    is_path = spec.startswith((".", "~")) or ("/" in spec and ":" not in spec)
    return ("", Path(spec).expanduser()) if is_path else (spec, None)
