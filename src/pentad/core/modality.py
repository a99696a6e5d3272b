"""The five modalities and the order in which they are always listed."""

from __future__ import annotations

from enum import StrEnum

from pentad.core.errors import UnknownName


class Modality(StrEnum):
    """One of the five kinds of item. Members compare equal to their plain string."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    POINTS = "points"

    @property
    def id_column(self) -> str:
        """Name of the column that holds this modality's ids, such as ``image_id``."""
        return f"{self.value}_id"


MODALITIES: tuple[Modality, ...] = tuple(Modality)
MEDIA_MODALITIES: tuple[Modality, ...] = tuple(m for m in Modality if m is not Modality.TEXT)


def as_modality(value: str) -> Modality:
    """Return the modality named ``value``.

    Raises:
        UnknownName: ``value`` is not a modality; the message names the nearest one.
    """
    try:
        return Modality(value)
    except ValueError:
        raise UnknownName("modality", value, [m.value for m in Modality]) from None
