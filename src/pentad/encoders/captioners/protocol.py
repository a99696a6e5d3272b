"""What a captioner is. Any object that has these members is one; nothing has to be inherited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from pentad.core.errors import DecodeError
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.media.types import DecodeOptions, Media

REVISION = 1
"""Raised when Pentad would ask for, or clean, a caption in another way."""

FRAMES = 8
"""How many frames of a video, or views of a cloud, a model is shown."""

_TASKS = {
    Modality.IMAGE: "Describe this image in one sentence.",
    Modality.VIDEO: "These are frames of one video, in order. Describe the video in one sentence.",
    Modality.POINTS: "These are views of one object. Describe the object in one sentence.",
}


@runtime_checkable
class Captioner(Protocol):
    """Says in words what is in media of one or more modalities.

    Attributes:
        name: Short name; the source of its captions is called after it.
        model: The model as its makers name it.
        revision: Which version of it.
        modalities: What it can describe.
        fingerprint: 64 hex digits over all but the prompt that can change a caption: weights,
            settings of decoding, what it is shown, our own code.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def model(self) -> str: ...  # noqa: D102
    @property
    def revision(self) -> str: ...  # noqa: D102
    @property
    def modalities(self) -> tuple[Modality, ...]: ...  # noqa: D102
    @property
    def fingerprint(self) -> str: ...  # noqa: D102

    def default_prompt(self, modality: str) -> str:
        """Return what it is asked unless somebody says what."""

    def decode_options(self, modality: str) -> DecodeOptions:
        """Return the options to decode files of ``modality`` with."""

    def caption(
        self, items: Sequence[Media], *, modality: str, prompt: str
    ) -> list[str | DecodeError]:
        """Return for each item its caption, or why it has none.

        Raises:
            InputError: Nothing can be captioned at all, whatever the items.
        """


def task_prompt(modality: str) -> str:
    """Return what a model that follows instructions is asked by default."""
    return _TASKS[Modality(modality)]


def generator_fingerprint(captioner: Captioner, modality: str, prompt: str) -> str:
    """Return 64 hex digits over all that decides what is written about some content."""
    return fingerprint_value([REVISION, captioner.fingerprint, str(modality), prompt])
