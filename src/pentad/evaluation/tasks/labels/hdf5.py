"""ScanObjectNN and ModelNet40 as the HDF5 files in which most people have them.

    main_split/test_objectdataset.h5                          OBJ_BG
    main_split_nobg/test_objectdataset.h5                     OBJ_ONLY
    main_split/test_objectdataset_augmentedrot_scale75.h5     PB_T50_RS
    modelnet40_ply_hdf5_2048/ply_data_test0.h5, ply_data_test1.h5, shape_names.txt

Each holds ``data``, (objects, 2048, 3) floats, and ``label``, (objects,) or (objects, 1) whole
numbers. Training parts, other variants and masks are passed over. Names of files, datasets and
variants are those of the README of https://github.com/hkust-vgd/scanobjectnn; that its labels count
bag, bin, box, cabinet, chair, desk, display, door, shelf, table, bed, pillow, sink, sofa, toilet
from 0 is confirmed in the README of its folder ``training_data`` (question 4). Labels of ModelNet40
are lines of ``shape_names.txt``, as in ``evaluate.py`` of https://github.com/charlesq34/pointnet.
None of it was tried on the data themselves.

A file may have been made to harm. Only what is in it is read: links to elsewhere, data in other
files, and filters that HDF5 would load from the disk are refused; so are sizes above a limit,
before anything of that size is read. What holds nonsense deeper down is left to the HDF5 library.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, InputError, MissingExtra
from pentad.core.modality import Modality
from pentad.evaluation.tasks.labels import modelnet40
from pentad.evaluation.tasks.labels.scanobjectnn import CLASSES, PUBLISHED
from pentad.evaluation.tasks.labels.tables import first_file
from pentad.evaluation.tasks.labels.unpacked import POINTS
from pentad.media.files import MAX_FILE_BYTES, check_file

if TYPE_CHECKING:
    import h5py

MOST_OBJECTS = 20_000
"""In one file; the largest that is read has 2,882."""
_CHUNK_BYTES = 1 << 29
_SLAB = 256
_FILTERS = frozenset({1, 2, 3, 32000})  # deflate, shuffle, fletcher32, lzf: all within h5py
_MODELNET = re.compile(r"ply_data_test([0-9]{1,4})\.h5")
_FAULTS = (OSError, ValueError, TypeError, KeyError, RuntimeError, OverflowError, MemoryError)


@dataclass(frozen=True)
class Published:
    """A benchmark, or a variant of one, in one or several HDF5 files.

    Attributes:
        place: Where its objects go, relative to the target.
        classes: Names of its classes, by number.
        files: What the names of a file's objects begin with, and the file.
    """

    place: Path
    classes: tuple[str, ...]
    files: tuple[tuple[str, Path], ...]


def find_published(home: Path, files: Iterable[Path]) -> list[Published]:
    """Return what there is in a folder, by place.

    Args:
        home: The folder.
        files: Files in it or in folders in it.

    Raises:
        InputError: ``shape_names.txt`` of ModelNet40 is not there, or names something else.
    """
    scans: list[Published] = []
    shapes: dict[Path, list[tuple[int, Path]]] = {}
    for path in files:
        variant = PUBLISHED.get(f"{path.absolute().parent.name}/{path.name}")
        part = _MODELNET.fullmatch(path.name)
        if variant is not None:
            place = path.relative_to(home).parent.parent / variant.folder
            scans.append(Published(place, CLASSES, (("", path),)))
        elif part is not None:
            shapes.setdefault(path.parent, []).append((int(part[1]), path))
    for folder, parts in shapes.items():
        classes = modelnet40.read_classes(first_file(folder, (modelnet40.SHAPE_NAMES,)))
        named = tuple((f"{number}_", path) for number, path in sorted(parts))
        scans.append(Published(folder.relative_to(home), classes, named))
    return sorted(scans, key=lambda found: found.place)


def is_unplaced(path: Path) -> bool:
    """Return whether this is a file of ScanObjectNN in a folder that leaves its variant open."""
    names = {name.rpartition("/")[2] for name in PUBLISHED}
    homes = {name.rpartition("/")[0] for name in PUBLISHED}
    return path.name in names and path.absolute().parent.name not in homes


def object_names(found: Published) -> list[str]:
    """Return class and number of each object, such as ``chair/00004``, in the order of the files.

    Raises:
        InputError: A file is broken or is none of this benchmark.
        MissingExtra: h5py is not installed.
    """
    return [name for begin, path in found.files for name in _names(found, begin, path)]


def read_objects(found: Published) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield name and points, floats (2048, 3), of each object.

    Raises:
        InputError: As `object_names`.
        MissingExtra: h5py is not installed.
    """
    for begin, path in found.files:
        names = iter(_names(found, begin, path))
        with _opened(path) as (data, _):
            for start in range(0, data.shape[0], _SLAB):
                for points in _read(data, path, start, start + _SLAB):
                    yield next(names), points


def _names(found: Published, begin: str, path: Path) -> list[str]:
    with _opened(path) as (_, label):
        labels = _read(label, path).reshape(-1)
    if int(labels.min()) < 0 or int(labels.max()) >= len(found.classes):
        raise InputError("a label is of no class", file=path,
                         expected=f"0 to {len(found.classes) - 1}",
                         seen=f"{labels.min()} to {labels.max()}")  # fmt: skip
    return [f"{found.classes[label]}/{begin}{row:05d}" for row, label in enumerate(labels)]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[h5py.Dataset, h5py.Dataset]]:
    """Open a file and yield its data and labels, whose forms and sizes are right."""
    try:
        import h5py
    except ModuleNotFoundError:
        raise MissingExtra("h5py", "hdf5") from None
    try:
        check_file(path, MAX_FILE_BYTES[Modality.POINTS])
        file = h5py.File(path, "r", locking=False)
    except DecodeError as error:
        raise InputError(str(error), file=path) from None
    except _FAULTS as error:
        raise _broken(path, error) from None
    with file:
        try:
            yield _checked(file, path)
        except _FAULTS as error:
            raise _broken(path, error) from None


def _checked(file: h5py.File, path: Path) -> tuple[h5py.Dataset, h5py.Dataset]:
    data, label = (_dataset(file, path, name) for name in ("data", "label"))
    count = data.shape[0] if data.shape else 0
    if data.shape != (count, POINTS, 3) or data.dtype.kind != "f" or data.dtype.itemsize > 8:
        raise InputError("'data' is something else", file=path,
                         expected=f"floats (objects, {POINTS}, 3)", seen=_form(data))  # fmt: skip
    if label.shape not in ((count,), (count, 1)) or label.dtype.kind not in "iu":
        raise InputError("'label' is something else", file=path,
                         expected=f"whole numbers ({count},)", seen=_form(label))  # fmt: skip
    if not 0 < count <= MOST_OBJECTS:
        raise InputError("not a number of objects that a test part has", file=path,
                         expected=f"1 to {MOST_OBJECTS:,}", seen=f"{count:,}")  # fmt: skip
    return data, label


def _dataset(file: h5py.File, path: Path, name: str) -> h5py.Dataset:
    """Return a dataset all of which is in this very file; no link is followed to find out."""
    import h5py

    links = file.id.links
    if not links.exists(name.encode()):
        raise InputError(f"it has no dataset {name!r}", file=path)
    if links.get_info(name.encode()).type != h5py.h5l.TYPE_HARD:
        raise InputError(f"{name!r} is a link to elsewhere, which is not followed", file=path)
    found = file[name]
    if not isinstance(found, h5py.Dataset):
        raise InputError(f"{name!r} is no dataset", file=path)
    if found.is_virtual or found.external:
        raise InputError(f"{name!r} lies in other files, which are not opened", file=path)
    made = found.id.get_create_plist()
    if not {made.get_filter(each)[0] for each in range(made.get_nfilters())} <= _FILTERS:
        raise InputError(f"{name!r} is compressed in a way that is not read", file=path,
                         expected="gzip or lzf")  # fmt: skip
    chunk = _product(found.chunks or ()) * found.dtype.itemsize
    if chunk > _CHUNK_BYTES:
        raise InputError(f"{name!r} is in pieces of {chunk:,} bytes", file=path,
                         expected=f"at most {_CHUNK_BYTES:,}")  # fmt: skip
    return found


def _product(sizes: Iterable[int]) -> int:
    whole = 1
    for size in sizes:
        whole *= int(size)
    return whole


def _form(dataset: h5py.Dataset) -> str:
    return f"{dataset.dtype.kind}{dataset.dtype.itemsize} {dataset.shape}"


def _read(
    dataset: h5py.Dataset, path: Path, start: int = 0, stop: int | None = None
) -> NDArray[Any]:
    try:
        return np.asarray(dataset[start:stop])
    except _FAULTS as error:
        raise _broken(path, error) from None


def _broken(path: Path, error: BaseException) -> InputError:
    said = " ".join(str(error).split())[:200]
    return InputError(f"not a whole HDF5 file ({said or type(error).__name__})", file=path)
