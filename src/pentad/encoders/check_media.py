"""Made-up pictures and sounds of which one can say in words what they are, and files of inputs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.core.seeds import generator
from pentad.encoders.samples import sample_input
from pentad.media.types import Audio, DecodeOptions, Image, Points, Video

_COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (220, 30, 30),
    "green": (30, 160, 50),
    "blue": (40, 70, 220),
    "yellow": (245, 215, 30),
}
_SHAPES = ("square", "circle", "triangle")
_SIDE, _RATE, _SECONDS = 224, 48_000, 3.0


def captioned_pictures() -> list[tuple[str, Image]]:
    """Return 12 pictures of one shape in one colour on white, each with its caption."""
    return [
        (f"a photo of a {colour} {shape}", Image(_drawn(shape, _COLOURS[colour])))
        for colour, shape in product(_COLOURS, _SHAPES)
    ]


def captioned_sounds() -> list[tuple[str, Audio]]:
    """Return 5 sounds that a few lines can make, each with its caption."""
    time = np.arange(int(_RATE * _SECONDS)) / _RATE
    noise = generator(0, "captioned sounds").normal(0, 0.2, len(time))
    waves = {
        "a high-pitched beep": np.sin(2 * np.pi * 2000 * time),
        "a low hum": np.sin(2 * np.pi * 90 * time) + 0.4 * np.sin(2 * np.pi * 180 * time),
        "white noise": noise,
        "the ticking of a clock": noise * (time * 2 % 1 < 0.02) * 4,
        "a siren": np.sin(2 * np.pi * (900 * time - 60 * np.cos(2 * np.pi * time))),
    }
    return [
        (caption, Audio((0.3 * wave).astype(np.float32), _RATE)) for caption, wave in waves.items()
    ]


def sample_file(folder: Path, modality: Modality) -> Path | None:
    """Write one made-up input as a file that the decoders read; None for captions."""
    media = sample_input(modality, 0, DecodeOptions(video_frames=12))
    if isinstance(media, Image):
        from PIL import Image as Pillow

        Pillow.fromarray(media.pixels).save(folder / "sample.png")
        return folder / "sample.png"
    if isinstance(media, Audio):
        import soundfile

        soundfile.write(folder / "sample.wav", media.samples, media.rate, subtype="FLOAT")
        return folder / "sample.wav"
    if isinstance(media, Video):
        return _as_video(folder / "sample.mp4", media)
    return _as_ply(folder / "sample.ply", media) if isinstance(media, Points) else None


def _drawn(shape: str, colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    from PIL import Image as Pillow
    from PIL import ImageDraw

    picture = Pillow.new("RGB", (_SIDE, _SIDE), "white")
    pen = ImageDraw.Draw(picture)
    low, high = _SIDE // 5, _SIDE - _SIDE // 5
    if shape == "square":
        pen.rectangle((low, low, high, high), fill=colour)
    elif shape == "circle":
        pen.ellipse((low, low, high, high), fill=colour)
    else:
        pen.polygon([(_SIDE // 2, low), (low, high), (high, high)], fill=colour)
    return np.asarray(picture)


def _as_video(file: Path, video: Video) -> Path:
    import av

    with av.open(str(file), "w") as container:
        stream = container.add_stream("mpeg4", rate=12)
        stream.height, stream.width = video.frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for pixels in video.frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file


def _as_ply(file: Path, points: Points) -> Path:
    colours = np.zeros_like(points.xyz, np.uint8) if points.rgb is None else points.rgb
    head = [
        "ply",
        "format ascii 1.0",
        f"element vertex {len(points.xyz)}",
        *(f"property float {axis}" for axis in "xyz"),
        *(f"property uchar {name}" for name in ("red", "green", "blue")),
        "end_header",
    ]
    rows = [
        f"{x:.6f} {y:.6f} {z:.6f} {r} {g} {b}"
        for (x, y, z), (r, g, b) in zip(points.xyz.tolist(), colours.tolist(), strict=True)
    ]
    file.write_text("\n".join([*head, *rows]) + "\n", encoding="ascii")
    return file
