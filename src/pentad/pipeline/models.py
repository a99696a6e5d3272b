"""Saved models of a workspace: ``models/<name>/``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pentad.core.errors import StoreError, UnknownName
from pentad.core.modality import Modality
from pentad.encoders.model import Model
from pentad.encoders.model_file import CONFIG, TENSORS, load_bridged, model_config, write_tensors
from pentad.store.records import committing, read_record
from pentad.store.workspace import Workspace

FINAL = "unified"
BASELINES = {"ridge": "ridge", "bridge": "class-names"}
"""Name in a report -> name of the saved model."""


def save_model(
    model: Model, folder: Path, *, metrics: Sequence[Mapping[str, Any]] = (), card: str = ""
) -> None:
    """Write a model, its training metrics and its card; all of it appears together."""
    with committing(folder / CONFIG) as commit:
        write_tensors(model, commit.path(TENSORS))
        lines = "".join(json.dumps(row, sort_keys=True) + "\n" for row in metrics)
        commit.path("metrics.jsonl").write_text(lines, encoding="utf-8")
        commit.path("README.md").write_text(card or model_card(model), encoding="utf-8")
        commit.finish(model_config(model, folder))


def saved_space(folder: Path) -> str | None:
    """Return the space of a saved model, without reading its numbers; None where there is none."""
    record = read_record(folder / CONFIG)
    if record is None:
        return None
    return f"{record.fields['name']}-{str(record.fields['fingerprint'])[:8]}"


def model_names(workspace: Workspace) -> list[str]:
    """Return the names of the saved models, the final one last."""
    found = sorted(p.parent.name for p in workspace.root.glob(f"models/*/{CONFIG}"))
    return sorted(found, key=lambda name: name == FINAL)


def find_model(workspace: Workspace, name: str | None = None) -> Model:
    """Return a saved model by name or path; without a name the final one.

    Raises:
        StoreError: There is no model, or it is damaged.
        UnknownName: There is none of that name.
    """
    names = model_names(workspace)
    if name is not None and name not in names and (Path(name) / CONFIG).is_file():
        return load_bridged(name)
    if not names:
        raise StoreError(
            f"{workspace.root}: no model here yet; run 'pentad build' or 'pentad train'"
        )
    if name is not None and name not in names:
        raise UnknownName("model", name, names)
    folder = workspace.root / "models" / (name or names[-1])
    record = read_record(folder / CONFIG)
    if record is None or not record.intact():
        raise StoreError(f"{folder}: damaged or half written; run 'pentad train' again")
    return load_bridged(folder)


def model_card(model: Model) -> str:
    """Return the README of a model: what it is, what it stands on, what was chosen."""
    lines = [f"# {model.name}", "", f"Space of {model.dim} dimensions for:", ""]
    for modality in (m for m in Modality if m in model.encoders):
        names = ", ".join(f"{e.name} (`{e.fingerprint[:8]}`)" for e in model.encoders[modality])
        head = model.heads.get(modality)
        gate = "no trained head" if head is None else f"trained head, gate {head.gate:g}"
        lines.append(f"- {modality.value}: {names}; {gate}")
    weights = "prior (a), ridge (b), class space (g), strength (lambda)"
    lines += ["", f"Weights of the bridge, {weights}:", ""]
    for name, choice in sorted(model.bridge.notes.items()):
        values = ", ".join(f"{key} {value:g}" for key, value in sorted(choice.items()))
        lines.append(f"- {name}: {values}")
    lines += [
        "",
        "The frozen encoders are named by their fingerprints; a changed one is refused.",
        "",
    ]
    return "\n".join(lines)
