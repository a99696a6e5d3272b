from __future__ import annotations

import numpy as np
import pytest

from pentad.media.sample import sample_points
from pentad.media.types import Points
from tests.media.makers import COLORS, CUBE, TRIANGLES

MESH = Points(CUBE, COLORS, TRIANGLES.astype(np.int32))


def test_surface_points_lie_on_the_surface_with_its_colours() -> None:
    found = sample_points(MESH, 2000, seed=1)
    on_a_side = np.isclose(found.xyz, 0, atol=1e-6) | np.isclose(found.xyz, 1, atol=1e-6)
    assert on_a_side.any(axis=1).all()
    assert np.abs(found.rgb - found.xyz * 200).max() <= 1
    assert found.faces is None


def test_points_are_in_proportion_to_area() -> None:
    xyz = np.float32([[0, 0, 0], [3, 0, 0], [0, 1, 0], [0, 0, 5], [1, 0, 5], [0, 1, 5]])
    found = sample_points(Points(xyz, None, np.int32([[0, 1, 2], [3, 4, 5]])), 40000)
    assert (found.xyz[:, 2] == 0).mean() == pytest.approx(0.75, abs=0.01)
    inside = found.xyz[found.xyz[:, 2] == 0]
    assert inside[:, 0].mean() == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("points", [MESH, Points(np.random.default_rng(0).random((500, 3), "f4"))])
def test_the_seed_decides(points: Points) -> None:
    one, same, other = (sample_points(points, 100, seed=s).xyz for s in (5, 5, 6))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_larger_cloud_gives_distinct_points() -> None:
    cloud = Points(np.arange(300, dtype=np.float32).reshape(100, 3), np.zeros((100, 3), np.uint8))
    found = sample_points(cloud, 60)
    assert len(np.unique(found.xyz, axis=0)) == 60
    assert found.rgb.shape == (60, 3)


def test_a_smaller_cloud_gives_every_point() -> None:
    found = sample_points(Points(CUBE), 20)
    assert found.xyz.shape == (20, 3)
    assert len(np.unique(found.xyz, axis=0)) == 8


def test_a_mesh_without_area_gives_its_vertices() -> None:
    line = Points(np.float32([[0, 0, 0], [1, 0, 0], [2, 0, 0]]), None, np.int32([[0, 1, 2]]))
    assert sample_points(line, 5).xyz.shape == (5, 3)
