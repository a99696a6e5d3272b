"""Small trees of EShot, in the published form, with or without media."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

CLASSES = {"airplane": (3, 2), "bell": (2, 4), "cat": (4, 3), "drum": (2, 2), "engine": (3, 4)}
"""Class -> how many sounds and clouds it has."""


def make_eshot(folder: Path, *, media: Path | None = None, clouds: str = "points") -> Path:
    """Write the four files of a small EShot, ids and rows in no order; return ``folder``."""
    audio, points = (rows_of(i) for i in (0, 1))
    audio_ids = {name: [100 + row for row in rows] for name, rows in audio.items()}
    point_ids = {name: [file_id(row) for row in rows] for name, rows in points.items()}
    write_audio(folder, [(100 + row, f"clip-{row}.mp4", "eshot") for row in order(audio)])
    write_points(folder, [(row, file_id(row), f"{file_id(row)}.npy") for row in order(points)])
    write_categories(folder, "audio", audio_ids)
    write_categories(folder, "point", dict(reversed(point_ids.items())))
    if media is not None:
        for row in order(audio):
            write_file(media / "eshot" / "audio" / f"clip-{row}.mp4", b"sound")
        for row in order(points):
            write_cloud(media / "eshot" / clouds / f"{file_id(row)}.npy", row)
    return folder


def rows_of(place: int) -> dict[str, list[int]]:
    """Return class -> numbers of its sounds (0) or clouds (1)."""
    ends = np.cumsum([sizes[place] for sizes in CLASSES.values()])
    return {
        name: list(range(end - sizes[place], end))
        for (name, sizes), end in zip(CLASSES.items(), ends.tolist(), strict=True)
    }


def order(rows: Mapping[str, Sequence[int]]) -> list[int]:
    """Return all numbers in the order of the info table."""
    numbers = [row for each in rows.values() for row in each]
    return np.random.default_rng(len(numbers)).permutation(numbers).tolist()


def file_id(row: int) -> str:
    """Return the Objaverse id of a cloud."""
    return f"{row:02x}" * 16


def write_audio(folder: Path, rows: Sequence[tuple[int, str, str]]) -> Path:
    """Write the table of sounds: id, file name, save folder."""
    lines = [f"{number},yt-{number},1,11,{name},{save}" for number, name, save in rows]
    header = "eshot_audio_id,youtube_id,start_time,end_time,file_name,save_folder"
    return write_file(folder / "eshot_audio_info.csv", "\n".join([header, *lines, ""]).encode())


def write_points(
    folder: Path,
    rows: Sequence[tuple[int, str, str]],
    header: str = "eshot_point_id,file_id,file_name,save_folder",
) -> Path:
    """Write the table of clouds: id, file id, file name."""
    lines = [f"{number},{file},{name},eshot" for number, file, name in rows]
    return write_file(folder / "eshot_points_info.csv", "\n".join([header, *lines, ""]).encode())


def write_categories(folder: Path, kind: str, categories: object) -> Path:
    """Write one of the category files; ``kind`` is ``audio`` or ``point``."""
    path = folder / f"category_to_{kind}_ids.json"
    return write_file(path, json.dumps(categories).encode())


def write_cloud(path: Path, seed: int) -> Path:
    """Write a plain cloud."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.random.default_rng(seed).random((40, 6)).astype(np.float32))
    return path


def write_file(path: Path, data: bytes) -> Path:
    """Write bytes, making the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
