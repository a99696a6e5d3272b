"""Pictures as gradients, colours, layout, outline and texture. It sees looks, not meaning."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.encoders.builtin import IMAGE_DESCRIPTOR
from pentad.encoders.descriptors.base import FrameDescriptor, Reader
from pentad.encoders.descriptors.color import hue_histogram, lab_histogram
from pentad.encoders.descriptors.outline import (
    Parts,
    count_and_size,
    cut,
    form,
    parts_of,
    place,
    silhouette,
    tilt,
    window,
)
from pentad.encoders.descriptors.picture import SIDE, Picture, as_picture
from pentad.encoders.descriptors.texture import fine_detail, local_patterns, spectrum
from pentad.encoders.features import Blocks, Floats, hellinger, soft_bins, unit
from pentad.media.types import DecodeOptions, Image, Video, Views

_FRAMES = 8
_VIEWS = 6
_CROP_CELLS, _CROP_BINS = 4, 9
_SEEN_LEAST = 0.02


def load() -> FrameDescriptor:
    """Return the encoder ``image-descriptor``."""
    image = DecodeOptions(image_side=SIDE)
    video = DecodeOptions(image_side=SIDE, video_frames=_FRAMES)
    points = DecodeOptions(views=_VIEWS, view_size=2 * SIDE)
    return FrameDescriptor(
        IMAGE_DESCRIPTOR,
        {
            Modality.IMAGE: Reader(Image, image, describe_image, _looks),
            Modality.VIDEO: Reader(Video, video, _describe_frames, _looks),
            Modality.POINTS: Reader(Views, points, _describe_frames, _looks),
        },
    )


def describe_image(image: Image) -> NDArray[np.float32]:
    """Return the unit vector of one picture, float32 (943)."""
    return picture_vector(as_picture(image.pixels)).astype(np.float32)


def picture_vector(picture: Picture) -> Floats:
    """Return the unit vector of one picture, float64 (943)."""
    parts = parts_of(picture.mask)
    blocks = Blocks()
    _add_colour(blocks, picture)
    _add_outline(blocks, picture, parts)
    _add_layout(blocks, picture)
    _add_texture(blocks, picture)
    return blocks.joined()


def mean_vector(vectors: list[Floats]) -> NDArray[np.float32]:
    """Return the mean of several unit vectors, at length 1."""
    return unit(np.mean(vectors, axis=0)).astype(np.float32)


def _describe_frames(item: Video | Views) -> NDArray[np.float32]:
    return mean_vector(_looks(item))


def _looks(item: Image | Video | Views) -> list[Floats]:
    """Return the vector of the picture, or of each frame that is looked at, or of each view."""
    if isinstance(item, Image):
        pictures = item.pixels[None]
    elif isinstance(item, Video):
        pictures = item.frames[sampled(len(item.frames), _FRAMES)]
    else:
        pictures = item.images
    return [picture_vector(as_picture(pixels)) for pixels in pictures]


def sampled(count: int, wanted: int) -> list[int]:
    """Return which ``wanted`` frames of ``count`` to take, evenly spread; repeats if too few."""
    return [int((i + 0.5) * count / wanted) for i in range(wanted)]


def _add_colour(blocks: Blocks, picture: Picture) -> None:
    everywhere = np.ones_like(picture.mask)
    foreground = picture.mask if picture.mask.mean() > _SEEN_LEAST / 4 else everywhere
    blocks.add(1.0, hue_histogram(picture.lab, foreground))
    blocks.add(0.8, lab_histogram(picture.lab, foreground))
    blocks.add(0.5, hue_histogram(picture.lab, everywhere))
    blocks.add(0.5, lab_histogram(picture.lab, everywhere))


def _add_outline(blocks: Blocks, picture: Picture, parts: Parts) -> None:
    box = window(parts.largest)
    mask = cut(parts.largest.astype(np.float64), box) if box else np.zeros((48, 48))
    light = cut(picture.lab[..., 0], box) if box else np.zeros((48, 48))
    blocks.add(1.0, gradients(mask, _CROP_CELLS, _CROP_BINS))
    blocks.add(0.5, gradients(light, 3, 8))
    blocks.add(0.8, silhouette(mask))
    blocks.add(1.0, form(parts.largest))
    blocks.add(0.5, tilt(parts.largest))
    blocks.add(1.0, count_and_size(parts))
    blocks.add(1.0, place(picture.mask))


def _add_layout(blocks: Blocks, picture: Picture) -> None:
    step = SIDE // 4
    means = picture.lab.reshape(4, step, 4, step, 3).mean(axis=(1, 3)) / 50.0
    blocks.add(0.7, unit(means - means.mean(axis=(0, 1))))
    step = SIDE // 6
    blocks.add(0.7, hellinger(picture.mask.reshape(6, step, 6, step).mean(axis=(1, 3))))
    blocks.add(0.3, soft_bins(picture.aspect, -1.0, 1.0, 6))


def _add_texture(blocks: Blocks, picture: Picture) -> None:
    light = picture.lab[..., 0]
    blocks.add(0.8, gradients(light, 3, 8))
    blocks.add(0.5, gradients(light, 1, 24))
    blocks.add(0.5, local_patterns(light))
    blocks.add(0.5, fine_detail(light, picture.mask))
    blocks.add(0.5, spectrum(light))


def gradients(values: Floats, cells: int, bins: int) -> Floats:
    """Return histograms of unsigned edge direction in ``cells`` x ``cells`` cells; length 1."""
    dy, dx = np.gradient(values)
    strength = np.hypot(dy, dx)
    turn = (np.arctan2(dy, dx) % np.pi) / np.pi * bins
    left = np.floor(turn)
    part = turn - left
    size = values.shape[0]
    row = np.arange(size) * cells // size
    cell = (row[:, None] * cells + row[None]) * bins
    first, second = left.astype(np.int64) % bins, (left.astype(np.int64) + 1) % bins
    total = cells * cells * bins
    near = np.bincount((cell + first).ravel(), (strength * (1 - part)).ravel(), total)
    far = np.bincount((cell + second).ravel(), (strength * part).ravel(), total)
    return hellinger((near + far).astype(np.float64))
