"""Vectors from an encoder or from a function of the user's own, by one call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pentad.core.errors import InputError
from pentad.core.modality import Modality, as_modality
from pentad.core.progress import SILENT, Progress
from pentad.embeddings.fetch_ahead import Source
from pentad.encoders.protocol import Encoder
from pentad.evaluation.encode import Vectors, encode_inputs
from pentad.evaluation.path_functions import (
    PathFunction,
    as_matrix,
    asks_for_modality,
    call_function,
    first_unusable,
)

AnyModel = Encoder | PathFunction
"""An encoder; or a function that takes paths, or texts, and with a second argument the modality."""


def vectors_of(
    model: AnyModel,
    modality: str,
    inputs: Sequence[Source],
    *,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> Vectors:
    """Return the vectors of texts (modality ``text``) or files; what cannot be used is listed.

    Args:
        model: What encodes. A function must give a usable row for each of its inputs.
        modality: What the inputs are.
        inputs: Texts, or paths.
        workers: Decoder processes of an encoder; default one a processor.
        progress: Where to report.

    Raises:
        InputError: The encoder lacks the modality, or a function returns something else than
            finite rows, one an input.
    """
    if isinstance(model, Encoder):
        return encode_inputs(model, modality, inputs, workers=workers, progress=progress)
    if as_modality(modality) is Modality.TEXT and not asks_for_modality(model):
        raise InputError(
            f"{model_name(model)} takes paths alone, so it cannot say what a text is",
            expected="a second argument, modality, which is 'text' for labels",
        )
    found = as_matrix(call_function(model, list(inputs), str(modality)), len(inputs), str(modality))
    unusable = first_unusable(found)
    if unusable is not None:
        row, wrong = unusable
        raise InputError(f"{model_name(model)}: the {modality} vector of {inputs[row]} {wrong}")
    return Vectors(np.arange(len(found)), found)


def model_name(model: AnyModel) -> str:
    """Return what a model is called, for messages and reports."""
    if isinstance(model, Encoder):
        return model.name
    name = getattr(model, "__qualname__", type(model).__name__)
    return f"{getattr(model, '__module__', '')}:{name}".lstrip(":")
