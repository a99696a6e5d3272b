"""The bound of bytes against products in float64, and that groups stand for their items."""

import numpy as np
import pytest
import torch

from pentad.neighbors.device.corpus import Corpus
from pentad.neighbors.device.place import full_precision
from pentad.neighbors.device.sides import ItemSide, QuerySide, needs, outline, prepared
from pentad.neighbors.metrics import METRICS, get_metric, row_dots

METRIC_NAMES = sorted(METRICS)


def data(kind, dim=24):
    rng = np.random.default_rng(0)
    corpus, queries = rng.normal(size=(150, dim)), rng.normal(size=(50, dim))
    if kind == "narrow":
        corpus, queries = 5 + 0.01 * corpus, 5 + 0.01 * queries
    if kind == "spikes":
        corpus[:, 3] *= 50
        queries[7] *= 1000
    if kind == "equal":
        corpus, queries = np.ones_like(corpus), np.ones_like(queries)
    if kind == "lengths":
        corpus *= 10.0 ** rng.uniform(-4, 4, (150, 1))
    if kind == "bytes":
        corpus, queries = np.round(corpus), np.round(queries)
    return queries.astype(np.float32), corpus.astype(np.float32)


def sides(queries, corpus, metric):
    cpu = torch.device("cpu")
    items = Corpus(corpus, get_metric(metric))
    squares = row_dots(queries.astype(np.float64), queries.astype(np.float64))
    rows = items.query_rows(queries, np.arange(len(queries)), squares, cpu)
    dim = corpus.shape[1]
    (_, block), *_ = items.blocks(len(corpus), cpu)
    mean = block[:50, :dim].mean(dim=0).double()
    left = QuerySide.of(rows, dim, mean, items.bounds(squares), 8)
    return left, ItemSide.of(block, 0, left.means)


@pytest.mark.parametrize("metric", METRIC_NAMES)
@pytest.mark.parametrize("kind", ["plain", "narrow", "spikes", "equal", "lengths", "bytes"])
def test_no_pair_whose_product_is_known_needs_more_than_its_sum(metric, kind):
    """What is known is set to the very product of each pair: then every pair must be reached."""
    queries, items = sides(*data(kind), metric)
    exact = queries.rows.double() @ items.rows.double().T
    n, everything = len(items.rows), slice(0, len(queries.rows))
    sums = torch._int_mm(queries.codes.codes, items.codes.t())[: len(queries.rows)]
    terms = items.terms.reshape(3, -1)
    for place in range(n):
        queries.known.copy_(exact[:, items.order[place]])
        least, weights = needs(queries, everything, items)
        assert not (sums[:, place] < (least[:, 0] - weights @ terms[:, place])).any()
        group = least - weights @ items.tops
        assert not (sums[:, place] < group[:, place // 64]).any()


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_the_bound_is_near_the_product(metric):
    queries, items = sides(*data("plain"), metric)
    exact = queries.rows.double() @ items.rows.double().T
    sums = torch._int_mm(queries.codes.codes, items.codes.t())[: len(queries.rows)]
    queries.known.zero_()
    least, weights = needs(queries, slice(0, len(queries.rows)), items)
    short = sums[:, :150] - (least - weights @ items.terms.reshape(3, -1)[:, :150])
    unit = queries.codes.scales[:, None] * items.scale
    loose = short * unit - exact[:, items.order]
    assert float(loose.min()) >= 0
    assert float(loose.max()) < 0.2 * float(exact.abs().max())


def test_padding_is_never_reached():
    queries, items = sides(*data("plain"), "dot")
    queries.known.fill_(-1e9)
    least, weights = needs(queries, slice(0, 50), items)
    needed = least - weights @ items.terms.reshape(3, -1)
    assert torch.isinf(needed[:, 150:]).all()
    assert (needed[:, 150:] > 0).all()


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_rows_are_those_of_the_metric_but_for_two_roundings(metric):
    kind = get_metric(metric)
    x = np.random.default_rng(1).normal(size=(60, 9)).astype(np.float32)
    x[4] = 0
    squares = row_dots(x.astype(np.float64), x.astype(np.float64))
    for prepare in (kind.query_rows, kind.corpus_rows):
        rows = prepared(torch.from_numpy(x), outline(prepare, squares)).numpy()
        np.testing.assert_allclose(rows, prepare(x.astype(np.float64), squares), rtol=2.0**-22)


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_products_of_the_device_lie_within_their_bounds(metric):
    kind = get_metric(metric)
    queries, corpus = data("lengths", dim=300)
    left, items = sides(queries, corpus, metric)
    with full_precision():
        products = (left.rows @ items.rows.T).double()
    pairs = [a.ravel() for a in np.meshgrid(np.arange(50), np.arange(150), indexing="ij")]
    q, x = queries.astype(np.float64)[pairs[0]], corpus.astype(np.float64)[pairs[1]]
    squares = row_dots(q, q), row_dots(x, x)
    exact = kind.product(kind.scores(q, x, squares), squares[0]).reshape(50, 150)
    assert (np.abs(products.numpy() - exact) <= left.bounds.numpy()[:, None]).all()
