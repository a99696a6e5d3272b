"""Functions of the user's own as models: a list of paths or texts in, their matrix out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError

PathFunction = Callable[..., Any]
"""Takes a list of paths, and the modality if it has a second argument; returns their matrix."""

NOUNS = {
    "text": "texts",
    "image": "images",
    "audio": "sounds",
    "video": "videos",
    "points": "clouds",
}
"""What several items of a modality are called in messages."""


def call_function(function: PathFunction, inputs: Sequence[Any], modality: str) -> Any:
    """Call a function with the modality where it asks for it, by name or as a second argument."""
    asks = asks_for_modality(function)
    if asks == "named":
        return function(inputs, modality=modality)
    return function(inputs, modality) if asks == "second" else function(inputs)


def asks_for_modality(function: PathFunction) -> str:
    """Return how a function wants to be told the modality: ``named``, ``second`` or not at all."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # a function of a compiled module may not say
        return ""
    if "modality" in parameters:
        return "named"
    needed = [
        p
        for p in parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    return "second" if len(needed) > 1 else ""


def as_matrix(found: Any, rows: int, modality: str) -> NDArray[Any]:
    """Return what a function or a person gave as a matrix of numbers (rows, dim).

    Raises:
        InputError: It is none, or has another number of rows.
    """
    if callable(getattr(found, "detach", None)):  # a tensor, perhaps on another device
        found = found.detach().cpu()
    try:
        matrix = np.asarray(found)
    except (TypeError, ValueError):
        matrix = np.empty(0, dtype=object)
    if matrix.dtype.kind not in "fiu" or matrix.ndim != 2:
        raise InputError(
            f"the {modality} embeddings are no matrix of numbers",
            expected=f"floats ({rows}, dim)",
            seen=f"{type(found).__name__} of {matrix.dtype} {matrix.shape}",
        )
    if len(matrix) != rows:
        raise InputError(
            f"the {modality} embeddings need one row for each of the {NOUNS[modality]}, in order",
            expected=f"{rows} rows",
            seen=len(matrix),
        )
    return matrix


def first_unusable(vectors: NDArray[Any]) -> tuple[int, str] | None:
    """Return the first row without a direction and what is wrong with it; None if all have one."""
    finite = np.isfinite(vectors).all(axis=1)
    usable = finite & vectors.any(axis=1)
    if usable.all():
        return None
    row = int(np.argmin(usable))
    wrong = "is zero, which has no direction" if finite[row] else "has NaN or infinite values"
    return row, wrong
