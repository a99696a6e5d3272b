"""Finished products on storage that all workers see, so that a search that was cut off goes on.

A product is one file, with the fingerprints of what decides it and of its own content. A file that
is torn, or of something else, is as good as none.
"""

from __future__ import annotations

import json
import uuid
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pentad.core.fingerprint import fingerprint_array
from pentad.neighbors.merge import Ranked
from pentad.store.atomic import NEXT_SUFFIX, discard, replacing

_SUFFIX = ".product"
_NAME_LENGTH = 32


def product_path(folder: Path, name: str) -> Path:
    """Return where a product lies in a folder; ``name`` is a fingerprint."""
    return folder / f"{name[:_NAME_LENGTH]}{_SUFFIX}"


def read_product(path: Path, fingerprint: str, shape: tuple[int, int]) -> Ranked | None:
    """Return a finished product, or None if there is no whole one.

    Args:
        path: Where it would be.
        fingerprint: What decides it.
        shape: Its shape, (queries, k).
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            said, names = file.metadata() or {}, set(file.keys())
            if said.get("product") != fingerprint or names != {"rows", "scores"}:
                return None
            rows, scores = file.get_tensor("rows"), file.get_tensor("scores")
    except (OSError, SafetensorError):
        return None
    whole = said.get("content") == _content(rows, scores)
    return (rows, scores) if whole and rows.shape == scores.shape == shape else None


def write_product(path: Path, fingerprint: str, product: Ranked) -> None:
    """Write a finished product; it is there whole or not at all.

    It is first written under a name of its own: after a lost connection two workers may be at one
    product at a time.

    Raises:
        StoreError: The disk is full or cannot be written.
    """
    from safetensors.numpy import save_file

    rows, scores = product
    said = {"product": fingerprint, "content": _content(rows, scores)}
    own = path.with_name(f"{path.stem}-{uuid.uuid4().hex}{_SUFFIX}")
    with replacing(own) as coming:
        save_file({"rows": rows, "scores": scores}, coming, said)
    own.replace(path)


def remove_products(folder: Path) -> None:
    """Remove what searches have left in ``folder``, and the folder if nothing else is in it."""
    for pattern in (f"*{_SUFFIX}", f".*{_SUFFIX}{NEXT_SUFFIX}"):
        for path in folder.glob(pattern):
            discard(path)
    with suppress(OSError):
        folder.rmdir()


def _content(rows: NDArray[np.int64], scores: NDArray[np.float64]) -> str:
    return json.dumps([fingerprint_array(rows), fingerprint_array(scores)])
