"""From what the user named to a captioner: one that runs here, or one that is asked over a wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pentad.core.errors import InputError
from pentad.encoders.captioners.protocol import Captioner

ENDPOINT = "openai:"
MAX_TOKENS = 128


@dataclass(frozen=True)
class Choice:
    """How a named model is run.

    Attributes:
        max_tokens: How long a caption may be.
        batch_size: Items at a time, or requests at a time; None for 8, or 4 requests.
        device: Where a model of ours runs; None for the processor.
        dtype: The numbers it runs with; None for what suits the device.
        endpoint: Address of the server that serves ``openai:MODEL``.
    """

    max_tokens: int = MAX_TOKENS
    batch_size: int | None = None
    device: str | None = None
    dtype: str | None = None
    endpoint: str | None = None


def choose_captioner(spec: str, choice: Choice, notice: Callable[[str], None]) -> Captioner:
    """Return the captioner that a spec names.

    Args:
        spec: A preset, ``hf:USER/NAME``, a folder, or ``openai:MODEL``.
        choice: How it is run.
        notice: Told what people should know before anything is fetched or sent.

    Raises:
        UnknownName: There is no such preset.
        InputError: The model cannot be used, or an option does not belong to it.
    """
    if spec.startswith(ENDPOINT):
        return _served(spec.removeprefix(ENDPOINT), choice, notice)
    if choice.endpoint is not None:
        raise InputError(f"an endpoint serves {ENDPOINT}MODEL; leave --endpoint out", seen=spec)
    from pentad.encoders.captioners.load import AUTO, BATCH, load_captioner

    return load_captioner(
        spec,
        device=choice.device or "cpu",
        dtype=choice.dtype or AUTO,
        batch_size=BATCH if choice.batch_size is None else choice.batch_size,
        max_tokens=choice.max_tokens,
        notice=notice,
    )


def _served(model: str, choice: Choice, notice: Callable[[str], None]) -> Captioner:
    from pentad.pipeline.captioning.endpoint import REQUESTS, EndpointCaptioner
    from pentad.pipeline.captioning.keys import find_key
    from pentad.pipeline.captioning.wire import Wire, completions_url

    if choice.device is not None or choice.dtype is not None:
        raise InputError("--device and --dtype are for models that run here; leave them out")
    if choice.endpoint is None:
        raise InputError(
            f"{ENDPOINT}{model} is served somewhere; say where",
            expected="--endpoint URL, such as http://localhost:8000/v1",
        )
    requests = REQUESTS if choice.batch_size is None else choice.batch_size
    url = completions_url(choice.endpoint)
    wire = Wire(url, key=find_key(url, notice), requests=requests)
    return EndpointCaptioner(model, wire, max_tokens=choice.max_tokens, requests=requests)
