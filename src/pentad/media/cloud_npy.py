"""Clouds as OpenShape and Uni3D store them: a ``.npy`` file with a pickled dict in it.

The dict has ``xyz`` (n, 3), mostly ``rgb`` (n, 3), and often captions and features beside them. It
is read without unpickling anything (`pentad.media.tame_pickle`). `convert_cloud` writes what other
programs can read without pickle: plain float32 (n, 6), coordinates as they are and colours 0..1.
Nothing is centred, scaled or sampled: models want that done in different ways.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, InputError, Reason
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.media.files import MAX_FILE_BYTES, check_file
from pentad.media.geometry import Part, as_bytes, check_counts
from pentad.media.npy import HEADER_ERRORS, open_rows, read_npy
from pentad.media.tame_arrays import RawArray
from pentad.media.tame_pickle import read_pickled_dict
from pentad.store.atomic import replacing

UNCOLORED = 0.4
"""The grey that OpenShape and Uni3D give to points without colour."""

Floats = NDArray[np.float32]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Conversion:
    """What became of a folder.

    Attributes:
        converted: Files that were written now.
        kept: Files that were plain clouds already.
        refused: File name and reason of what is no cloud.
    """

    converted: int
    kept: int
    refused: tuple[tuple[str, str], ...] = ()


def read_cloud(path: str | Path) -> tuple[Floats, Floats | None]:
    """Return the points of a ``.npy`` cloud, a pickled dict or plain rows.

    Returns:
        float32 (n, 3) coordinates, and float32 (n, 3) colours from 0 to 1 or None. Whole numbers
        are taken for colours of 0..255, floats for 0..1 unless one is above 1.

    Raises:
        DecodeError: The file is missing, too large or damaged, asks for anything but plain data, or
            holds no points.
    """
    file = Path(path)
    check_file(file, MAX_FILE_BYTES[Modality.POINTS])
    if _header(file) == np.dtype(object):
        return _from_dict(file)
    rows = open_rows(file)
    _check_some(len(rows))
    return _finite(rows[:, :3]), _unit_colors(rows[:, 3:]) if rows.shape[1] == 6 else None


def read_cloud_part(path: Path) -> Part:
    """Return a ``.npy`` cloud of either kind as `pentad.media.geometry.Part`."""
    if _header(path) != np.dtype(object):
        return read_npy(path)
    xyz, rgb = _from_dict(path)
    return Part(xyz, None if rgb is None else as_bytes(rgb, whole=1.0))


def convert_cloud(source: str | Path, target: str | Path) -> None:
    """Write a cloud as a plain float32 (n, 6) ``.npy``: x, y, z, then red, green, blue from 0 to 1.

    Points without colour become the grey 0.4, as models trained on OpenShape's clouds expect.
    ``target`` appears whole or not at all, and may be ``source``.

    Raises:
        DecodeError: ``source`` is no cloud.
        StoreError: ``target`` cannot be written.
    """
    xyz, rgb = read_cloud(source)
    colors = np.full_like(xyz, UNCOLORED) if rgb is None else rgb
    with replacing(Path(target)) as coming, coming.open("wb") as file:
        np.save(file, np.concatenate([xyz, colors], axis=1), allow_pickle=False)


def convert_folder(
    folder: str | Path, target: str | Path | None = None, *, progress: Progress = SILENT
) -> Conversion:
    """Convert every ``.npy`` cloud of a folder, as `convert_cloud` does.

    Running it again goes on where it stopped: what is converted already, and not older than its
    source, is kept. A file that is no cloud is told and left as it is.

    Args:
        folder: The clouds; folders inside it are not entered.
        target: Where to write; None replaces each file by its plain form, which drops whatever else
            it held.
        progress: Where to report.

    Raises:
        InputError: ``folder`` is no folder.
        StoreError: A file cannot be written.
    """
    home = Path(folder)
    if not home.is_dir():
        raise InputError("there is no such folder", file=home)
    place = home if target is None else Path(target)
    sources = sorted(p for p in home.glob("*.npy") if not p.name.startswith("."))
    converted, refused = 0, []
    with progress.task("convert clouds", len(sources)) as task:
        for source in sources:
            if not _is_done(source, place / source.name):
                try:
                    convert_cloud(source, place / source.name)
                    converted += 1
                except DecodeError as error:
                    refused.append((source.name, str(error)))
                    _log.warning("%s: not converted: %s", source.name, error)
            task.advance()
    return Conversion(converted, len(sources) - converted - len(refused), tuple(refused))


def _is_done(source: Path, target: Path) -> bool:
    try:
        if target.stat().st_mtime_ns < source.stat().st_mtime_ns:
            return False
        rows = open_rows(target)
    except (OSError, DecodeError):
        return False
    return rows.dtype == np.float32 and rows.shape[1] == 6


def _from_dict(path: Path) -> tuple[Floats, Floats | None]:
    with path.open("rb") as file:
        _read_header(file)
        arrays = read_pickled_dict(file.read())
    if "xyz" not in arrays:
        raise DecodeError(Reason.UNSUPPORTED, "pickle: the dict has no array 'xyz'")
    raw = _numbers(arrays["xyz"], "xyz")
    _check_some(len(raw))
    xyz = _finite(raw)
    if "rgb" not in arrays:
        return xyz, None
    rgb = _numbers(arrays["rgb"], "rgb")
    if len(rgb) != len(xyz):
        raise DecodeError(Reason.CORRUPT, f"{len(rgb):,} colours for {len(xyz):,} points")
    return xyz, _unit_colors(rgb)


def _numbers(raw: RawArray, name: str) -> NDArray[Any]:
    if raw.dtype.kind not in "fiu" or len(raw.shape) != 2 or raw.shape[1] != 3:
        seen = f"{raw.dtype} {raw.shape}"
        raise DecodeError(Reason.UNSUPPORTED, f"{name}: expected numbers (n, 3), found {seen}")
    check_counts(len(raw.numpy()))
    return raw.numpy()


def _check_some(points: int) -> None:
    if not points:
        raise DecodeError(Reason.EMPTY, "no points")


def _finite(values: NDArray[Any]) -> Floats:
    with np.errstate(over="ignore", invalid="ignore"):
        found: Floats = np.ascontiguousarray(values, dtype=np.float32)
    if not np.isfinite(found).all():
        raise DecodeError(Reason.NON_FINITE, "a number is NaN, infinite or beyond 3e38")
    return found


def _unit_colors(colors: NDArray[Any]) -> Floats:
    found = _finite(colors)
    whole = 255.0 if colors.dtype.kind in "iu" or found.max(initial=0) > 1 else 1.0
    scaled: Floats = np.clip(found / np.float32(whole), 0, 1)
    return scaled


def _header(path: Path) -> np.dtype[Any] | None:
    """Return the type of the array in a file, or None where `open_rows` is to say what is wrong."""
    with path.open("rb") as file:
        try:
            return _read_header(file)
        except HEADER_ERRORS:
            return None


def _read_header(file: IO[bytes]) -> np.dtype[Any] | None:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)[2]
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(file)[2]
    return None
