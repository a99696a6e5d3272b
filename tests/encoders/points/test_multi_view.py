"""Points by an encoder of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.points.multi_view import MultiView
from pentad.encoders.protocol import ChoosesDecoding, Encoder, is_row_independent
from pentad.encoders.registry import get_encoder
from pentad.encoders.wrap import as_encoder
from pentad.media.render import render_views
from pentad.media.types import DecodeOptions, Image, Media, Views
from tests.encoders.points.tiny_uni3d import cloud

Array = np.ndarray[Any, Any]


class Shades:
    """Darkness and colours of a picture."""

    dim = 4

    def __init__(self) -> None:
        self.seen: list[int] = []

    def encode(self, pictures: Sequence[Media]) -> Array:
        self.seen.append(len(pictures))
        means = [p.pixels.mean(axis=(0, 1)) for p in pictures if isinstance(p, Image)]
        return np.array([[*(255 - mean), 1] for mean in means])


def made(**numbers: int) -> tuple[MultiView, Shades]:
    bare = Shades()
    return MultiView(as_encoder(bare, name="shades", modality="image"), **numbers), bare


def test_a_cloud_is_the_mean_of_its_views() -> None:
    encoder, bare = made(views=5, size=32)
    items = [cloud(seed) for seed in range(4)]
    found = encoder.encode(items, modality="points")
    for item, row in zip(items, found, strict=True):
        views = render_views(item, views=5, size=32).images
        mean = bare.encode([Image(view) for view in views]).mean(axis=0)
        assert row == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)
    assert found.dtype == np.float32
    assert bare.seen[0] == 20


def test_rendered_views_and_clouds_give_the_same() -> None:
    encoder, _ = made(views=3, size=32)
    rendered: list[Media] = [render_views(cloud(), views=3, size=32)]
    assert np.array_equal(
        encoder.encode([cloud()], modality="points"), encoder.encode(rendered, modality="points")
    )
    more = Views(np.zeros((7, 16, 16, 3), dtype=np.uint8))
    assert encoder.encode([more, *rendered], modality="points").shape == (2, 4)
    assert encoder.encode([], modality="points").shape == (0, 4)


def test_many_clouds_go_through_a_few_at_a_time() -> None:
    encoder, bare = made(views=30, size=8)
    items = [cloud(seed) for seed in range(5)]
    alone = np.concatenate([encoder.encode([item], modality="points") for item in items])
    bare.seen.clear()
    assert encoder.encode(items, modality="points") == pytest.approx(alone, abs=1e-6)
    assert bare.seen == [60, 60, 30]


def test_is_an_encoder_of_what_the_other_encodes_and_of_points() -> None:
    encoder, _ = made()
    assert isinstance(encoder, Encoder)
    assert isinstance(encoder, ChoosesDecoding)
    assert encoder.modalities == (Modality.IMAGE, Modality.POINTS)
    assert encoder.decode_options("points") == DecodeOptions(views=12, view_size=224)
    assert encoder.decode_options("image") == DecodeOptions()
    pictures: list[Media] = [Image(np.full((4, 4, 3), 9, dtype=np.uint8))]
    assert encoder.encode(pictures, modality="image").tolist() == [[246, 246, 246, 1]]
    assert not is_row_independent(encoder)


def test_of_an_encoder_that_takes_views_itself_it_changes_their_number() -> None:
    inner = get_encoder("image-descriptor")
    encoder = MultiView(inner, views=6)
    assert encoder.modalities.count(Modality.POINTS) == 1
    assert is_row_independent(encoder) == is_row_independent(inner)
    assert isinstance(inner, ChoosesDecoding)
    assert encoder.decode_options("video") == inner.decode_options("video")
    assert encoder.decode_options("points").views == 6


def test_views_and_size_are_part_of_the_fingerprint() -> None:
    prints = {made(views=v, size=s)[0].fingerprint for v in (3, 4) for s in (32, 64)}
    assert len(prints) == 4
    assert all(len(text) == 64 for text in prints)


@pytest.mark.parametrize("numbers", [{"views": 0}, {"size": 0}])
def test_no_views(numbers: dict[str, int]) -> None:
    with pytest.raises(InputError, match="at least 1"):
        made(**numbers)


def test_not_of_an_encoder_without_pictures() -> None:
    with pytest.raises(InputError, match="does not encode 'image'"):
        MultiView(get_encoder("hashed-text"))


def test_other_inputs_are_refused() -> None:
    encoder, _ = made()
    with pytest.raises(InputError, match="expected Views or Points"):
        encoder.encode(["a cup"], modality="points")
    with pytest.raises(InputError, match="does not encode 'audio'"):
        encoder.encode([], modality="audio")
