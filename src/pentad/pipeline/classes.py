"""The classes that items are told apart by: from labels, from examples, or from both."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.core.progress import Progress
from pentad.embeddings.fetch_ahead import Source
from pentad.evaluation.any_model import AnyModel, vectors_of
from pentad.evaluation.class_labels import ClassLabel, Labels, as_labels, label_keys
from pentad.evaluation.class_vectors import ClassVectors
from pentad.evaluation.prompts import zero_shot_classes
from pentad.evaluation.prototypes import blend, prototypes
from pentad.evaluation.templates import as_templates
from pentad.pipeline.classify_inputs import Asked, gather_files
from pentad.store.captions import caption_key

Files = dict[str, dict[Modality, Asked]]
"""Class -> modality -> its examples."""

_log = logging.getLogger(__name__)


@dataclass
class ClassSource:
    """Makes the class vectors of each modality; files of examples are encoded once.

    Attributes:
        model: What encodes.
        labels: The classes; None for the folders of ``examples``.
        templates: What names are put into; None for built-in ones.
        examples: Folder with a folder for each class, or None.
        alpha: Weight of prompts beside examples.
        normalize_members: Give examples length 1 before their mean.
    """

    model: AnyModel
    labels: Labels | None
    templates: str | Path | Sequence[str | Path] | None
    examples: str | Path | None
    alpha: float
    normalize_members: bool
    _known: tuple[ClassLabel, ...] = ()
    _files: Files = field(default_factory=dict)
    _made: dict[frozenset[Modality], ClassVectors] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check labels, templates and examples before anything is encoded."""
        as_templates(self.templates, Modality.IMAGE)
        if self.labels is None and self.examples is None:
            raise InputError("say which classes there are", expected="labels, or examples")
        if self.templates and self.labels is None:
            raise InputError("templates are for labels, and there are none")
        if self.examples is not None:
            self._files = _example_files(Path(self.examples))
        self._known = as_labels(list(self._files) if self.labels is None else self.labels)
        if self._files:
            self._files = _of_labels(self._files, self._known, Path(str(self.examples)))

    def of(self, modality: Modality, workers: int | None, progress: Progress) -> ClassVectors:
        """Return the classes for items of one modality.

        Raises:
            InputError: The model has no text for labels, or a class has no usable example.
        """
        prompts = None
        if self.labels is not None:
            prompts = zero_shot_classes(
                self.model, self._known, modality, templates=self.templates, progress=progress
            )
        if not self._files:
            if prompts is None:
                raise InputError("there are neither labels nor examples")
            return prompts
        found = self._prototypes(modality, workers, progress)
        return found if prompts is None else blend(prompts, found, self.alpha)

    def among_examples(self, sources: Sequence[Source]) -> list[bool]:
        """Return which of some files are examples themselves."""
        used = {
            _real(source)
            for kinds in self._files.values()
            for asked in kinds.values()
            for source in asked.sources
        }
        return [_real(source) in used for source in sources]

    def _prototypes(
        self, modality: Modality, workers: int | None, progress: Progress
    ) -> ClassVectors:
        """Return classes by examples: those of the modality itself, if there are any, else all."""
        kinds = frozenset(kind for files in self._files.values() for kind in files)
        used = frozenset({modality}) if modality in kinds else kinds
        if used not in self._made:
            self._made[used] = self._from_examples(sorted(used), workers, progress)
        return self._made[used]

    def _from_examples(
        self, kinds: Sequence[Modality], workers: int | None, progress: Progress
    ) -> ClassVectors:
        rows: dict[str, list[int]] = {name: [] for name in self._files}
        matrices: list[NDArray[Any]] = []
        for kind in kinds:
            names, paths = _flat(self._files, kind)
            found = vectors_of(self.model, kind, paths, workers=workers, progress=progress)
            for each in found.missing:
                _log.warning("example %s: %s", paths[each.row], each.reason)
            start = sum(map(len, matrices))
            for place, row in enumerate(found.rows.tolist()):
                rows[names[row]].append(start + place)
            matrices.append(found.vectors)
        for name, own in rows.items():
            if not own:
                what = " or ".join(kind.value for kind in kinds)
                raise InputError(f"class {name!r} has no usable {what} example", file=self.examples)
        found_rows = {name: np.array(own, np.int64) for name, own in rows.items()}
        made = prototypes(
            np.concatenate(matrices), found_rows, normalize_members=self.normalize_members
        )
        said = {**made.made, "examples_of": [kind.value for kind in kinds]}
        return ClassVectors(made.names, made.vectors, said)


def _example_files(folder: Path) -> Files:
    """Return class -> modality -> files, for every folder of a folder.

    Raises:
        InputError: There are no two folders, or one holds no file that can be an example.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder of examples", file=folder)
    classes = sorted(
        each for each in folder.iterdir() if each.is_dir() and not each.name.startswith(".")
    )
    if len(classes) < 2:
        raise InputError(
            "examples lie in one folder a class",
            file=folder,
            expected="two folders or more",
            seen=", ".join(each.name for each in classes) or "none",
        )
    found: Files = {}
    for each in classes:
        inputs = gather_files([each])
        for refused in inputs.refused:
            _log.warning("example %s: %s", refused.item, refused.reason)
        found[each.name] = {m: a for m, a in inputs.asked.items() if m is not Modality.TEXT}
    return found


def _of_labels(files: Files, labels: Sequence[ClassLabel], folder: Path) -> Files:
    """Return the files of every label, whose folder may differ in case or punctuation.

    Raises:
        InputError: A label has no folder.
    """
    by_key = label_keys(files)
    found = {}
    for label in labels:
        name = by_key.get(caption_key(label.name))
        if name is None:
            raise InputError(f"no folder of examples is called {label.name!r}", file=folder)
        found[label.name] = files[name]
    if len(found) < len(files):
        _log.warning(
            "%d of the folders in %s are of no label and not used",
            len(files) - len(found), folder,
        )  # fmt: skip
    return found


def _real(source: Source) -> str:
    return str(source.resolve()) if isinstance(source, Path) else str(source)


def _flat(files: Files, kind: Modality) -> tuple[list[str], list[Source]]:
    """Return class and path of every example of a modality."""
    pairs = [
        (name, source)
        for name, kinds in files.items()
        for source in (kinds[kind].sources if kind in kinds else ())
    ]
    return [name for name, _ in pairs], [source for _, source in pairs]
