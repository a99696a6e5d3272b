"""Wavefront OBJ meshes with their materials, read by trimesh."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, Reason
from pentad.core.modality import Modality
from pentad.media.files import MAX_FILE_BYTES
from pentad.media.geometry import Part, check_counts
from pentad.media.image import as_rgb, check_pixels, open_picture
from pentad.media.source import Source, read_neighbor

_MAX_LINE = 1 << 20
_LONG_LINE = re.compile(rb"[^\n]{%d}" % _MAX_LINE)
_MAX_LIBRARY = 16 << 20


def read_obj(source: Source) -> list[Part]:
    """Read an OBJ file; materials and textures are looked for in its own folder only.

    Raises:
        DecodeError: It is damaged, beyond the limits, or a part of something and needs other files.
    """
    import trimesh

    data = source.path.read_bytes()
    _check(data, source)
    scene = trimesh.load_scene(
        BytesIO(data), file_type="obj", resolver=_resolver(source), process=False
    )
    if not scene.geometry:
        raise DecodeError(Reason.EMPTY, "OBJ: no points and no faces")
    return [_part(scene.geometry[name]) for name in sorted(scene.geometry)]


def _check(data: bytes, source: Source) -> None:
    """Refuse what would be too much, or not enough, before it is parsed."""
    check_counts(data.count(b"\nv ") + data.count(b"\nv\t"), data.count(b"\nf"))
    if _LONG_LINE.search(data.replace(b"\\\n", b"")):
        raise DecodeError(Reason.TOO_LARGE, f"OBJ: a line of more than {_MAX_LINE:,} characters")
    library = data.find(b"mtllib")
    if source.alone and library >= 0:
        name = data[library + 6 :].split(b"\n", 1)[0].strip().decode(errors="replace")
        read_neighbor(source, name, 0)


def _resolver(source: Source) -> Any:
    from trimesh.resolvers import Resolver

    class Confined(Resolver):
        """Gives trimesh the files beside the model, and no others: first the materials."""

        def __init__(self) -> None:
            self._limit = _MAX_LIBRARY
            self._known = False

        def get(self, key: str) -> bytes:
            try:
                data = read_neighbor(source, key.strip(), self._limit)
                if self._known:  # trimesh would have Pillow open whatever kind of picture it is
                    open_picture(BytesIO(data)).close()
            except DecodeError as error:  # a missing material leaves the mesh without colour
                raise FileNotFoundError(str(error)) from error
            self._limit, self._known = MAX_FILE_BYTES[Modality.IMAGE], True
            return data

        def write(self, name: str, data: Any) -> None:
            raise PermissionError(name)

        def namespaced(self, namespace: str) -> Any:
            return self

        def keys(self) -> list[str]:
            return []

    return Confined()


def _part(shape: Any) -> Part:
    xyz = np.asarray(shape.vertices)
    faces = np.asarray(shape.faces) if hasattr(shape, "faces") else None
    return Part(xyz, _colors(shape, len(xyz)), faces)


def _colors(shape: Any, count: int) -> NDArray[np.uint8] | None:
    if not hasattr(shape, "faces"):
        colors = np.asarray(shape.colors, np.uint8)
        return colors[:, :3] if colors.ndim == 2 and len(colors) == count else None
    visual = shape.visual
    if visual.kind == "vertex":
        return np.asarray(visual.vertex_colors, np.uint8)[:, :3]
    if visual.kind != "texture" or visual.material is None:
        return None
    if getattr(visual.material, "image", None) is None or visual.uv is None:
        main = np.asarray(visual.material.main_color, np.uint8)
        return np.tile(main[:3], (count, 1))
    return _sampled(visual.material.image, np.asarray(visual.uv, np.float64))


def _sampled(image: Any, uv: NDArray[np.float64]) -> NDArray[np.uint8]:
    check_pixels(image.width, image.height)
    if not np.isfinite(uv).all():
        raise DecodeError(Reason.NON_FINITE, "a texture coordinate is NaN or infinite")
    pixels: NDArray[np.uint8] = np.asarray(as_rgb(image))
    height, width = pixels.shape[:2]
    column = np.minimum(((uv[:, 0] % 1) * width).astype(np.int64), width - 1)
    # OBJ counts v from the bottom.
    row = np.minimum((((1 - uv[:, 1]) % 1) * height).astype(np.int64), height - 1)
    found: NDArray[np.uint8] = pixels[row, column]
    return found
