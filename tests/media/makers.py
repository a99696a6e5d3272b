"""Small good files of every format that can be decoded, made by other writers than ours."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from PIL import Image

RATE = 22050


def picture(width: int = 60, height: int = 40) -> np.ndarray:
    """A red to green gradient with a blue square in the upper left corner."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = np.linspace(0, 250, width)
    pixels[..., 1] = np.linspace(250, 0, height)[:, None]
    pixels[: height // 4, : height // 4] = (0, 0, 255)
    return pixels


def noise(width: int = 60, height: int = 40) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def tone(seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    at = np.arange(int(seconds * rate)) / rate
    hiss = np.random.default_rng(0).normal(0, 0.01, len(at))
    return (0.5 * np.sin(2 * np.pi * 440 * at) + hiss).astype(np.float32)


def write_image(path: Path) -> Path:
    Image.fromarray(noise()).save(path)
    return path


def write_sound(path: Path) -> Path:
    soundfile.write(path, tone(), RATE)
    return path


def write_av_sound(path: Path, codec: str, rate: int = 48000, **options: str) -> Path:
    sound = tone(1.0, rate)
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        for start in range(0, len(sound), 960):
            frame = av.AudioFrame.from_ndarray(
                sound[None, start : start + 960], format="fltp", layout="mono"
            )
            frame.sample_rate, frame.pts = rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_video(
    path: Path, codec: str = "mpeg4", frames: int = 40, size: int = 64, **options: str
) -> Path:
    """The upper half of frame i shows the bits of i, white for 1; its lower half is noise."""
    grain = np.random.default_rng(0)
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=16)
        stream.width = stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = 10
        for i in range(frames):
            pixels = np.zeros((size, size, 3), np.uint8)
            for bit in range(8):
                pixels[:, bit * size // 8 : (bit + 1) * size // 8] = 255 * (i >> bit & 1)
            pixels[size // 2 :] = grain.integers(0, 256, (size - size // 2, size, 3))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def write_timed_video(
    path: Path,
    times: Sequence[int],
    *,
    tick: Fraction = Fraction(1, 1000),
    codec: str = "mpeg4",
    rate: Fraction | int = 25,
    size: int = 64,
    gop: int = 10,
    **options: str,
) -> Path:
    """Frame i shows the bits of i, and is shown at ``times[i]`` ticks."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.width = stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = gop
        stream.codec_context.time_base = stream.time_base = tick
        for i, time in enumerate(times):
            pixels = np.zeros((size, size, 3), np.uint8)
            for bit in range(8):
                pixels[:, bit * size // 8 : (bit + 1) * size // 8] = 255 * (i >> bit & 1)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = int(time), tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


CUBE = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float32)
QUADS = np.array(
    [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
)
TRIANGLES = np.concatenate([QUADS[:, [0, 1, 2]], QUADS[:, [0, 2, 3]]])
COLORS = (CUBE * 200).astype(np.uint8)


def write_ply(path: Path, kind: str = "binary_little_endian", faces: np.ndarray = QUADS) -> Path:
    order = {"binary_little_endian": "<", "binary_big_endian": ">", "ascii": ""}[kind]
    head = (
        f"ply\nformat {kind} 1.0\ncomment a cube\nelement vertex {len(CUBE)}\n"
        "property float x\nproperty float y\nproperty float z\n"
        "property uchar red\nproperty uchar green\nproperty uchar blue\n"
        f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    ).encode()
    rows = zip(CUBE.tolist(), COLORS.tolist(), strict=True)
    if kind == "ascii":
        lines = [" ".join(map(str, [*xyz, *rgb])) for xyz, rgb in rows]
        lines += [" ".join(map(str, [len(face), *face])) for face in faces.tolist()]
        path.write_bytes(head + "\n".join(lines).encode() + b"\n")
        return path
    body = b"".join(struct.pack(f"{order}3f3B", *xyz, *rgb) for xyz, rgb in rows)
    body += b"".join(struct.pack(f"{order}B{len(f)}i", len(f), *f) for f in faces.tolist())
    path.write_bytes(head + body)
    return path


def write_npy(path: Path) -> Path:
    np.save(path, np.concatenate([CUBE, COLORS / 255], axis=1).astype(np.float32))
    return path


def gltf_tree(uri: str | None = None) -> tuple[dict, bytes]:
    """A document with one red cube, moved 5 along x by its node, and its buffer."""
    indices = TRIANGLES.astype("<u2").tobytes()
    data = CUBE.astype("<f4").tobytes() + indices
    buffer = {"byteLength": len(data)} | ({} if uri is None else {"uri": uri})
    tree = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "translation": [5, 0, 0]}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1]}}],
        "buffers": [buffer],
        "bufferViews": [
            {"buffer": 0, "byteLength": CUBE.nbytes},
            {"buffer": 0, "byteOffset": CUBE.nbytes, "byteLength": len(indices)},
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 8, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5123, "count": 36, "type": "SCALAR"},
        ],
    }
    return tree, data


def write_glb(path: Path, tree: dict | None = None, data: bytes | None = None) -> Path:
    plain, buffer = gltf_tree()
    text = json.dumps(plain if tree is None else tree).encode()
    text += b" " * (-len(text) % 4)
    data = buffer if data is None else data
    data += b"\0" * (-len(data) % 4)
    length = 12 + 8 + len(text) + 8 + len(data)
    path.write_bytes(
        struct.pack("<4sII", b"glTF", 2, length)
        + struct.pack("<I4s", len(text), b"JSON")
        + text
        + struct.pack("<I4s", len(data), b"BIN\0")
        + data
    )
    return path


def write_stl(path: Path) -> Path:
    rows = [struct.pack("<12fH", 0, 0, 0, *CUBE[face].ravel(), 0) for face in TRIANGLES]
    path.write_bytes(b"made by a test".ljust(80) + struct.pack("<I", len(rows)) + b"".join(rows))
    return path


def write_ascii_stl(path: Path) -> Path:
    lines = ["solid cube"]
    for face in TRIANGLES:
        lines += ["facet normal 0 0 0", "outer loop"]
        lines += [f"vertex {x} {y} {z}" for x, y, z in CUBE[face]]
        lines += ["endloop", "endfacet"]
    path.write_text("\n".join([*lines, "endsolid cube\n"]))
    return path


def write_obj(path: Path) -> Path:
    lines = [f"v {x} {y} {z}" for x, y, z in CUBE]
    lines += [f"f {a} {b} {c}" for a, b, c in TRIANGLES + 1]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_off(path: Path) -> Path:
    lines = ["OFF", f"{len(CUBE)} {len(QUADS)} 0"]
    lines += [f"{x} {y} {z}" for x, y, z in CUBE]
    lines += [f"4 {a} {b} {c} {d}" for a, b, c, d in QUADS]
    path.write_text("\n".join(lines) + "\n")
    return path


MAKERS: dict[str, dict[str, Callable[[Path], Path]]] = {
    "image": {f"a.{kind}": write_image for kind in ("png", "jpg", "webp", "gif", "bmp", "tiff")},
    "audio": {
        **{f"a.{kind}": write_sound for kind in ("wav", "flac", "ogg", "mp3", "aiff", "au")},
        "b.m4a": lambda path: write_av_sound(path, "aac"),
        "b.aac": lambda path: write_av_sound(path, "aac"),
        "b.webm": lambda path: write_av_sound(path, "libopus"),
        "b.opus": lambda path: write_av_sound(path, "libopus"),
    },
    "video": {
        "a.mp4": write_video,
        "fast.mp4": lambda path: write_video(path, movflags="faststart"),
        "a.mkv": write_video,
        "a.avi": write_video,
        "a.mov": write_video,
        "a.webm": lambda path: write_video(path, "libvpx-vp9"),
        "vp8.webm": lambda path: write_video(path, "libvpx"),
    },
    "points": {
        "little.ply": write_ply,
        "big.ply": lambda path: write_ply(path, "binary_big_endian"),
        "ascii.ply": lambda path: write_ply(path, "ascii"),
        "a.npy": write_npy,
        "a.glb": write_glb,
        "a.stl": write_stl,
        "ascii.stl": write_ascii_stl,
        "a.obj": write_obj,
        "a.off": write_off,
    },
}
EVERY_FILE = [(modality, name) for modality, makers in MAKERS.items() for name in makers]


def make(folder: Path, modality: str, name: str) -> Path:
    return MAKERS[modality][name](folder / name)
