"""Pentad: data sets that join image, video, audio, point cloud and text, from files to scores.

Everything a user needs is a name of this module; each is loaded when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from pentad.core.errors import (
        DecodeError,
        InputError,
        MissingExtra,
        PentadError,
        SchemaMismatch,
        SpaceMismatch,
        StoreError,
        UnknownName,
    )
    from pentad.core.modality import Modality
    from pentad.embeddings.embeddings import Embeddings
    from pentad.store.items import Items
    from pentad.store.workspace import Workspace

_HOME = {
    "DecodeError": "core.errors",
    "Embeddings": "embeddings.embeddings",
    "InputError": "core.errors",
    "Items": "store.items",
    "MissingExtra": "core.errors",
    "Modality": "core.modality",
    "PentadError": "core.errors",
    "SchemaMismatch": "core.errors",
    "SpaceMismatch": "core.errors",
    "StoreError": "core.errors",
    "UnknownName": "core.errors",
    "Workspace": "store.workspace",
}

__all__ = [
    "DecodeError",
    "Embeddings",
    "InputError",
    "Items",
    "MissingExtra",
    "Modality",
    "PentadError",
    "SchemaMismatch",
    "SpaceMismatch",
    "StoreError",
    "UnknownName",
    "Workspace",
]


def __getattr__(name: str) -> Any:
    """Load a public name from the module that holds it."""
    if name not in _HOME:
        raise AttributeError(f"module 'pentad' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"pentad.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted([*globals(), *__all__])
