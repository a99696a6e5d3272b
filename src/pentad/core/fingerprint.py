"""SHA-256 fingerprints of bytes, files, arrays and plain values, all as 64 hex digits."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

_BLOCK = 1 << 20


def fingerprint_bytes(data: bytes | memoryview) -> str:
    """Return the SHA-256 of ``data`` as hex."""
    return hashlib.sha256(data).hexdigest()


def fingerprint_file(path: str | Path) -> str:
    """Return the SHA-256 of a file's content as hex, read in blocks of 1 MiB."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def fingerprint_array(array: np.ndarray[Any, Any]) -> str:
    """Return the SHA-256 over dtype, shape and C-order content of ``array``."""
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def canonical_json(value: object) -> str:
    """Return ``value`` as JSON with sorted keys and no blanks: equal values, equal text."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def fingerprint_value(value: object) -> str:
    """Return the SHA-256 of the canonical JSON of a plain value (dict, list, str, number, None)."""
    return fingerprint_bytes(canonical_json(value).encode())
