"""The PLY reader against an independent writer, and against arbitrary bytes."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import DecodeError, Reason
from pentad.media.decode import decode
from pentad.media.geometry import Part, join
from pentad.media.ply import parse_ply
from tests.media.makers import COLORS, CUBE, QUADS, TRIANGLES, write_ply

KINDS = ["ascii", "binary_little_endian", "binary_big_endian"]
CODES = {"char": "b", "uchar": "B", "short": "h", "ushort": "H", "int": "i", "uint": "I",
         "float": "f", "double": "d"}  # fmt: skip


def written(kind: str, elements: list[tuple[str, list[str], list[list]]]) -> bytes:
    """Write any elements, plainly: each is (name, property lines, rows of values and lists)."""
    head = ["ply", f"format {kind} 1.0"]
    body = []
    for name, properties, rows in elements:
        head += [f"element {name} {len(rows)}", *(f"property {p}" for p in properties)]
        for row in rows:
            for line, value in zip(properties, row, strict=True):
                types = line.split()[1:-1] if line.startswith("list") else line.split()[:1]
                values = [len(value), *value] if len(types) == 2 else [value]
                codes = [types[0], *types[1:] * (len(values) - 1)]
                if kind == "ascii":
                    body.append(" ".join(map(repr, values)).encode() + b"\n")
                else:
                    order = "<" if "little" in kind else ">"
                    pack = order + "".join(CODES[c] for c in codes)
                    body.append(struct.pack(pack, *values))
    return ("\n".join(head) + "\nend_header\n").encode() + b"".join(body)


XYZ = ["float x", "float y", "float z"]
numbers = st.floats(-1e6, 1e6, width=32)


@given(
    kind=st.sampled_from(KINDS),
    points=st.lists(st.tuples(numbers, numbers, numbers), min_size=3, max_size=30),
    data=st.data(),
)
def test_what_was_written_is_read(kind: str, points: list, data: st.DataObject) -> None:
    corner = st.integers(0, len(points) - 1)
    faces = data.draw(st.lists(st.lists(corner, max_size=6), max_size=12))
    colors = data.draw(st.lists(st.integers(0, 255), min_size=len(points), max_size=len(points)))
    properties = ["uchar red", *XYZ, "double weight", "uchar green", "uchar blue"]
    rows = [[c, *xyz, 0.5, 255 - c, c] for xyz, c in zip(points, colors, strict=True)]
    part = parse_ply(
        written(
            kind,
            [
                ("camera", ["list uchar float view"], [[[1.0] * n] for n in (2, 0, 3)]),
                ("vertex", properties, rows),
                ("face", ["short flags", "list uchar uint vertex_index", "list int float uv"],
                 [[-1, face, [0.5, 0.5]] for face in faces]),
            ],
        )
    )  # fmt: skip
    assert np.array_equal(part.xyz.astype(np.float32), np.array(points, np.float32))
    assert part.rgb.tolist() == [[c, 255 - c, c] for c in colors]
    triangles = [[f[0], f[i], f[i + 1]] for f in faces for i in range(1, len(f) - 1)]
    found = [] if part.faces is None else part.faces.tolist()
    assert sorted(found) == sorted(triangles)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("faces", [QUADS, TRIANGLES], ids=["quads", "triangles"])
def test_a_cube(tmp_path: Path, kind: str, faces: np.ndarray) -> None:
    found = decode(write_ply(tmp_path / "a.ply", kind, faces), "points")
    assert np.array_equal(found.xyz, CUBE)
    assert np.array_equal(found.rgb, COLORS)
    assert sorted(map(sorted, found.faces.tolist())) == sorted(map(sorted, TRIANGLES.tolist()))
    assert found.xyz.dtype == np.float32
    assert found.faces.dtype == np.int32


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("columns", "values"),
    [
        (["uchar red", "uchar green", "uchar blue"], [0, 128, 255]),
        (["ushort r", "ushort g", "ushort b"], [0, 128 * 257, 65535]),
        (["float red", "float green", "float blue"], [0.0, 128 / 255, 1.0]),
        (["float diffuse_red", "float diffuse_green", "float diffuse_blue"], [0.0, 128.0, 255.0]),
    ],
)
def test_every_way_to_write_colours(kind: str, columns: list[str], values: list) -> None:
    rows = [[*xyz, *values] for xyz in CUBE.tolist()]
    part = parse_ply(written(kind, [("vertex", XYZ + columns, rows)]))
    assert part.rgb.tolist() == [[0, 128, 255]] * 8


def test_windows_line_ends() -> None:
    data = written("ascii", [("vertex", XYZ, CUBE.tolist())]).replace(b"\n", b"\r\n")
    assert np.array_equal(parse_ply(data).xyz, CUBE)


def test_long_ascii_bodies_are_read_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    data = written("ascii", [("vertex", XYZ, np.repeat(CUBE + 0.125, 50, axis=0).tolist())])
    for block in (16, 17, 64, 1001):
        monkeypatch.setattr("pentad.media.ply._TEXT_BLOCK", block)
        assert np.array_equal(parse_ply(data).xyz, np.repeat(CUBE + 0.125, 50, axis=0))


GOOD = {kind: written(kind, [("vertex", XYZ, CUBE.tolist()),
        ("face", ["list uchar int vertex_indices"], [[f] for f in QUADS.tolist()])])
        for kind in KINDS}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"vertex 8", b"vertex 1000000000000", Reason.TOO_LARGE),
        (b"vertex 8", b"vertex 19000000", Reason.TRUNCATED),
        (b"face 6", b"face 19000000", Reason.TRUNCATED),
        (b"vertex 8", b"vertex 7", None),
        (b"vertex 8", b"vertex 9", None),
        (b"face 6", b"face 5", Reason.CORRUPT),
        (b"vertex 8", b"vertex -8", Reason.CORRUPT),
        (b"vertex 8", b"vertex " + b"9" * 5000, Reason.CORRUPT),
        (b"vertex 8", b"body 8", Reason.CORRUPT),
        (b"float x", b"float w", Reason.UNSUPPORTED),
        (b"float x", b"quad x", Reason.CORRUPT),
        (b"float y", b"float x", Reason.CORRUPT),
        (b"format", b"shape", Reason.CORRUPT),
        (b" 1.0", b" 2.0", Reason.CORRUPT),
        (b"end_header", b"no_header", None),
        (b"ply\n", b"plx\n", Reason.CORRUPT),
    ],
)
def test_wrong_headers(kind: str, old: bytes, new: bytes, expected: Reason | None) -> None:
    with pytest.raises(DecodeError) as refusal:
        join([parse_ply(GOOD[kind].replace(old, new, 1))])
    assert expected in {None, refusal.value.reason}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bad", [8, -1, 2_000_000_000])
def test_faces_must_refer_to_vertices(kind: str, bad: int) -> None:
    faces = ("face", ["list uchar int vertex_indices"], [[[0, 1, bad]]])
    data = written(kind, [("vertex", XYZ, CUBE.tolist()), faces])
    with pytest.raises(DecodeError) as refusal:
        join([parse_ply(data)])
    assert refusal.value.reason is Reason.CORRUPT


@pytest.mark.parametrize("kind", ["binary_little_endian", "binary_big_endian"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_vertices_must_be_finite(kind: str, value: float) -> None:
    rows = CUBE.tolist()
    rows[5][1] = value
    with pytest.raises(DecodeError) as refusal:
        join([parse_ply(written(kind, [("vertex", XYZ, rows)]))])
    assert refusal.value.reason is Reason.NON_FINITE


def test_a_double_beyond_float32_is_not_finite() -> None:
    rows = [[1e300, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    data = written("ascii", [("vertex", ["double x", "double y", "double z"], rows)])
    with pytest.raises(DecodeError) as refusal:
        join([parse_ply(data)])
    assert refusal.value.reason is Reason.NON_FINITE


def attempt(data: bytes) -> None:
    try:
        part = parse_ply(data)
        assert isinstance(part, Part)
        join([part])
    except DecodeError:
        pass


@given(body=st.binary(max_size=200), head=st.sampled_from([b"", b"ply\n", GOOD["ascii"][:60]]))
def test_arbitrary_bytes_raise_only_decode_errors(head: bytes, body: bytes) -> None:
    attempt(head + body)


@settings(max_examples=400)
@given(
    kind=st.sampled_from(KINDS),
    spots=st.lists(
        st.tuples(st.floats(0, 1), st.binary(max_size=6), st.integers(0, 6)), max_size=4
    ),
)
def test_mutations_raise_only_decode_errors(kind: str, spots: list) -> None:
    data = GOOD[kind]
    for where, new, cut in spots:
        at = int(where * len(data))
        data = data[:at] + new + data[at + cut :]
    attempt(data)


@given(
    kind=st.sampled_from(KINDS),
    counts=st.tuples(st.integers(0, 2**40), st.integers(0, 2**40)),
    types=st.tuples(st.sampled_from(sorted(CODES)), st.sampled_from(sorted(CODES))),
    body=st.binary(max_size=300),
)
def test_well_formed_headers_before_arbitrary_bytes(
    kind: str, counts: tuple[int, int], types: tuple[str, str], body: bytes
) -> None:
    head = (
        f"ply\nformat {kind} 1.0\nelement vertex {counts[0] % 12}\n"
        "property float x\nproperty float y\nproperty float z\n"
        f"element face {counts[1] % 7 or counts[1]}\n"
        f"property list {types[0]} {types[1]} vertex_indices\nend_header\n"
    )
    attempt(head.encode() + body)
