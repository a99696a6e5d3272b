"""Hostile clouds and meshes."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pentad.core.errors import Reason
from tests.media.hostile.kit import (
    BROKEN,
    CORRUPT,
    TOO_LARGE,
    TRUNCATED,
    UNSUPPORTED,
    World,
    Writer,
    made,
    of,
    png,
)
from tests.media.makers import CUBE, gltf_tree, write_glb

_entry = of("points")
_XYZ = "property float x\nproperty float y\nproperty float z\n"


def _ply(
    vertices: str, rows: bytes = CUBE.tobytes(), more: str = "", kind: str = "binary_little_endian"
) -> bytes:
    head = f"ply\nformat {kind} 1.0\nelement vertex {vertices}\n{_XYZ}{more}end_header\n"
    return head.encode() + rows


def _faces(rows: bytes, count: int = 1, length: str = "uint") -> bytes:
    more = f"element face {count}\nproperty list {length} int vertex_indices\n"
    return _ply("8", CUBE.tobytes() + rows, more)


def _npy(shape: str, kind: str = "'<f4'", data: bytes = CUBE.tobytes()) -> bytes:
    text = f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}".encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


class _Touch:
    """Unpickling this would make a file."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.canary}",)


def _pickled(path: Path, world: World) -> None:
    np.save(path, np.array([_Touch(world.canary)], object), allow_pickle=True)


def _pickled_cloud(path: Path, world: World) -> None:
    box = np.empty((), object)
    box[()] = {"xyz": CUBE, "rgb": CUBE, "extra": _Touch(world.canary)}
    np.save(path, box, allow_pickle=True)


def _bare_pickle(path: Path, world: World) -> None:
    path.write_bytes(pickle.dumps(_Touch(world.canary)))


def _npz() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xyz.npy", bytes(50 << 20))
    return file.getvalue()


def _gltf(change: Callable[[dict], object], uri: str | None = None) -> Writer:
    def write(path: Path, world: World) -> None:
        tree, _ = gltf_tree(None if uri is None else uri.format(world=world))
        change(tree)
        if path.suffix == ".glb":
            write_glb(path, tree)
        else:
            path.write_text(json.dumps(tree))

    return write


def _nothing(tree: dict) -> None:
    pass


def _link(path: Path, world: World) -> None:
    (path.parent / "data.bin").symlink_to(world.secret)
    path.write_text(json.dumps(gltf_tree("data.bin")[0]))


def _placed(count: int) -> Callable[[dict], None]:
    def change(tree: dict) -> None:
        tree["nodes"] = [{"mesh": 0}] * count
        tree["scenes"] = [{"nodes": list(range(count))}]

    return change


def _crowd(path: Path, world: World) -> None:
    """A mesh of 20,000 points, placed 3,000 times."""
    tree, _ = gltf_tree()
    points = np.random.default_rng(0).random((20_000, 3), np.float32).tobytes()
    tree["meshes"][0]["primitives"] = [{"attributes": {"POSITION": 0}, "mode": 0}]
    tree["accessors"][0]["count"] = 20_000
    tree["bufferViews"] = [{"buffer": 0, "byteLength": len(points)}]
    tree["buffers"] = [{"byteLength": len(points)}]
    _placed(3000)(tree)
    write_glb(path, tree, points)


def _texture_bomb(tree: dict) -> None:
    tree["images"] = [
        {"uri": "data:image/png;base64," + base64.b64encode(png(40_000, 40_000)).decode()}
    ]
    tree["textures"] = [{"source": 0}]
    tree["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
    tree["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"] = 0


def _overlapping(tree: dict) -> None:
    """Sixty million values on top of one another."""
    tree["accessors"][0]["count"] = 15_000_000
    tree["bufferViews"][0]["byteStride"] = 1


def _set(*keys: Any, value: Any) -> Callable[[dict], None]:
    def change(tree: dict) -> None:
        place: Any = tree
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return change


def _cycle(tree: dict) -> None:
    tree["nodes"] = [{"mesh": 0, "children": [1]}, {"mesh": 0, "children": [0]}]


def _stl(count: int, rows: bytes) -> bytes:
    return b"made by a test".ljust(80) + struct.pack("<I", count) + rows


def _corners(value: float) -> bytes:
    return struct.pack("<12fH", *[0.0] * 3, *[value] * 9, 0)


_CUBE_LINES = "".join(f"v {x} {y} {z}\n" for x, y, z in CUBE)
_DEEP = b'{"asset":{"version":"2.0"},"nodes":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
SHAPES = [
    _entry("5e10.ply", TOO_LARGE, _ply("50000000000")),
    _entry("1e18.ply", TOO_LARGE, _ply("9" * 18)),
    _entry("1e30.ply", CORRUPT, _ply("9" * 30)),
    _entry("negative.ply", CORRUPT, _ply("-8")),
    _entry("words.ply", CORRUPT, _ply("eight")),
    _entry("short.ply", TRUNCATED, _ply("20000000")),
    _entry("short-ascii.ply", TRUNCATED, _ply("20000000", b"0 0 0\n", kind="ascii")),
    _entry("nan.ply", Reason.NON_FINITE, _ply("8", np.full(24, np.nan, "<f4").tobytes())),
    _entry("inf.ply", Reason.NON_FINITE, _ply("8", np.full(24, np.inf, "<f4").tobytes())),
    _entry("list.ply", {CORRUPT, TRUNCATED}, _faces(struct.pack("<I", 1 << 31) + bytes(40))),
    _entry("negative-list.ply", CORRUPT, _faces(struct.pack("<i", -3) + bytes(40), 1, "int")),
    _entry("lists.ply", {TOO_LARGE, TRUNCATED}, _faces(bytes(40), 4_000_000_000)),
    _entry("corner.ply", CORRUPT, _faces(struct.pack("<I3i", 3, 0, 1, 1 << 30))),
    _entry("negative-corner.ply", CORRUPT, _faces(struct.pack("<I3i", 3, 0, 1, -1))),
    _entry(
        "properties.ply",
        CORRUPT,
        _ply("8", more="".join(f"property int p{i}\n" for i in range(400))),
    ),
    _entry("header.ply", TRUNCATED, b"ply\nformat ascii 1.0\n" + b"comment a\n" * 20_000),
    _entry(
        "long-word.ply",
        {CORRUPT, Reason.NON_FINITE},
        _ply("8", b"0 " * 23 + b"9" * 100_000, kind="ascii"),
    ),
    _entry("4e9.stl", TRUNCATED, _stl(0xFFFFFFFF, _corners(1.0))),
    _entry("none.stl", {TRUNCATED, CORRUPT, Reason.EMPTY}, _stl(0, b"")),
    _entry("nan.stl", Reason.NON_FINITE, _stl(2, _corners(float("nan")) * 2)),
    _entry("backtrack.stl", {TRUNCATED, CORRUPT}, b"solid a\nendsolid" + b" " * 300_000 + b"\nx"),
    _entry("vertices.stl", CORRUPT, b"solid a\n" + b"vertex 1 2 3\n" * 7 + b"endsolid a\n"),
    _entry("corners.obj", CORRUPT, (_CUBE_LINES + "f 1 2 999999999\n").encode()),
    _entry("far-back.obj", BROKEN, (_CUBE_LINES + "f -1 -2 -99999\n").encode()),
    _entry("huge-corner.obj", BROKEN, (_CUBE_LINES + "f 1 2 " + "9" * 40 + "\n").encode()),
    _entry("gon.obj", TOO_LARGE, made((_CUBE_LINES + "f" + " 1 2 3" * 400_000 + "\n").encode)),
    _entry("nan.obj", {Reason.NON_FINITE, *BROKEN}, b"v nan 0 0\nv 1 0 0\nv 0 inf 0\nf 1 2 3\n"),
    _entry("nothing.obj", {Reason.EMPTY, *BROKEN}, b"# nothing\n" * 50),
    _entry("1e12.off", TOO_LARGE, b"OFF\n1000000000000 4 0\n0 0 0\n"),
    _entry("negative.off", CORRUPT, b"OFF\n-8 4 0\n0 0 0\n"),
    _entry("gon.off", CORRUPT, b"OFF\n3 1 0\n0 0 0\n0 1 0\n1 0 0\n2000000000 0 1 2\n"),
    _entry("outside.gltf", Reason.OUTSIDE_ROOT, _gltf(_nothing, "../../../../etc/passwd")),
    _entry("absolute.gltf", Reason.OUTSIDE_ROOT, _gltf(_nothing, "{world.secret}")),
    _entry(
        "file.gltf",
        {Reason.MISSING_FILE, Reason.OUTSIDE_ROOT},
        _gltf(_nothing, "file://{world.secret}"),
    ),
    _entry(
        "web.gltf",
        {Reason.MISSING_FILE, Reason.OUTSIDE_ROOT},
        _gltf(_nothing, "http://127.0.0.1:{world.port}/a.bin"),
    ),
    _entry("link.gltf", Reason.OUTSIDE_ROOT, _link),
    _entry("itself.gltf", BROKEN, _gltf(_nothing, "itself.gltf")),
    _entry("base64.gltf", CORRUPT, _gltf(_nothing, "data:;base64," + "!" * 100_000)),
    _entry("short-data.gltf", TRUNCATED, _gltf(_nothing, "data:;base64,AAAA")),
    _entry("long-data.gltf", CORRUPT, _gltf(_nothing, "data:;base64," + "A" * 4_000_001)),
    _entry("count.glb", {TOO_LARGE, TRUNCATED}, _gltf(_set("accessors", 0, "count", value=10**15))),
    _entry("range.glb", TRUNCATED, _gltf(_set("accessors", 0, "byteOffset", value=10**9))),
    _entry("negative.glb", CORRUPT, _gltf(_set("accessors", 0, "count", value=-1))),
    _entry("overlapping.glb", CORRUPT, _gltf(_overlapping)),
    _entry("buffer.glb", TRUNCATED, _gltf(_set("buffers", 0, "byteLength", value=1 << 50))),
    _entry("cycle.glb", CORRUPT, _gltf(_cycle)),
    _entry("crowd.glb", TOO_LARGE, _crowd),
    _entry("pieces.glb", TOO_LARGE, _gltf(_placed(100_001))),
    _entry(
        "texture.gltf",
        TOO_LARGE,
        _gltf(_texture_bomb, "data:;base64," + base64.b64encode(gltf_tree()[1]).decode()),
    ),
    _entry("deep.gltf", CORRUPT, _DEEP),
    _entry(
        "chunk.glb", TRUNCATED, struct.pack("<4sIIII", b"glTF", 2, 20, 0xFFFFFFF0, 0) + bytes(20)
    ),
    _entry("length.glb", TRUNCATED, struct.pack("<4sII", b"glTF", 2, 0xFFFFFFFF) + bytes(50)),
    _entry("shape.npy", {TRUNCATED, TOO_LARGE, CORRUPT}, _npy("(800000000000, 3)")),
    _entry("shape-overflow.npy", BROKEN | {TOO_LARGE}, _npy(f"({2**62}, 6)")),
    _entry("negative.npy", BROKEN, _npy("(-1, 3)")),
    _entry("width.npy", UNSUPPORTED, _npy("(1, 24)")),
    _entry("header.npy", BROKEN, _npy("(" * 20_000)),
    _entry("code.npy", BROKEN, _npy("__import__('os').abort()")),
    _entry("nan.npy", Reason.NON_FINITE, _npy("(8, 3)", data=np.full(24, np.nan, "<f4").tobytes())),
    _entry("zeros.npy", Reason.CONSTANT, _npy("(8, 3)", data=bytes(96))),
    _entry("objects.npy", UNSUPPORTED, _pickled),
    _entry("cloud.npy", UNSUPPORTED, _pickled_cloud),
    _entry("pickle.npy", {UNSUPPORTED, CORRUPT}, _bare_pickle),
    _entry("archive.npy", UNSUPPORTED, made(_npz)),
    _entry("squeezed.ply", BROKEN, made(lambda: gzip.compress(bytes(50 << 20)))),
    _entry("archive.obj", {*BROKEN, Reason.EMPTY}, made(_npz)),
]
