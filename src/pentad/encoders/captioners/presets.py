"""Captioners with names of their own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """A model on the hub under a short name.

    Attributes:
        name: What it is looked up by.
        repo: ``USER/NAME`` on the Hugging Face hub.
        licence: Of the weights, as their makers state it.
        description: One sentence for people.
        needs: Packages besides Pentad's own that its preprocessing imports.
    """

    name: str
    repo: str
    licence: str
    description: str
    needs: tuple[str, ...] = ()

    @property
    def spec(self) -> str:
        """The model as it is named on the command line without the short name."""
        return f"hf:{self.repo}"


_LISTED = (
    Preset(
        "minicpm-v",
        "openbmb/MiniCPM-V-4.6",
        "Apache-2.0",
        "MiniCPM-V 4.6, 1.3 billion parameters, images and video; the first of its line that "
        "transformers runs without code from the hub",
        needs=("torchvision",),
    ),
)
PRESETS = {preset.name: preset for preset in _LISTED}
"""Short name -> model."""


def list_captioners() -> list[Preset]:
    """Return all captioners with names of their own. Nothing is loaded."""
    return [PRESETS[name] for name in sorted(PRESETS)]
