"""What cosines are divided by before they become probabilities."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from pentad.core.errors import InputError

DEFAULT_TEMPERATURE = 0.07
"""Where a model has none: what training begins with, in CLIP as here."""
_SCALES = ("logit_scale", "logit_scale_a")


class Temperature(NamedTuple):
    """A temperature, and where it is from.

    Attributes:
        value: Above 0; the smaller, the sharper.
        source: ``given``, ``model`` or ``default``.
    """

    value: float
    source: str

    def __str__(self) -> str:
        said = {
            "given": "as given",
            "model": "the model's logit scale",
            "default": "a default: the model has no logit scale",
        }
        return f"{self.value:.4g} ({said[self.source]})"


def temperature_of(model: object, given: float | None = None) -> Temperature:
    """Return the temperature to use: the given one, that of the model, or the default.

    A model has one where training learned it: ``log_scale`` of our own models, ``logit_scale`` of
    CLIP, SigLIP and CLAP. Both are the logarithm of 1 / temperature.

    Raises:
        InputError: The given one is not a positive number.
    """
    if given is not None:
        if not (math.isfinite(given) and given > 0):
            raise InputError("a temperature is a number above 0", seen=given)
        return Temperature(float(given), "given")
    scale = _log_scale(model)
    if scale is None:
        return Temperature(DEFAULT_TEMPERATURE, "default")
    return Temperature(math.exp(-scale), "model")


def _log_scale(model: Any) -> float | None:
    module = getattr(getattr(model, "network", None), "module", None)
    found: list[Any] = [
        getattr(model, "log_scale", None),
        *(getattr(module, s, None) for s in _SCALES),
    ]
    for value in found:
        try:
            number = float(value.item() if hasattr(value, "item") else value)
        except (TypeError, ValueError, RuntimeError):  # several numbers, or none
            continue
        if math.isfinite(number) and abs(number) < 20:
            return number
    return None
