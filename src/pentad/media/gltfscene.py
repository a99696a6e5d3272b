"""The scene of a glTF document: nodes, their transforms, triangles, and base colours."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, Reason
from pentad.media.geometry import Part, as_bytes, check_counts
from pentad.media.gltf import Document
from pentad.media.image import MAX_PIXELS, as_rgb, open_picture
from pentad.media.source import Source

_POINTS, _TRIANGLES, _STRIP, _FAN = 0, 4, 5, 6
_MAX_PIECES = 100_000
_TEXTURE_BYTES = 3 * MAX_PIXELS
"""Of pictures that are kept at a time; those needed again are then decoded again."""


def read_gltf(source: Source) -> list[Part]:
    """Read all triangles and points of the main scene, with node transforms applied.

    Colour is the base colour factor times the texture at each vertex times the vertex colour.

    Raises:
        DecodeError: The document is damaged, or needs what this reader does not know.
    """
    document = Document(source)
    textures: dict[int, NDArray[np.uint8]] = {}
    _check_size(document)
    parts: list[Part] = []
    for mesh, matrix in _placed_meshes(document):
        for primitive in _primitives(document, mesh):
            part = _primitive(document, primitive, matrix, textures)
            if part is not None:
                parts.append(part)
    return parts


def _check_size(document: Document) -> None:
    """Refuse a scene that is too large, before any of it is built.

    One mesh may be placed many times, so the sum counts, not the file's size.
    """
    sizes: dict[Any, tuple[int, int, int]] = {}
    totals = [0, 0, 0]
    for mesh, _ in _placed_meshes(document):
        if mesh not in sizes:
            sizes[mesh] = _size(document, mesh)
        totals = [total + own for total, own in zip(totals, sizes[mesh], strict=True)]
        check_counts(totals[0], totals[1])
        if totals[2] > _MAX_PIECES:
            raise DecodeError(Reason.TOO_LARGE, f"glTF: more than {_MAX_PIECES:,} pieces")


def _size(document: Document, mesh: Any) -> tuple[int, int, int]:
    """Return the points, the triangles and the pieces of one mesh, as its document declares."""
    points = triangles = pieces = 0
    for primitive in _primitives(document, mesh):
        pieces += 1
        attributes = primitive.get("attributes", {})
        if "POSITION" not in attributes:
            continue
        count = corners = document.count(attributes["POSITION"])
        if "indices" in primitive:
            corners = document.count(primitive["indices"])
        mode = primitive.get("mode", _TRIANGLES)
        points += count
        triangles += {_TRIANGLES: corners // 3, _STRIP: corners, _FAN: corners}.get(mode, 0)
    return points, triangles, pieces


def _primitives(document: Document, mesh: Any) -> list[dict[str, Any]]:
    found = document.item("meshes", mesh).get("primitives", [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise DecodeError(Reason.CORRUPT, f"glTF: primitives of meshes[{mesh}] are no objects")
    return found


def _placed_meshes(document: Document) -> Iterator[tuple[Any, NDArray[np.float64]]]:
    nodes = document.items("nodes")
    if not nodes:
        yield from ((i, np.eye(4)) for i in range(len(document.items("meshes"))))
        return
    waiting = [(i, np.eye(4)) for i in reversed(_roots(document))]
    seen: set[int] = set()
    while waiting:
        index, above = waiting.pop()
        node = document.item("nodes", index)
        if index in seen:
            raise DecodeError(Reason.CORRUPT, f"glTF: nodes[{index}] has two parents")
        seen.add(index)
        matrix = above @ _local(node)
        if "mesh" in node:
            yield node["mesh"], matrix
        waiting += [(child, matrix) for child in reversed(node.get("children", []))]


def _roots(document: Document) -> list[Any]:
    scenes = document.items("scenes")
    if scenes:
        return list(document.item("scenes", document.json.get("scene", 0)).get("nodes", []))
    nodes = document.items("nodes")
    children = {child for node in nodes for child in node.get("children", [])}
    return [i for i in range(len(nodes)) if i not in children]


def _local(node: dict[str, Any]) -> NDArray[np.float64]:
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    matrix = np.eye(4)
    x, y, z, w = np.array(node.get("rotation", (0, 0, 0, 1)), np.float64)
    matrix[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    matrix[:3, :3] *= np.array(node.get("scale", (1, 1, 1)), np.float64).reshape(1, 3)
    matrix[:3, 3] = np.array(node.get("translation", (0, 0, 0)), np.float64).reshape(3)
    return matrix


def _primitive(
    document: Document,
    primitive: dict[str, Any],
    matrix: NDArray[np.float64],
    textures: dict[int, NDArray[np.uint8]],
) -> Part | None:
    mode, attributes = primitive.get("mode", _TRIANGLES), primitive.get("attributes", {})
    if mode not in {_POINTS, _TRIANGLES, _STRIP, _FAN} or "POSITION" not in attributes:
        return None
    local = document.accessor(attributes["POSITION"])
    if local.shape[1] != 3:
        raise DecodeError(Reason.CORRUPT, "glTF: positions with other than 3 coordinates")
    with np.errstate(over="ignore", invalid="ignore"):
        xyz = local.astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    faces = None if mode == _POINTS else _faces(document, primitive, mode, len(xyz))
    return Part(xyz, _colors(document, primitive, len(xyz), textures), faces)


def _faces(
    document: Document, primitive: dict[str, Any], mode: int, points: int
) -> NDArray[np.int64]:
    order = np.arange(points)
    if "indices" in primitive:
        order = document.accessor(primitive["indices"])[:, 0].astype(np.int64)
    if mode == _TRIANGLES:
        if len(order) % 3:
            raise DecodeError(Reason.CORRUPT, f"glTF: {len(order)} corners make no triangles")
        return order.reshape(-1, 3)
    if mode == _FAN:
        first = np.repeat(order[:1], max(0, len(order) - 2))
        return np.stack([first, order[1:-1], order[2:]], axis=1)
    return np.stack([order[:-2], order[1:-1], order[2:]], axis=1)


def _colors(
    document: Document,
    primitive: dict[str, Any],
    points: int,
    textures: dict[int, NDArray[np.uint8]],
) -> NDArray[np.uint8] | None:
    attributes = primitive["attributes"]
    colors = np.ones((points, 3))
    known = False
    if "material" in primitive:
        factor, texture = _material(document.item("materials", primitive["material"]))
        colors, known = colors * _srgb(factor[:3]), True
        uv = attributes.get(f"TEXCOORD_{(texture or {}).get('texCoord', 0)}")
        if texture is not None and uv is not None:
            colors *= _sampled(document, texture.get("index"), document.accessor(uv), textures)
    if "COLOR_0" in attributes:
        # By the letter these are linear; in files found they are what the screen shows.
        values = document.accessor(attributes["COLOR_0"])[:, :3]
        scale = np.iinfo(values.dtype).max if values.dtype.kind in "iu" else 1
        colors, known = colors * (values / scale), True
    return as_bytes(colors, whole=1) if known else None


def _material(material: dict[str, Any]) -> tuple[NDArray[np.float64], dict[str, Any] | None]:
    glossy = material.get("extensions", {}).get("KHR_materials_pbrSpecularGlossiness")
    if glossy is not None:
        factor, texture = glossy.get("diffuseFactor"), glossy.get("diffuseTexture")
    else:
        rough = material.get("pbrMetallicRoughness", {})
        factor, texture = rough.get("baseColorFactor"), rough.get("baseColorTexture")
    return np.array(factor or (1, 1, 1, 1), np.float64).reshape(4), texture


def _srgb(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the screen value of linear light: factors are linear, textures are not."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def _sampled(
    document: Document, index: Any, uv: NDArray[Any], textures: dict[int, NDArray[np.uint8]]
) -> NDArray[np.float64]:
    texture = document.item("textures", index)
    webp = texture.get("extensions", {}).get("EXT_texture_webp", {})
    source = webp.get("source", texture.get("source"))
    if source is None:  # a format of some extension: the factor alone must do
        return np.ones((len(uv), 3))
    if source not in textures:
        if sum(t.size for t in textures.values()) > _TEXTURE_BYTES:
            textures.clear()
        textures[source] = _picture(document, document.item("images", source))
    pixels = textures[source]
    turns = uv[:, :2].astype(np.float64)
    if not np.isfinite(turns).all():
        raise DecodeError(Reason.NON_FINITE, "a texture coordinate is NaN or infinite")
    height, width = pixels.shape[:2]
    column = np.minimum(((turns[:, 0] % 1) * width).astype(np.int64), width - 1)
    row = np.minimum(((turns[:, 1] % 1) * height).astype(np.int64), height - 1)
    found: NDArray[np.float64] = pixels[row, column] / 255.0
    return found


def _picture(document: Document, image: dict[str, Any]) -> NDArray[np.uint8]:
    if "bufferView" in image:
        data = bytes(document.view(image["bufferView"]))
    else:
        data = document.resource(image.get("uri"))
    with open_picture(BytesIO(data)) as picture:
        return np.asarray(as_rgb(picture))
