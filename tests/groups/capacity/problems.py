"""Small assignment problems, and what they should come to by other means."""

import numpy as np
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment


@st.composite
def problems(draw, *, most_queries=8, most_items=6, repeats=True):
    """Draw (ids, scores, k, max_uses, threshold): ties, empty places and repeated items too."""
    queries, items = draw(st.integers(0, most_queries)), draw(st.integers(1, most_items))
    columns = draw(st.integers(1, items))
    rows, levels = [], []
    for _ in range(queries):
        if repeats:
            rows.append(
                draw(st.lists(st.integers(-1, items - 1), min_size=columns, max_size=columns))
            )
        else:
            rows.append(draw(st.permutations(range(items)))[:columns])
        level = st.lists(st.integers(-3, 4), min_size=columns, max_size=columns)
        levels.append(sorted(draw(level), reverse=True))
    ids = np.array(rows, dtype=np.int64).reshape(queries, columns)
    scores = np.array(levels, dtype=np.float32).reshape(queries, columns) / 8
    uses = draw(
        st.one_of(st.integers(1, 4), st.lists(st.integers(0, 3), min_size=items, max_size=items))
    )
    threshold = draw(st.sampled_from([None, 0.0, 0.25]))
    return ids, scores, draw(st.integers(1, 4)), uses, threshold


def room_of(item, uses):
    return uses if np.ndim(uses) == 0 else uses[item]


def usable(ids, scores, threshold):
    """List the edges that may be taken: query, rank, item, score."""
    edges = []
    for q in range(len(ids)):
        seen = set()
        for j in range(ids.shape[1]):
            item = int(ids[q, j])
            if item < 0 or item in seen:
                continue
            seen.add(item)
            if threshold is None or scores[q, j] >= threshold:
                edges.append((q, j, item, float(scores[q, j])))
    return edges


def by_the_definition(ids, scores, k, uses, threshold):
    """Take the best edge first, in a plain loop."""
    chosen, used = [[] for _ in range(len(ids))], {}
    order = sorted(usable(ids, scores, threshold), key=lambda e: (-e[3], e[0], e[1]))
    for q, j, item, _ in order:
        if len(chosen[q]) < k and used.get(item, 0) < room_of(item, uses):
            chosen[q].append(j)
            used[item] = used.get(item, 0) + 1
    return [sorted(row) + [-1] * (k - len(row)) for row in chosen]


def greatest_total(ids, scores, k, uses, threshold):
    """Return the best total score above that of an empty place, by a linear program."""
    from scipy.optimize import linprog

    edges = usable(ids, scores, threshold)
    if not edges:
        return 0.0, 0.0
    base = min(0.0, *(e[3] for e in edges))
    items = sorted({e[2] for e in edges})
    limits = np.zeros((len(ids) + len(items), len(edges)))
    for place, (q, _, item, _) in enumerate(edges):
        limits[q, place] = limits[len(ids) + items.index(item), place] = 1
    most = [k] * len(ids) + [room_of(item, uses) for item in items]
    gains = np.array([e[3] - base for e in edges])
    found = linprog(-gains, A_ub=limits, b_ub=most, bounds=(0, 1), method="highs")
    return -found.fun, base


def by_replicas(ids, scores, uses):
    """Return the best total for k = 1, by a square of queries and copies of items."""
    copies = [item for item in range(int(ids.max()) + 1) for _ in range(uses)]
    gains = np.zeros((len(ids), len(copies)))
    for q, _, item, score in usable(ids, scores, None):
        gains[q, [c for c, copy in enumerate(copies) if copy == item]] = max(score, 0)
    rows, columns = linear_sum_assignment(gains, maximize=True)
    return gains[rows, columns].sum()


def check(result, ids, scores, k, uses, threshold):
    """Hold an assignment to what every method has to keep."""
    edges = {(q, j): item for q, j, item, _ in usable(ids, scores, threshold)}
    used, taken, total = {}, 0, 0.0
    for q, row in enumerate(result.chosen):
        got = row[row >= 0]
        assert (np.diff(got) > 0).all()
        assert (row[len(got) :] == -1).all()
        items = [edges[q, int(j)] for j in got]
        assert len(set(items)) == len(items)
        taken, total = taken + len(got), total + float(scores[q, got].astype(np.float64).sum())
        for item in items:
            used[item] = used.get(item, 0) + 1
    assert all(count <= room_of(item, uses) for item, count in used.items())
    assert result.chosen.shape == (len(ids), k)
    assert (result.taken, round(result.total - total, 9)) == (taken, 0)
    assert taken + sum(result.short_places.values()) == k * len(ids)
    assert sum(result.short_queries.values()) == (result.chosen < 0).any(axis=1).sum()
    assert taken + sum(result.dropped.values()) == (ids >= 0).sum()
    # Nobody is short who could still have something.
    for (q, j), item in edges.items():
        short = (result.chosen[q] < 0).any() and j not in result.chosen[q]
        assert not (short and used.get(item, 0) < room_of(item, uses))
