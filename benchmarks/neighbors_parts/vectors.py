"""Items in clusters on the sphere, and queries that no item is like: the hard kind.

Items have 40-dimensional neighborhoods. A query points to some item by 0.4, in one direction that
all queries share and in directions that no item uses, as captions do.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

CLUSTERS, BASES, LOCAL = 2000, 50, 40
_ROWS = 20_000


@dataclass(frozen=True)
class Data:
    """A folder of items and queries, 6 bytes a value, mapped when asked for.

    Attributes:
        folder: Where they lie.
    """

    folder: Path

    @property
    def items(self) -> np.ndarray:
        """The items in float16, as Pentad stores them."""
        return np.load(self.folder / "items.npy", mmap_mode="r")

    @property
    def items32(self) -> np.ndarray:
        """The same as float32 rows of length 1, as other libraries want them."""
        return np.load(self.folder / "items32.npy", mmap_mode="r")

    @property
    def queries(self) -> np.ndarray:
        """The queries in float16."""
        return np.load(self.folder / "queries.npy")

    @property
    def queries32(self) -> np.ndarray:
        """The queries as float32 rows of length 1."""
        return np.load(self.folder / "queries32.npy")

    def remove(self) -> None:
        """Delete the vectors."""
        shutil.rmtree(self.folder)


def made(folder: Path, items: int, dim: int, queries: int) -> Data:
    """Return the data of this size, made block by block unless they are there."""
    data = Data(folder / f"{items}-{dim}-{queries}")
    if not (data.folder / "done").exists():
        data.folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(0)
        _write_items(data.folder, rng, items, dim)
        _write_queries(data, rng, queries)
        (data.folder / "done").touch()
    return data


def unit(rows: np.ndarray) -> np.ndarray:
    """Return rows at length 1."""
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _write_items(folder: Path, rng: np.random.Generator, items: int, dim: int) -> None:
    centers = unit(rng.standard_normal((CLUSTERS, dim), dtype=np.float32))
    bases = rng.standard_normal((BASES, LOCAL, dim), dtype=np.float32) / np.sqrt(dim)
    shares = rng.dirichlet(np.full(CLUSTERS, 0.5))
    stored = _new(folder / "items.npy", np.float16, (items, dim))
    rows = _new(folder / "items32.npy", np.float32, (items, dim))
    for start in range(0, items, _ROWS):
        part = slice(start, min(start + _ROWS, items))
        labels = rng.choice(CLUSTERS, part.stop - start, p=shares)
        local = rng.standard_normal((len(labels), LOCAL), dtype=np.float32) / np.sqrt(LOCAL)
        near = np.empty((len(labels), dim), np.float32)
        for base in range(BASES):
            own = labels % BASES == base
            near[own] = local[own] @ bases[base]
        noise = rng.standard_normal((len(labels), dim), dtype=np.float32) / np.sqrt(dim)
        stored[part] = unit(centers[labels] + near + 0.2 * noise)
        rows[part] = unit(stored[part].astype(np.float32))
    stored.flush()
    rows.flush()


def _write_queries(data: Data, rng: np.random.Generator, queries: int) -> None:
    items = data.items32
    dim = items.shape[1]
    own = rng.standard_normal((queries, 64), dtype=np.float32)
    away = unit(own @ rng.standard_normal((64, dim), dtype=np.float32))
    offset = unit(rng.standard_normal((1, dim), dtype=np.float32))
    picked = items[np.sort(rng.choice(len(items), queries))]
    asked = unit(0.4 * picked + 0.6 * offset + 0.6 * away).astype(np.float16)
    np.save(data.folder / "queries.npy", asked)
    np.save(data.folder / "queries32.npy", unit(asked.astype(np.float32)))


def _new(path: Path, dtype: Any, shape: tuple[int, int]) -> np.ndarray:
    return np.lib.format.open_memmap(path, "w+", dtype, shape)
