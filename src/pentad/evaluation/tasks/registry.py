"""The benchmarks that can be read: `list_tasks`, `get_task`, `find_tasks`.

Each is a module with a ``CONVERTER``; one more is one file and one line of `MODULES`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from pentad.core.errors import InputError, PentadError, UnknownName
from pentad.evaluation.tasks.converter import Converter
from pentad.evaluation.tasks.neutral import is_task_folder, read_task
from pentad.evaluation.tasks.task import Task
from pentad.evaluation.tasks.task_json import read_task_json

_PACKAGE = "pentad.evaluation.tasks"

MODULES = {
    "coco-karpathy": "captions.coco_karpathy",
    "flickr30k": "captions.flickr30k",
    "audiocaps": "captions.audiocaps",
    "clotho": "captions.clotho",
    "msrvtt-1ka": "captions.msrvtt",
    "msvd": "captions.msvd",
    "vggsound": "labels.vggsound",
    "audioset": "labels.audioset",
    "esc50": "labels.esc50",
    "fsd50k": "labels.fsd50k",
    "modelnet40": "labels.modelnet40",
    "scanobjectnn": "labels.scanobjectnn",
    "objaverse-lvis": "labels.objaverse_lvis",
}
"""Name -> module, relative to this package; captions first."""


@dataclass(frozen=True)
class Found:
    """What a folder holds.

    Attributes:
        name: A name of `list_tasks`, or that of a neutral folder.
        folder: Where it lies.
        tasks: Its tasks; empty where it could not be read.
        error: Why it could not be read, one line; None where it could.
    """

    name: str
    folder: Path
    tasks: tuple[Task, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class Search:
    """What `find_tasks` has found.

    Attributes:
        found: What lies there, by folder, then by name.
        missing: Names of `list_tasks` that lie nowhere there.
    """

    found: tuple[Found, ...]
    missing: tuple[str, ...]


def list_tasks() -> tuple[Converter, ...]:
    """Return the converter of every benchmark that there is one for."""
    return tuple(map(_converter, MODULES))


def get_task(name: str, root: str | Path) -> tuple[Task, ...]:
    """Return the tasks of one benchmark; most have one.

    Args:
        name: A name of `list_tasks`, or that of the task in a neutral folder.
        root: The folder that holds it, or one whose direct sub-folder does.

    Raises:
        UnknownName: There is no such benchmark; the message says the nearest one.
        InputError: Its files are not there, or are broken; the message says what it needs.
    """
    place = Path(root)
    if name not in MODULES:
        return (_neutral_task(name, place),)
    converter = _converter(name)
    first: PentadError | None = None
    for folder in filter(converter.detect, _folders(place)):
        try:
            return tuple(converter.read(folder))
        except PentadError as error:
            first = first or error
    raise first or InputError(
        f"{converter.title} is not in this folder; it needs {converter.needs}", file=place
    )


def _neutral_task(name: str, root: Path) -> Task:
    """Return the task of this name from a neutral folder.

    Raises:
        UnknownName: None has it.
    """
    folders = [] if not root.is_dir() else [f for f in _folders(root) if is_task_folder(f)]
    named = {read_task_json(folder).description.name: folder for folder in reversed(folders)}
    if name not in named:
        raise UnknownName("task", name, (*MODULES, *named), listing="pentad list tasks")
    return read_task(named[name])


def find_tasks(root: str | Path) -> Search:
    """Return what benchmarks lie in a folder and in its direct sub-folders.

    What cannot be read is told with its error, and ends nothing.

    Args:
        root: The folder.

    Raises:
        InputError: It is no folder.
    """
    found: list[Found] = []
    for one in (one for folder in _folders(Path(root)) for one in _look_into(folder)):
        # A table may be seen from the folder of its media and from its own, where no media are.
        if one.tasks or all(one.name != other.name for other in found):
            found.append(one)
    names = {one.name for one in found}
    return Search(tuple(found), tuple(name for name in MODULES if name not in names))


def _look_into(folder: Path) -> list[Found]:
    if is_task_folder(folder):
        return [_read_neutral(folder)]
    found = (_converter(name) for name in MODULES)
    return [_read(converter, folder) for converter in found if converter.detect(folder)]


def _read(converter: Converter, folder: Path) -> Found:
    try:
        return Found(converter.name, folder, tuple(converter.read(folder)))
    except PentadError as error:
        return Found(converter.name, folder, error=str(error))


def _read_neutral(folder: Path) -> Found:
    try:
        task = read_task(folder)
    except PentadError as error:
        return Found(folder.name, folder, error=str(error))
    return Found(task.name, folder, (task,))


def _folders(root: Path) -> Sequence[Path]:
    """Return a folder and its direct sub-folders, by name."""
    try:
        below = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    except OSError as error:
        raise InputError(f"cannot be looked into ({error.strerror or error})", file=root) from None
    return [root, *below]


def _converter(name: str) -> Converter:
    return cast("Converter", import_module(f"{_PACKAGE}.{MODULES[name]}").CONVERTER)
