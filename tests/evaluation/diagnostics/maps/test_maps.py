from __future__ import annotations

import sys
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError, MissingExtra, UnknownName
from pentad.core.modality import Modality
from pentad.evaluation.diagnostics.maps.draw import draw_maps
from pentad.evaluation.diagnostics.maps.labels import Box, medoid, place_labels
from pentad.evaluation.diagnostics.maps.panels import columns_for
from pentad.evaluation.diagnostics.maps.project import map_points, pca_places
from pentad.evaluation.diagnostics.space import as_space
from tests.evaluation.diagnostics.spaces import labelled, make_space

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

IMAGE = Modality.IMAGE


@pytest.fixture(scope="module")
def space():
    return as_space(make_space(classes=15, per=2))


def test_pca_keeps_distances_of_what_lies_in_a_plane():
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(20, 2)) @ np.linalg.qr(rng.normal(size=(6, 2)))[0].T + 3
    places, shares = pca_places(flat)
    assert shares.sum() == pytest.approx(1)
    apart = [np.linalg.norm(p[:, None] - p[None], axis=-1) for p in (flat, places)]
    np.testing.assert_allclose(apart[0], apart[1], atol=1e-9)


def test_pca_is_not_mirrored_by_the_order_of_rows():
    rows = np.random.default_rng(0).normal(size=(30, 5))
    order = np.random.default_rng(1).permutation(30)
    np.testing.assert_allclose(pca_places(rows)[0][order], pca_places(rows[order])[0], atol=1e-9)


def test_pca_of_vectors_of_one_value_and_of_equal_vectors():
    places, shares = pca_places(np.array([[1.0], [-1.0]]))
    assert np.abs(places).tolist() == [[1, 0], [1, 0]]
    assert shares.tolist() == [1, 0]
    places, shares = pca_places(np.ones((3, 4)))
    assert not places.any()
    assert not shares.any()


def test_a_sample_keeps_the_share_of_each_modality_and_says_so(space):
    found = map_points(space, most=30)
    assert (len(found), found.of) == (30, 90)
    assert [found.modalities.count(m) for m in space] == [10, 10, 10]
    again = map_points(space, most=30)
    assert np.array_equal(found.ids, again.ids)
    assert np.array_equal(found.places, again.places)


@pytest.mark.parametrize("by", ["concept", "modality"])
def test_maps_are_drawn_and_written(space, tmp_path, by):
    written = draw_maps(map_points(space), tmp_path, by)
    names = {path.name for path in written}
    expected = {f"map-pca-{by}{part}.{kind}" for part in ("", "-panels") for kind in ("png", "svg")}
    assert names == expected | {"map-pca.parquet"}
    assert ElementTree.parse(tmp_path / f"map-pca-{by}.svg").getroot().tag.endswith("svg")
    table = pl.read_parquet(tmp_path / "map-pca.parquet")
    assert table.columns == ["modality", "id", "concept", "x", "y"]
    assert table.height == 90


def test_the_same_map_has_the_same_bytes(space, tmp_path):
    for folder in ("one", "two"):
        draw_maps(map_points(space), tmp_path / folder, "modality")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_items_without_concepts_are_drawn_by_modality_only(tmp_path):
    bare = as_space({IMAGE: labelled("image", np.eye(4), None, [None] * 4)})
    written = draw_maps(map_points(bare), tmp_path)
    assert not any("concept" in path.name for path in written)
    with pytest.raises(InputError, match="no item has a concept"):
        draw_maps(map_points(bare), tmp_path, "concept")


def test_one_point_and_equal_points_are_drawn(tmp_path):
    for name, rows in (("one", np.ones((1, 3))), ("equal", np.ones((6, 3)))):
        concepts = ["x"] * len(rows)
        made = as_space({IMAGE: labelled("image", rows, None, concepts)})
        draw_maps(map_points(made), tmp_path / name)


@pytest.mark.slow
def test_umap_gives_the_same_map_for_the_same_seed(space):
    first, again = map_points(space, "umap"), map_points(space, "umap")
    assert np.array_equal(first.places, again.places)
    assert np.isfinite(first.places).all()
    assert not np.array_equal(first.places, map_points(space, "umap", seed=1).places)
    assert "mean nothing" in first.about


@pytest.mark.slow
def test_umap_of_few_and_of_equal_items():
    few = as_space({IMAGE: labelled("image", np.eye(5))})
    assert map_points(few, "umap").places.shape == (5, 2)
    equal = as_space({IMAGE: labelled("image", np.ones((8, 3)))})
    assert map_points(equal, "umap").places.shape == (8, 2)


def test_mistakes_are_refused(space, tmp_path, monkeypatch):
    with pytest.raises(UnknownName, match="pca"):
        map_points(space, "pcaa")
    with pytest.raises(InputError, match="at least 1"):
        map_points(space, most=0)
    with pytest.raises(UnknownName, match="concept"):
        draw_maps(map_points(space), tmp_path, "concepts")
    with pytest.raises(InputError, match="at least 5"):
        map_points(as_space({IMAGE: labelled("image", np.eye(4))}), "umap")
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(MissingExtra, match=r"pentad\[map\]"):
        map_points(space, "umap")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra, match="matplotlib"):
        draw_maps(map_points(space), tmp_path)


def test_a_class_is_named_where_most_of_it_is():
    rng = np.random.default_rng(0)
    crowd, stray = rng.normal(size=(30, 2)) * 0.1, np.array([[9.0, 9.0]])
    assert np.linalg.norm(medoid(np.concatenate([crowd, stray]))) < 0.3
    assert medoid(np.array([[1.0, 2.0]])).tolist() == [1, 2]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 600)), min_size=1, max_size=12))
def test_labels_stay_in_the_frame_and_off_one_another(anchors):
    places = np.array(anchors, float)
    sizes = [(120.0, 20.0)] * len(anchors)
    centers = place_labels(places, sizes, Box(0, 0, 900, 600), places)
    boxes = [Box(x - 60, y - 10, x + 60, y + 10) for x, y in centers]
    inside = Box(-1e-9, -1e-9, 900 + 1e-9, 600 + 1e-9)
    assert all(b.left >= inside.left and b.bottom >= inside.bottom for b in boxes)
    assert all(b.right <= inside.right and b.top <= inside.top for b in boxes)
    assert not any(a.meets(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_a_label_makes_way_for_points():
    crowd = np.array([[50.0 + dx, 50.0 + dy] for dx in range(-9, 10, 3) for dy in range(-5, 6, 2)])
    ((x, y),) = place_labels(np.array([[50.0, 50.0]]), [(20, 10)], Box(0, 0, 100, 100), crowd)
    box = Box(x - 10, y - 5, x + 10, y + 5)
    assert not any(box.left < a < box.right and box.bottom < b < box.top for a, b in crowd)


def test_panels_stand_in_a_grid():
    assert [columns_for(n) for n in (1, 3, 5, 50, 60)] == [2, 3, 3, 9, 10]
