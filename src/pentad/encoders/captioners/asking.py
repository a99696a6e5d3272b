"""Pictures and a prompt as the inputs of a network, by the processor that came with it."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture


class Asking:
    """A processor, asked in the one way that it knows.

    With a chat template the prompt is what a user says beside the pictures. Without one, it follows
    the picture's own token if there is such a token; else it is the beginning of the caption.

    Attributes:
        tokenizer: That of the processor.
        takes_orders: Whether a prompt is read as an instruction.
        takes_several: Whether several pictures can be shown at once.
    """

    def __init__(self, processor: Any) -> None:
        self._processor = processor
        self.tokenizer: Any = getattr(processor, "tokenizer", None)
        if self.tokenizer is None:
            raise InputError("the model's processor has no tokenizer, so it is no captioner")
        self._chats = bool(getattr(processor, "chat_template", None))
        token = getattr(processor, "image_token", None)
        self._token = token if isinstance(token, str) else None  # else the processor puts it there
        self.takes_orders = self._chats or self._token is not None
        self.takes_several = self._chats and self._counts_pictures()
        self._padded = _padding(processor) if self._chats else {}
        self.tokenizer.padding_side = "left"  # so that all answers of a batch begin at one place
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token

    def inputs(self, pictures: Sequence[Sequence[Picture]], prompt: str) -> Any:
        """Return the inputs of a batch: some pictures for each item, one prompt for all."""
        if self._chats:
            talks = [[_said(len(each), prompt, each)] for each in pictures]
            return self._processor.apply_chat_template(
                talks,
                add_generation_prompt=True,
                tokenize=True,
                return_dict=True,
                return_tensors="pt",
                **self._padded,
            )
        texts = None
        if self._token is not None:
            texts = [f"{self._token * len(each)}\n{prompt}\n" for each in pictures]
        elif prompt:
            texts = [prompt] * len(pictures)
        flat = [picture for each in pictures for picture in each]
        told = {} if texts is None else {"text": texts, "padding": True}
        return self._processor(images=flat, return_tensors="pt", **told)

    def _counts_pictures(self) -> bool:
        """Return whether two pictures leave more in the text than one does."""
        one, two = (
            self._processor.apply_chat_template([_said(n, "?")], add_generation_prompt=True)
            for n in (1, 2)
        )
        return len(two) > len(one)


def _padding(processor: Any) -> dict[str, Any]:
    """Return how a processor is told to pad; releases of transformers differ."""
    known = inspect.signature(processor.apply_chat_template).parameters
    padded = {"padding": True}
    return {"processor_kwargs": padded} if "processor_kwargs" in known else padded


def _said(count: int, prompt: str, pictures: Sequence[Picture] | None = None) -> dict[str, Any]:
    shown: list[dict[str, Any]] = [{"type": "image"} for _ in range(count)]
    for entry, picture in zip(shown, pictures or (), strict=False):
        entry["image"] = picture
    return {"role": "user", "content": [*shown, {"type": "text", "text": prompt}]}
