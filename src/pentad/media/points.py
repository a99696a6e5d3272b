"""Point clouds and meshes: which reader a file needs, and what is made of its geometry."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pentad.core.errors import DecodeError, Reason
from pentad.media.cloud_npy import read_cloud_part
from pentad.media.files import read_head
from pentad.media.geometry import Part, join
from pentad.media.gltfscene import read_gltf
from pentad.media.obj import read_obj
from pentad.media.ply import read_ply
from pentad.media.render import render_views
from pentad.media.sample import sample_points
from pentad.media.segment import Segment
from pentad.media.source import Source
from pentad.media.textmesh import read_off, read_stl
from pentad.media.types import DecodeOptions, Points, Views

_Reader = Callable[[Source], Part | Sequence[Part]]
_BY_HEAD: tuple[tuple[tuple[bytes, ...], _Reader], ...] = (
    ((b"ply\n", b"ply\r"), lambda source: read_ply(source.path)),
    ((b"glTF",), read_gltf),
    ((b"\x93NUMPY",), lambda source: read_cloud_part(source.path)),
)
_BY_SUFFIX: dict[str, _Reader] = {
    ".ply": lambda source: read_ply(source.path),
    ".glb": read_gltf,
    ".gltf": read_gltf,
    ".npy": lambda source: read_cloud_part(source.path),
    ".obj": read_obj,
    ".stl": lambda source: read_stl(source.path),
    ".off": lambda source: read_off(source.path),
}


def decode_points(
    source: Source, options: DecodeOptions, seed: int, _segment: Segment | None
) -> Points | Views:
    """Decode one cloud or mesh: its geometry, a sample of it, or pictures of it."""
    found = _reader(source)(source)
    points = join([found] if isinstance(found, Part) else found)
    if options.views is not None:
        return render_views(points, views=options.views, size=options.view_size, seed=seed)
    if options.points is not None:
        return sample_points(points, options.points, seed=seed)
    return points


def _reader(source: Source) -> _Reader:
    head = read_head(source.path)
    for marks, reader in _BY_HEAD:
        if head.startswith(marks):
            return reader
    reader_by_suffix = _BY_SUFFIX.get(source.suffix)
    if reader_by_suffix is None:
        raise DecodeError(Reason.UNSUPPORTED, f"{source.name}: no known kind of points or mesh")
    return reader_by_suffix
