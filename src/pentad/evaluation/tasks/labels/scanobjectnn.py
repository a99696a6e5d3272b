"""ScanObjectNN: objects cut out of scanned rooms, of fifteen classes; the test parts.

    DIR/main_split.txt                        name.bin, number of the class, t if of the test part
    DIR/object_dataset/chair/036_00009.npy          OBJ_BG: with what stands around it
    DIR/object_dataset_nobg/chair/036_00009.npy     OBJ_ONLY: without
    DIR/PB_T50_RS/chair/036_00009_0.npy ... _4.npy  PB_T50_RS: moved, turned, scaled; five of each

or what OpenShape tests on, DIR/openshape/chair/00000.npy, of a variant that it does not name, or
objects of the published HDF5 files, which most papers report:

    DIR/OBJ_BG_2048/objects.txt, DIR/OBJ_BG_2048/chair/00004.npy, also OBJ_ONLY_2048, PB_T50_RS_2048

**None of these is how the data are published**, and nothing that Pentad decodes is. Published are
HDF5 files, see `pentad.evaluation.tasks.labels.hdf5`, and objects as ``.bin``, series of float32:
how many points there are, then for each x, y, z, nx, ny, nz, r, g, b, instance, class. ``pentad
unpack`` (`pentad.evaluation.tasks.labels.clouds.unpack_clouds`) makes the layouts above of them,
and of OpenShape's ``xyz_label.npy``.

The HDF5 files leave out objects of fewer than 2,048 points and hold 2,048 of each; of ``.bin`` all
objects count and all their points do. So they are tasks of other names, and only numbers on the
former are those of papers.

Described in the README of https://github.com/hkust-vgd/scanobjectnn and that of its folder
``training_data`` (order of classes), and in Uy et al., "Revisiting Point Cloud Classification"
(ICCV 2019). The five names of a perturbed object, and that their folder is called PB_T50_RS, are
from other people's loaders and were not seen on the data.

Licence: MIT is that of the repository; under which terms the scans are given, on request, is not
known. They stem from SceneNN and ScanNet, whose terms allow research only, as far as is known.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.tasks.converter import Converter
from pentad.evaluation.tasks.files import MediaFiles
from pentad.evaluation.tasks.labels.labelled import (
    Benchmark,
    Find,
    Listed,
    collected,
    gathered,
    joined,
    label_task,
)
from pentad.evaluation.tasks.labels.prompts import SCAN
from pentad.evaluation.tasks.labels.shapes import UNPACK, find_shape, folder_stems, form_note
from pentad.evaluation.tasks.labels.tables import first_file, has_file, has_folder
from pentad.evaluation.tasks.labels.unpacked import LIST, NOTE, read_list, unpack_command
from pentad.evaluation.tasks.table import text_lines
from pentad.evaluation.tasks.task import Task

CLASSES = (
    "bag", "bin", "box", "cabinet", "chair", "desk", "display", "door", "shelf", "table", "bed",
    "pillow", "sink", "sofa", "toilet",
)  # fmt: skip
OPENSHAPE = "openshape"
_SPLITS = ("main_split.txt", "training_data/main_split.txt", "object_dataset/main_split.txt")
_LINE = re.compile(r"(?P<name>[A-Za-z0-9_-]+)\.bin\t(?P<label>[0-9]{1,3})(?P<test>\tt)?")
_SOURCE = "https://hkust-vgd.github.io/scanobjectnn/"
_LICENSE = "not known; scans of SceneNN and ScanNet, for research"
_ALL_POINTS = "objects of fewer than 2,048 points count, which the published HDF5 files leave out"
_COPIES = ("up to five of them are one object, moved; the HDF5 file does not say which, so "
           "intervals take each as independent and are too narrow")  # fmt: skip
_log = logging.getLogger(__name__)


class _Variant(NamedTuple):
    """One variant: its folder, the name of its task, and what follows the names of its objects."""

    folder: str
    task: str
    endings: tuple[str, ...] = ("",)


_VARIANTS = (
    _Variant("object_dataset", "scanobjectnn-obj-bg"),
    _Variant("object_dataset_nobg", "scanobjectnn-obj-only"),
    _Variant("PB_T50_RS", "scanobjectnn-pb-t50-rs", ("_0", "_1", "_2", "_3", "_4")),
)
_PERTURBED = _Variant("PB_T50_RS_2048", "scanobjectnn-pb-t50-rs-2048")
PUBLISHED: Mapping[str, _Variant] = {
    "main_split/test_objectdataset.h5": _Variant("OBJ_BG_2048", "scanobjectnn-obj-bg-2048"),
    "main_split_nobg/test_objectdataset.h5": _Variant(
        "OBJ_ONLY_2048", "scanobjectnn-obj-only-2048"
    ),
    "main_split/test_objectdataset_augmentedrot_scale75.h5": _PERTURBED,
}
"""HDF5 file of a variant -> what it is unpacked to."""


def is_scanobjectnn(folder: Path) -> bool:
    """Return whether a folder has objects of a variant, or the published files."""
    homes = (*(variant.folder for variant in _VARIANTS), OPENSHAPE)
    lists = (f"{variant.folder}/{LIST}" for variant in PUBLISHED.values())
    return has_file(folder, "xyz_label.npy", *lists) or _has_hdf5(folder) or any(
        _has_classes(folder / home) for home in homes)  # fmt: skip


def read_scanobjectnn(root: Path) -> tuple[Task, ...]:
    """Return one task for each variant of which something is there in a form that is read.

    Raises:
        InputError: There is none, or the split is missing or broken.
    """
    there = [
        _variant(root, variant) for variant in _VARIANTS if _has_classes(root / variant.folder)
    ]
    if _has_classes(root / OPENSHAPE):
        there.append(_openshape(root))
    there += [_published(root, variant) for variant in PUBLISHED.values()
              if has_file(root / variant.folder, LIST)]  # fmt: skip
    if not there and _has_hdf5(root):
        raise InputError(f"HDF5 files have to be unpacked: {unpack_command(root)}", file=root)
    if not there:
        raise InputError("no objects such as object_dataset/chair in it; of .bin objects, "
                         f"xyz_label.npy or .h5 files {UNPACK}", file=root)  # fmt: skip
    tasks = []
    for found in there:
        items = collected(found.listed, Modality.POINTS, found.find)
        if len(items):
            notes = (*found.benchmark.notes, *form_note(items))
            said = replace(found.benchmark, notes=notes)
            tasks.append(label_task(said, found.listed, items, root=root))
        else:
            _log.warning("%s: none of its objects can be used: %s", found.benchmark.name,
                         items.absent[0].reason)  # fmt: skip
    if not tasks:
        gathered(there[0].listed, Modality.POINTS, there[0].find, root=root)
    return tuple(tasks)


class _Found(NamedTuple):
    """A variant that is there, and the objects that it lists."""

    benchmark: Benchmark
    listed: list[Listed]
    find: Find


def _has_hdf5(folder: Path) -> bool:
    return has_file(folder, *PUBLISHED, *(f"h5_files/{name}" for name in PUBLISHED))


def _has_classes(home: Path) -> bool:
    return has_folder(home, *CLASSES)


def _test_objects(split: Path) -> Iterator[tuple[int, str, str]]:
    """Yield line, name and class of the objects of the test part."""
    for number, line in text_lines(split):
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise InputError("not name.bin, class and perhaps t, with tabs between them",
                             file=split, row=number, seen=repr(line[:80]))  # fmt: skip
        label = int(found["label"])
        if label >= len(CLASSES):
            raise InputError("no class has this number", file=split, row=number,
                             expected=f"0 to {len(CLASSES) - 1}", seen=label)  # fmt: skip
        if found["test"]:
            yield number, found["name"], CLASSES[label]


def _variant(root: Path, variant: _Variant) -> _Found:
    split = first_file(root, _SPLITS)
    rows = [(number, Listed(f"{name}{ending}", (label,), (f"{label}/{name}{ending}",), name))
            for number, name, label in _test_objects(split)
            for ending in variant.endings]  # fmt: skip
    listed, notes = joined(rows, split)
    return _found(root, variant.folder, variant.task, listed, (_ALL_POINTS, *notes))


def _published(root: Path, variant: _Variant) -> _Found:
    table = root / variant.folder / LIST
    listed, more = joined(read_list(table, CLASSES), table)
    notes = (NOTE, *([_COPIES] if variant == _PERTURBED else []), *more)
    return _found(root, variant.folder, variant.task, listed, notes)


def _openshape(root: Path) -> _Found:
    rows = [(0, Listed(f"{label}/{stem}", (label,), (f"{label}/{stem}",)))
            for label in CLASSES for stem in folder_stems(root / OPENSHAPE / label)]  # fmt: skip
    listed, notes = joined(rows, root / OPENSHAPE)
    return _found(root, OPENSHAPE, f"scanobjectnn-{OPENSHAPE}", listed, notes)


def _found(
    root: Path, folder: str, name: str, listed: list[Listed], notes: tuple[str, ...]
) -> _Found:
    files = MediaFiles(root, (folder,))
    benchmark = Benchmark(
        name=name,
        split="test",
        modality=Modality.POINTS,
        classes={label: label for label in CLASSES},
        templates=SCAN,
        source=_SOURCE,
        license=_LICENSE,
        noun="objects",
        notes=notes,
    )
    return _Found(benchmark, listed, lambda item: find_shape(files, item.names[0], ".bin"))


CONVERTER = Converter(
    name="scanobjectnn",
    title="ScanObjectNN",
    modalities=(Modality.TEXT, Modality.POINTS),
    detect=is_scanobjectnn,
    read=read_scanobjectnn,
    needs="main_split.txt and object_dataset/<class>/*.npy, or OBJ_BG_2048/<class>/*.npy; "
    "'pentad unpack' makes them of .bin and .h5",
    license=_LICENSE,
)
