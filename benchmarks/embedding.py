"""Embedding files against the bare encoder, bare decoding, and the usual ways of loading.

    python benchmarks/embedding.py DIR [--only encoder decoder many] [--repeat 3] [--threads 2]
                                       [--onnx FOLDER] [--many 100000]

DIR gets pictures and a model with random numbers, made from seeds, and may be removed afterwards.

encoder    256 photographs' worth of JPEG (640 x 480) through a vision transformer of the size of
           CLIP ViT-B/16: the encoder is the limit. The bound is ``encode()`` of pictures that are
           decoded already.
decoder    1,024 large JPEG (2048 x 1536), of which the encoder takes a mean colour: decoding is the
           limit. The bound is the decoder processes alone.
many       100,000 small pictures through the built-in image encoder, and through an ONNX model
           (``--onnx``): rate, and the most memory of all processes, at a fifth, half and all.

Each bound is compared with ``pentad embed`` into a fresh workspace, with one thread that loads,
prepares and encodes batch by batch, as simple embedding scripts do, and with a torch ``DataLoader``
of as many workers as there are threads. All sides run in turn; printed are medians.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from embedding_parts.loading import dataloader_rows, one_thread_rows
from embedding_parts.pictures import make_pictures
from embedding_parts.processes import TreeClock
from embedding_parts.tower import make_tower

from pentad.embeddings.embed import embed_workspace
from pentad.embeddings.work import EmbedOptions
from pentad.encoders.protocol import Encoder
from pentad.encoders.registry import get_encoder
from pentad.encoders.wrap import as_encoder
from pentad.media.decode import decode
from pentad.media.types import Image
from pentad.media.worker import DecodePool, DecodeRequest
from pentad.sources.read import read_source
from pentad.store.workspace import Workspace

SIDE = 224
PARTS = ("encoder", "decoder", "many")


@dataclass(frozen=True)
class Side:
    """One way of doing it."""

    name: str
    run: Callable[[], int]


def workspace_of(root: Path, pictures: Path) -> Workspace:
    shutil.rmtree(root, ignore_errors=True)
    made = Workspace.create(root)
    with made.writing():
        made.add(read_source(pictures, modality="image"))
    return made


def embedded(workspace: Workspace, encoder: Encoder, workers: int) -> int:
    shutil.rmtree(workspace.root / "embeddings", ignore_errors=True)
    items = workspace.catalog().items("image")
    with workspace.writing():
        options = EmbedOptions(workers=workers)
        return embed_workspace(workspace, items, encoder, options=options).encoded


def compare(title: str, sides: Sequence[Side], repeat: int) -> None:
    """Run all sides in turn and print medians; the first side is the bound."""
    clocks: dict[str, list[TreeClock]] = {side.name: [] for side in sides}
    counts: dict[str, int] = {}
    for _ in range(repeat):
        for side in sides:
            with TreeClock() as clock:
                counts[side.name] = side.run()
            clocks[side.name].append(clock)
    print(f"\n{title}")
    print(f"{'':32} {'items/s':>8} {'of bound':>9} {'CPU ms':>8} {'peak MiB':>9}")
    bound = 0.0
    for name, taken in clocks.items():
        wall, cpu, peak = (
            statistics.median(getattr(c, what) for c in taken) for what in ("wall", "cpu", "peak")
        )
        rate = counts[name] / wall
        bound = bound or rate
        each = 1000 * cpu / counts[name]
        print(f"{name:32} {rate:8.1f} {rate / bound:9.1%} {each:8.2f} {peak:9.0f}")


def compare_encoder(root: Path, threads: int, repeat: int) -> None:
    pictures = make_pictures(root / "medium-256", 256, 640, 480)
    tower = make_tower(root / "tower", SIDE)
    encoder = get_encoder(str(tower))
    files = sorted(pictures.iterdir())
    options = encoder.decode_options("image")
    media = [decode(file, "image", options) for file in files]
    workspace = workspace_of(root / "ws-medium", pictures)
    sides = [
        Side("encode() of decoded pictures", lambda: len(encoder.encode(media, modality="image"))),
        Side("pentad embed", lambda: embedded(workspace, encoder, threads)),
        Side("one thread, batches of 32", lambda: one_thread_rows(tower, files, threads)),
        Side("torch DataLoader", lambda: dataloader_rows(tower, files, threads)),
    ]
    compare("the encoder is the limit (ViT-B/16, 640 x 480 JPEG)", sides, repeat)


class MeanColour:
    """Next to no encoder at all."""

    dim = 3

    def encode(self, pictures: Sequence[Image]) -> np.ndarray:
        """Return the mean of every 32nd pixel of every 32nd row."""
        return np.array([p.pixels[::32, ::32].reshape(-1, 3).mean(axis=0) + 1 for p in pictures])


def compare_decoder(root: Path, threads: int, repeat: int) -> None:
    pictures = make_pictures(root / "large", 1024, 2048, 1536)
    encoder = as_encoder(MeanColour(), name="mean-colour", modality="image", dim=3)
    files = sorted(pictures.iterdir())
    workspace = workspace_of(root / "ws-large", pictures)

    def decoded() -> int:
        with DecodePool(threads) as pool:
            return sum(1 for _ in pool.map(DecodeRequest(file, "image") for file in files))

    sides = [
        Side("decoder processes alone", decoded),
        Side("pentad embed", lambda: embedded(workspace, encoder, threads)),
        Side("one thread, batches of 32", lambda: one_thread_rows(None, files, threads)),
        Side("torch DataLoader", lambda: dataloader_rows(None, files, threads)),
    ]
    compare("decoding is the limit (mean colour, 2048 x 1536 JPEG)", sides, repeat)


def measure_many(root: Path, count: int, threads: int, onnx: str | None) -> None:
    pictures = make_pictures(root / "small", count, 64, 48)
    names = ["image-descriptor", *([f"onnx:{Path(onnx).resolve()}"] if onnx else [])]
    print(f"\n{count:,} pictures of 64 x 48\n{'':24} {'items':>8} {'items/s':>8} {'peak MiB':>9}")
    for name in names:
        for share in (0.2, 0.5, 1.0):
            number = int(count * share)
            workspace = workspace_of(root / "ws-many", first_files(root / "part", pictures, number))
            command = [
                Path(sys.executable).with_name("pentad"),
                "embed",
                workspace.root,
                "-m",
                name,
                "--workers",
                threads,
            ]
            process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
            with TreeClock(process.pid) as clock:
                failed = process.wait()
            if failed:
                raise SystemExit(failed)
            title = name.rpartition("/")[2]
            print(
                f"{title:24} {number:8,} {number / clock.wall:8.1f} {clock.peak:9.0f}", flush=True
            )


def first_files(folder: Path, pictures: Path, count: int) -> Path:
    """Return a folder that holds links to the first pictures."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file in sorted(pictures.iterdir())[:count]:
        os.link(file, folder / file.name)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--onnx", help="folder of an image model with its card")
    parser.add_argument("--many", type=int, default=100_000)
    given = parser.parse_args()
    if len(given.only) > 1:
        # Each in a process of its own: the memory of one is not that of the next.
        for part in given.only:
            subprocess.run([sys.executable, *sys.argv, "--only", part], check=True)
        return
    os.environ["PENTAD_THREADS"] = str(given.threads)
    given.folder.mkdir(parents=True, exist_ok=True)
    print(f"{given.threads} threads, {time.strftime('%Y-%m-%d')}, load {os.getloadavg()[0]:.1f}")
    if given.only == ["encoder"]:
        compare_encoder(given.folder, given.threads, given.repeat)
    if given.only == ["decoder"]:
        compare_decoder(given.folder, given.threads, given.repeat)
    if given.only == ["many"]:
        measure_many(given.folder, given.many, given.threads, given.onnx)


if __name__ == "__main__":
    main()
