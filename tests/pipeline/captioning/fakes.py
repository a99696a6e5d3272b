"""A captioner without a model, workspaces with pictures, and a server that speaks as one."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image as Pillow

from pentad.core.errors import DecodeError
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.encoders.captioners.protocol import task_prompt
from pentad.media.types import DecodeOptions, Image, Media, Video
from pentad.store.workspace import Workspace
from tests.sources.fetch.server import Answer, Handler, send
from tests.store.helpers import listing

Answers = list[str | DecodeError]


class Painter:
    """Names the mean colour of what it is shown, and counts how often it is asked."""

    def __init__(self, name: str = "painter", *, revision: str = "1", batch_size: int = 4) -> None:
        self.name = name
        self.model = f"maker/{name}"
        self.revision = revision
        self.batch_size = batch_size
        self.modalities = (Modality.IMAGE, Modality.VIDEO)
        self.calls: list[int] = []
        self.refuse: Callable[[str], DecodeError | None] = lambda caption: None
        self.before: Callable[[], None] = lambda: None

    @property
    def fingerprint(self) -> str:
        return fingerprint_value([self.name, self.revision])

    def default_prompt(self, modality: str) -> str:
        return task_prompt(modality)

    def decode_options(self, modality: str) -> DecodeOptions:
        return DecodeOptions(video_frames=2)

    def caption(self, items: Sequence[Media], *, modality: str, prompt: str) -> Answers:
        self.before()
        self.calls.append(len(items))
        captions = [self._one(item, prompt) for item in items]
        return [self.refuse(caption) or caption for caption in captions]

    def _one(self, item: Media, prompt: str) -> str:
        pixels = item.pixels if isinstance(item, Image) else item.frames  # type: ignore[union-attr]
        kind = "film" if isinstance(item, Video) else "picture"
        return f"a {colour(pixels)} {kind}" + ("" if prompt.startswith("Des") else f", {prompt}")


def colour(pixels: Any) -> str:
    red, green, blue = (round(float(v) / 5) * 5 for v in pixels.reshape(-1, 3).mean(axis=0))
    return f"{red}-{green}-{blue}"


def paint(folder: Path, number: int, *, seed: int = 0) -> str:
    """Write a picture of one colour; return its name."""
    shade = np.random.default_rng([seed, number]).integers(0, 52, 3) * 5
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{number:04}.png"
    array = np.full((9, 12, 3), shade, np.uint8)
    Pillow.fromarray(array).save(folder / name)
    return name


def gallery(folder: Path, count: int) -> Workspace:
    """Return a workspace of pictures, the first two of which people have captioned."""
    names = [paint(folder / "data", number) for number in range(count)]
    captions = ["one picture", "another picture", *[None] * count]
    rows = [("image", name, caption) for name, caption in zip(names, captions, strict=False)]
    workspace = Workspace.create(folder / "ws")
    with workspace.writing():
        workspace.add(listing(folder / "data", *rows, name="data"))
    return workspace


def add_again(workspace: Workspace, folder: Path, numbers: Sequence[int]) -> None:
    """List the pictures again: changed ones, and only those of these numbers."""
    rows = [("image", f"{number:04}.png", None) for number in numbers]
    with workspace.writing():
        workspace.add(listing(folder / "data", *rows, name="data"))


def told(workspace: Workspace) -> dict[str, str]:
    """Return file -> what a model wrote about it, from the tables."""
    catalog = Workspace.open(workspace.root).catalog()
    texts = catalog.items("text").frame.select("text_id", "caption")
    items = catalog.items("image").frame.select("file", pl.col("image_id").alias("item_id"))
    rows = catalog.generated.filter(pl.col("modality") == "image")
    joined = rows.join(texts, on="text_id").join(items, on="item_id")
    return dict(zip(joined["file"], joined["caption"], strict=True))


def said(text: Any, finish: str | None = "stop", **message: Any) -> Answer:
    """Answer as a chat endpoint does."""
    body = {"choices": [{"message": {"content": text, **message}, "finish_reason": finish}]}
    return lambda handler: send(handler, 200, json.dumps(body).encode())


def raw(body: bytes, code: int = 200, **headers: str) -> Answer:
    return lambda handler: send(handler, code, body, **headers)


def painting(handler: Handler) -> None:
    """Name the colours of the pictures in the question."""
    colours = [colour(pixels) for pixels in shown(json.loads(handler.asked.body))]
    said("a " + " and ".join(colours) + " picture")(handler)


def shown(question: dict[str, Any]) -> list[Any]:
    """Return the pictures in a question, as arrays."""
    found = []
    for part in question["messages"][0]["content"]:
        if part["type"] == "image_url":
            head, _, data = part["image_url"]["url"].partition(",")
            assert head == "data:image/jpeg;base64"
            found.append(np.asarray(Pillow.open(io.BytesIO(base64.b64decode(data)))))
    return found
