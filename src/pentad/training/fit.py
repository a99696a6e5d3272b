"""`train`: projection heads over frozen vectors, from groups or from rated triplets.

On groups this is pre-training: items of one group are to be nearer to each other than to the rest
of a batch (InfoNCE, learned temperature). On triplets it is post-training: what was rated GOOD is
such a pair, PARTIAL is one of less weight, and BAD is held against its own caption and paired item.
Items without a vector are left out; the model's notes say how many.

    >>> import numpy as np, polars as pl
    >>> from pentad.embeddings.embeddings import Embeddings
    >>> rows = np.random.default_rng(0).normal(size=(2, 50, 8))
    >>> text = Embeddings.from_array(rows[0], modality="text", space="my-text")
    >>> image = Embeddings.from_array(rows[1], modality="image", space="my-image")
    >>> groups = pl.DataFrame({"text_id": range(50), "rank": 1, "image_id": range(50)})
    >>> model = train(groups, features={"text": text, "image": image}, dim=4)
    >>> model.embed(image).vectors.shape
    (50, 4)
"""

from __future__ import annotations

import dataclasses
import logging
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.encoders.projection import ProjectionModel
from pentad.encoders.projection_head import ProjectionHead
from pentad.encoders.registry import get_encoder
from pentad.groups.groups import Groups
from pentad.ratings.triplets import Triplets
from pentad.training.groups_data import GroupRows, group_rows
from pentad.training.projection_features import Features, by_modality
from pentad.training.projection_run import LOSS_OF, Outcome, run
from pentad.training.projection_settings import FitSettings
from pentad.training.projection_start import Start, start_from
from pentad.training.projection_towers import TowerHead, Towers, new_head
from pentad.training.rated_pairs import RatedPairs
from pentad.training.repeatable import repeatable
from pentad.training.triplets_data import rated_pairs

if TYPE_CHECKING:
    import polars as pl

_LOG = logging.getLogger(__name__)
_TAKEN = "Groups, Triplets, or a polars frame of either"


def train(
    data: Groups | Triplets | pl.DataFrame | pl.LazyFrame,
    *,
    features: Features | None = None,
    init: ProjectionModel | None = None,
    anchor: str | Sequence[str] = (),
    dim: int | None = None,
    epochs: int | None = None,
    seed: int = 0,
    settings: FitSettings | None = None,
    name: str | None = None,
    progress: Progress = SILENT,
) -> ProjectionModel:
    """Train one projection head a modality, so that what belongs together comes close.

    The same bytes come out for the same data, settings, seed and machine type.

    Args:
        data: Groups, triplets, or a table that `Groups.from_frame` or `Triplets.from_frame` takes.
        features: Modality -> frozen `Embeddings` under the ids of ``data``, or several of different
            spaces to stand side by side. They may be memory-mapped: a batch is read at a time.
        init: A model to go on from, of the same spaces.
        anchor: Modalities that get no head: others are brought to their frozen vectors.
        dim: Length of a vector; default that of ``init`` or of the anchor, else 512.
        epochs: How often all rows are gone through; default as ``settings`` says.
        seed: Decides the start and the order of rows.
        settings: Everything else that may be chosen; default `FitSettings()`.
        name: Of the model; default that of ``init``, else ``projection``.
        progress: Where progress is shown.

    Raises:
        InputError: There are no features, nothing to compare, or training has diverged.
        SpaceMismatch: The features are of other spaces than ``init`` was trained on.
    """
    chosen = settings or FitSettings()
    chosen = chosen if epochs is None else replace(chosen, epochs=epochs)
    _check_init(init)
    known = _as_data(data)
    start = start_from(by_modality(_given(features, known)), init, anchor, dim, name)
    rows = _rows(known, start, chosen)
    with repeatable(chosen.threads):
        towers = _towers(start, rows.modalities, chosen, seed)
        outcome = run(rows, towers, chosen, seed, progress)
        heads = towers.export()
    log_scale = float(towers.log_scale.detach())
    note = _note(known, rows, chosen, seed, outcome, log_scale)
    return _model(start, rows.modalities, heads, log_scale, note, outcome)


def _check_init(init: object) -> None:
    if not isinstance(init, ProjectionModel | None):
        expected = "a model that train() made"
        raise InputError("cannot go on from this", expected=expected, seen=type(init).__name__)


def _as_data(data: object) -> Groups | Triplets:
    if isinstance(data, Groups | Triplets):
        return data
    frame: Any = data
    if not callable(getattr(frame, "lazy", None)):
        raise InputError("cannot train on this", expected=_TAKEN, seen=type(data).__name__)
    names = frame.lazy().collect_schema().names()
    rated = "rating" in names or "annotation" in names
    return Triplets.from_frame(frame) if rated else Groups.from_frame(frame)


def _given(features: Features | None, data: Groups | Triplets) -> Features:
    if features is None:
        kind = data.manifest["kind"]
        raise InputError(
            f"these {kind} hold ids and no vectors",
            expected="features={modality: Embeddings}, text among them",
        )
    return features


def _rows(data: Groups | Triplets, start: Start, settings: FitSettings) -> GroupRows | RatedPairs:
    """Return what there is to train on.

    Raises:
        InputError: Nothing.
    """
    rows: GroupRows | RatedPairs
    if isinstance(data, Groups):
        rows = group_rows(data, start.features, start.anchors, settings)
    else:
        rows = rated_pairs(data, start.features, start.anchors, settings)
    reasons = ", ".join(f"{reason}: {count}" for reason, count in rows.left_out.items())
    if not rows.pairs:
        raise InputError(f"there is nothing to compare among {len(data)} rows ({reasons})")
    if reasons:
        _LOG.warning("left out of training: %s", reasons)
    for modality in start.features:
        if modality not in rows.modalities:
            _LOG.warning("features of %s are not used: nothing to compare", modality.value)
    return rows


def _towers(
    start: Start, modalities: Sequence[Modality], settings: FitSettings, seed: int
) -> Towers:
    """Return the heads to train: those of ``init``, and new ones where it has none."""
    before = {} if start.init is None else start.init.heads
    heads = {
        m: TowerHead.of(before[m])
        if m in before
        else new_head(m, start.features[m].width, settings.hidden, start.dim, seed)
        for m in modalities
        if m not in start.anchors
    }
    first = -math.log(settings.temperature)
    log_scale = first if start.init is None else start.init.log_scale
    return Towers(start.features, heads, log_scale, _device(settings.device))


def _device(wanted: str) -> torch.device:
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise InputError("there is no cuda device here", expected="device='cpu' or 'auto'")
    if wanted == "cpu" or not there:
        return torch.device("cpu")
    # Without it cuBLAS refuses to give the same bytes again; it is read when cuBLAS starts.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    return torch.device("cuda")


def _note(
    data: Groups | Triplets,
    rows: GroupRows | RatedPairs,
    settings: FitSettings,
    seed: int,
    outcome: Outcome,
    log_scale: float,
) -> dict[str, Any]:
    """Return what the model remembers of this run."""
    losses = outcome.last_epoch()
    return {
        "data": data.manifest["kind"],
        "namespace": data.manifest.get("namespace"),
        "rows": len(data),
        "used": len(rows),
        "left_out": dict(rows.left_out),
        "pairs": rows.pairs,
        "steps": len(outcome.metrics),
        "seed": seed,
        "loss": losses.get("loss"),
        "pair_loss": {n.removeprefix(LOSS_OF): v for n, v in losses.items() if n != "loss"},
        "scale": math.exp(log_scale),
        "settings": dataclasses.asdict(settings),
    }


def _model(
    start: Start,
    modalities: Sequence[Modality],
    heads: Mapping[Modality, ProjectionHead],
    log_scale: float,
    note: Mapping[str, Any],
    outcome: Outcome,
) -> ProjectionModel:
    init = start.init
    runs = [] if init is None else list(init.notes.get("runs", ()))
    before = [] if init is None else list(init.metrics)
    kept = {*modalities} | ({*init.sources} if init is not None else set())
    return ProjectionModel(
        name=start.name,
        sources={m: start.sources[m] for m in Modality if m in kept},
        heads={**(init.heads if init is not None else {}), **heads},
        dim=start.dim,
        log_scale=log_scale,
        find=get_encoder,
        notes={"runs": [*runs, note]},
        metrics=[*before, *({"run": len(runs) + 1, **row} for row in outcome.metrics)],
    )
