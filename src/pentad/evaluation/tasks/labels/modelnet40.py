"""ModelNet40: CAD models of forty kinds of things; the 2,468 of the test part.

Three layouts are read. The meshes, as the data set publishes them:

    DIR/airplane/test/airplane_0627.off

clouds of 10,000 points sampled from them, as PointNet++ publishes them:

    DIR/modelnet40_shape_names.txt   one class a line
    DIR/modelnet40_test.txt          one shape a line: airplane_0627
    DIR/airplane/airplane_0627.txt   x, y, z, nx, ny, nz with commas, one point a line

and clouds of 2,048 points, as PointNet publishes them in ``modelnet40_ply_hdf5_2048``, unpacked:

    DIR/shape_names.txt              one class a line
    DIR/objects.txt                  one shape a line: airplane/0_00004, of ply_data_test0.h5
    DIR/airplane/0_00004.npy

Neither a cloud as text nor HDF5 is a kind of points that Pentad decodes; the error says the way
out: ``pentad unpack`` (`pentad.evaluation.tasks.labels.clouds.unpack_clouds`) writes the layouts
above with ``.npy`` clouds into another folder, which is read here. The form that OpenShape and
Uni3D test on, ``test_pc.npy`` and ``test_split.json``, is one pickle of all clouds and is not read.
Scores on these four forms differ, as the points do.

Described in Wu et al., "3D ShapeNets: A Deep Representation for Volumetric Shapes" (CVPR 2015),
https://modelnet.cs.princeton.edu, and https://github.com/charlesq34/pointnet2; the loaders in
https://github.com/baaivision/Uni3D name the files of the third form.

Licence: none is known. The models were collected on the web for research, and are their authors'.
"""

from __future__ import annotations

from pathlib import Path

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.tasks.converter import Converter
from pentad.evaluation.tasks.files import MediaFiles
from pentad.evaluation.tasks.labels.labelled import (
    Benchmark,
    Listed,
    gathered,
    joined,
    label_task,
)
from pentad.evaluation.tasks.labels.prompts import SHAPE, readable
from pentad.evaluation.tasks.labels.shapes import find_shape, folder_stems, form_note
from pentad.evaluation.tasks.labels.tables import has_file, has_folder
from pentad.evaluation.tasks.labels.unpacked import LIST, NOTE, read_list, unpack_command
from pentad.evaluation.tasks.table import text_lines
from pentad.evaluation.tasks.task import Task

CLASSES = (
    "airplane", "bathtub", "bed", "bench", "bookshelf", "bottle", "bowl", "car", "chair", "cone",
    "cup", "curtain", "desk", "door", "dresser", "flower_pot", "glass_box", "guitar", "keyboard",
    "lamp", "laptop", "mantel", "monitor", "night_stand", "person", "piano", "plant", "radio",
    "range_hood", "sink", "sofa", "stairs", "stool", "table", "tent", "toilet", "tv_stand", "vase",
    "wardrobe", "xbox",
)  # fmt: skip
_MODELNET10 = frozenset(
    {
        "bathtub", "bed", "chair", "desk", "dresser", "monitor", "night_stand", "sofa", "table",
        "toilet",
    }
)  # fmt: skip
_TEST_SHAPES = 2468
SHAPE_NAMES = "shape_names.txt"
_HDF5 = "ply_data_test0.h5"
_NAMES = "modelnet40_shape_names.txt"
_TEST = "modelnet40_test.txt"
_LICENSE = "not known; collected on the web for research"


def is_modelnet40(folder: Path) -> bool:
    """Return whether a folder is laid out as ModelNet40 is; ModelNet10 is another data set."""
    return _has_clouds(folder) or _has_hdf5(folder) or _has_meshes(folder)


def read_modelnet40(root: Path) -> tuple[Task, ...]:
    """Return the task of the test part, of the clouds where meshes are there too.

    Raises:
        InputError: No layout is there, a table is broken, or no shape can be read.
    """
    meshes = _has_meshes(root)
    if _has_clouds(root) and (has_file(root, _TEST) or not meshes):
        return (_cloud_task(root),)
    if has_file(root, LIST) and has_file(root, SHAPE_NAMES):
        return (_published_task(root),)
    if not meshes and _has_hdf5(root):
        raise InputError(f"HDF5 files have to be unpacked: {unpack_command(root)}", file=root)
    if not meshes:
        raise InputError(f"neither {_NAMES} nor folders such as airplane/test in it", file=root)
    return (_mesh_task(root),)


def _has_clouds(home: Path) -> bool:
    return has_file(home, _NAMES)


def _has_hdf5(home: Path) -> bool:
    return has_file(home, SHAPE_NAMES) and has_file(home, _HDF5, "ply_data_test1.h5", LIST)


def _has_meshes(home: Path) -> bool:
    return any(has_folder(home, f"{name}/test") for name in CLASSES if name not in _MODELNET10)


def _mesh_task(home: Path) -> Task:
    rows = [(0, Listed(stem, (name,), (stem,)))
            for name in CLASSES for stem in folder_stems(home / name / "test")]  # fmt: skip
    files = MediaFiles(home, tuple(f"{name}/test" for name in CLASSES))
    note = f"{len(rows):,} test shapes are on disk; the data set has {_TEST_SHAPES:,}"
    notes = () if len(rows) == _TEST_SHAPES else (note,)
    return _task(home, home, rows, CLASSES, files, notes)


def _cloud_task(home: Path) -> Task:
    if not has_file(home, _TEST):
        one = "; test_pc.npy is one pickle of all clouds, which is not read"
        raise InputError(
            f"no {_TEST} in it{one if has_file(home, 'test_pc.npy') else ''}", file=home
        )
    classes = _named(home / _NAMES)
    rows = []
    for number, line in text_lines(home / _TEST):
        stem = line.strip()
        name = stem.rpartition("_")[0]
        if name not in classes:
            raise InputError(f"not of a class of {_NAMES}", file=home / _TEST, row=number,
                             seen=repr(stem[:80]))  # fmt: skip
        rows.append((number, Listed(stem, (name,), (stem,))))
    note = f"{_TEST} lists {len(rows):,} shapes; the data set has {_TEST_SHAPES:,}"
    notes = () if len(rows) == _TEST_SHAPES else (note,)
    return _task(home, home / _TEST, rows, classes, MediaFiles(home, classes), notes)


def _published_task(home: Path) -> Task:
    classes = read_classes(home / SHAPE_NAMES)
    rows = read_list(home / LIST, classes)
    note = f"{LIST} lists {len(rows):,} shapes; the data set has {_TEST_SHAPES:,}"
    notes = (NOTE,) if len(rows) == _TEST_SHAPES else (NOTE, note)
    return _task(home, home / LIST, rows, classes, MediaFiles(home), notes)


def read_classes(path: Path) -> tuple[str, ...]:
    """Return the names of ``shape_names.txt``, each a class of ModelNet40; a label is a line.

    Raises:
        InputError: It cannot be read, or names something else.
    """
    names = _named(path)
    other = next((name for name in names if name not in CLASSES), None)
    if other is not None:
        raise InputError("not a class of ModelNet40", file=path, seen=repr(other[:80]))
    return names


def _named(path: Path) -> tuple[str, ...]:
    classes = tuple(line.strip() for _, line in text_lines(path))
    twice = next((name for name in classes if classes.count(name) > 1), None)
    if twice is not None or not classes:
        raise InputError("a class is there twice" if twice else "it names no class",
                         file=path, seen=repr(twice) if twice else None)  # fmt: skip
    return classes


def _task(
    home: Path,
    table: Path,
    rows: list[tuple[int, Listed]],
    classes: tuple[str, ...],
    files: MediaFiles,
    notes: tuple[str, ...],
) -> Task:
    listed, more = joined(rows, table)
    items = gathered(
        listed, Modality.POINTS, lambda item: find_shape(files, item.id, ".txt"), root=home
    )
    benchmark = Benchmark(
        name="modelnet40",
        split="test",
        modality=Modality.POINTS,
        classes={name: readable(name) for name in classes},
        templates=SHAPE,
        source="https://modelnet.cs.princeton.edu",
        license=_LICENSE,
        noun="shapes",
        notes=(*notes, *more, *form_note(items)),
    )
    return label_task(benchmark, listed, items, root=home)


CONVERTER = Converter(
    name="modelnet40",
    title="ModelNet40",
    modalities=(Modality.TEXT, Modality.POINTS),
    detect=is_modelnet40,
    read=read_modelnet40,
    needs=f"<class>/test/*.off; or {_NAMES}, {_TEST} and <class>/<shape>.npy; or {SHAPE_NAMES}, "
    f"{LIST} and <class>/*.npy; 'pentad unpack' makes .npy of .txt and .h5",
    license=_LICENSE,
)
