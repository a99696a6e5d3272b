from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import Modality
from pentad.evaluation import retrieval
from pentad.evaluation.blocks import row_blocks
from pentad.evaluation.metrics.relevance import Relevance
from pentad.evaluation.metrics.values import metric_values
from pentad.evaluation.retrieval import CosineCorpus, RetrievalTask, score_retrieval, unit_rows


def task(
    queries: NDArray[Any], corpus: NDArray[Any], relevance: Relevance, missing: int = 0
) -> RetrievalTask:
    rows = np.arange(len(queries))
    return RetrievalTask(
        Modality.TEXT, Modality.IMAGE, queries, corpus, relevance, rows, rows, "caption", missing
    )


def random_task(dtype: type = np.float32, seed: int = 0) -> RetrievalTask:
    rng = np.random.default_rng(seed)
    queries, corpus = rng.normal(size=(23, 8)), rng.normal(size=(40, 8))
    corpus[10:20] = corpus[:10]
    groups = Relevance.from_groups(np.arange(23) % 6, np.arange(40) % 5)
    return task(queries.astype(dtype), corpus.astype(dtype), groups)


def test_a_search_by_hand() -> None:
    queries = np.array([[1, 0], [0, 2], [1, 1], [5, 1]], np.float32)
    corpus = np.array([[3, 0], [0, 1], [7, 0]], np.float32)
    # east finds items 0 and 2 tied; north finds 1; the diagonal finds nothing of its own
    relevance = Relevance.from_rows([0, 1, 2, 2, 3], [0, 1, 1], corpus_size=3)
    found = score_retrieval(task(queries, corpus, relevance, missing=2), ["hit@1", "hit@2"])
    np.testing.assert_array_equal(found.values, [[0.5, 1, 0], [1, 1, 0]])
    np.testing.assert_allclose(found.chance, [[1 / 3] * 3, [2 / 3] * 3])
    assert found.queries.tolist() == [0, 1, 3]
    assert found.relevant.tolist() == [1, 1, 1]
    assert (found.pool, found.excluded, found.direction) == (3, 3, "text -> image")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_search_is_the_metric_of_the_cosines(dtype: type) -> None:
    search = random_task(dtype)
    keep = search.usable
    corpus = CosineCorpus(search.corpus_vectors)
    cosines = corpus.scores(search.query_vectors[keep])[:, corpus.place]
    np.testing.assert_allclose(
        cosines,
        unit_rows(search.query_vectors[keep]) @ unit_rows(search.corpus_vectors).T,
        atol=1e-6,
    )
    found = score_retrieval(search, ["hit@5", "hit@1"])
    assert cosines.dtype == dtype
    for row, k in zip(found.values, [5, 1], strict=True):
        relevance = search.relevance.take(keep)
        plain = metric_values(cosines, relevance, [f"hit@{k}"], ties="expected")[0]
        np.testing.assert_array_equal(row, plain)


@pytest.mark.parametrize("rows", [1, 5, 17, 333])
def test_equal_vectors_tie_exactly_wherever_they_lie(rows: int) -> None:
    rng = np.random.default_rng(rows)
    corpus = rng.normal(size=(1, 333)).astype(np.float32).repeat(rows, axis=0)
    corpus[::2] *= 2  # the same direction, another length
    corpus = np.concatenate([corpus, rng.normal(size=(50, 333)).astype(np.float32)])
    placed = CosineCorpus(corpus)
    scores = placed.scores(rng.normal(size=(9, 333)).astype(np.float32))[:, placed.place]
    assert (scores[:, :rows] == scores[:, :1]).all()


def test_zero_and_negative_zero_are_equal() -> None:
    corpus = np.array([[0.0, 1.0], [-0.0, 1.0]])
    assert len(CosineCorpus(corpus)._columns.T) == 1


@pytest.mark.parametrize("seed", range(5))
def test_permuting_the_corpus_changes_no_bit(seed: int) -> None:
    search = random_task(seed=seed)
    order = np.random.default_rng(seed).permutation(40)
    moved = Relevance.from_groups(np.arange(23) % 6, np.arange(40)[order] % 5)
    other = task(search.query_vectors, search.corpus_vectors[order], moved)
    np.testing.assert_array_equal(score_retrieval(other).values, score_retrieval(search).values)


def test_lengths_of_vectors_do_not_matter() -> None:
    search = random_task()
    longer = task(search.query_vectors * 8, search.corpus_vectors / 4, search.relevance)
    np.testing.assert_array_equal(score_retrieval(longer).values, score_retrieval(search).values)


def test_constant_vectors_score_exactly_the_chance_level() -> None:
    search = random_task()
    flat = task(np.ones((23, 8)), np.ones((40, 8)), search.relevance)
    found = score_retrieval(flat)
    np.testing.assert_array_equal(found.values, found.chance)


def test_zero_vectors_score_the_chance_level_and_warn_of_nothing() -> None:
    search = random_task()
    found = score_retrieval(task(np.zeros((23, 8)), search.corpus_vectors, search.relevance))
    np.testing.assert_array_equal(found.values, found.chance)


def test_huge_and_tiny_rows_are_brought_to_length_1() -> None:
    rows = np.array([[3e30, 4e30], [3e-30, 4e-30], [0.0, 0.0]], np.float32)
    np.testing.assert_allclose(unit_rows(rows), [[0.6, 0.8], [0.6, 0.8], [0.0, 0.0]], rtol=1e-6)


def test_memory_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    search = random_task(np.float64)
    whole = score_retrieval(search)
    small = lambda rows, cells, _: row_blocks(rows, cells, 240)  # noqa: E731
    monkeypatch.setattr(retrieval, "row_blocks", small)
    np.testing.assert_array_equal(score_retrieval(search).values, whole.values)


def test_a_search_without_anything_relevant_is_an_error() -> None:
    nothing = Relevance.from_groups([0, 0], [1])
    with pytest.raises(InputError, match="text -> image: no query has a relevant item"):
        score_retrieval(task(np.ones((2, 2)), np.ones((1, 2)), nothing))


def test_an_unknown_metric_is_an_error() -> None:
    with pytest.raises(UnknownName):
        score_retrieval(random_task(), ["hut@1"])


def test_parts_that_do_not_fit_are_refused() -> None:
    relevance = Relevance.from_groups([0, 0], [0])
    with pytest.raises(InputError, match="one entry a query"):
        task(np.ones((3, 2)), np.ones((1, 2)), relevance)
    with pytest.raises(InputError, match=r"corpus vectors; expected \(1, 2\)"):
        task(np.ones((2, 2)), np.ones((2, 2)), relevance)
    with pytest.raises(InputError, match="no dimension"):
        score_retrieval(task(np.ones((2, 0)), np.ones((1, 0)), relevance))
