"""Tiny media that decode, and tables in which what belongs together looks and sounds alike.

Every item and every caption of a tree gets one of `CONCEPTS`, by its place. Groups join items of
their caption's concept; a triplet is GOOD where its rated item has it, else BAD.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import polars as pl
from PIL import Image

from tests.emm1_trees import MEDIA, Tree, make_emm1, write_frame

CONCEPTS = ("bell", "dog", "river", "engine")
_COLORS = ((230, 40, 40), (40, 200, 60), (50, 70, 230), (230, 220, 60))
_PITCHES = (220, 470, 1000, 2100)
_RATE = 16000


def make_planted(root: Path, *, captions: int = 48, items: int = 16, triplets: int = 48) -> Tree:
    """Write a tree of both splits and EShot with media, every fifth one absent."""
    texts = [f"{('a', 'one', 'the')[n // 4 % 3]} {CONCEPTS[n % 4]} {n}" for n in range(64)]
    tree = make_emm1(
        root, captions=captions, items=items, triplets=triplets, nn=1, eshot=True, media=True,
        texts=texts,
    )  # fmt: skip
    for (split, modality), table in tree.infos.items():
        for place, row in enumerate(table.iter_rows(named=True)) if modality != "text" else ():
            path = tree.item_path(split, modality, row[f"encord_{modality}_id"]) or ""
            if path.removeprefix(f"{tree.root}/") in tree.present:
                write_medium(Path(path), place % 4, place + items * (split == "1m"))
    for number, path in enumerate(sorted((root / "eshot").rglob("*.*"))):
        write_medium(path, eshot_concept(path), number)
    _plant_groups(tree)
    _plant_triplets(tree)
    return tree


def concept_of(tree: Tree, split: str, modality: str) -> dict[int, int]:
    """Return published id -> number of its concept."""
    ids = tree.infos[split, modality][f"encord_{modality}_id"].to_list()
    if modality != "text":
        return {number: place % 4 for place, number in enumerate(ids)}
    words = [text.split()[1] for text in tree.infos[split, "text"]["caption"]]
    return {number: CONCEPTS.index(word) for number, word in zip(ids, words, strict=True)}


def eshot_concept(path: Path) -> int:
    """Return the concept of a file of EShot: the class that `make_emm1` gives it."""
    if path.suffix == ".npy":
        return int(int(path.stem, 16) < 2)  # clouds 0 and 1 are of the dog, 2 and 3 of the bell
    return int(path.stem.split("_")[0] in ("yt0", "yt3"))


def write_medium(path: Path, concept: int, seed: int) -> None:
    """Write a picture, a film with sound, or a cloud of a concept, no two alike."""
    rng = np.random.default_rng(seed)
    writers: dict[str, Callable[..., None]] = {".jpg": _picture, ".mp4": _film, ".npy": _cloud}
    writers[path.suffix](path, concept, rng)


def _pixels(concept: int, rng: np.random.Generator, size: int = 48) -> np.ndarray:
    pixels = np.zeros((size, size, 3)) + np.array(_COLORS[concept])
    pixels[:: concept + 2] *= 0.4
    return np.clip(pixels + rng.normal(0, 12, pixels.shape), 0, 255).astype(np.uint8)


def _picture(path: Path, concept: int, rng: np.random.Generator) -> None:
    Image.fromarray(_pixels(concept, rng)).save(path, "JPEG")


def _film(path: Path, concept: int, rng: np.random.Generator) -> None:
    at = np.arange(_RATE // 2) / _RATE
    tone = np.sin(2 * np.pi * _PITCHES[concept] * at) * np.exp(-2 * at)
    sound = (0.5 * tone + rng.normal(0, 0.01, len(at))).astype(np.float32)
    with av.open(str(path), "w") as container:
        film = container.add_stream("mpeg4", rate=8)
        film.width = film.height = 48
        film.pix_fmt = "yuv420p"
        voice = container.add_stream("aac", rate=_RATE, layout="mono")
        for _ in range(4):
            frame = av.VideoFrame.from_ndarray(_pixels(concept, rng), format="rgb24")
            container.mux(film.encode(frame))
        container.mux(film.encode(None))
        for start in range(0, len(sound), 1024):
            part = av.AudioFrame.from_ndarray(
                sound[None, start : start + 1024], format="fltp", layout="mono"
            )
            part.sample_rate, part.pts = _RATE, start
            container.mux(voice.encode(part))
        container.mux(voice.encode(None))


def _cloud(path: Path, concept: int, rng: np.random.Generator) -> None:
    stretch = np.array([(1, 1, 1), (1, 0.1, 0.1), (1, 1, 0.05), (0.3, 1, 0.6)][concept])
    points = rng.normal(0, 1, (256, 3)) * stretch
    colors = np.clip(np.array(_COLORS[concept]) / 255 + rng.normal(0, 0.02, (256, 3)), 0, 1)
    np.save(path, np.hstack([points, colors]).astype(np.float32))


def _of_concept(tree: Tree, split: str, modality: str, concept: int, turn: int) -> int:
    known = [n for n, c in concept_of(tree, split, modality).items() if c == concept]
    return known[turn % len(known)]


def _plant_groups(tree: Tree) -> None:
    texts = concept_of(tree, "100m", "text")
    concepts = [texts[number] for number in tree.groups[1]["encord_text_id"]]
    columns = [
        pl.Series(
            f"encord_{m}_id",
            [_of_concept(tree, "100m", m, c, turn) for turn, c in enumerate(concepts)],
            pl.UInt32,
        )
        for m in MEDIA
    ]
    tree.groups[1] = tree.groups[1].with_columns(columns)
    write_frame(tree.path("100m", "nn_1/data_groups.csv"), tree.groups[1])


def _plant_triplets(tree: Tree) -> None:
    texts = concept_of(tree, "1m", "text")
    rows = []
    for turn, row in enumerate(tree.triplets.iter_rows(named=True)):
        concept, other = texts[row["encord_text_id"]], (texts[row["encord_text_id"]] + turn % 2) % 4
        paired, rated = row["paired_modality"], row["annotated_modality"]
        rows.append(
            row
            | {
                "encord_paired_id": _of_concept(tree, "1m", paired, concept, turn),
                "encord_annotated_id": _of_concept(tree, "1m", rated, other, turn // 2),
                "annotation": 1 if other == concept else 3,
            }
        )
    tree.triplets = pl.DataFrame(rows, schema=tree.triplets.schema)
    write_frame(tree.path("1m", "triplets.csv"), tree.triplets)
