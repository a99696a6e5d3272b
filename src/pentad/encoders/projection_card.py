"""The README of a saved projection model: facts only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pentad.core.modality import Modality
from pentad.encoders.projection import ProjectionModel


def projection_card(model: ProjectionModel) -> str:
    """Return what the model is, what it stands on and what it was trained with."""
    lines = [
        f"# {model.name}",
        "",
        f"One space of {model.dim} dimensions, `{model.space}`, for:",
        "",
    ]
    lines += [f"- {m.value}: {_modality(model, m)}" for m in model.modalities]
    for number, run in enumerate(model.notes.get("runs", ()), 1):
        lines += ["", f"## Training run {number}", "", *_run(run)]
    lines += [
        "",
        "A frozen encoder is known by its space; one that has changed is refused. The files are",
        "safetensors and JSON; nothing in them is executed.",
        "",
    ]
    return "\n".join(lines)


def _modality(model: ProjectionModel, modality: Modality) -> str:
    spaces = ", ".join(f"`{s.space}` ({s.width})" for s in model.sources[modality])
    head = model.heads.get(modality)
    if head is None:
        return f"{spaces}; anchor, left as it is"
    layers = f"{head.width} to {head.hidden}, ReLU, {head.hidden} to {head.dim}"
    return f"{spaces}; head of {head.numbers} numbers ({layers}, length 1)"


def _run(run: Mapping[str, Any]) -> Iterator[str]:
    namespace = run.get("namespace") or "not named"
    used = f"{run['used']} {'groups' if run['data'] == 'groups' else 'rated pairs'} used"
    yield f"- data: {run['rows']} {run['data']}, ids: {namespace}; {used}"
    for reason, count in run["left_out"].items():
        yield f"- left out, {reason}: {count}"
    pairs = ", ".join(f"{name} ({count})" for name, count in run["pairs"].items())
    yield f"- compared: {pairs}"
    yield f"- {run['steps']} steps, seed {run['seed']}"
    if run["loss"] is not None:
        yield f"- mean loss of the last epoch: {run['loss']:.4f}"
    yield f"- 1 / temperature: {run['scale']:.2f}"
    settings = ", ".join(f"{name} {value}" for name, value in run["settings"].items())
    yield f"- settings: {settings}"
