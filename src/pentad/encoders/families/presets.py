"""Published models that can be asked for by a short name, and sets of them.

A name is that of the repository on the hub. The newest revision is taken; ``NAME@REVISION`` takes
another.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from pentad.core.errors import InputError
from pentad.encoders.card import EncoderCard
from pentad.encoders.families.preset_table import LINES, Line

if TYPE_CHECKING:
    from pentad.encoders.families.load import Loader
    from pentad.encoders.families.torch_encoder import TorchEncoder

VARIABLE = "PENTAD_MODELS"
"""Environment variable: a folder in which converted models lie, each in a folder of its name."""

_NEWEST = "newest on the hub"
_CONVERTED = "of your folder"


@dataclass(frozen=True)
class Preset:
    """A published model.

    Attributes:
        card: What is known of it without loading it.
        repo: ``USER/NAME`` on the hub.
        line: The table's line it stands in.
    """

    card: EncoderCard
    repo: str
    line: Line


@dataclass(frozen=True)
class PresetSet:
    """Encoders that go together.

    Attributes:
        name: What they are called together.
        specs: ``[MODALITY=]NAME`` of each.
        about: What they are, and what they stand in for.
    """

    name: str
    specs: tuple[str, ...]
    about: str


def _presets(line: Line) -> Iterable[Preset]:
    for name, dim in line.models.items():
        repo = line.repo or f"{line.user}/{name}"
        card = EncoderCard(
            name=name,
            revision=_CONVERTED if line.pickled else _NEWEST,
            modalities=line.modalities,
            dim=dim,
            licence=line.licence,
            description=line.about,
            source=f"hf:{repo}",
            citation=line.citation,
            classes=line.classes,
            semantic=True,
        )
        yield Preset(card, repo, line)


PRESETS: Mapping[str, Preset] = {p.card.name: p for line in LINES for p in _presets(line)}
"""Name -> published model."""

SETS: Mapping[str, PresetSet] = {
    s.name: s
    for s in (
        PresetSet(
            "bert-clip-clap",
            (
                "text=bert-base-uncased-pooler",
                "image=clip-vit-large-patch14",
                "audio=larger_clap_general",
            ),
            "Three unconnected encoders, one a modality, for heads to be trained on: BERT's "
            "pooler, CLIP ViT-L/14, CLAP.",
        ),
        PresetSet(
            "e-mm1-baseline",
            ("PE-Core-L-14-336", "audio=pe-av-large", "points=uni3d-g-no-lvis"),
            "The encoders under E-MM1's baseline, but for sounds: those are ImageBind's there, "
            "whose weights exclude commercial use and whose package nobody keeps up; PE-Audio "
            "stands in its place. For ImageBind itself bring your own vectors.",
        ),
    )
}
"""Name -> encoders that go together."""


def preset_of(name: str) -> tuple[Preset, str] | None:
    """Return the preset that ``NAME`` or ``NAME@REVISION`` asks for, and the revision."""
    base, _, revision = name.partition("@")
    return (PRESETS[base], revision) if base in PRESETS else None


def load_preset(preset: Preset, revision: str = "") -> TorchEncoder:
    """Return a published model as an encoder, fetched if it is not on this machine yet.

    Args:
        preset: Which.
        revision: Branch, tag or commit; empty for the newest.

    Raises:
        MissingExtra: A package that it needs is not installed.
        InputError: It cannot be fetched or loaded, or has to be converted first.
    """
    from pentad.encoders.families.folder import Origin
    from pentad.encoders.families.load import load_folder, load_hub
    from pentad.encoders.families.optional import imported

    if preset.line.needs:  # said before gigabytes are fetched for nothing
        module, package, extra = preset.line.needs
        imported(module, package=package, extra=extra)
    card = preset.card
    origin = Origin(
        card.name,
        licence=card.licence,
        source=card.source,
        citation=card.citation,
        description=card.description,
    )
    if preset.line.pickled:
        return load_folder(_converted(preset, revision), origin=origin)
    text = f"{preset.repo}@{revision}" if revision else preset.repo
    return load_hub(text, origin=origin, loader=_loader(preset.line))


def _loader(line: Line) -> Loader | None:
    if not line.loader:
        return None
    module, _, function = line.loader.partition(":")
    return partial(getattr(import_module(module), function), **line.options)


def _converted(preset: Preset, revision: str) -> Path:
    name = preset.card.name
    if revision:
        raise InputError(f"{name} is read from a folder of yours; it has no revisions")
    home = os.environ.get(VARIABLE)
    folder = Path(home).expanduser() / name if home else None
    if folder is not None and folder.is_dir():
        return folder
    weights = preset.line.pickled.format(name=name)
    raise InputError(
        f"{name}: its weights are published as {weights} of {preset.card.source}, a pickle, which "
        "can run code when it is read; turn them into safetensors once (docs/encoders.md), and "
        f"give that folder's path, or put it where ${VARIABLE} points",
        expected=f"${VARIABLE}/{name}",
        seen=f"${VARIABLE} is not set" if folder is None else f"no folder {folder}",
    )
