"""Pictures made from a seed: soft colours and some noise, as compressible as photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

_CELLS = 40


def make_pictures(folder: Path, count: int, width: int, height: int) -> Path:
    """Return a folder with ``count`` JPEG files; those that are there are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    have = len(list(folder.iterdir()))
    rng = np.random.default_rng(have)
    for number in range(have, count):
        cells = (max(2, height // _CELLS), max(2, width // _CELLS), 3)
        coarse = Image.fromarray(rng.integers(0, 256, cells).astype(np.uint8))
        soft = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).astype(np.int16)
        noisy = soft + rng.integers(-9, 10, (height, width, 1))
        picture = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
        picture.save(folder / f"{number:06d}.jpg", quality=85)
    return folder
