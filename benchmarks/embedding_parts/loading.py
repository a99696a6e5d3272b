"""Two usual ways from files to vectors: everything in one thread, and a torch ``DataLoader``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

BATCH = 32


@lru_cache(maxsize=1)
def _model(folder: Path) -> Any:
    from transformers import CLIPModel

    return CLIPModel.from_pretrained(folder).eval()


class Pictures(Dataset[torch.Tensor]):
    """Files as prepared pixels, or as their mean colour where there is no model."""

    def __init__(self, tower: Path | None, files: Sequence[Path]) -> None:
        self._tower = tower
        self._files = files
        self._processor: Any = None

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, number: int) -> torch.Tensor:
        picture = Image.open(self._files[number]).convert("RGB")
        if self._tower is None:
            pixels = np.asarray(picture)
            return torch.from_numpy(pixels[::32, ::32].reshape(-1, 3).mean(axis=0) + 1)
        if self._processor is None:
            from transformers import CLIPImageProcessorPil

            self._processor = CLIPImageProcessorPil.from_pretrained(self._tower)
        return self._processor(images=picture, return_tensors="pt")["pixel_values"][0]


def one_thread_rows(tower: Path | None, files: Sequence[Path], threads: int) -> int:
    """Load, prepare and encode batch by batch; torch computes on ``threads``."""
    data = Pictures(tower, files)
    torch.set_num_threads(threads)
    encode = _encoder(tower)
    count = 0
    for start in range(0, len(files), BATCH):
        stop = min(start + BATCH, len(files))
        count += len(encode(torch.stack([data[n] for n in range(start, stop)])))
    return count


def dataloader_rows(tower: Path | None, files: Sequence[Path], threads: int) -> int:
    """Load and prepare in as many workers as threads, and encode here."""
    torch.set_num_threads(threads)
    encode = _encoder(tower)
    loader = DataLoader(Pictures(tower, files), batch_size=BATCH, num_workers=threads)
    return sum(len(encode(batch)) for batch in loader)


def _encoder(tower: Path | None) -> Callable[[torch.Tensor], np.ndarray]:
    def encode(batch: torch.Tensor) -> np.ndarray:
        if tower is None:
            return batch.numpy()
        with torch.inference_mode():
            rows = _model(tower).get_image_features(pixel_values=batch).pooler_output
            return (rows / rows.norm(dim=-1, keepdim=True)).numpy()

    return encode
