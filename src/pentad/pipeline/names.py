"""The names that can be given on the command line, as tables."""

from __future__ import annotations

from collections.abc import Callable

from pentad.encoders.registry import list_encoders
from pentad.evaluation.metrics.registry import METRICS
from pentad.neighbors.backends import AUTO, BACKENDS

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


def listing(kind: str) -> Table:
    """Return header and rows for ``encoders``, ``metrics``, ``backends`` or ``sources``."""
    return _LISTINGS[kind]()


def _encoders() -> Table:
    rows: list[tuple[str, ...]] = [
        (c.name, "+".join(m.value for m in c.modalities), c.licence, c.description)
        for c in list_encoders()
    ]
    rows.append(
        ("onnx:FOLDER", "as its card says", "as its card says", "an ONNX network with a card.toml")
    )
    return ("name", "modalities", "licence", "what it is"), rows


def _metrics() -> Table:
    return ("name", "example"), [(name, f"{name}@5") for name in sorted(METRICS)]


def _backends() -> Table:
    return ("name",), [(name,) for name in sorted((AUTO, *BACKENDS))]


def _sources() -> Table:
    return ("layout", "what it looks like"), [
        ("neutral", "DIR/<modality>/captions.csv, files beside it or in files/"),
        ("folder", "media files with captions in .txt files of the same name"),
        ("table", "CSV, JSON Lines or Parquet with file_name, caption and modality"),
    ]


_LISTINGS: dict[str, Callable[[], Table]] = {
    "encoders": _encoders,
    "metrics": _metrics,
    "backends": _backends,
    "sources": _sources,
}
