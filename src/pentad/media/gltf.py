"""glTF 2.0 models (.glb and .gltf): the JSON document, its buffers and its typed accessors.

Read here rather than by a library, because a document may ask for any amount of memory and any
file: every offset and count is compared with the bytes that are there first.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, Reason
from pentad.core.modality import Modality
from pentad.media.files import MAX_FILE_BYTES
from pentad.media.geometry import check_counts
from pentad.media.source import Source, read_neighbor

_JSON, _BIN = b"JSON", b"BIN\x00"
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
# Extensions a document may *require* and this reader can honour or ignore.
_HARMLESS = frozenset(
    {
        "EXT_texture_webp",
        "KHR_lights_punctual",
        "KHR_materials_pbrSpecularGlossiness",
        "KHR_materials_unlit",
        "KHR_mesh_quantization",
        "KHR_texture_transform",
    }
)


class Document:
    """One parsed glTF document, with its buffers loaded.

    Attributes:
        json: The document itself.
        source: Its file, beside which the files lie that it names.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        text, self._embedded = _split(source.path.read_bytes())
        self.json: dict[str, Any] = _object(text)
        self._buffers: dict[int, bytes] = {}
        self._check_asset()

    def _check_asset(self) -> None:
        version = str(self.json.get("asset", {}).get("version", ""))
        if not version.startswith("2."):
            raise DecodeError(Reason.UNSUPPORTED, f"glTF version {version[:20]!r}; only 2 is read")
        unknown = set(self.json.get("extensionsRequired", [])) - _HARMLESS
        if unknown:
            raise DecodeError(Reason.UNSUPPORTED, f"glTF needs {', '.join(sorted(unknown))[:80]}")

    def items(self, kind: str) -> list[dict[str, Any]]:
        """Return a list of the document, such as ``nodes``; empty where it is absent."""
        found = self.json.get(kind, [])
        if not isinstance(found, list):
            raise DecodeError(Reason.CORRUPT, f"glTF: {kind} is no list")
        return found

    def item(self, kind: str, index: Any) -> dict[str, Any]:
        """Return one object of such a list.

        Raises:
            DecodeError: There is none with that number.
        """
        found = self.items(kind)
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(found):
            raise DecodeError(Reason.CORRUPT, f"glTF: no {kind}[{index!r}]")
        if not isinstance(found[index], dict):
            raise DecodeError(Reason.CORRUPT, f"glTF: {kind}[{index}] is no object")
        return found[index]

    def view(self, index: Any) -> memoryview:
        """Return the bytes of a buffer view."""
        view = self.item("bufferViews", index)
        data = self._buffer(view.get("buffer"))
        start, length = _whole(view, "byteOffset", 0), _whole(view, "byteLength")
        if start + length > len(data):
            raise DecodeError(
                Reason.TRUNCATED, f"glTF: bytes {start:,} to {start + length:,} of {len(data):,}"
            )
        return memoryview(data)[start : start + length]

    def count(self, index: Any) -> int:
        """Return how many values an accessor declares."""
        return _whole(self.item("accessors", index), "count")

    def accessor(self, index: Any) -> NDArray[Any]:
        """Return an accessor's values as (count, width); normalized integers become floats."""
        entry = self.item("accessors", index)
        if "sparse" in entry or "bufferView" not in entry:
            raise DecodeError(Reason.UNSUPPORTED, "glTF: a sparse accessor, or one without data")
        count, start = _whole(entry, "count"), _whole(entry, "byteOffset", 0)
        check_counts(count // 3)
        dtype, width = np.dtype(_TYPES[entry["componentType"]]), _WIDTHS[entry["type"]]
        data = self.view(entry["bufferView"])
        view = self.item("bufferViews", entry["bufferView"])
        stride = _whole(view, "byteStride", 0) or width * dtype.itemsize
        if stride < width * dtype.itemsize:  # so a small file could fill any memory
            raise DecodeError(Reason.CORRUPT, f"glTF: values {stride} bytes apart overlap")
        if count and start + (count - 1) * stride + width * dtype.itemsize > len(data):
            raise DecodeError(Reason.TRUNCATED, f"glTF: {count:,} values in {len(data):,} bytes")
        values = np.ndarray((count, width), dtype, data, start, (stride, dtype.itemsize)).copy()
        if entry.get("normalized") and dtype.kind in "iu":
            return np.maximum(values / np.float32(np.iinfo(dtype).max), -1)
        return values

    def _buffer(self, index: Any) -> bytes:
        entry = self.item("buffers", index)
        if index not in self._buffers:
            uri = entry.get("uri")
            data = self._embedded if uri is None and index == 0 else self.resource(uri)
            if len(data) < _whole(entry, "byteLength"):
                raise DecodeError(
                    Reason.TRUNCATED, f"glTF: {len(data):,} of {entry['byteLength']:,} bytes"
                )
            self._buffers[index] = data
        return self._buffers[index]

    def resource(self, uri: Any) -> bytes:
        """Return what a ``data:`` URI holds, or the content of a file beside the model."""
        if not isinstance(uri, str):
            raise DecodeError(Reason.CORRUPT, "glTF: a buffer or image without data")
        if not uri.startswith("data:"):
            return read_neighbor(self.source, uri, MAX_FILE_BYTES[Modality.POINTS])
        head, _, body = uri.partition(",")
        try:
            if head.endswith(";base64"):
                return base64.b64decode(body, validate=True)
        except binascii.Error:
            pass
        raise DecodeError(Reason.CORRUPT, "glTF: a data URI that is no base64")


def _split(data: bytes) -> tuple[bytes, bytes]:
    """Return the JSON text and the binary chunk of a .glb; a .gltf is all JSON."""
    if data[:4] != b"glTF":
        return data, b""
    if len(data) < 20 or int.from_bytes(data[8:12], "little") > len(data):
        raise DecodeError(Reason.TRUNCATED, f"GLB: {len(data):,} bytes, fewer than it declares")
    chunks: dict[bytes, bytes] = {}
    position = 12
    while position + 8 <= len(data):
        length = int.from_bytes(data[position : position + 4], "little")
        kind = data[position + 4 : position + 8]
        position += 8
        if position + length > len(data):
            raise DecodeError(Reason.TRUNCATED, "GLB: a chunk is cut off")
        chunks.setdefault(kind, data[position : position + length])
        position += length
    if _JSON not in chunks:
        raise DecodeError(Reason.CORRUPT, "GLB: no JSON chunk")
    return chunks[_JSON], chunks.get(_BIN, b"")


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DecodeError(Reason.CORRUPT, f"glTF: {error}") from error
    if not isinstance(found, dict):
        raise DecodeError(Reason.CORRUPT, "glTF: the document is no object")
    return found


def _whole(entry: dict[str, Any], key: str, default: int | None = None) -> int:
    value = entry.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise DecodeError(Reason.CORRUPT, f"glTF: {key} is {value!r}")
    return value
