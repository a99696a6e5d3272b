"""ModelNet40: CAD models of forty kinds of things; the 2,468 of the test part.

Two layouts are read. The meshes, as the data set publishes them:

    DIR/airplane/test/airplane_0627.off

and clouds of 10,000 points sampled from them, as PointNet++ publishes them:

    DIR/modelnet40_shape_names.txt   one class a line
    DIR/modelnet40_test.txt          one shape a line: airplane_0627
    DIR/airplane/airplane_0627.txt   x, y, z, nx, ny, nz with commas, one point a line

A cloud as text is no kind of points that Pentad decodes; it is listed as absent with the way out:
`pentad.evaluation.tasks.labels.clouds.unpack_clouds` writes the same layout with ``.npy`` clouds
into another folder, which is read here. The form that OpenShape and Uni3D test on,
``test_pc.npy`` and ``test_split.json``, is one pickle of all clouds and is not read. Neither is
``modelnet40_ply_hdf5_2048``. Scores on these four forms differ, as the points do.

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
_NAMES = "modelnet40_shape_names.txt"
_TEST = "modelnet40_test.txt"
_LICENSE = "not known; collected on the web for research"


def is_modelnet40(folder: Path) -> bool:
    """Return whether a folder is laid out as ModelNet40 is; ModelNet10 is another data set."""
    return _has_clouds(folder) or _has_meshes(folder)


def read_modelnet40(root: Path) -> tuple[Task, ...]:
    """Return the task of the test part, of the clouds where both layouts are there.

    Raises:
        InputError: Neither layout is there, a table is broken, or no shape can be read.
    """
    meshes = _has_meshes(root)
    if _has_clouds(root) and (has_file(root, _TEST) or not meshes):
        return (_cloud_task(root),)
    if not meshes:
        raise InputError(f"neither {_NAMES} nor folders such as airplane/test in it", file=root)
    return (_mesh_task(root),)


def _has_clouds(home: Path) -> bool:
    return has_file(home, _NAMES)


def _has_meshes(home: Path) -> bool:
    return any(has_folder(home, f"{name}/test") for name in CLASSES if name not in _MODELNET10)


def _mesh_task(home: Path) -> Task:
    rows = [(0, Listed(stem, (name,), (stem,)))
            for name in CLASSES for stem in folder_stems(home / name / "test")]  # fmt: skip
    files = MediaFiles(home, tuple(f"{name}/test" for name in CLASSES))
    note = f"{len(rows):,} test shapes are on disk; the data set has {_TEST_SHAPES:,}"
    notes = () if len(rows) == _TEST_SHAPES else (note,)
    return _task(home, rows, CLASSES, files, notes)


def _cloud_task(home: Path) -> Task:
    if not has_file(home, _TEST):
        one = "; test_pc.npy is one pickle of all clouds, which is not read"
        raise InputError(
            f"no {_TEST} in it{one if has_file(home, 'test_pc.npy') else ''}", file=home
        )
    classes = tuple(line.strip() for _, line in text_lines(home / _NAMES))
    twice = next((name for name in classes if classes.count(name) > 1), None)
    if twice is not None or not classes:
        raise InputError("a class is there twice" if twice else "it names no class",
                         file=home / _NAMES, seen=repr(twice) if twice else None)  # fmt: skip
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
    return _task(home, rows, classes, MediaFiles(home, classes), notes)


def _task(
    home: Path,
    rows: list[tuple[int, Listed]],
    classes: tuple[str, ...],
    files: MediaFiles,
    notes: tuple[str, ...],
) -> Task:
    listed, more = joined(rows, home / _TEST)
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
    needs=f"<class>/test/*.off; or {_NAMES}, {_TEST} and <class>/<shape>.npy (unpacked from .txt)",
    license=_LICENSE,
)
