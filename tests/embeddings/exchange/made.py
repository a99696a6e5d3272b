"""Small embeddings for the tests of every layout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.exchange.imported import Imported
from pentad.embeddings.exchange.read import read_embeddings

ROWS = 7


def vectors(rows: int = ROWS, dim: int = 4, *, dtype: Any = np.float32, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal((rows, dim)).astype(dtype)


def embeddings(rows: int = ROWS, *, modality: str = "image", ids: Any = None, **how) -> Embeddings:
    return Embeddings.from_array(vectors(rows, **how), modality=modality, space="s", ids=ids)


def names(rows: int = ROWS) -> list[str]:
    return [f"files/{number:03d}.png" for number in range(rows)]


def read(path: Path, modality: str = "image", **options: Any) -> Imported:
    return read_embeddings(path, modality=modality, space="s", **options)


def refusal(action: Callable[[], object]) -> str:
    """Return the one line that a mistake is told in."""
    with pytest.raises(InputError) as error:
        action()
    text = str(error.value)
    assert "\n" not in text
    assert len(text) < 500
    return text


def read_or_refused(path: Path, **options: Any) -> bool:
    """Return whether a damaged file is read or refused in one line; anything else is raised."""
    try:
        read(path, **options)
    except InputError as error:
        return len(str(error).splitlines()) == 1
    return True


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes, and folders that are empty."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b"folder"
        for path in sorted(folder.rglob("*"))
        if path.is_file() or not any(path.iterdir())
    }


def same(left: Any, right: Any) -> bool:
    """Return whether two matrices have the same type and values."""
    return left.dtype == right.dtype and np.array_equal(np.asarray(left[:]), np.asarray(right[:]))
