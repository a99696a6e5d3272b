"""The names that can be given on the command line, as tables."""

from __future__ import annotations

from collections.abc import Callable

from pentad.encoders.card import EncoderCard
from pentad.encoders.families.notice import not_for_sale
from pentad.encoders.families.presets import SETS
from pentad.encoders.registry import list_encoders
from pentad.evaluation.metrics.registry import METRICS, Cutoff
from pentad.evaluation.tasks.registry import list_tasks
from pentad.neighbors.backends import AUTO, BACKENDS
from pentad.sources.layouts import DESCRIPTIONS

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


def listing(kind: str) -> Table:
    """Return header and rows of one kind: ``encoders``, ``tasks``, ``metrics`` and so on."""
    return _LISTINGS[kind]()


def _encoders() -> Table:
    rows: list[tuple[str, ...]] = [
        (c.name, "+".join(m.value for m in c.modalities), c.licence, _limits(c), c.description)
        for c in list_encoders()
    ]
    said = "as its card says"
    rows.append(("onnx:FOLDER", said, said, "", "an ONNX network with a card.toml"))
    rows.append(("hf:USER/NAME", said, said, "", "a model on the Hugging Face hub, safetensors"))
    rows.extend(
        (each.name, "a set", "as its parts", "", f"{' '.join(each.specs)}: {each.about}")
        for each in SETS.values()
    )
    return ("name", "modalities", "licence", "limits", "what it is"), rows


def _limits(card: EncoderCard) -> str:
    return "not for commercial use" if not_for_sale(card.licence) else ""


def _metrics() -> Table:
    forms = {Cutoff.required: "{0}@5", Cutoff.optional: "{0}, {0}@5", Cutoff.none: "{0}"}
    rows: list[tuple[str, ...]] = [
        (name, forms[s.cutoff].format(name), s.about) for name, s in sorted(METRICS.items())
    ]
    return ("name", "example", "what it is"), rows


def _tasks() -> Table:
    return ("name", "data set", "modalities", "files it needs", "licence"), [
        (c.name, c.title, "+".join(m.value for m in c.modalities), c.needs, c.license)
        for c in list_tasks()
    ]


def _backends() -> Table:
    return ("name",), [(name,) for name in sorted((AUTO, *BACKENDS))]


def _sources() -> Table:
    return ("layout", "what it looks like"), [
        (layout.value, text) for layout, text in DESCRIPTIONS.items()
    ]


_LISTINGS: dict[str, Callable[[], Table]] = {
    "encoders": _encoders,
    "metrics": _metrics,
    "backends": _backends,
    "sources": _sources,
    "tasks": _tasks,
}
