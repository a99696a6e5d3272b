"""`FrozenSource`: where the vectors that a model was trained on come from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pentad.core.errors import InputError
from pentad.encoders.protocol import Encoder, space_of
from pentad.encoders.registry import get_encoder, is_registered

_NAMED = re.compile(r"(.+)-[0-9a-f]{8}")
"""The space of an encoder: its name and 8 digits of its fingerprint."""


@dataclass(frozen=True)
class FrozenSource:
    """A space of frozen vectors, and the encoder that makes them if it is known.

    Attributes:
        space: Name of the space.
        width: Length of a vector.
        spec: What `get_encoder` finds the encoder by; empty where only its vectors are known.
        fingerprint: What the encoder must have; empty where only its space is known.
    """

    space: str
    width: int
    spec: str = ""
    fingerprint: str = ""

    def check(self, encoder: Encoder) -> Encoder:
        """Return ``encoder`` if it is the one whose vectors these are.

        Raises:
            InputError: It is another one, or has changed.
        """
        same = space_of(encoder) == self.space and encoder.dim == self.width
        if not same or (self.fingerprint and encoder.fingerprint != self.fingerprint):
            raise InputError(
                f"encoder {self.spec or encoder.name!r} is not the one that the model was trained "
                "on, or has changed; put the old one back or train again",
                expected=f"{self.space} ({self.width})",
                seen=f"{space_of(encoder)} ({encoder.dim})",
            )
        return encoder

    def load(self, find: Callable[[str], Encoder] | None) -> Encoder:
        """Return the encoder behind the space, checked.

        Raises:
            InputError: It cannot be found, or is another one.
        """
        if self.spec and find is not None:
            return self.check(find(self.spec))
        name = _NAMED.fullmatch(self.space)
        if name is not None and is_registered(name[1]):
            return self.check(get_encoder(name[1]))
        raise InputError(
            f"the encoder of space {self.space!r} is not known, only its vectors; embed with it "
            "and use embed(), or hand it over with with_encoders()"
        )
