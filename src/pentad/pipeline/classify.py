"""`classify`: which of some classes do files, texts, or the items of a workspace belong to?"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pentad.core.errors import InputError
from pentad.core.modality import MEDIA_MODALITIES, Modality, as_modality
from pentad.core.progress import SILENT, Progress
from pentad.encoders.protocol import Encoder
from pentad.encoders.registry import get_encoder
from pentad.evaluation.any_model import AnyModel, model_name, vectors_of
from pentad.evaluation.class_labels import Labels, label_keys
from pentad.evaluation.class_vectors import ClassVectors
from pentad.evaluation.classification import (
    UNKNOWN,
    Classification,
    Classifications,
    classify_vectors,
)
from pentad.evaluation.encode import Missing, Vectors
from pentad.evaluation.temperature import Temperature, temperature_of
from pentad.pipeline.classes import ClassSource
from pentad.pipeline.classify_inputs import (
    Asked,
    Inputs,
    Unclassified,
    gather_files,
    gather_items,
    nothing_left,
    require_some,
)
from pentad.pipeline.models import find_model, model_names
from pentad.pipeline.policies import considered
from pentad.pipeline.stored_vectors import stored_vectors
from pentad.store.items import Catalog
from pentad.store.workspace import Workspace

_CONFIG = "pentad.toml"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class ClassifyResult:
    """What some items were taken for.

    Attributes:
        parts: One for each modality.
        refused: What could not be classified, with its reason.
        settings: What the results depend on, as plain values.
    """

    parts: tuple[Classifications, ...]
    refused: tuple[Unclassified, ...]
    settings: Mapping[str, Any]

    def __len__(self) -> int:
        """Return how many items were classified."""
        return sum(map(len, self.parts))

    def __iter__(self) -> Iterator[Classification]:
        """Yield every item that was classified."""
        return (item for part in self.parts for item in part)


@dataclass(frozen=True)
class ClassifyOptions:
    """How items are classified.

    Attributes:
        top: How many labels an item gets.
        temperature: Of the probabilities; None for that of the model, else a default.
        alpha: Weight of prompts where there are examples too.
        normalize_members: Give examples length 1 before the mean of a class is taken.
        seed: Seed of the intervals.
        workers: Decoder processes; default one a processor.
    """

    top: int = 5
    temperature: float | None = None
    alpha: float = 0.5
    normalize_members: bool = False
    seed: int = 0
    workers: int | None = None

    def __post_init__(self) -> None:
        """Check what can be checked before anything is encoded."""
        temperature_of(None, self.temperature)
        if self.top < 1:
            raise InputError("top must be at least 1", seen=self.top)
        if not 0 <= self.alpha <= 1:
            raise InputError("alpha is the weight of prompts", expected="0 to 1", seen=self.alpha)


def classify(
    inputs: str | Path | Sequence[str | Path],
    model: str | Path | AnyModel | None = None,
    *,
    labels: Labels | None = None,
    templates: str | Path | Sequence[str | Path] | None = None,
    examples: str | Path | None = None,
    modality: str | None = None,
    options: ClassifyOptions | None = None,
    progress: Progress = SILENT,
) -> ClassifyResult:
    """Classify files or texts, or the items of a workspace, by labels, by examples, or by both.

    Args:
        inputs: A workspace; or files, folders and tables; with ``modality="text"`` also ``.txt``
            files of a text a line.
        model: An encoder, what `get_encoder` finds one by, or a function that takes paths (or
            texts) and the modality; for a workspace also the name of a saved model of it, and None
            for the final one.
        labels: The classes, as `pentad.evaluation.class_labels.as_labels` takes them; None for the
            folders of ``examples``.
        templates: Sentences that names are put into, as
            `pentad.evaluation.templates.as_templates` takes them; None for built-in ones.
        examples: A folder with one folder of files for each class.
        modality: Classify these only. Default all media; texts have to be asked for.
        options: How.
        progress: Where to report.

    Returns:
        The labels of every item, and accuracies where classes are known: an item's class is its
        concept in a table or a workspace, else the nearest folder that is called like a label.
        Vectors that the workspace has are used; what cannot be used is listed and never fatal.

    Raises:
        InputError: Labels, templates, examples or options are wrong, the model lacks what is
            needed, or nothing at all could be classified.
        StoreError: There is no model in the workspace.
        UnknownName: There is no such encoder or modality.
    """
    chosen = options or ClassifyOptions()
    kind = None if modality is None else as_modality(modality)
    opened = _workspace(inputs)
    found = _model(model, opened)
    source = ClassSource(found, labels, templates, examples, chosen.alpha, chosen.normalize_members)
    run = _Run(found, chosen, progress)
    if opened is None:
        paths = [inputs] if isinstance(inputs, str | Path) else inputs
        run.take(gather_files(paths, kind))
    else:
        run.take_workspace(opened, kind)
    return run.result(source)


@dataclass
class _Run:
    """What is classified, and with what; vectors of a workspace are those stored."""

    model: AnyModel
    options: ClassifyOptions
    progress: Progress
    inputs: Inputs = field(default_factory=Inputs)
    workspace: Workspace | None = None
    catalog: Catalog | None = None

    def take(self, inputs: Inputs) -> None:
        """Classify files and texts."""
        require_some(inputs)
        self.inputs = inputs

    def take_workspace(self, workspace: Workspace, modality: Modality | None) -> None:
        """Classify the items of a workspace."""
        self.workspace = workspace
        self.catalog = considered(workspace, workspace.catalog())
        wanted = MEDIA_MODALITIES if modality is None else (modality,)
        for each in (m for m in wanted if len(self.catalog.items(m))):
            self.inputs.asked[each] = gather_items(self.catalog.items(each))
        if not self.inputs.asked:
            what = "no items" if modality is None else f"no {modality.value} items"
            raise InputError(f"{workspace.root}: {what} to classify")

    def result(self, source: ClassSource) -> ClassifyResult:
        """Classify everything.

        Raises:
            InputError: Nothing could be classified.
        """
        temperature = temperature_of(self.model, self.options.temperature)
        parts, refused, made = [], list(self.inputs.refused), {}
        for modality in (m for m in Modality if m in self.inputs.asked):
            asked = self.inputs.asked[modality]
            reason = self._lacks(modality)
            if reason is not None:
                refused += [Unclassified(name, modality, reason) for name in asked.names]
                continue
            classes = source.of(modality, self.options.workers, self.progress)
            found = self._vectors(modality, asked)
            refused += [
                Unclassified(asked.names[each.row], modality, each.reason) for each in found.missing
            ]
            if len(found.rows):
                made[modality.value] = dict(classes.made)
                parts.append(self._part(modality, asked, found, classes, source, temperature))
        if not parts:
            raise nothing_left(refused)
        settings = {
            "model": model_name(self.model),
            "temperature": temperature.value,
            "temperature_from": temperature.source,
            "labels": list(parts[0].classes.names),
            "classes": made,
            "seed": self.options.seed,
        }
        return ClassifyResult(tuple(parts), tuple(refused), settings)

    def _part(
        self,
        modality: Modality,
        asked: Asked,
        found: Vectors,
        classes: ClassVectors,
        source: ClassSource,
        temperature: Temperature,
    ) -> Classifications:
        place = {name: number for number, name in enumerate(classes.names)}
        own = asked.own(label_keys(classes.names))
        rows = found.rows.tolist()
        known = [UNKNOWN if own[row] is None else place[str(own[row])] for row in rows]
        seen = source.among_examples([asked.sources[row] for row in rows])
        known = [UNKNOWN if s else c for c, s in zip(known, seen, strict=True)]
        if any(seen):
            _log.warning(
                "%d of the %s files are examples too; they do not count for the accuracy",
                sum(seen), modality.value,
            )  # fmt: skip
        return classify_vectors(
            found.vectors,
            classes,
            items=[asked.names[row] for row in rows],
            modality=modality,
            own=np.array(known, np.int64),
            top=self.options.top,
            temperature=temperature,
            seed=self.options.seed,
        )

    def _lacks(self, modality: Modality) -> str | None:
        """Return why the model cannot take a modality, or None where it can."""
        if not isinstance(self.model, Encoder) or modality in self.model.modalities:
            return None
        known = ", ".join(m.value for m in self.model.modalities)
        return f"{self.model.name!r} does not encode {modality.value}; it has {known}"

    def _vectors(self, modality: Modality, asked: Asked) -> Vectors:
        encoder = self.model if isinstance(self.model, Encoder) else None
        if encoder is not None and self.workspace is not None and self.catalog is not None:
            stored = stored_vectors(self.workspace, self.catalog, encoder, modality)
            if stored is not None:
                ids = self.catalog.items(modality).ids
                rows = np.searchsorted(ids, stored.ids).astype(np.int64)
                return Vectors(rows, np.asarray(stored.vectors), _not_stored(asked, rows))
        return vectors_of(
            self.model,
            modality,
            asked.sources,
            workers=self.options.workers,
            progress=self.progress,
        )


def _not_stored(asked: Asked, rows: Any) -> tuple[Missing, ...]:
    lacking = sorted(set(range(len(asked))) - set(rows.tolist()))
    reason = "has no vector in the workspace; 'pentad embed' makes it, or says why not"
    return tuple(Missing(row, asked.names[row], reason) for row in lacking)


def _workspace(inputs: str | Path | Sequence[str | Path]) -> Workspace | None:
    """Return the workspace that is asked for, or None where files are.

    Raises:
        InputError: A workspace stands beside something else, or there is nothing at all.
    """
    paths = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    if not paths:
        raise InputError("there is nothing to classify")
    spaces = [path for path in paths if (Path(path) / _CONFIG).is_file()]
    if spaces and len(paths) > 1:
        raise InputError("a workspace is classified alone, without other files", file=spaces[0])
    return Workspace.open(spaces[0]) if spaces else None


def _model(model: str | Path | AnyModel | None, workspace: Workspace | None) -> AnyModel:
    if isinstance(model, Path):
        return get_encoder(str(model.absolute()))
    if model is not None and not isinstance(model, str):
        return model
    if workspace is not None and (model is None or model in model_names(workspace)):
        return find_model(workspace, model)
    if model is None:
        raise InputError(
            "say which model classifies", expected="-m MODEL, such as -m clip-vit-base-patch32"
        )
    return get_encoder(model)
