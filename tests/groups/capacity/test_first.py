import numpy as np
import pytest
from hypothesis import given, settings

from pentad.core.errors import InputError
from pentad.groups.capacity import first
from pentad.groups.capacity.assign import METHODS, assign
from pentad.groups.capacity.assignment import METHOD_NAMES, Short
from pentad.groups.capacity.first import first_fitting
from tests.groups.capacity.problems import problems


@given(problems())
@settings(max_examples=200, deadline=None)
def test_without_a_limit_of_uses_it_is_what_every_assignment_comes_to(problem):
    ids, scores, k, _, threshold = problem
    quick = first_fitting(ids, scores, k=k, threshold=threshold)
    full = assign(ids, scores, k=k, threshold=threshold)
    assert quick.chosen.tobytes() == full.chosen.tobytes()
    assert quick.total == pytest.approx(full.total)
    for name in ("taken", "short_queries", "short_places", "dropped"):
        assert getattr(quick, name) == getattr(full, name)


@given(problems())
@settings(max_examples=100, deadline=None)
def test_a_threshold_on_other_scores_is_the_same_in_both(problem):
    ids, scores, k, _, threshold = problem
    raw = np.ascontiguousarray(scores[:, ::-1])
    quick = first_fitting(ids, scores, k=k, threshold=threshold, raw=raw)
    full = assign(ids, scores, k=k, threshold=threshold, raw=raw)
    assert quick.chosen.tobytes() == full.chosen.tobytes()
    assert (quick.dropped, quick.short_places) == (full.dropped, full.short_places)


def test_blocks_make_no_difference(monkeypatch):
    scores = np.linspace(1, 0, 50 * 4, dtype=np.float32).reshape(50, 4)
    ids = np.tile(np.array([3, 1, 3, 0], dtype=np.uint32), (50, 1))
    whole = first_fitting(ids, scores, k=3, threshold=0.3)
    monkeypatch.setattr(first, "_CELLS", 12)
    parts = first_fitting(ids, scores, k=3, threshold=0.3)
    assert whole.chosen.tobytes() == parts.chosen.tobytes()
    assert (whole.dropped, whole.short_queries) == (parts.dropped, parts.short_queries)
    assert whole.short_queries[Short.BELOW] > 0


def test_what_is_no_score_and_what_ascends_is_refused_with_its_row():
    ids = np.array([[0, 1], [0, 1]], dtype=np.uint32)
    for second, message in (((0.5, np.nan), "not a number"), ((0.1, 0.2), "must not ascend")):
        scores = np.array([(0.5, 0.1), second], dtype=np.float32)
        with pytest.raises(InputError, match=f"row 2: .*{message}") as quick:
            first_fitting(ids, scores, k=1)
        with pytest.raises(InputError) as full:
            assign(ids, scores, k=1)
        assert str(quick.value) == str(full.value)


def test_methods_are_named_in_one_place():
    assert tuple(METHODS) == METHOD_NAMES
