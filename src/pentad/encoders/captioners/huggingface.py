"""Image-text-to-text models of transformers as captioners: greedy, so that nothing is random."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pentad.core.errors import DecodeError, InputError, PentadError, Reason
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.encoders.captioners.answers import caption_of, cut_short
from pentad.encoders.captioners.asking import Asking
from pentad.encoders.captioners.pictures import pictures_of, plain_picture
from pentad.encoders.captioners.places import Found
from pentad.encoders.captioners.protocol import FRAMES, task_prompt
from pentad.encoders.families.device import free_cached, out_of_memory
from pentad.encoders.inputs import check_modality
from pentad.media.types import DecodeOptions, Media

if TYPE_CHECKING:
    import torch

REVISION = 1
"""Raised when the same model would write other captions."""

IMAGE_SIDE = 1024
_SEVERAL = (Modality.IMAGE, Modality.VIDEO, Modality.POINTS)
_log = logging.getLogger(__name__)

Answer = str | DecodeError


class HuggingFaceCaptioner:
    """A loaded processor and network as a `Captioner`.

    Attributes:
        batch_size: How many items go through the network together; halved when memory runs out.
    """

    def __init__(
        self,
        processor: Any,
        network: Any,
        found: Found,
        *,
        name: str,
        max_tokens: int,
        batch_size: int,
    ) -> None:
        self.name = name
        self.model = found.model
        self.revision = found.revision
        self.licence = found.licence
        self.batch_size = batch_size
        self._network = network
        self._works = False
        self._asking = Asking(processor)
        self._max_tokens = max_tokens
        self._ends = _settle(network, self._asking.tokenizer, max_tokens)
        self.modalities = _SEVERAL if self._asking.takes_several else (Modality.IMAGE,)
        self.fingerprint = fingerprint_value(
            {
                "captioner": "transformers",
                "version": REVISION,
                "content": found.content,
                "dtype": str(network.dtype),
                "max_tokens": max_tokens,
                "frames": FRAMES,
                "image_side": IMAGE_SIDE,
            }
        )

    def default_prompt(self, modality: str) -> str:
        """Return what it is asked unless somebody says what; nothing, if it takes no orders."""
        return task_prompt(modality) if self._asking.takes_orders else ""

    def decode_options(self, modality: str) -> DecodeOptions:
        """Return the options to decode files of ``modality`` with."""
        kind = check_modality(self.name, self.modalities, modality)
        views = FRAMES if kind is Modality.POINTS else None
        return DecodeOptions(image_side=IMAGE_SIDE, video_frames=FRAMES, views=views)

    def caption(self, items: Sequence[Media], *, modality: str, prompt: str) -> list[Answer]:
        """Return for each item its caption, or why it has none.

        Raises:
            InputError: The model fails on whatever it is shown, or knows no such modality.
        """
        check_modality(self.name, self.modalities, modality)
        answers: list[Answer] = []
        while len(answers) < len(items):
            part = items[len(answers) : len(answers) + self.batch_size]
            answers += self._together(part, prompt)
        return answers

    def _together(self, items: Sequence[Media], prompt: str) -> list[Answer]:
        try:
            return self._answers(items, prompt)
        except PentadError:
            raise
        except Exception as error:  # whatever a network raises on an odd input
            if out_of_memory(error) and len(items) > 1:
                return self._halved(items, prompt)
            return self._one_by_one(items, prompt, error)

    def _halved(self, items: Sequence[Media], prompt: str) -> list[Answer]:
        free_cached(str(self._network.device))
        self.batch_size = max(1, len(items) // 2)
        _log.warning(
            "%s: out of memory; %d items at a time from now on", self.name, self.batch_size
        )
        halves = items[: self.batch_size], items[self.batch_size :]
        return [answer for half in halves if half for answer in self._together(half, prompt)]

    def _one_by_one(self, items: Sequence[Media], prompt: str, error: Exception) -> list[Answer]:
        """Refuse the items that the model fails on, unless it fails on a plain picture too."""
        failed: list[Answer] = [_failed(error)]
        answers = [self._alone(item, prompt) for item in items] if len(items) > 1 else failed
        self._works = self._works or any(not _has_failed(answer) for answer in answers)
        if not self._works:
            if _has_failed(self._alone(plain_picture(), prompt)):
                raise InputError(f"{self.model} cannot caption anything ({_line(error)})")
            self._works = True
        return answers

    def _alone(self, item: Media, prompt: str) -> Answer:
        try:
            return self._answers([item], prompt)[0]
        except PentadError:
            raise
        except Exception as error:
            return _failed(error)

    def _answers(self, items: Sequence[Media], prompt: str) -> list[Answer]:
        import torch

        inputs = self._asking.inputs([pictures_of(item) for item in items], prompt)
        inputs = inputs.to(self._network.device, dtype=self._network.dtype)
        with torch.inference_mode():
            rows = self._network.generate(
                **inputs, max_new_tokens=self._max_tokens, do_sample=False, num_beams=1
            )
        return [self._answer(row) for row in _new(rows, inputs.get("input_ids"))]

    def _answer(self, row: torch.Tensor) -> Answer:
        tokens = row.tolist()
        if len(tokens) >= self._max_tokens and not self._ends & set(tokens):
            return cut_short(self._max_tokens)
        return caption_of(self._asking.tokenizer.decode(tokens, skip_special_tokens=True))


def _new(rows: torch.Tensor, asked: torch.Tensor | None) -> torch.Tensor:
    """Return what was written, without the question where the model repeats it."""
    import torch

    if asked is None or rows.shape[1] < asked.shape[1]:
        return rows
    length = asked.shape[1]
    return rows[:, length:] if torch.equal(rows[:, :length], asked) else rows


def _settle(network: Any, tokenizer: Any, max_tokens: int) -> set[int]:
    """Make the network write greedily, whatever its folder says; return the tokens that end it."""
    from transformers import GenerationConfig

    own = network.generation_config
    kept = {name: getattr(own, name, None) for name in _KEPT}
    ends = _numbers(kept["eos_token_id"]) or _numbers(tokenizer.eos_token_id)
    pad = kept["pad_token_id"]
    if pad is None:
        pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else min(ends, default=0)
    kept |= {"eos_token_id": sorted(ends) or None, "pad_token_id": pad}
    network.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=False, num_beams=1, max_new_tokens=max_tokens, **kept
    )
    text = network.config.get_text_config()  # of which some networks take their end
    others = [tokenizer.eos_token_id, tokenizer.sep_token_id, pad]
    others += [getattr(text, name, None) for name in ("eos_token_id", "sep_token_id")]
    return ends | {number for other in others for number in _numbers(other)}


_KEPT = (
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
    "decoder_start_token_id",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "suppress_tokens",
    "begin_suppress_tokens",
    "repetition_penalty",
    "no_repeat_ngram_size",
)


def _numbers(value: Any) -> set[int]:
    if value is None:
        return set()
    return {int(value)} if isinstance(value, int) else {int(each) for each in value}


def _has_failed(answer: Answer) -> bool:
    return isinstance(answer, DecodeError) and answer.reason is Reason.ENCODER_FAILED


def _failed(error: Exception) -> DecodeError:
    return DecodeError(Reason.ENCODER_FAILED, f"{type(error).__name__}: {_line(error)}")


def _line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:200]
