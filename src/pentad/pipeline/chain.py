"""`Chain`: what follows on embeddings, as stages that are made again only when their inputs change.

held-out bridge   learned on training concepts; chooses the weights         reports/held-out
bridge            learned on everything with those weights                  models/bridge
neighbors         of every caption in every modality                        neighbors/default
groups            neighbors lined up                                        groups/default
held-out model    trained and scored on the split; chooses the gates        reports/held-out
model             trained on everything with those gates                    models/unified
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.bridge.data import BridgeData, Choice
from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.embeddings.embeddings import Embeddings
from pentad.encoders.model import Model
from pentad.encoders.model_file import load_bridged
from pentad.evaluation.report import Report
from pentad.groups.groups import Groups
from pentad.neighbors.neighbors import Neighbors
from pentad.pipeline.card_facts import card_fingerprint
from pentad.pipeline.found import stored_neighbors
from pentad.pipeline.frozen import Frozen, held_out_units
from pentad.pipeline.groups_card import groups_card
from pentad.pipeline.heldout import has_both_sides, judge
from pentad.pipeline.learned import (
    baseline_models,
    bridge_data,
    class_name_vectors,
    learn_model,
)
from pentad.pipeline.making import Making
from pentad.pipeline.models import BASELINES, FINAL, save_model, saved_space
from pentad.pipeline.placed import map_placed, store_placed
from pentad.pipeline.plan import EncoderPlan, spaces_of
from pentad.pipeline.stages import Clock, Stage
from pentad.pipeline.steps import embedded_fingerprint, load_frozen
from pentad.pipeline.trained import Gates, fit_gates, train_model
from pentad.store.atomic import write_json
from pentad.store.items import Catalog
from pentad.store.workspace import Workspace

REVISION = 3
"""Raised when a stage would compute something else from the same inputs."""


class Chain:
    """The stages after embedding, on one workspace whose writer lock the caller holds.

    Attributes:
        catalog: All items.
    """

    def __init__(
        self,
        workspace: Workspace,
        catalog: Catalog,
        plan: EncoderPlan,
        *,
        making: Making | None = None,
        clock: Clock | None = None,
        progress: Progress = SILENT,
    ) -> None:
        self._workspace = workspace
        self.catalog = catalog
        self._plan = plan
        self._making = (making or Making()).keeping(workspace.root / "cache" / "neighbors")
        self._seed = self._making.seed
        self._clock = clock or Clock()
        self._progress = progress
        root = workspace.root
        inputs = {
            "revision": REVISION,
            "seed": self._seed,
            "catalog": catalog.fingerprint,
            "embedded": embedded_fingerprint(workspace, plan),
        }
        self._bridge = Stage(root / "models" / "bridge", inputs)
        self._compared = [Stage(root / "models" / name, inputs) for name in BASELINES.values()]
        found = {**inputs, "neighbors": asdict(self._making.neighbors)}
        self._neighbors = Stage(root / "neighbors" / "default", found)
        grouped = {**found, "groups": asdict(self._making.groups)}
        card = card_fingerprint(catalog, workspace.rejections())
        self._groups = Stage(root / "groups" / "default", {**grouped, "card": card})
        self._heldout = Stage(root / "reports" / "held-out", grouped)
        self._final = Stage(root / "models" / FINAL, grouped)

    def run(self) -> Report | None:
        """Run every stage; return the scores on held-out concepts, if any could be held out."""
        self.find_neighbors()
        self.build_groups()
        return self.train()

    def find_neighbors(self) -> tuple[Neighbors, ...]:
        """Learn the bridge and find the neighbors of every caption."""
        model, folder = self.learn_bridge(), self._neighbors.folder
        if self._neighbors.is_current():
            stored = stored_neighbors(folder)
            return tuple(stored[m] for m in model.modalities if m in stored)
        with self._clock.stage("neighbors"):
            found = self._making.find(
                self._placed(model),
                self.catalog.pairs,
                # What is damaged or half-made is made anew, so that it ends in the same bytes.
                previous=stored_neighbors(folder) if self._neighbors.is_whole() else None,
                compare=True,
                progress=self._progress,
            )
            self._neighbors.begin(empty=True)
            for neighbors in found:
                neighbors.save(folder)
            self._neighbors.finish()
            self._making.forget()
        return found

    def learn_bridge(self) -> Model:
        """Learn the bridge on everything, with the weights chosen on training concepts."""
        if not all(stage.is_current() for stage in (self._bridge, *self._compared)):
            with self._clock.stage("bridge"):
                self._learn_bridge()
        # What was saved is what goes on, so that a run that was cut short here ends in the same
        # bytes: a saved model has fewer digits.
        return load_bridged(self._bridge.folder)

    def _learn_bridge(self) -> None:
        model, _ = learn_model(self._plan, self._data, seed=self._seed, choices=self._choices)
        strengths = None if self._held is None else self._baselines[1]
        whole, _ = baseline_models(self._plan, self._data, seed=self._seed, choices=strengths)
        stages = [self._bridge, *self._compared]
        for stage, learned in zip(stages, (model, *whole.values()), strict=True):
            stage.begin()
            save_model(learned, stage.folder)
            stage.finish()

    def build_groups(self, *, form: str = "parquet") -> Groups:
        """Line the neighbors up and write them; ``csv`` goes to a folder beside."""
        neighbors = self.find_neighbors()
        folder = self._groups.folder
        if form == "csv":
            groups = self._line_up(neighbors)
            folder = folder.with_name(f"{folder.name}-csv")
            card = self._card(groups, folder.name)
            groups.save(folder, format="csv", catalog=self.catalog.frames, card=card)
            return groups
        if self._groups.is_current():
            return Groups.load(folder)
        with self._clock.stage("groups"):
            groups = self._line_up(neighbors)
            self._groups.begin()
            groups.save(folder, card=self._card(groups, folder.name))
            self._groups.finish()
        return groups

    def _line_up(self, neighbors: tuple[Neighbors, ...]) -> Groups:
        needed = self._making.needs_vectors
        embeddings = self._placed(self.learn_bridge()) if needed else {}
        encoders = {m.value: spaces for m, spaces in spaces_of(self._plan).items()}
        groups = self._making.line_up(neighbors, embeddings, encoders=encoders)
        return self._making.with_concept_match(groups, neighbors, self.catalog)

    def _card(self, groups: Groups, name: str) -> str:
        rejections = self._workspace.rejections()
        return groups_card(groups, self.catalog, name=name, rejections=rejections)

    def train(self) -> Report | None:
        """Score on held-out concepts, then train on everything with the same settings."""
        if self._heldout.is_current() and self._final.is_current() and self._is_placed():
            return self._stored_report()
        gates, report = self._judge_held_out()
        bridge, groups = self.learn_bridge(), self.build_groups()
        with self._clock.stage("train"):
            model, metrics = train_model(
                bridge,
                self._frozen,
                groups,
                gates,
                name=FINAL,
                seed=self._seed,
                progress=self._progress,
            )
            self._final.begin()
            save_model(model, self._final.folder, metrics=metrics)
            final = load_bridged(self._final.folder)
            store_placed(self._workspace, self.catalog, final, self._workspace.root / "embeddings")
            self._final.finish()
            if (places := self._places()) is not None:
                places.finish()
        return report

    def _is_placed(self) -> bool:
        places = self._places()
        return places is not None and places.is_current()

    def _places(self) -> Stage | None:
        """Return the stage of the vectors that the final model gave everything."""
        space = saved_space(self._final.folder)
        if space is None:
            return None
        return Stage(self._workspace.root / "embeddings" / space, {"model": self._final.inputs})

    def _judge_held_out(self) -> tuple[Gates, Report | None]:
        held = self._held
        if held is None:
            self._heldout.begin(empty=True)
            write_json(self._heldout.folder / "none.json", {"reason": "too few concepts"})
            self._heldout.finish()
            return {}, None
        with self._clock.stage("held-out"):
            training, judged = self._frozen.split(held)
            bridge = self._held_out_bridge
            groups = self._making.make(bridge, training)
            gates = fit_gates(
                self._plan,
                training,
                self._class_names,
                making=self._making,
                seed=self._seed,
                choices=self._choices,
            )
            model, _ = train_model(bridge, training, groups, gates, name=FINAL, seed=self._seed)
            report = judge(
                judged,
                model,
                self._baselines[0],
                seed=self._seed,
                settings=self._settings(gates),
                progress=self._progress,
            )
            self._heldout.begin(empty=True)
            report.save(self._heldout.folder)
            self._heldout.finish()
        return gates, report

    def _settings(self, gates: Gates) -> dict[str, Any]:
        return {
            "seed": self._seed,
            "k": self._making.neighbors.k,
            "neighbors": asdict(self._making.neighbors),
            "groups": asdict(self._making.groups),
            "split": "concepts; the published model is trained on all rows with these settings",
            "gates": {m.value: gate for m, gate in gates.items()},
            "weights": {m.value: vars(c) for m, c in (self._choices or {}).items()},
        }

    def _stored_report(self) -> Report | None:
        folder = self._heldout.folder
        return Report.load(folder) if (folder / "result.json").exists() else None

    def _placed(self, bridge: Model) -> Mapping[Modality, Embeddings]:
        """Return where the bridge puts everything, mapped, so that nothing is in memory at once."""
        folder = self._workspace.root / "cache" / "placed"
        stage = Stage(folder, {"model": bridge.fingerprint, "inputs": self._bridge.inputs})
        if not stage.is_current():
            stage.begin()
            store_placed(self._workspace, self.catalog, bridge, folder)
            stage.finish()
        return map_placed(folder, bridge)

    @cached_property
    def _frozen(self) -> Frozen:
        return load_frozen(self._workspace, self.catalog, self._plan)

    @cached_property
    def _class_names(self) -> Mapping[str, NDArray[np.float32]]:
        with self._clock.stage("bridge"):
            return class_name_vectors(self._plan, self._frozen)

    @cached_property
    def _data(self) -> BridgeData:
        return bridge_data(self._frozen, self._class_names)

    @cached_property
    def _held(self) -> NDArray[np.bool_] | None:
        held = held_out_units(self._frozen.units, self._seed)
        if has_both_sides(self._frozen, held):
            return held
        self._progress.notice("too few concepts to hold any out: there will be no scores")
        return None

    @cached_property
    def _training(self) -> BridgeData:
        """Native pairs of the training concepts alone."""
        if self._held is None:
            raise InputError("nothing is held out, so there is no training part")
        return bridge_data(self._frozen.split(self._held)[0], self._class_names)

    @cached_property
    def _learned(self) -> tuple[Model, Mapping[Modality, Choice]]:
        """The bridge learned on training concepts, and the weights it chose."""
        with self._clock.stage("bridge"):
            return learn_model(self._plan, self._training, seed=self._seed)

    @cached_property
    def _baselines(self) -> tuple[Mapping[str, Model], Mapping[Modality, Choice]]:
        with self._clock.stage("baselines"):
            return baseline_models(self._plan, self._training, seed=self._seed)

    @property
    def _held_out_bridge(self) -> Model:
        return self._learned[0]

    @property
    def _choices(self) -> Mapping[Modality, Choice] | None:
        """Weights found on training concepts; None where nothing is held out.

        A modality that has all its captioned items on the held-out side is not among them.
        """
        return None if self._held is None else self._learned[1]


def report_folder(workspace: Workspace) -> Path:
    """Return where the scores on held-out concepts lie."""
    return workspace.root / "reports" / "held-out"
