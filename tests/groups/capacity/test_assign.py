import pytest

from pentad.core.errors import UnknownName
from pentad.groups.capacity.assign import assign


def test_a_method_that_is_not_known_is_refused_with_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'greedy'"):
        assign([[0]], [[0.5]], k=1, method="gready")


def test_the_method_is_named_in_the_outcome():
    assert assign([[0]], [[0.5]], k=1).how == {"method": "greedy"}
    assert assign([[0]], [[0.5]], k=1, method="auction").how["method"] == "auction"
