"""Pictures, video frames and rendered views for an ONNX model: resized, padded, cropped, scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.encoders.onnx.card import OnnxCard
from pentad.encoders.onnx.pooling import Floats, pooled_rows
from pentad.encoders.onnx.session import Feed, Session
from pentad.media.types import DecodeOptions, Image, Video, Views

VERSION = 1
_CHANNELS = 3
_BELONGS = {"pad": "fit", "pad_value": "fit", "crop": "shortest", "shortest_side": "shortest"}
_NEEDS = {"fit": ("pad", "pad_value"), "shortest": ("crop",), "stretch": ()}
_BRIGHTEST = 255


@dataclass(frozen=True)
class ImageSettings:
    """``[preprocess]`` of an image card."""

    color: str
    size: int
    resize: str
    interpolation: str
    pad: str | None
    pad_value: int | None
    crop: str | None
    shortest_side: int | None
    scale: float
    mean: list[float]
    std: list[float]
    layout: str
    video_frames: int
    point_views: int


class ImageFront:
    """Turns pictures into feeds, one run each; a video is its frames, points are their views."""

    modalities: tuple[Modality, ...] = (Modality.IMAGE, Modality.VIDEO, Modality.POINTS)
    version = VERSION
    row_pooling = "mean"
    stackable = False

    def __init__(self, card: OnnxCard, session: Session) -> None:
        values = {k: v for k, v in card.preprocess.items() if k in ImageSettings.__annotations__}
        self._settings = ImageSettings(**values)
        self._card = card
        self._input = _only_input(card)
        _check_settings(card, self._settings)
        self._mean = np.array(self._settings.mean, dtype=np.float32)
        self._std = np.array(self._settings.std, dtype=np.float32)

    def accepts(self, modality: Modality) -> type:
        """Return the type of one input."""
        return {Modality.IMAGE: Image, Modality.VIDEO: Video, Modality.POINTS: Views}[modality]

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file."""
        s = self._settings
        if modality is Modality.POINTS:
            return DecodeOptions(views=s.point_views, view_size=s.size)
        # Only the *longest* side is kept at twice this; other ways need the shortest to be large.
        side = s.size if s.resize == "fit" else None
        frames = s.video_frames if modality is Modality.VIDEO else None
        return DecodeOptions(image_side=side, video_frames=frames)

    def feeds(self, item: Any) -> list[Feed]:
        """Return one feed per picture."""
        return [{self._input: self.prepared(pixels)[None]} for pixels in self._pictures(item)]

    def probes(self) -> list[Feed]:
        """Return one grey picture to try the model with."""
        grey = np.full((self._settings.size, self._settings.size, _CHANNELS), 128, dtype=np.uint8)
        return [{self._input: self.prepared(grey)[None]}]

    def prepared(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return one picture as the model takes it, float32 (3, size, size) or (size, size, 3)."""
        sized = self._sized(pixels)
        ordered = sized[..., ::-1] if self._settings.color == "BGR" else sized
        values = (
            ordered.astype(np.float32) * np.float32(self._settings.scale) - self._mean
        ) / self._std
        values = values.transpose(2, 0, 1) if self._settings.layout == "NCHW" else values
        return np.ascontiguousarray(values, dtype=np.float32)

    def rows(self, output: NDArray[Any], feed: Feed) -> Floats:
        """Return (n, dim) of one run."""
        rows = pooled_rows(output, self._card.pooling)
        if rows is None:
            raise self._card.error(
                "does not fit the model's output",
                "pooling",
                expected="none for (n, dim), another for (n, dim, y, x) or (n, tokens, dim)",
                seen=f"{self._card.pooling!r} for {output.shape}",
            )
        return rows

    def facts(self, item: Any) -> dict[str, Any]:
        """Return what a golden file may say about preprocessing: nothing for pictures."""
        return {}

    def _pictures(self, item: Any) -> NDArray[np.uint8]:
        if isinstance(item, Image):
            return item.pixels[None]
        if isinstance(item, Video):
            count, wanted = len(item.frames), self._settings.video_frames
            return item.frames[[int((i + 0.5) * count / wanted) for i in range(wanted)]]
        views: NDArray[np.uint8] = item.images
        return views

    def _sized(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        s = self._settings
        height, width = pixels.shape[:2]
        if s.resize == "stretch":
            return _resized(pixels, s.size, s.size, s.interpolation)
        if s.resize == "fit":
            scale = s.size / max(height, width)
            small = _resized(pixels, _side(width * scale), _side(height * scale), s.interpolation)
            return _padded(small, s.size, s.pad or "", s.pad_value or 0)
        scale = max(s.shortest_side or s.size, s.size) / min(height, width)
        return _cropped(
            _resized(pixels, _side(width * scale), _side(height * scale), s.interpolation), s.size
        )


def _side(length: float) -> int:
    return max(1, round(length))


def _resized(pixels: NDArray[np.uint8], width: int, height: int, how: str) -> NDArray[np.uint8]:
    if pixels.shape[:2] == (height, width):
        return pixels
    from PIL import Image as Pillow

    resampling = Pillow.Resampling[how.upper()]
    return np.asarray(
        Pillow.fromarray(np.ascontiguousarray(pixels)).resize((width, height), resampling)
    )


def _padded(pixels: NDArray[np.uint8], size: int, where: str, value: int) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    top, left = ((size - height) // 2, (size - width) // 2) if where == "center" else (0, 0)
    out = np.full((size, size, _CHANNELS), value, dtype=np.uint8)
    out[top : top + height, left : left + width] = pixels
    return out


def _cropped(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    top, left = (pixels.shape[0] - size) // 2, (pixels.shape[1] - size) // 2
    return pixels[top : top + size, left : left + size]


def _only_input(card: OnnxCard) -> str:
    names: list[str] = card.values["inputs"]
    if len(names) != 1:
        raise card.error("an image model takes one input", "inputs", seen=names)
    return names[0]


def _check_settings(card: OnnxCard, s: ImageSettings) -> None:
    for key in _NEEDS[s.resize]:
        if card.preprocess[key] is None:
            raise card.error(
                f"required key is missing with resize = {s.resize!r}", f"preprocess.{key}"
            )
    for key, mode in _BELONGS.items():
        if card.preprocess[key] is not None and mode != s.resize:
            raise card.error(
                f"goes with resize = {mode!r} only",
                f"preprocess.{key}",
                seen=f"resize = {s.resize!r}",
            )
    for key, numbers in (("mean", s.mean), ("std", s.std)):
        if len(numbers) != _CHANNELS:
            raise card.error("wrong value", f"preprocess.{key}", expected="3 numbers", seen=numbers)
    if 0 in s.std:
        raise card.error("wrong value", "preprocess.std", expected="no zeros", seen=s.std)
    if (s.pad_value or 0) > _BRIGHTEST:
        raise card.error(
            "wrong value", "preprocess.pad_value", expected="0 to 255", seen=s.pad_value
        )
