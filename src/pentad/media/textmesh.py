"""STL and OFF meshes: small formats whose counts must be checked, so they are read here."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, Reason
from pentad.media.geometry import Part, check_counts, fan, guess_bytes

_STL_HEADER = 84
_STL_ROW = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_VERTEX = re.compile(rb"\bvertex\s+(\S+)\s+(\S+)\s+(\S+)")


def read_stl(path: Path) -> Part:
    """Read a binary or ASCII STL mesh; its triangles share no vertices.

    Raises:
        DecodeError: It is damaged, or shorter than it says.
    """
    data = path.read_bytes()
    count = int.from_bytes(data[80:_STL_HEADER], "little")
    present = (len(data) - _STL_HEADER) / _STL_ROW.itemsize
    # A binary file may begin with "solid" too, so its length decides.
    if len(data) >= _STL_HEADER and present == count:
        corners = np.frombuffer(data, _STL_ROW, count, _STL_HEADER)["corners"]
        return _soup(corners.reshape(-1, 3))
    if data[:512].lstrip()[:5].lower() == b"solid" and b"\0" not in data[:512]:
        return _soup(_ascii_stl(data))
    if len(data) < _STL_HEADER or present < count:
        raise DecodeError(Reason.TRUNCATED, f"STL: {max(present, 0):.0f} of {count:,} triangles")
    raise DecodeError(Reason.CORRUPT, f"STL: {count:,} triangles do not fill {len(data):,} bytes")


def _ascii_stl(data: bytes) -> NDArray[np.float64]:
    text = data.lower()
    if b"endsolid" not in text.rstrip().rpartition(b"\n")[2]:
        raise DecodeError(Reason.TRUNCATED, "STL: no endsolid at the end")
    found = _VERTEX.findall(text)
    if len(found) != 3 * text.count(b"endfacet") or len(found) % 3:
        raise DecodeError(Reason.CORRUPT, f"STL: {len(found)} corners make no triangles")
    return _numbers([word for corner in found for word in corner], "STL").reshape(-1, 3)


def _soup(corners: NDArray[np.floating]) -> Part:
    check_counts(len(corners), len(corners) // 3)
    return Part(corners, None, np.arange(len(corners)).reshape(-1, 3))


def read_off(path: Path) -> Part:
    """Read an OFF or COFF mesh; faces are cut into triangles.

    Raises:
        DecodeError: It is damaged, or has other counts than it says.
    """
    lines = re.sub(rb"#[^\n]*", b"", path.read_bytes()).split(b"\n")
    rows = [words for line in lines if (words := line.split())]
    counts, rows = _off_counts(rows)
    vertices, polygons = rows[: counts[0]], rows[counts[0] : sum(counts)]
    if len(vertices) + len(polygons) < sum(counts):
        raise DecodeError(
            Reason.TRUNCATED, f"OFF: {len(rows):,} of {sum(counts):,} declared lines are there"
        )
    if len({len(words) for words in vertices}) > 1:
        raise DecodeError(Reason.CORRUPT, "OFF: vertices with different numbers of values")
    table = _numbers([w for words in vertices for w in words], "OFF").reshape(counts[0], -1)
    rgb = guess_bytes(table[:, 3:6]) if table.shape[1] in {6, 7} else None
    return Part(table[:, :3], rgb, _off_faces(polygons))


def _off_counts(rows: list[list[bytes]]) -> tuple[list[int], list[list[bytes]]]:
    if not rows or rows[0][0].upper() not in {b"OFF", b"COFF"}:
        raise DecodeError(Reason.CORRUPT, "not an OFF file")
    # Some files have the counts on the first line, behind the word.
    rows = [rows[0][1:], *rows[1:]] if len(rows[0]) > 1 else rows[1:]
    head, rows = (rows[0] if rows else []), rows[1:]
    if len(head) < 2 or not all(word.isdigit() and len(word) < 19 for word in head[:2]):
        raise DecodeError(Reason.CORRUPT, "OFF: no vertex and face counts")
    counts = [int(word) for word in head[:2]]
    check_counts(*counts)
    return counts, rows


def _off_faces(polygons: list[list[bytes]]) -> NDArray[np.int64] | None:
    by_corners: dict[int, list[list[int]]] = {}
    try:
        for words in polygons:
            corners = int(words[0])
            if not 0 <= corners < len(words):
                raise DecodeError(Reason.CORRUPT, f"OFF: a face of {corners} corners")
            by_corners.setdefault(corners, []).append([int(w) for w in words[1 : corners + 1]])
    except ValueError as error:
        raise DecodeError(Reason.CORRUPT, "OFF: a word among the faces") from error
    check_counts(0, sum(len(faces) * (n - 2) for n, faces in by_corners.items() if n >= 3))
    fans = [fan(np.array(faces, np.int64)) for n, faces in by_corners.items() if n >= 3]
    return np.concatenate(fans) if fans else None


def _numbers(words: list[bytes], what: str) -> NDArray[np.float64]:
    try:
        return np.array([float(word) for word in words], np.float64)
    except ValueError as error:
        raise DecodeError(Reason.CORRUPT, f"{what}: a word among the numbers") from error
