from itertools import combinations

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.evaluation.results.comparison.labels import Box, place_labels

FRAME = Box(0, 0, 700, 420)


def overlap(one: Box, two: Box) -> bool:
    wide = min(one.right, two.right) - max(one.left, two.left)
    high = min(one.top, two.top) - max(one.bottom, two.bottom)
    return wide > 0 and high > 0


def around(point: tuple[float, float]) -> list[Box]:
    x, y = point
    return [Box(x - 5, y - 5, x + 5, y + 5), Box(x - 1, y - 30, x + 1, y + 30)]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_nothing_is_covered(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    points = [(float(x), float(y)) for x, y in rng.uniform((150, 60), (550, 360), (count, 2))]
    sizes = [(float(w), 12.0) for w in rng.uniform(30, 110, count)]
    obstacles = [around(point) for point in points]
    placed = place_labels(points, sizes, obstacles, FRAME)
    for one, two in combinations([p.box for p in placed], 2):
        assert not overlap(one, two)
    for label, size in zip(placed, sizes, strict=True):
        assert not any(overlap(label.box, box) for boxes in obstacles for box in boxes)
        assert label.box.left >= 0
        assert label.box.bottom >= 0
        assert label.box.right <= FRAME.right
        assert label.box.top <= FRAME.top
        assert label.box.right - label.box.left == pytest.approx(size[0])


def test_a_lonely_label_stands_right_of_its_point() -> None:
    (one,) = place_labels([(300, 200)], [(60, 12)], [around((300, 200))], FRAME)
    assert one.box.left == pytest.approx(307)
    assert one.box.bottom == pytest.approx(194)


def test_at_the_edge_it_turns_to_the_left() -> None:
    (one,) = place_labels([(690, 200)], [(60, 12)], [around((690, 200))], FRAME)
    assert one.box.right == pytest.approx(683)


def test_three_points_in_one_place() -> None:
    points = [(300.0, 200.0)] * 3
    placed = place_labels(points, [(60, 12)] * 3, [around(p) for p in points], FRAME)
    for one, two in combinations([p.box for p in placed], 2):
        assert not overlap(one, two)


def test_no_labels_and_wrong_numbers() -> None:
    assert place_labels([], [], [], FRAME) == []
    with pytest.raises(InputError, match="one size"):
        place_labels([(0, 0)], [], [], FRAME)
