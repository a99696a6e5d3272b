"""Any model of sentence-transformers: its own modules, pooling, prompt and normalisation.

Reimers and Gurevych 2019, "Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from pentad.core.errors import InputError
from pentad.core.modality import MODALITIES, Modality
from pentad.encoders.families.network import Feed
from pentad.encoders.families.sentence_folder import loaded
from pentad.encoders.families.sentence_rows import padded, split, through
from pentad.encoders.families.sentence_sound import Sound
from pentad.encoders.families.two_towers import image_side
from pentad.encoders.families.vision import (
    PICTURE_MODALITIES,
    PICTURE_TYPES,
    POINT_VIEWS,
    VIDEO_FRAMES,
    pictures_of,
)
from pentad.media.types import Audio, DecodeOptions

if TYPE_CHECKING:
    import torch

_KINDS = ("text", "image", "audio")
_TASKS = ("query", "document")


@dataclass(frozen=True)
class Prompt:
    """What is written before every caption.

    Attributes:
        name: Its name in the model; None where the model has no default one.
        text: The words; None where nothing is written.
    """

    name: str | None = None
    text: str | None = None

    @property
    def task(self) -> str | None:
        """The side of a model that has one network for queries and one for documents."""
        return self.name if self.name in _TASKS else None


class Sentence:
    """A `Network` of whatever modules a folder lists.

    Frames of videos and views of points go through the image network, one row each; sounds through
    the audio network, in windows as long as it takes.
    """

    family = "sentence-transformers"
    version = 1

    def __init__(self, folder: Path, *, prompt_name: str | None) -> None:
        model = loaded(folder)
        self.module: torch.nn.Module = model
        self._model = model
        self._prompt = _prompt(model, prompt_name, folder)
        self._lock = Lock()  # a tokenizer keeps settings, which threads must not change at once
        self._kinds = [kind for kind in _KINDS if kind in model.modalities]
        self.modalities = _modalities(self._kinds, folder)
        self._side = image_side(_config(model))
        self._sound = Sound(model)
        self._cut: int | None = model.truncate_dim
        self.normalize = _without_last_normalize(model, folder)
        self.preprocessing = self._facts()
        self._constants = {k: split(self._prepared(_blank(k), k))[1] for k in self._kinds}
        self.dim = model.get_embedding_dimension() or self._tried_dim()

    def accepts(self, modality: Modality) -> type:
        """Return the type of one decoded input."""
        return {Modality.TEXT: str, Modality.AUDIO: Audio, **PICTURE_TYPES}[modality]

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file."""
        if modality is Modality.AUDIO:
            return DecodeOptions(sample_rate=self._sound.rate)
        if modality is Modality.VIDEO:
            return DecodeOptions(video_frames=VIDEO_FRAMES)
        if modality is Modality.POINTS:
            return DecodeOptions(views=POINT_VIEWS, view_size=self._side)
        return DecodeOptions()

    def feeds(self, item: Any, modality: Modality) -> list[Feed]:
        """Return one row for a caption, one for every picture, one for every window of sound."""
        if modality is Modality.TEXT:
            return [padded(split(self._prepared(item, "text"))[0], self._model)]
        if modality is Modality.AUDIO:
            return [split(self._prepared(w, "audio"))[0] for w in self._sound.windows(item)]
        return [split(self._prepared(pixels, "image"))[0] for pixels in pictures_of(item)]

    def forward(self, batch: Mapping[str, torch.Tensor], modality: Modality) -> torch.Tensor:
        """Return (rows, dim), not normalised unless the model does that midway."""
        kind = "image" if modality in PICTURE_TYPES else modality.value
        vectors = through(self._model, batch, self._constants[kind])
        return vectors if self._cut is None else vectors[:, : self._cut]

    def _prepared(self, value: Any, kind: str) -> Mapping[str, Any]:
        """Return what the model makes of one caption, picture or window before its network."""
        task = self._prompt.task
        more: dict[str, Any] = {} if task is None else {"task": task}
        if kind == "text":
            # A caption that ends in .jpg would be read as a picture unless it is said to be text.
            said = value if self._kinds == ["text"] else {"text": value}
            with self._lock:
                return dict(self._model.preprocess([said], prompt=self._prompt.text, **more))
        if kind == "image":
            from PIL import Image as Pillow

            value = Pillow.fromarray(np.ascontiguousarray(value))
        else:
            value = {"array": value, "sampling_rate": self._sound.rate}
            more |= self._sound.options
        return dict(self._model.preprocess([value], **more))

    def _facts(self) -> dict[str, object]:
        prompt = self._prompt
        return {
            "modules": [type(module).__name__ for module in self._model],
            "prompt": {"name": prompt.name, "text": prompt.text, "task": prompt.task},
            "truncate_dim": self._cut,
            "pictures": {"video_frames": VIDEO_FRAMES, "point_views": POINT_VIEWS},
            "sound": {"rate": self._sound.rate, "window": self._sound.most}
            if Modality.AUDIO in self.modalities
            else None,
        }

    def _tried_dim(self) -> int:
        import torch

        kind = self._kinds[0]
        row = split(self._prepared(_blank(kind), kind))[0]
        batch = {name: torch.from_numpy(array[None]) for name, array in row.items()}
        with torch.inference_mode():
            return int(through(self._model, batch, self._constants[kind]).shape[1])


def load_sentence(folder: Path, *, prompt_name: str | None = None) -> Sentence:
    """Return the sentence-transformers model in a folder.

    Args:
        folder: As ``SentenceTransformer.save`` writes it.
        prompt_name: Which of the model's prompts stands before every caption, such as ``query`` or
            ``document``; None for the one that the model names as its default, if it does. It is
            part of the encoder's fingerprint: captions under two prompts are two spaces.

    Raises:
        MissingExtra: The package is not installed.
        InputError: The folder holds no complete model, or one that would run code of its own.
    """
    return Sentence(folder, prompt_name=prompt_name)


def _prompt(model: Any, name: str | None, folder: Path) -> Prompt:
    prompts: Mapping[str, str] = model.prompts
    if name is None:
        name = model.default_prompt_name
    if name is None:
        return Prompt()
    if name not in prompts:
        known = ", ".join(sorted(prompts)) or "none"
        raise InputError("has no such prompt", file=folder, expected=known, seen=repr(name))
    return Prompt(name, prompts[name] or None)


def _modalities(kinds: Sequence[str], folder: Path) -> tuple[Modality, ...]:
    """Return what can be encoded: also frames and views, where pictures can."""
    found = {Modality(kind) for kind in kinds}
    if Modality.IMAGE in found:
        found.update(PICTURE_MODALITIES)
    if not found:
        raise InputError("takes none of text, pictures and sounds", file=folder)
    return tuple(each for each in MODALITIES if each in found)


def _without_last_normalize(model: Any, folder: Path) -> str:
    """Take a normalisation at the end off, for rows are averaged before it; say if there was one.

    Where vectors are cut after it, it has to stay.
    """
    if model.truncate_dim is not None or type(model[-1]).__name__ != "Normalize":
        return "none"
    if len(model) == 1:
        raise InputError("normalises and does nothing else", file=folder)
    del model[-1]
    return "l2"


def _config(model: Any) -> Mapping[str, Any]:
    config = getattr(model, "config", None)
    table: Mapping[str, Any] = {} if config is None else config.to_dict()
    return table


def _blank(kind: str) -> Any:
    """Return the plainest input, to see what a model makes of one."""
    if kind == "text":
        return "a"
    if kind == "image":
        return np.zeros((64, 64, 3), dtype=np.uint8)
    return np.zeros(16_000, dtype=np.float32)
