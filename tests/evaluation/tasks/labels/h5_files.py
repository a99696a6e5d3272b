"""Tiny HDF5 files in the form of ScanObjectNN."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

BG = "main_split/test_objectdataset.h5"
ONLY = "main_split_nobg/test_objectdataset.h5"
MOVED = "main_split/test_objectdataset_augmentedrot_scale75.h5"
VARIANTS = {BG: "obj-bg", ONLY: "obj-only", MOVED: "pb-t50-rs"}


def points(count: int) -> np.ndarray:
    return np.random.default_rng(count).normal(size=(count, 2048, 3)).astype(np.float32)


def save(path: Path, **datasets: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for name, value in datasets.items():
            file[name] = value
    return path


def scan(path: Path, labels: tuple[int, ...] = (4, 0, 4)) -> Path:
    mask = np.full((len(labels), 2048), -1)
    return save(path, data=points(len(labels)), label=np.array(labels), mask=mask)


def cut(path: Path, share: float) -> None:
    scan(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
