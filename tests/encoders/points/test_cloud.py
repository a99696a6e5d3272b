"""Counting, centring and scaling clouds, and cutting them into patches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.encoders.points.cloud import CloudSettings, prepared
from pentad.encoders.points.grouping import Grouping, patches
from pentad.media.sample import sample_points
from pentad.media.types import Points

SETTINGS = CloudSettings(points=50, grey=0.4)
Array = np.ndarray[Any, Any]


def random_points(count: int, seed: int = 0) -> Points:
    rng = np.random.default_rng(seed)
    xyz = (rng.normal(size=(count, 3)) * 7 + 3).astype(np.float32)
    return Points(xyz, rng.integers(256, size=(count, 3), dtype=np.uint8))


def test_a_cloud_of_the_right_size_keeps_its_order() -> None:
    item = random_points(50)
    cloud = prepared(item, SETTINGS)
    middle = item.xyz.astype(np.float64).mean(axis=0)
    radius = np.linalg.norm(item.xyz - middle, axis=1).max()
    assert cloud.xyz == pytest.approx((item.xyz - middle) / radius, abs=1e-6)
    assert item.rgb is not None
    assert cloud.rgb == pytest.approx(item.rgb / 255, abs=1e-6)
    assert (cloud.xyz.dtype, cloud.rgb.dtype) == (np.float32, np.float32)
    assert np.linalg.norm(cloud.xyz, axis=1).max() == pytest.approx(1, abs=1e-6)


def test_fewer_points_repeat_from_the_start() -> None:
    item = random_points(20)
    repeated = Points(np.tile(item.xyz, (3, 1))[:50], np.tile(item.rgb, (3, 1))[:50])
    cloud, expected = prepared(item, SETTINGS), prepared(repeated, SETTINGS)
    assert np.array_equal(cloud.xyz, expected.xyz)
    assert np.array_equal(cloud.rgb, expected.rgb)


def test_of_more_points_some_are_drawn_always_the_same() -> None:
    item = random_points(80)
    expected = prepared(sample_points(item, 50), SETTINGS)
    for _ in range(2):
        assert np.array_equal(prepared(item, SETTINGS).xyz, expected.xyz)


def test_of_a_mesh_points_of_the_surface_are_drawn() -> None:
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=np.float32)
    cloud = prepared(Points(corners, None, np.array([[0, 1, 2]], dtype=np.int32)), SETTINGS)
    assert cloud.xyz.shape == (50, 3)
    assert len(np.unique(cloud.xyz, axis=0)) == 50


def test_no_colour_is_grey() -> None:
    cloud = prepared(Points(random_points(50).xyz), SETTINGS)
    assert np.array_equal(cloud.rgb, np.full((50, 3), np.float32(0.4)))


def test_one_place_is_the_middle() -> None:
    cloud = prepared(Points(np.full((3, 3), 9, dtype=np.float32)), SETTINGS)
    assert np.array_equal(cloud.xyz, np.zeros((50, 3), dtype=np.float32))


def test_the_largest_numbers_do_not_overflow() -> None:
    xyz = random_points(50).xyz * np.float32(1e37)
    assert np.isfinite(prepared(Points(xyz), SETTINGS).xyz).all()


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (Points(np.zeros((0, 3), dtype=np.float32)), "needs points"),
        (Points(np.zeros((4, 2), dtype=np.float32)), "needs points"),
        (Points(np.full((4, 3), np.nan, dtype=np.float32)), "infinite or NaN"),
        (Points(np.full((4, 3), np.inf, dtype=np.float32)), "infinite or NaN"),
        (Points(np.zeros((4, 3), np.float32), np.zeros((3, 3), np.uint8)), "wrong colours"),
    ],
)
def test_clouds_that_are_none(item: Points, text: str) -> None:
    with pytest.raises(InputError, match=text):
        prepared(item, SETTINGS)


def test_patches_are_places_around_their_center_and_colours() -> None:
    cloud = prepared(random_points(50), SETTINGS)
    table = Grouping(6, 9, 0.0).table(cloud.xyz)
    values, centers = patches(cloud.xyz, cloud.rgb, table)
    assert table.shape == (6, 10)
    assert np.array_equal(table[:, 0], table[:, 1])  # a center is nearest to itself
    assert np.array_equal(centers, cloud.xyz[table[:, 0]])
    places = values[..., :3] + centers[:, None]
    assert places == pytest.approx(cloud.xyz[table[:, 1:]], abs=1e-6)
    assert np.array_equal(values[..., 3:], cloud.rgb[table[:, 1:]])
    assert not values[:, 0, :3].any()


def test_the_key_tells_clouds_and_groupings_apart() -> None:
    one, other = random_points(50).xyz, random_points(50, seed=1).xyz
    groupings = [Grouping(6, 9, 0.0), Grouping(9, 6, 0.0), Grouping(6, 9, 0.001)]
    keys = {grouping.key(xyz) for grouping in groupings for xyz in (one, other)}
    assert len(keys) == 6
    assert groupings[0].key(one) == Grouping(6, 9, 0.0).key(np.asfortranarray(one))
