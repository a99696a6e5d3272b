"""Objaverse-LVIS: the 46,832 objects of Objaverse 1.0 that have one of 1,156 classes of LVIS.

One table of these, the first that is there:

    DIR/lvis-annotations.json(.gz)   class -> list of uids                      Objaverse
    DIR/split/lvis.json              list of objects with uid and category      OpenShape
    DIR/lvis_testset.txt             number,class,uid,path; no header           Uni3D

and the objects in any folder, named by their uid: ``glbs/000-023/<uid>.glb`` as Objaverse has them,
or ``<uid>.npy`` as OpenShape has clouds of them. Where an object is there in both forms, the cloud
is taken; scores on clouds and on meshes differ, as points have to be sampled on the latter. A
``.npy`` that holds a pickled dict is read without unpickling it, see `pentad.media.cloud_npy`. The
data set has no parts: all of it is for evaluation, and a model that was trained on Objaverse has
seen it unless these objects were left out.

Described in Deitke et al., "Objaverse: A Universe of Annotated 3D Objects" (arXiv 2212.08051) and
by the package ``objaverse`` and https://huggingface.co/datasets/allenai/objaverse; the second
table by https://github.com/Colin97/OpenShape_code (``src/data.py``, ``src/configs/train.yaml``),
the third by https://github.com/baaivision/Uni3D (``data/datasets.py``).

Licence, from the data set's card: ODC-By 1.0 for the whole; each object has a Creative Commons
licence of its own, some of them for non-commercial use only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.tasks.converter import Converter
from pentad.evaluation.tasks.labels.labelled import (
    Benchmark,
    Listed,
    gathered,
    joined,
    label_task,
)
from pentad.evaluation.tasks.labels.prompts import SHAPE
from pentad.evaluation.tasks.labels.shapes import form_note
from pentad.evaluation.tasks.labels.stems import point_files
from pentad.evaluation.tasks.labels.tables import first_file, has_file, read_cells, read_json
from pentad.evaluation.tasks.task import Task

_TABLES = tuple(
    f"{folder}{name}"
    for name in (
        "lvis-annotations.json.gz",
        "lvis-annotations.json",
        "split/lvis.json",
        "lvis_testset.txt",
    )
    for folder in ("", "meta_data/")
)
_UID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LICENSE = "ODC-By 1.0; each object a Creative Commons licence of its own"

Row = tuple[int, str, str]
"""Line or place from 1, class, uid."""


def is_objaverse_lvis(folder: Path) -> bool:
    """Return whether a folder has one of the tables."""
    return has_file(folder, *_TABLES)


def read_objaverse_lvis(root: Path) -> tuple[Task, ...]:
    """Return the task of all objects that are there.

    Raises:
        InputError: There is no table, it is broken, or no object is there.
    """
    table = first_file(root, _TABLES)
    rows = [(place, _listed(table, place, name, uid)) for place, name, uid in _rows(table)]
    listed, notes = joined(rows, table)
    files = point_files(root)
    items = gathered(listed, Modality.POINTS, lambda item: files.find(item.names), root=root)
    classes = sorted({label for item in listed for label in item.labels})
    benchmark = Benchmark(
        name="objaverse-lvis",
        split="all",
        modality=Modality.POINTS,
        classes={name: " ".join(name.replace("_", " ").split()) for name in classes},
        templates=SHAPE,
        source="https://huggingface.co/datasets/allenai/objaverse",
        license=_LICENSE,
        noun="objects",
        notes=(*notes, *form_note(items), *files.notes(items)),
    )
    return (label_task(benchmark, listed, items, root=root),)


def _rows(table: Path) -> Iterator[Row]:
    if table.suffix == ".txt":
        for number, cells in read_cells(table, width=4):
            yield number, cells[1], cells[2]
        return
    found = read_json(table)
    if isinstance(found, dict):
        yield from _of_classes(table, found)
    elif isinstance(found, list):
        yield from _of_objects(table, found)
    else:
        raise InputError("neither an object nor a list", file=table)


def _of_classes(table: Path, found: dict[str, object]) -> Iterator[Row]:
    place = 0
    for name, uids in found.items():
        if not isinstance(uids, list):
            raise InputError("not a list of uids", file=table, column=name)
        for uid in uids:
            place += 1
            yield place, name, uid


def _of_objects(table: Path, found: list[object]) -> Iterator[Row]:
    for place, value in enumerate(found, start=1):
        if not isinstance(value, dict) or not {"uid", "category"} <= value.keys():
            raise InputError("not an object with uid and category", file=table, row=place)
        yield place, value["category"], value["uid"]


def _listed(table: Path, place: int, name: object, uid: object) -> Listed:
    if not isinstance(uid, str) or not _UID.fullmatch(uid):
        raise InputError("not a uid", file=table, row=place, seen=repr(uid)[:80])
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise InputError("not the name of a class", file=table, row=place, seen=repr(name)[:80])
    return Listed(uid, (name,), (uid,))


CONVERTER = Converter(
    name="objaverse-lvis",
    title="Objaverse-LVIS",
    modalities=(Modality.TEXT, Modality.POINTS),
    detect=is_objaverse_lvis,
    read=read_objaverse_lvis,
    needs="lvis-annotations.json(.gz), split/lvis.json or lvis_testset.txt, and <uid>.glb or .npy",
    license=_LICENSE,
)
