"""Moves the encoders of a plan to a device."""

from __future__ import annotations

import logging

from pentad.encoders.protocol import Placeable
from pentad.pipeline.plan import EncoderPlan

_log = logging.getLogger(__name__)


def place_encoders(plan: EncoderPlan, device: str | None, dtype: str | None) -> None:
    """Move every encoder that can be moved; tell of those that stay on the CPU.

    Raises:
        InputError: The device cannot be used, or the type of number is none.
    """
    if device is None and dtype is None:
        return
    encoders = {c.space: c.encoder for chosen in plan.values() for c in chosen}
    for encoder in encoders.values():
        if isinstance(encoder, Placeable):
            encoder.place(device, dtype)
        elif device not in (None, "cpu") or dtype not in (None, "float32"):
            _log.warning("%s works on the CPU, in float32", encoder.name)
