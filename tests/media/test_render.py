from __future__ import annotations

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.media.camera import FRAME_FILL, project, view_angles
from pentad.media.raster import visible_points, visible_triangles
from pentad.media.render import render_views
from pentad.media.sample import sample_points
from pentad.media.types import Points
from tests.media.makers import COLORS, CUBE, TRIANGLES

FACES = TRIANGLES.astype(np.int32)
CUBE_MESH = Points(CUBE, COLORS, FACES)


def sphere(columns: int = 60, rows: int = 40) -> Points:
    around, down = np.meshgrid(np.linspace(0, 2 * np.pi, columns), np.linspace(0, np.pi, rows))
    xyz = np.stack([np.cos(around) * np.sin(down), np.cos(down), np.sin(around) * np.sin(down)], -1)
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    quads = np.stack([corner, corner + 1, corner + columns + 1, corner + columns], 1)
    faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    return Points(xyz.reshape(-1, 3).astype(np.float32), None, faces)


def covered(images: np.ndarray) -> np.ndarray:
    return (images < 250).any(axis=-1)


@pytest.mark.parametrize("points", [CUBE_MESH, sphere(), Points(sphere().xyz)])
def test_views_are_deterministic_and_fill_the_frame(points: Points) -> None:
    images = render_views(points, views=4, size=64).images
    assert images.dtype == np.uint8
    assert images.shape == (4, 64, 64, 3)
    assert np.array_equal(images, render_views(points, views=4, size=64).images)
    for picture in covered(images):
        rows, columns = np.nonzero(picture)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == pytest.approx(64 * FRAME_FILL, abs=6)
        assert (rows.min() + rows.max()) / 2 == pytest.approx(31.5, abs=2)
        assert (columns.min() + columns.max()) / 2 == pytest.approx(31.5, abs=2)


@pytest.mark.parametrize("columns", [8, 60, 400])
def test_a_closed_surface_has_no_holes(columns: int) -> None:
    image = covered(render_views(sphere(columns, columns), views=1, size=96).images)[0]
    enclosed = np.ones_like(image)
    for turn in range(4):  # something is drawn to the left, below, to the right and above
        turned = np.maximum.accumulate(np.rot90(image, turn), axis=1)
        enclosed &= np.rot90(turned, -turn)
    assert image.sum() > 4000
    assert np.array_equal(enclosed, image)


def test_a_dense_cloud_has_few_holes() -> None:
    cloud = sample_points(sphere(), 5000)
    image = covered(render_views(cloud, views=1, size=96).images)[0]
    filled = sum(np.ptp(np.flatnonzero(row)) + 1 for row in image if row.any())
    assert image.sum() > 0.98 * filled


def test_nearer_triangles_hide_farther_ones() -> None:
    corners = np.array([[2.0, 2.0], [30.0, 2.0], [2.0, 30.0]], np.float32)
    screen = np.stack([corners, corners, corners])
    depth = np.array([[0.5] * 3, [0.2] * 3, [0.9] * 3], np.float32)
    assert set(visible_triangles(screen, depth, 32).tolist()) == {-1, 1}
    assert set(visible_points(corners, np.float32([0, 0, 0]), 32, 2.0).tolist()) == {-1, 0, 1, 2}


def test_crossing_triangles_cut_each_other() -> None:
    corners = np.array([[0.0, 0.0], [32.0, 0.0], [0.0, 32.0]], np.float32)
    screen = np.stack([corners, corners])
    depth = np.array([[0.0, 1.0, 0.0], [0.5, 0.5, 0.5]], np.float32)
    row = visible_triangles(screen, depth, 32).reshape(32, 32)[2]
    assert (row[:15] == 0).all()
    assert (row[17:29] == 1).all()


def test_each_pixel_centre_inside_is_covered_and_none_outside() -> None:
    grain = np.random.default_rng(0)
    for _ in range(50):
        triangle = grain.uniform(0, 24, (3, 2)).astype(np.float32)
        found = visible_triangles(triangle[None], np.zeros((1, 3), np.float32), 24) == 0
        x, y = np.meshgrid(np.arange(24) + 0.5, np.arange(24) + 0.5)
        sides = []
        for a, b in ((0, 1), (1, 2), (2, 0)):
            edge = triangle[b] - triangle[a]
            across = (x - triangle[a, 0]) * edge[1] - (y - triangle[a, 1]) * edge[0]
            sides.append(across / np.linalg.norm(edge))
        inner = (np.min(sides, axis=0) > 0.01) | (np.max(sides, axis=0) < -0.01)
        outer = (np.min(sides, axis=0) < -0.01) & (np.max(sides, axis=0) > 0.01)
        found = found.reshape(24, 24)
        assert found[inner].all()
        if inner.any():
            assert not found[outer].any()


def test_triangles_smaller_than_a_pixel_are_still_drawn() -> None:
    screen = np.array([[[5.1, 5.1], [5.2, 5.1], [5.1, 5.2]]], np.float32)
    found = visible_triangles(screen, np.zeros((1, 3), np.float32), 8)
    assert np.flatnonzero(found == 0).tolist() == [5 * 8 + 5]


def test_up_is_up_and_the_front_is_in_front() -> None:
    points = np.array([[0, 1, 0], [0, -1, 0], [0, 0, 1.0], [0, 0, -1]])
    seen = project(points, 0, 0, 100)
    assert seen.screen[0, 1] < seen.screen[1, 1]
    assert seen.depth[2] < seen.depth[3]
    right = project(np.array([[1.0, 0, 0], [-1, 0, 0]]), 0, 0, 100).screen
    assert right[0, 0] > right[1, 0]


def test_colours_are_seen_and_mixed() -> None:
    red = Points(CUBE, np.tile(np.uint8([200, 0, 0]), (8, 1)), FACES)
    image = render_views(red, views=1, size=32).images[0]
    assert (image[16, 16, 1:] == 0).all()
    assert image[16, 16, 0] > 60
    mixed = render_views(CUBE_MESH, views=1, size=32).images[0]
    assert len(np.unique(mixed.reshape(-1, 3), axis=0)) > 50


@pytest.mark.parametrize(
    "points",
    [
        Points(np.float32([[0, 0, 0], [1, 0, 0], [2, 0, 0]])),
        Points(np.float32([[0, 0, 0], [1, 0, 0], [2, 0, 0]]), None, np.int32([[0, 1, 2]])),
        Points(np.float32([[0, 0, 0], [1, 0, 0], [1, 1, 0]]), None, np.int32([[0, 1, 2]])),
        Points(CUBE * np.float32(1e38), None, FACES),
        Points(CUBE * np.float32(1e-38), None, FACES),
        Points(CUBE + np.float32(1e6), None, FACES),
    ],
    ids=["line", "line mesh", "flat", "huge", "minute", "far away"],
)
def test_odd_shapes_can_be_drawn(points: Points) -> None:
    images = render_views(points, views=3, size=32).images
    assert covered(images).any(axis=(1, 2)).all()


def test_huge_clouds_are_thinned_by_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pentad.media.render.MAX_SPLATS", 300)
    cloud = Points(sphere().xyz)
    one, same, other = (render_views(cloud, views=1, size=48, seed=s).images for s in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_azimuths_are_evenly_spaced() -> None:
    azimuths = [a for a, _ in view_angles(6)]
    assert np.allclose(np.diff(azimuths), 60)


@pytest.mark.parametrize(("views", "size"), [(0, 224), (1, 0)])
def test_nothing_to_draw(views: int, size: int) -> None:
    with pytest.raises(InputError):
        render_views(CUBE_MESH, views=views, size=size)
