import sys

import pytest
from hypothesis import given, settings

from pentad.core.errors import InputError, MissingExtra
from pentad.groups.capacity import exact
from pentad.groups.capacity.assign import assign
from tests.groups.capacity.problems import check, greatest_total, problems


@given(problems())
@settings(max_examples=100, deadline=None)
def test_no_other_assignment_has_a_greater_total(problem):
    ids, scores, k, uses, threshold = problem
    options = {"k": k, "max_uses": uses, "threshold": threshold}
    result = assign(ids, scores, method="exact", **options)
    check(result, ids, scores, k, uses, threshold)
    best, base = greatest_total(ids, scores, k, uses, threshold)
    assert result.total - base * result.taken == pytest.approx(best, abs=1e-6)
    assert result.how["bound"] < 1e-6


def test_without_ortools_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ortools.graph.python.min_cost_flow", None)
    with pytest.raises(MissingExtra, match=r"pip install 'pentad\[flow\]'"):
        assign([[0]], [[0.5]], k=1, max_uses=1, method="exact")


def test_too_many_edges_are_refused(monkeypatch):
    monkeypatch.setattr(exact, "MOST_EDGES", 1)
    with pytest.raises(InputError, match="use the auction; expected <= 1, got 2"):
        assign([[0, 1]], [[0.5, 0.5]], k=1, max_uses=1, method="exact")
