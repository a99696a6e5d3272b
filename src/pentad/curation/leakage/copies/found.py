"""What a comparison of prints gives."""

from __future__ import annotations

from typing import NamedTuple


class Copy(NamedTuple):
    """Two items of the same content.

    Attributes:
        evaluation: Row of the evaluation item among its prints.
        train: Row of the training item among its prints.
        strength: Within 0..1, 1 for equal prints.
        distance: In the unit of the modality.
        detail: One line for people.
    """

    evaluation: int
    train: int
    strength: float
    distance: float
    detail: str
