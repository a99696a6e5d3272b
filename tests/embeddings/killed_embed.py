"""Embeds the pictures of a workspace, four a shard; a program of its own, so that it can be killed.

    python killed_embed.py WORKSPACE LOG [retry]

Every picture that is encoded is told in LOG by its colour, before it is encoded.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pentad.core.errors import PentadError
from pentad.embeddings import shards
from pentad.embeddings.embed import embed_workspace
from pentad.embeddings.work import EmbedOptions
from pentad.media.types import Image
from pentad.store.workspace import Workspace
from tests.embeddings.toy import Toy

SHARD_ROWS = 4


class Telling(Toy):
    """A `Toy` that tells what it encodes, and takes its time."""

    rows_a_run = 2

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = log

    def encode(
        self, inputs: Sequence[Image], *, modality: str, batch_size: int | None = None
    ) -> np.ndarray:
        for item in inputs:
            with self._log.open("a") as log:
                log.write(f"{colour(item.pixels)}\n")
                log.flush()
                os.fsync(log.fileno())
            time.sleep(0.005)
        return super().encode(inputs, modality=modality, batch_size=batch_size)


def colour(pixels: np.ndarray) -> str:
    """Return the colour of the first pixel."""
    return "-".join(str(value) for value in pixels[0, 0].tolist())


def main(root: str, log: str, *words: str) -> None:
    """Embed."""
    shards.SHARD_ROWS = SHARD_ROWS
    opened = Workspace.open(root)
    print("started", flush=True)
    options = EmbedOptions(workers=1, retry_failed="retry" in words)
    with opened.writing():
        items = opened.catalog().items("image")
        embed_workspace(opened, items, Telling(Path(log)), options=options)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except PentadError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
