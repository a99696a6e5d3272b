"""What a chat endpoint is asked about an item, and what its answer means."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

from pentad.core.errors import DecodeError, InputError, Reason
from pentad.encoders.captioners.answers import caption_of, cut_short
from pentad.encoders.captioners.pictures import pictures_of
from pentad.media.types import Media
from pentad.sources.fetch.errors import printable

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

SIDE = 1024
"""Longest side of a picture that is sent."""

QUALITY = 90
MAX_PICTURE = 4 << 20
"""Bytes of one encoded picture; a larger one is halved until it is not."""

STATUS = "status "
"""How the detail of a question that the server refuses begins."""

_LONGEST = 300


def question(
    model: str, item: Media, prompt: str, *, max_tokens: int, limit_name: str = "max_tokens"
) -> dict[str, Any]:
    """Return the body of a request: the prompt and the pictures, and no freedom in answering."""
    shown = [
        {"type": "image_url", "image_url": {"url": data_uri(picture)}}
        for picture in pictures_of(item)
    ]
    content = [*shown, {"type": "text", "text": prompt}]
    return {
        "model": model,
        "messages": [{"role": "user", "content": content}],
        "temperature": 0,
        limit_name: max_tokens,
    }


def data_uri(picture: Picture) -> str:
    """Return a picture as it is sent: encoded here from its pixels, of bounded size."""
    from PIL import Image as Pillow

    shown = picture.copy()
    shown.thumbnail((SIDE, SIDE), Pillow.Resampling.LANCZOS)
    while len(data := _jpeg(shown)) > MAX_PICTURE:
        shown = shown.resize((max(1, shown.width // 2), max(1, shown.height // 2)))
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def answered(said: dict[str, Any], max_tokens: int) -> str | DecodeError:
    """Return the caption in the body of an answer, or why there is none in it."""
    choices = said.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(first, dict) or not isinstance(message, dict):
        return DecodeError(Reason.NO_ANSWER, "the server's answer has no message in it")
    if message.get("refusal"):
        return DecodeError(Reason.MODEL_REFUSED, _text(message["refusal"]))
    finish = first.get("finish_reason")
    if finish == "length":
        return cut_short(max_tokens)
    if finish not in (None, "stop", "eos", "end_turn"):
        return DecodeError(Reason.MODEL_REFUSED, f"the answer ended with {_text(finish)}")
    return caption_of(_content(message.get("content")))


def refused(status: int, said: dict[str, Any]) -> DecodeError:
    """Return what a server has against this very question."""
    reason = Reason.TOO_LARGE if status == 413 else Reason.MODEL_REFUSED
    return DecodeError(reason, f"{STATUS}{status}: {error_text(said)}")


def error_text(said: dict[str, Any]) -> str:
    """Return the message in the body of an error."""
    error = said.get("error", said.get("detail", said.get("message", "")))
    return _text(error.get("message", "") if isinstance(error, dict) else error)


def _content(content: Any) -> str:
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return " ".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _text(value: Any) -> str:
    return printable(" ".join(str(value).split())[:_LONGEST])


def _jpeg(picture: Picture) -> bytes:
    out = io.BytesIO()
    try:
        picture.save(out, "JPEG", quality=QUALITY)
    except (OSError, ValueError) as error:
        raise InputError(f"a picture cannot be encoded ({error})") from error
    return out.getvalue()
