"""A model behind an OpenAI-compatible endpoint as a captioner."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pentad.core.errors import DecodeError, InputError, Reason
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.encoders.captioners.load import short_name
from pentad.encoders.captioners.pictures import plain_picture
from pentad.encoders.captioners.protocol import FRAMES, task_prompt
from pentad.media.types import DecodeOptions, Media
from pentad.pipeline.captioning.questions import (
    QUALITY,
    SIDE,
    STATUS,
    answered,
    error_text,
    question,
    refused,
)
from pentad.pipeline.captioning.wire import Said, Wire
from pentad.sources.fetch.errors import FetchError, FetchReason

REQUESTS = 4
_NEW_NAME = "max_completion_tokens"
_HOPELESS = {
    FetchReason.FORBIDDEN: "the key is missing or not accepted (PENTAD_API_KEY, OPENAI_API_KEY)",
    FetchReason.NOT_FOUND: "there is no such address or model there",
    FetchReason.GONE: "there is no such address or model there",
    FetchReason.REDIRECTS: "it would send pictures on to somewhere else",
    FetchReason.TLS: "its certificate is not to be trusted",
    FetchReason.UNKNOWN_HOST: "there is no such host",
    FetchReason.CANCELED: "stopped",
}

Answer = str | DecodeError


class EndpointCaptioner:
    """Asks a server, some questions at a time.

    What it answers may change without notice: neither a revision nor the same words twice are
    promised by anybody.

    Args:
        model: As the server calls it.
        wire: The way to the server.
        max_tokens: How long a caption may be.
        requests: Questions at a time.

    Raises:
        InputError: An argument is wrong.
    """

    def __init__(
        self, model: str, wire: Wire, *, max_tokens: int = 128, requests: int = REQUESTS
    ) -> None:
        if not model.strip() or not model.isprintable():
            raise InputError("openai: needs the name of a model", seen=repr(model))
        if max_tokens < 1 or requests < 1:
            raise InputError("tokens and requests at a time must be at least 1")
        self.model = model
        self.name = short_name(model)
        self.revision = "as served"
        self.batch_size = requests
        self.modalities = (Modality.IMAGE, Modality.VIDEO, Modality.POINTS)
        self._wire = wire
        self._max_tokens = max_tokens
        self._limit_name = "max_tokens"
        self._works = False
        self.fingerprint = fingerprint_value(
            {
                "captioner": "openai",
                "version": 1,
                "model": model,
                "max_tokens": max_tokens,
                "frames": FRAMES,
                "side": SIDE,
                "quality": QUALITY,
            }
        )

    def default_prompt(self, modality: str) -> str:
        """Return what it is asked unless somebody says what."""
        return task_prompt(modality)

    def decode_options(self, modality: str) -> DecodeOptions:
        """Return the options to decode files of ``modality`` with."""
        views = FRAMES if modality == Modality.POINTS else None
        return DecodeOptions(image_side=SIDE, video_frames=FRAMES, views=views)

    def caption(self, items: Sequence[Media], *, modality: str, prompt: str) -> list[Answer]:
        """Return for each item its caption, or why it has none.

        Raises:
            InputError: The server refuses every question alike: the key, the model, the address.
        """
        with ThreadPoolExecutor(self.batch_size) as pool:
            asked = [pool.submit(self._one, item, prompt) for item in items]
            try:
                answers = [each.result() for each in asked]
            except BaseException:
                self._wire.stop()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        self._require_working(answers, prompt)
        return answers

    def _require_working(self, answers: Sequence[Answer], prompt: str) -> None:
        """Raise where the server has as much against a plain picture as against these items."""
        self._works = self._works or any(not _is_status(answer) for answer in answers)
        if answers and not self._works:
            said = self._ask(plain_picture(), prompt)
            if said.status != 200:
                why = f"status {said.status}: {error_text(said.body)}"
                raise InputError(f"{self._wire.url.text} refuses every question ({why})")
            self._works = True

    def _one(self, item: Media, prompt: str) -> Answer:
        try:
            said = self._ask(item, prompt)
        except FetchError as error:
            if error.reason in _HOPELESS:
                why = _HOPELESS[error.reason]
                raise InputError(f"{self._wire.url.text}: {why} ({error})") from error
            return DecodeError(Reason.NO_ANSWER, str(error))
        if said.status != 200:
            return refused(said.status, said.body)
        return answered(said.body, self._max_tokens)

    def _ask(self, item: Media, prompt: str) -> Said:
        """Ask, and once more where the server says what it calls the limit."""
        said = self._asked(item, prompt)
        if said.status == 400 and _NEW_NAME in error_text(said.body):
            self._limit_name = _NEW_NAME
            return self._asked(item, prompt)
        return said

    def _asked(self, item: Media, prompt: str) -> Said:
        body = question(
            self.model, item, prompt, max_tokens=self._max_tokens, limit_name=self._limit_name
        )
        return self._wire.ask(body)


def _is_status(answer: Answer) -> bool:
    """Return whether an answer is a status of the server that refuses the question."""
    return isinstance(answer, DecodeError) and answer.detail.startswith(STATUS)
