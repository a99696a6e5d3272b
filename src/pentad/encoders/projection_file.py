"""A projection model as a folder: settings, numbers, how training went, and its card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.frozen_source import FrozenSource
from pentad.encoders.projection import ProjectionModel
from pentad.encoders.projection_card import projection_card
from pentad.encoders.projection_head import ProjectionHead
from pentad.encoders.registry import get_encoder
from pentad.encoders.specs import absolute_spec, relative_spec
from pentad.store.records import committing

CONFIG, TENSORS, METRICS, CARD = "config.json", "model.safetensors", "metrics.jsonl", "README.md"
FORMAT, KIND = 1, "projection"


def save_projection(model: ProjectionModel, folder: Path) -> None:
    """Write a model; all of its files appear together."""
    from safetensors.numpy import save_file

    with committing(folder / CONFIG) as commit:
        tensors = {k: np.ascontiguousarray(v, np.float32) for k, v in model.tensors().items()}
        save_file(tensors, commit.path(TENSORS))
        lines = "".join(json.dumps(row, sort_keys=True) + "\n" for row in model.metrics)
        commit.path(METRICS).write_text(lines, encoding="utf-8")
        commit.path(CARD).write_text(projection_card(model), encoding="utf-8")
        commit.finish(_config(model, folder))


def read_projection(
    root: Path, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]
) -> ProjectionModel:
    """Return the model of a folder whose settings and numbers have been read.

    Raises:
        InputError: The numbers are not those that the settings belong to.
    """
    sources = {
        Modality(m): tuple(
            FrozenSource(**{**entry, "spec": entry["spec"] and absolute_spec(entry["spec"], root)})
            for entry in entries
        )
        for m, entries in config["sources"].items()
    }
    model = ProjectionModel(
        name=config["name"],
        sources=sources,
        heads={
            Modality(m): ProjectionHead.from_tensors(tensors, f"heads.{m}") for m in config["heads"]
        },
        dim=config["dim"],
        log_scale=config["log_scale"],
        find=get_encoder,
        revision=config["revision"],
        notes=config["notes"],
        metrics=_metrics(root / METRICS),
    )
    if model.fingerprint != config["fingerprint"]:
        raise InputError("the numbers are not those that were saved; train again")
    return model


def _config(model: ProjectionModel, folder: Path) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "kind": KIND,
        "name": model.name,
        "revision": model.revision,
        "dim": model.dim,
        "fingerprint": model.fingerprint,
        "log_scale": model.log_scale,
        "modalities": [m.value for m in model.modalities],
        "heads": [m.value for m in model.modalities if m in model.heads],
        "sources": {
            m.value: [
                {**vars(s), "spec": s.spec and relative_spec(s.spec, folder)}
                for s in model.sources[m]
            ]
            for m in model.modalities
        },
        "notes": dict(model.notes),
    }


def _metrics(path: Path) -> list[dict[str, float]]:
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        return []
