import numpy as np

from pentad.groups.capacity.assign import assign
from pentad.groups.capacity.outcome import Drop, Short


def test_everyone_left_short_has_one_reason_and_each_place_its_own():
    ids = np.array([[0, 1, 2], [0, -1, -1], [0, 3, 4], [0, 5, 5]])
    scores = np.array(
        [[0.9, 0.8, 0.7], [0.8, 0.1, 0.1], [0.7, 0.3, 0.2], [0.6, 0.55, 0.5]], dtype=np.float32
    )
    result = assign(ids, scores, k=2, max_uses=1, threshold=0.5)
    # The first has all it wants. The second has one candidate, and that one is full. Of the third,
    # only a full one reaches the threshold. The fourth has two candidates, one of them full.
    assert result.chosen.tolist() == [[0, 1], [-1, -1], [-1, -1], [1, -1]]
    assert result.short_queries == {Short.TOO_FEW: 1, Short.BELOW: 1, Short.FULL: 1}
    assert result.short_places == {Short.TOO_FEW: 1, Short.BELOW: 1, Short.FULL: 3}
    assert result.dropped == {Drop.BEYOND_K: 1, Drop.FULL: 3, Drop.BELOW: 2, Drop.REPEATED: 1}
    assert (result.taken, round(result.total, 6)) == (3, 2.25)


def test_ranks_close_up_and_the_retrieval_rank_is_kept():
    ids = [[0, 1, 2, 3], [0, 1, 2, 3]]
    result = assign(ids, [[0.9, 0.8, 0.3, 0.2], [0.8, 0.7, 0.6, 0.5]], k=2, max_uses=1)
    assert (result.chosen + 1).tolist() == [[1, 2], [3, 4]]


def test_nobody_to_serve_is_no_fault():
    result = assign(np.empty((0, 3), dtype=np.int64), np.empty((0, 3)), k=2, max_uses=1)
    assert (result.chosen.shape, result.total, result.taken) == ((0, 2), 0.0, 0)
