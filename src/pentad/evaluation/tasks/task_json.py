"""`task.json`: what a task in a neutral folder says of itself, checked key by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from pentad.core.errors import InputError, PentadError, UnknownName
from pentad.core.modality import Modality
from pentad.evaluation.metrics.grammar import parse_metric
from pentad.evaluation.tasks.build import Description
from pentad.evaluation.tasks.table import json_object
from pentad.evaluation.tasks.task import Absent, Direction, Kind, Task

TASK_FILE = "task.json"
FORMAT = "pentad-task"
VERSION = 1

KEYS = (
    "format", "version", "name", "kind", "split", "query_modality", "item_modality", "directions",
    "metrics", "templates", "source", "license", "notes", "absent", "root",
)  # fmt: skip
_OF_COMMITS = ("files", "pending", "obsolete")
"""What writing leaves in the file, see `pentad.store.records`."""

_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True)
class TaskJson:
    """The content of ``task.json``.

    Attributes:
        description: What the task says of itself.
        query_modality: What asks.
        item_modality: What is searched.
        root: Folder that files are relative to.
        absent: What was left out already when the task was written.
    """

    description: Description
    query_modality: Modality
    item_modality: Modality
    root: Path
    absent: tuple[Absent, ...]


def read_task_json(folder: Path) -> TaskJson:
    """Return what ``task.json`` of a folder says.

    Raises:
        InputError: It is missing, damaged, of another version, or a key is wrong; the key is told.
    """
    keys = _Keys(folder / TASK_FILE)
    modalities = (
        keys.choice("query_modality", Modality),
        keys.choice("item_modality", Modality),
    )
    directions = keys.directions(modalities)
    notes = keys.texts("notes", ())
    description = Description(
        name=keys.text("name"),
        kind=keys.choice("kind", Kind),
        split=keys.text("split", "test"),
        directions=directions,
        metrics=keys.metrics(directions),
        templates=keys.texts("templates", ()),
        source=keys.text("source", ""),
        license=keys.text("license", ""),
        notes=notes,
    )
    return TaskJson(description, *modalities, folder / keys.text("root", ""), keys.absent())


def task_fields(task: Task, root: str) -> dict[str, object]:
    """Return what ``task.json`` says of a task; ``root`` is empty for the folder itself."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": task.name,
        "kind": str(task.kind),
        "split": task.split,
        "query_modality": str(task.queries.modality),
        "item_modality": str(task.items.modality),
        "directions": [str(direction) for direction in task.directions],
        "metrics": {
            str(direction): list(names)
            for direction, names in zip(task.directions, task.metrics, strict=True)
        },
        "templates": list(task.templates),
        "source": task.source,
        "license": task.license,
        "notes": list(task.notes),
        "absent": [absent._asdict() for absent in task.absent],
        "root": root,
    }


class _Keys:
    """The keys of the file, each of the type that it must have."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise InputError("no such file; a folder with a task has one", file=path)
        self._path = path
        self._values: Mapping[str, Any] = json_object(path)
        self._check_format()
        for key in self._values:
            if key not in KEYS and key not in _OF_COMMITS:
                raise self._wrong(str(UnknownName("key", key, KEYS)), key)

    def _check_format(self) -> None:
        if self._values.get("format") != FORMAT:
            raise self._wrong("not a task", "format", repr(FORMAT), self._values.get("format"))
        if self._values.get("version") != VERSION:
            raise self._wrong(
                "another version than this program reads",
                "version", VERSION, self._values.get("version"),
            )  # fmt: skip
        if self._values.get("pending"):
            raise self._wrong("the task was being written and is not whole; write it again")

    def text(self, key: str, default: str | None = None) -> str:
        value = self._values.get(key, default)
        if not isinstance(value, str) or (default is None and not value):
            raise self._wrong("not text", key, "a string", value)
        self._check_text(value, key)
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        return self._texts(self._values.get(key, default), key)

    def choice(self, key: str, kind: type[_E]) -> _E:
        return self._choice(self.text(key), key, kind)

    def directions(self, modalities: tuple[Modality, Modality]) -> tuple[Direction, ...]:
        # Two directions between texts and texts would have one name.
        usual = tuple(Direction) if len(set(modalities)) == 2 else (Direction.forward,)
        named = self.texts("directions", usual)
        found = tuple(self._choice(name, "directions", Direction) for name in named)
        if not found or len(set(found)) != len(found):
            raise self._wrong("at least one direction, each once", "directions", seen=list(named))
        return found

    def metrics(self, directions: tuple[Direction, ...]) -> tuple[tuple[str, ...], ...]:
        value = self._values.get("metrics")
        each = value if isinstance(value, dict) else dict.fromkeys(directions, value)
        found = tuple(self._texts(each.get(direction), "metrics") for direction in directions)
        if set(each) != set(directions) or not all(found):
            raise self._wrong("names of metrics for each direction", "metrics",
                              list(map(str, directions)), value)  # fmt: skip
        for name in chain.from_iterable(found):
            try:
                parse_metric(name)
            except PentadError as error:
                raise self._wrong(str(error), "metrics") from None
        return found

    def absent(self) -> tuple[Absent, ...]:
        value = self._values.get("absent", [])
        if not isinstance(value, list):
            raise self._wrong("not a list", "absent", seen=value)
        for entry in value:
            if not isinstance(entry, dict) or set(entry) != {"id", "reason"}:
                raise self._wrong("not an id and a reason", "absent", seen=entry)
            self._texts([entry["id"], entry["reason"]], "absent")
        return tuple(Absent(entry["id"], entry["reason"]) for entry in value)

    def _texts(self, value: object, key: str) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise self._wrong("not a list of strings", key, seen=value)
        for text in value:
            self._check_text(text, key)
        return tuple(value)

    def _check_text(self, text: str, key: str) -> None:
        try:
            text.encode()
        except UnicodeEncodeError:
            raise self._wrong("holds half a character (a lone surrogate)", key) from None

    def _choice(self, name: str, key: str, kind: type[_E]) -> _E:
        try:
            return kind(name)
        except ValueError:
            raise self._wrong(str(UnknownName(key, name, [k.value for k in kind])), key) from None

    def _wrong(
        self, message: str, key: str | None = None, expected: object = None, seen: object = None
    ) -> InputError:
        shown = None if seen is None else repr(seen)[:80]
        return InputError(message, file=self._path, column=key, expected=expected, seen=shown)
