from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise, permutations

import numpy as np
import pytest

from pentad.core.errors import InputError, SpaceMismatch, UnknownName
from pentad.core.modality import Modality
from pentad.core.progress import SilentProgress, Task, TaskContext
from pentad.evaluation.labelled import LabelledVectors
from pentad.evaluation.protocol import text_to_items
from pentad.evaluation.retrieval import score_retrieval
from pentad.evaluation.retrieval_suite import compare, evaluate_vectors, shuffled_control
from pentad.evaluation.scores import Score, Skipped

World = dict[Modality, LabelledVectors]


def world(noise: float, *, concepts: int = 20, per_concept: int = 3, seed: int = 0) -> World:
    """Images and sounds of some concepts, one caption an item, vectors around their concept."""
    rng = np.random.default_rng(seed)
    centers = np.random.default_rng(99).normal(size=(concepts, 16))
    rows = np.repeat(np.arange(concepts), per_concept)

    def around() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        return centers[rows] + noise * rng.normal(size=(len(rows), 16))

    names = [f"concept {row}" for row in rows]
    media = {
        modality: LabelledVectors.of_items(
            modality,
            around(),
            captions=[[f"{modality} {row}"] for row in range(len(rows))],
            concepts=names,
        )
        for modality in (Modality.IMAGE, Modality.AUDIO)
    }
    keys = [keys[0] for items in media.values() for keys in items.captions]
    text = LabelledVectors.of_captions(keys, np.concatenate([around(), around()]))
    return {Modality.TEXT: text, **media}


def find(scores: tuple[Score, ...], query: str, corpus: str, metric: str) -> Score:
    (found,) = [s for s in scores if (s.query, s.corpus, s.metric) == (query, corpus, metric)]
    return found


def test_every_direction_is_scored_once_and_in_order() -> None:
    found = evaluate_vectors(world(0.5), ["hit@5"], resamples=50)
    assert [(s.query.value, s.corpus.value, s.relevant) for s in found.scores] == [
        ("text", "image", "caption"),
        ("image", "text", "caption"),
        ("text", "audio", "caption"),
        ("audio", "text", "caption"),
        ("image", "audio", "concept"),
        ("audio", "image", "concept"),
    ]
    assert found.skipped == ()
    assert {(s.n, s.pool, s.units, s.excluded) for s in found.scores} == {(60, 60, 20, 0)}


def test_vectors_that_lie_with_their_concept_find_all_of_it() -> None:
    found = evaluate_vectors(world(0.0), ["hit@1", "hit@3"], resamples=50).scores
    across = find(found, "image", "audio", "hit@1")
    assert (across.value, across.low, across.high) == (1.0, 1.0, 1.0)
    assert across.chance == pytest.approx(3 / 60)
    # the three captions of a concept have the same vector: one place for three tied items
    caption = find(found, "text", "image", "hit@1")
    assert caption.value == pytest.approx(1 / 3)
    assert find(found, "text", "image", "hit@3").value == 1.0


def test_scores_rise_with_k_and_fall_with_noise() -> None:
    near, far = (evaluate_vectors(world(noise), resamples=50).scores for noise in (0.5, 3.0))
    for scores in (near, far):
        by_k = [find(scores, "text", "audio", f"hit@{k}").value for k in (1, 5, 10)]
        assert all(a <= b for a, b in pairwise(by_k))
    for metric in ("hit@1", "hit@5", "hit@10"):
        better, worse = (find(s, "image", "audio", metric).value for s in (near, far))
        assert better > worse


def test_the_same_seed_gives_the_same_scores() -> None:
    first = evaluate_vectors(world(1.0), resamples=50, seed=1)
    assert evaluate_vectors(world(1.0), resamples=50, seed=1).scores == first.scores
    other = evaluate_vectors(world(1.0), resamples=50, seed=2).scores
    assert [s.value for s in other] == [s.value for s in first.scores]
    assert [s.low for s in other] != [s.low for s in first.scores]


def test_permuting_the_items_changes_no_score() -> None:
    before = world(1.0)
    after = dict(before)
    for modality in (Modality.IMAGE, Modality.AUDIO):
        items, order = before[modality], np.random.default_rng(1).permutation(60)
        after[modality] = LabelledVectors.of_items(
            modality,
            items.vectors[order],
            ids=items.ids[order],
            captions=[items.captions[row] for row in order],
            concepts=[items.concepts[row] for row in order],
        )
    ours, theirs = (evaluate_vectors(w, resamples=50).scores for w in (before, after))
    for one, other in zip(ours, theirs, strict=True):
        assert (one.value, one.chance) == pytest.approx((other.value, other.chance), abs=1e-12)
        assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-12)


def test_shuffled_captions_fall_to_chance() -> None:
    embeddings = world(0.0, concepts=100)
    assert (
        find(evaluate_vectors(embeddings, ["hit@10"]).scores, "text", "image", "hit@10").value == 1
    )
    control = shuffled_control(embeddings, ["hit@10"], seed=0)
    for score in control.scores:
        assert score.low <= score.chance <= score.high
        assert score.value < 0.3


def test_over_all_permutations_of_the_captions_the_mean_is_exactly_chance() -> None:
    rng = np.random.default_rng(0)
    vectors, captions = rng.normal(size=(5, 3)), [["a"], ["b", "c"], ["c"], [], ["a", "c"]]
    text = LabelledVectors.of_captions(["a", "b", "c"], rng.normal(size=(3, 3)))
    found = [
        score_retrieval(text_to_items(text, items), ["hit@1", "hit@2"])
        for order in permutations(captions)
        for items in [LabelledVectors.of_items("image", vectors, captions=order)]
    ]
    mean = np.mean([scores.values for scores in found], axis=0)
    np.testing.assert_allclose(mean, [[2 / 5, 1 / 5, 3 / 5], [7 / 10, 2 / 5, 9 / 10]])
    np.testing.assert_allclose(mean, found[0].chance)


def test_intervals_of_random_vectors_mostly_hold_the_chance_level() -> None:
    held = [
        row.low <= row.chance <= row.high
        for seed in range(10)
        for row in evaluate_vectors(world(1e6, concepts=60, seed=seed), ["hit@10"]).scores
    ]
    assert np.mean(held) > 0.75  # 0.95 are expected, but those of one seed stand or fall together


def test_without_concepts_only_captions_are_searched() -> None:
    embeddings = world(0.5)
    for modality in (Modality.IMAGE, Modality.AUDIO):
        embeddings[modality] = replace(embeddings[modality], concepts=(None,) * 60)
    found = evaluate_vectors(embeddings, ["hit@1"], resamples=50)
    assert {s.relevant for s in found.scores} == {"caption"}
    assert {s.units for s in found.scores} == {60}
    assert found.skipped == (
        Skipped("image -> audio", "no concept has items in both"),
        Skipped("audio -> image", "no concept has items in both"),
    )


def test_without_text_only_items_are_searched() -> None:
    embeddings = world(0.5)
    del embeddings[Modality.TEXT]
    found = evaluate_vectors(embeddings, ["hit@1"], resamples=50)
    assert [(s.query, s.corpus) for s in found.scores] == [("image", "audio"), ("audio", "image")]


def test_a_modality_without_rows_or_captions_is_skipped_with_its_reason() -> None:
    embeddings = world(0.5)
    embeddings[Modality.VIDEO] = LabelledVectors.of_items("video", np.empty((0, 16)))
    embeddings[Modality.POINTS] = LabelledVectors.of_items(
        "points", np.ones((2, 16)), concepts=["concept 1", "elsewhere"]
    )
    found = evaluate_vectors(embeddings, ["hit@1"], resamples=50)
    assert found.skipped == (
        Skipped("video", "there are no vectors"),
        Skipped("text -> points", "no points item has a caption that has a vector"),
        Skipped("points -> text", "no points item has a caption that has a vector"),
    )
    points = find(found.scores, "points", "image", "hit@1")
    assert (points.n, points.excluded, points.units) == (1, 1, 1)
    assert points.low == points.value == points.high


def test_queries_without_anything_relevant_are_left_out_and_counted() -> None:
    embeddings = world(0.5)
    images = embeddings[Modality.IMAGE]
    captions = ((), ("never embedded",), *images.captions[2:])
    embeddings[Modality.IMAGE] = replace(images, captions=captions)
    found = evaluate_vectors(embeddings, ["hit@1"], resamples=50).scores
    forth, back = find(found, "text", "image", "hit@1"), find(found, "image", "text", "hit@1")
    assert (forth.n, forth.excluded, forth.pool) == (58, 1, 60)
    assert (back.n, back.excluded, back.pool) == (58, 2, 58)


def test_a_better_system_is_ahead_of_a_worse_one_with_the_whole_interval() -> None:
    good, bad = (evaluate_vectors(world(noise), ["hit@5"], resamples=50) for noise in (0.3, 4.0))
    rows = compare(good, bad)
    assert [(row.query, row.corpus) for row in rows] == [(s.query, s.corpus) for s in good.scores]
    for row, one, other in zip(rows, good.scores, bad.scores, strict=True):
        assert row.value == pytest.approx(one.value - other.value)
        assert 0 < row.low <= row.value <= row.high
        assert (row.metric, row.n) == ("hit@5", 60)


def test_directions_that_only_one_system_has_are_not_compared() -> None:
    embeddings = world(0.5)
    whole = evaluate_vectors(embeddings, ["hit@1"], resamples=50)
    del embeddings[Modality.AUDIO]
    part = evaluate_vectors(embeddings, ["hit@1"], resamples=50)
    assert [row.corpus for row in compare(whole, part, resamples=50)] == ["image", "text"]


def test_nothing_to_evaluate_is_an_error_that_says_why() -> None:
    with pytest.raises(InputError, match="needs two modalities"):
        evaluate_vectors({})
    lone = {Modality.AUDIO: LabelledVectors.of_items("audio", np.empty((0, 2)))}
    with pytest.raises(InputError, match="audio: there are no vectors"):
        evaluate_vectors(lone)


def test_wrong_input_is_refused() -> None:
    embeddings = world(0.5)
    with pytest.raises(InputError, match="wrong modality; expected video, got image"):
        evaluate_vectors({Modality.VIDEO: embeddings[Modality.IMAGE]})
    with pytest.raises(UnknownName):
        evaluate_vectors(embeddings, ["recal@5"])
    mixed = {m: replace(v, space=f"space of {m}") for m, v in embeddings.items()}
    with pytest.raises(SpaceMismatch):
        evaluate_vectors(mixed)


class _Counted(SilentProgress):
    def __init__(self) -> None:
        self.total: int | None = None
        self.done = 0

    def advance(self, count: int = 1) -> None:
        self.done += count

    def task(self, name: str, total: int | None = None) -> TaskContext:
        self.total = total
        return self._counting()

    @contextmanager
    def _counting(self) -> Iterator[Task]:
        yield self


def test_progress_counts_directions() -> None:
    progress = _Counted()
    evaluate_vectors(world(0.5), ["hit@1"], resamples=10, progress=progress)
    assert (progress.done, progress.total) == (6, 6)
