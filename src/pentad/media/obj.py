"""Wavefront OBJ meshes with their materials, read by trimesh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, Reason
from pentad.core.modality import Modality
from pentad.media.files import MAX_FILE_BYTES, read_sibling
from pentad.media.geometry import Part
from pentad.media.image import as_rgb, check_pixels


def read_obj(path: Path) -> list[Part]:
    """Read an OBJ file; materials and textures are looked for in its own folder only.

    Raises:
        DecodeError: It is damaged.
    """
    import trimesh

    with path.open("rb") as file:
        scene = trimesh.load_scene(file, file_type="obj", resolver=_resolver(path), process=False)
    if not scene.geometry:
        raise DecodeError(Reason.EMPTY, "OBJ: no points and no faces")
    return [_part(scene.geometry[name]) for name in sorted(scene.geometry)]


def _resolver(path: Path) -> Any:
    from trimesh.resolvers import Resolver

    class Confined(Resolver):
        """Gives trimesh the files beside the model, and no others."""

        def __init__(self) -> None:
            pass

        def get(self, key: str) -> bytes:
            try:
                return read_sibling(path, key.strip(), MAX_FILE_BYTES[Modality.POINTS])
            except DecodeError as error:  # a missing material leaves the mesh without colour
                raise FileNotFoundError(str(error)) from error

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
