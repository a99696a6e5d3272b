"""Copies of files as people make them: recompressed, smaller, cropped, quieter, shuffled."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import av
import numpy as np
import soundfile
import soxr
from PIL import Image

from pentad.media.decode import decode
from pentad.media.types import Points

COLUMNS = ("file_name", "caption", "concept", "source_dataset", "dataset_license")


def write_set(
    root: Path, media: Mapping[str, Sequence[tuple[Path, str]]], captions: Sequence[str] = ()
) -> Path:
    """Write a set in the neutral layout: modality -> (file there already, its caption)."""
    tables = {m: [(p.name, c) for p, c in rows] for m, rows in media.items()}
    if captions:
        tables["text"] = [("", caption) for caption in captions]
    for modality, rows in tables.items():
        (root / modality).mkdir(parents=True, exist_ok=True)
        with (root / modality / "captions.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if modality == "text":
                writer.writerows([("caption",), *((caption,) for _, caption in rows)])
            else:
                writer.writerows([COLUMNS, *((n, c, "", "made", "CC0-1.0") for n, c in rows)])
    return root


def jpeg(source: Path, target: Path) -> None:
    """Save at quality 60."""
    Image.open(source).convert("RGB").save(target, quality=60)


def half(source: Path, target: Path) -> None:
    """Halve both sides."""
    picture = Image.open(source).convert("RGB")
    picture.resize((picture.width // 2, picture.height // 2)).save(target)


def cropped(source: Path, target: Path) -> None:
    """Cut 2 % off every side."""
    picture = Image.open(source).convert("RGB")
    x, y = round(0.02 * picture.width), round(0.02 * picture.height)
    picture.crop((x, y, picture.width - x, picture.height - y)).save(target)


def resampled(source: Path, target: Path) -> None:
    """Change 16 or whatever kHz to 22.05 kHz."""
    samples, rate = soundfile.read(source)
    soundfile.write(target, soxr.resample(samples, rate, 22050), 22050)


def quiet(source: Path, target: Path) -> None:
    """Take 6 dB off."""
    samples, rate = soundfile.read(source)
    soundfile.write(target, 0.5 * samples, rate)


def lossy(source: Path, target: Path) -> None:
    """Write as MP3 or Ogg, as the target is called."""
    samples, rate = soundfile.read(source)
    wanted = 44100 if target.suffix == ".mp3" else rate
    soundfile.write(target, soxr.resample(samples, rate, wanted), wanted)


def later(source: Path, target: Path) -> None:
    """Leave out the first 0.3 seconds, which is no whole number of frames of a print."""
    samples, rate = soundfile.read(source)
    soundfile.write(target, samples[round(0.3 * rate) :], rate)


def small_video(source: Path, target: Path) -> None:
    """Encode again at three quarters of the size."""
    with av.open(str(source)) as given, av.open(str(target), "w") as made:
        rate = given.streams.video[0].average_rate
        stream = None
        for frame in given.decode(video=0):
            picture = frame.to_image()
            size = (picture.width * 3 // 8 * 2, picture.height * 3 // 8 * 2)
            if stream is None:
                stream = made.add_stream("mpeg4", rate=rate)
                stream.width, stream.height = size
                stream.bit_rate = 1_000_000
            made.mux(stream.encode(av.VideoFrame.from_image(picture.resize(size))))
        made.mux(stream.encode())


def _cloud(change: Callable[[np.ndarray, np.random.Generator], np.ndarray], shuffle: bool = False):
    def made(source: Path, target: Path) -> None:
        random = np.random.default_rng(0)
        cloud = decode(str(source), "points")
        assert isinstance(cloud, Points)
        xyz = change(cloud.xyz.astype(np.float64), random)
        order = random.permutation(len(xyz)) if shuffle else np.arange(len(xyz))
        faces = None if cloud.faces is None else np.argsort(order)[cloud.faces]
        write_ply(target, xyz[order], None if cloud.rgb is None else cloud.rgb[order], faces)

    return made


permuted = _cloud(lambda xyz, _: xyz, shuffle=True)
scaled = _cloud(lambda xyz, _: 7.5 * xyz + [3.0, -2.0, 11.0])
jittered = _cloud(lambda xyz, random: xyz + random.normal(scale=0.005 * xyz.std(), size=xyz.shape))


def write_ply(path: Path, xyz: np.ndarray, rgb=None, faces=None) -> None:
    """Write a PLY as text."""
    lines = ["ply", "format ascii 1.0", f"element vertex {len(xyz)}"]
    lines += [f"property float {axis}" for axis in "xyz"]
    lines += [] if rgb is None else [f"property uchar {c}" for c in ("red", "green", "blue")]
    if faces is not None:
        lines += [f"element face {len(faces)}", "property list uchar int vertex_indices"]
    lines.append("end_header")
    for row, point in enumerate(xyz):
        color = "" if rgb is None else " " + " ".join(map(str, rgb[row]))
        lines.append(" ".join(f"{value:.6f}" for value in point) + color)
    lines += [] if faces is None else [f"3 {a} {b} {c}" for a, b, c in faces]
    path.write_text("\n".join(lines) + "\n")


Transform = Callable[[Path, Path], None]
TRANSFORMS: dict[str, dict[str, tuple[Transform, str]]] = {
    "image": {"jpeg": (jpeg, "jpg"), "half": (half, "png"), "cropped": (cropped, "png")},
    "audio": {
        "resampled": (resampled, "wav"),
        "quiet": (quiet, "wav"),
        "mp3": (lossy, "mp3"),
        "ogg": (lossy, "ogg"),
        "later": (later, "wav"),
    },
    "video": {"small": (small_video, "mp4")},
    "points": {
        "permuted": (permuted, "ply"),
        "scaled": (scaled, "ply"),
        "jittered": (jittered, "ply"),
    },
}
