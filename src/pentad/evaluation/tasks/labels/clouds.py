"""Clouds in forms that only data sets use, copied once into ``.npy`` files that Pentad decodes.

    unpack_clouds("modelnet40_normal_resampled", "modelnet40_npy")

Read are clouds as text (ModelNet40 of PointNet++: numbers with commas, one point a line), objects
as ``.bin`` (ScanObjectNN: float32, the number of points and then eleven numbers each), and
``xyz_label.npy`` (ScanObjectNN of OpenShape: a pickled dict with ``xyz``, ``label`` and perhaps
``rgb``), which is read without unpickling it. Formats as their READMEs and loaders describe them,
see the readers of these benchmarks; none of it was tried on the data themselves. Both benchmarks as
HDF5 files are read too, see `pentad.evaluation.tasks.labels.hdf5`; this needs h5py, the extra
``hdf5``.

The copy has the folders and names of the original, so it is read in its place; objects of HDF5
files have no names and go to folders of classes, as `pentad.evaluation.tasks.labels.unpacked` says.
The original is not touched. Coordinates stay as they are, normals are dropped, colours are kept.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, InputError, Reason
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.evaluation.tasks.labels.hdf5 import (
    Published,
    find_published,
    is_unplaced,
    object_names,
    read_objects,
)
from pentad.evaluation.tasks.labels.scanobjectnn import CLASSES, OPENSHAPE
from pentad.evaluation.tasks.labels.unpacked import LIST, write_list
from pentad.evaluation.tasks.table import text_lines
from pentad.media.files import MAX_FILE_BYTES, check_file
from pentad.media.npy import HEADER_ERRORS
from pentad.media.tame_pickle import read_pickled_dict
from pentad.store.atomic import replacing

Floats = NDArray[np.float32]
_POINT = 11
_PACKED = "xyz_label.npy"
_WHOLE, _ALONE = "object_dataset", "object_dataset_nobg"
_LABELS = ("object_labels.txt", "training_data/object_labels.txt")


@dataclass(frozen=True)
class Unpacked:
    """What became of a folder.

    Attributes:
        clouds: How many clouds were written now.
        kept: How many were there already.
        refused: File, relative to the folder, and reason of what is no cloud.
    """

    clouds: int
    kept: int
    refused: tuple[tuple[str, str], ...] = ()


def unpack_clouds(
    source: str | Path, target: str | Path, *, progress: Progress = SILENT
) -> Unpacked:
    """Copy a benchmark's folder, with its clouds as ``.npy`` files.

    Running it again goes on where it stopped. Of ScanObjectNN's ``object_dataset`` a second variant
    is made where ``object_labels.txt`` is there: ``object_dataset_nobg``, of each object only the
    points that carry the object's own label.

    Args:
        source: The folder, with all folders in it. Links to folders are not followed.
        target: Where to write; not within ``source``.
        progress: Where to report.

    Raises:
        InputError: ``source`` is no folder, ``target`` lies in it, there is no cloud, or an HDF5
            file is broken.
        MissingExtra: There is an HDF5 file to unpack, and h5py is not installed.
        StoreError: A file cannot be written.
    """
    home, place = Path(source), Path(target)
    if not home.is_dir():
        raise InputError("there is no such folder", file=home)
    if place.resolve().is_relative_to(home.resolve()):
        raise InputError("the copy would lie in the original; name another folder", file=place)
    work = _Work(home, place, _own_labels(home))
    files = sorted(path for path in home.rglob("*") if not path.name.startswith("."))
    files = [path for path in files if path.is_file() and not path.is_symlink()]
    sets = [(found, object_names(found)) for found in find_published(home, files)]
    total = len(files) + sum(len(names) for _, names in sets)
    with progress.task("unpack clouds", total) as task:
        for path in files:
            work.take(path)
            task.advance()
        for found, names in sets:
            for _ in work.take_published(found, names):
                task.advance()
    if not work.clouds and not work.kept:
        refused = f"; {work.refused[0][0]}: {work.refused[0][1]}" if work.refused else ""
        raise InputError(f"no clouds as text, no .bin objects, no {_PACKED} and no .h5 of a test "
                         f"part in it{refused}", file=home)  # fmt: skip
    return Unpacked(work.clouds, work.kept, tuple(work.refused))


def read_text_cloud(path: Path) -> Floats:
    """Return the points of a cloud as text, float32 (n, 3).

    Raises:
        DecodeError: It is none: of each line the first three cells have to be finite numbers.
    """
    check_file(path, MAX_FILE_BYTES[Modality.POINTS])
    try:
        rows = np.loadtxt(path, dtype=np.float32, delimiter=",", ndmin=2, comments=None)
    except (ValueError, UnicodeDecodeError) as error:
        raise DecodeError(Reason.CORRUPT, f"not a cloud as text ({error})") from None
    if rows.shape[1] < 3:
        raise DecodeError(Reason.UNSUPPORTED, f"{rows.shape[1]} numbers a line, not 3 or more")
    return _finite(rows[:, :3])


def read_object(path: Path, label: int | None = None) -> Floats:
    """Return the points of a ScanObjectNN object, float32 (n, 6): x, y, z, and r, g, b as they are.

    Args:
        path: The ``.bin`` file.
        label: Keep only points of this instance; None keeps all.

    Raises:
        DecodeError: It is no such object, or has no point of the instance.
    """
    size = check_file(path, MAX_FILE_BYTES[Modality.POINTS])
    values = np.fromfile(path, dtype="<f4")
    if size % 4 or (len(values) - 1) % _POINT or len(values) <= _POINT:
        raise DecodeError(
            Reason.CORRUPT, f"{size:,} bytes are no count and points of {_POINT} each"
        )
    points = values[1:].reshape(-1, _POINT)
    if values[0] != len(points):
        raise DecodeError(Reason.CORRUPT, f"it says {values[0]:g} points and has {len(points):,}")
    if label is not None:
        points = points[points[:, 9] == label]
        if not len(points):
            raise DecodeError(Reason.EMPTY, f"no point of instance {label}")
    return _finite(points[:, [0, 1, 2, 6, 7, 8]])


def read_packed(path: Path) -> list[tuple[str, Floats]]:
    """Return class and points, float32 (n, 3) or (n, 6), of each object of an ``xyz_label.npy``.

    Raises:
        DecodeError: It is no such file, or asks for anything but plain data.
    """
    check_file(path, MAX_FILE_BYTES[Modality.POINTS])
    arrays = {name: raw.numpy() for name, raw in _pickled(path).items()}
    labels, points = arrays.get("label"), arrays.get("xyz")
    if labels is None or points is None or points.ndim != 3 or points.shape[2] != 3:
        raise DecodeError(Reason.UNSUPPORTED, "no arrays 'xyz' (objects, points, 3) and 'label'")
    flat = labels.reshape(-1)
    if len(flat) != len(points) or flat.dtype.kind not in "iu":
        raise DecodeError(Reason.CORRUPT, f"{len(flat):,} labels for {len(points):,} objects")
    if len(flat) and not 0 <= int(flat.min()) <= int(flat.max()) < len(CLASSES):
        raise DecodeError(Reason.CORRUPT, f"a label is not from 0 to {len(CLASSES) - 1}")
    colors = arrays.get("rgb")
    both = points if colors is None or colors.shape != points.shape else _beside(points, colors)
    return [(CLASSES[label], _finite(rows)) for label, rows in zip(flat, both, strict=True)]


class _Work:
    """One run over a folder."""

    def __init__(self, home: Path, place: Path, labels: Mapping[str, int]) -> None:
        self.home = home
        self.place = place
        self.labels = labels
        self.clouds = 0
        self.kept = 0
        self.refused: list[tuple[str, str]] = []

    def take(self, path: Path) -> None:
        """Unpack, copy or pass over one file."""
        inner = path.relative_to(self.home)
        coming = (self.place / inner).with_suffix(".npy")
        if path.name == _PACKED:
            self._many(path, self.place / OPENSHAPE)
        elif path.suffix == ".bin":
            self._one(path, coming, lambda: read_object(path))
            label = self.labels.get(path.stem)
            if label is not None and inner.parts[0] == _WHOLE:
                other = self.place / _ALONE / coming.relative_to(self.place / _WHOLE)
                self._one(path, other, lambda: read_object(path, label))
        elif path.suffix == ".txt" and _looks_like_points(path):
            self._one(path, coming, lambda: read_text_cloud(path))
        elif path.suffix in (".txt", ".json"):
            with replacing(self.place / inner) as copy:
                shutil.copyfile(path, copy)
        elif is_unplaced(path):
            said = "of which variant? its folder has to be called main_split or main_split_nobg"
            self.refused.append((str(inner), said))

    def take_published(self, found: Published, names: Sequence[str]) -> Iterator[None]:
        """Unpack what HDF5 files hold, and yield after each object."""
        place = self.place / found.place
        write_list(place / LIST, names)
        for name, points in read_objects(found):
            coming = place / f"{name}.npy"
            self._one(coming, coming, partial(_finite, points))
            yield

    def _one(self, path: Path, coming: Path, read: Callable[[], Floats]) -> None:
        if coming.is_file():
            self.kept += 1
            return
        try:
            _write(coming, read())
            self.clouds += 1
        except DecodeError as error:
            self.refused.append((str(coming.relative_to(self.place)), str(error)))

    def _many(self, path: Path, home: Path) -> None:
        try:
            objects = read_packed(path)
        except DecodeError as error:
            self.refused.append((str(path.relative_to(self.home)), str(error)))
            return
        for number, (name, points) in enumerate(objects):
            self._one(path, home / name / f"{number:05d}.npy", partial(np.asarray, points))


def _own_labels(home: Path) -> dict[str, int]:
    """Return object -> the instance that it is, of ScanObjectNN's list of objects."""
    table = next((home / name for name in _LABELS if (home / name).is_file()), None)
    found: dict[str, int] = {}
    for number, line in text_lines(table) if table is not None else ():
        cells = line.split("\t")
        if len(cells) != 4 or not cells[3].strip().isdecimal():
            raise InputError("not scene, object, class and instance, with tabs between them",
                             file=table, row=number, seen=repr(line[:80]))  # fmt: skip
        found[f"{cells[0]}_{cells[1]}"] = int(cells[3])
    return found


def _looks_like_points(path: Path) -> bool:
    with path.open("rb") as file:
        cells = file.readline(4096).split(b",")
    try:
        return len(cells) >= 3 and all(np.isfinite(float(cell)) for cell in cells)
    except ValueError:
        return False


def _pickled(path: Path) -> Mapping[str, Any]:
    with path.open("rb") as file:
        try:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0
            dtype = (read if version == (1, 0) else np.lib.format.read_array_header_2_0)(file)[2]
        except HEADER_ERRORS as error:
            raise DecodeError(Reason.CORRUPT, f"npy: {error}") from None
        if dtype != np.dtype(object):
            raise DecodeError(Reason.UNSUPPORTED, "npy: not a pickled dict")
        return read_pickled_dict(file.read())


def _beside(points: NDArray[Any], colors: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([points.astype(np.float32), colors.astype(np.float32)], axis=2)


def _finite(rows: NDArray[Any]) -> Floats:
    found: Floats = np.ascontiguousarray(rows, dtype=np.float32)
    if not len(found):
        raise DecodeError(Reason.EMPTY, "no points")
    if not np.isfinite(found).all():
        raise DecodeError(Reason.NON_FINITE, "a number is NaN or infinite")
    return found


def _write(path: Path, rows: Floats) -> None:
    with replacing(path) as coming, coming.open("wb") as file:
        np.save(file, rows, allow_pickle=False)
