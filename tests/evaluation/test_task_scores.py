"""Tasks with vectors: who searches what, what is left out, and what is resampled together."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.encode import Missing, Vectors
from pentad.evaluation.task_scores import EncodedTask, fold_means, units_of, without_missing
from pentad.evaluation.tasks.task import Absent, Direction, Entries, Kind, Qrels, Task

CAPTIONS = Entries(Modality.TEXT, ("c0", "c1", "c2", "c3"), ("a", "b", "c", "d"))
SOUNDS = Entries(Modality.AUDIO, ("s0", "s1", "s2"), files=tuple(map(Path, "xyz")))
BOTH = (Direction.forward, Direction.reverse)


def task(**changes: object) -> Task:
    """Captions 0 and 1 of sound 0, 2 of sound 1 and, less, of sound 2; 3 of none."""
    qrels = Qrels(np.array([0, 1, 2, 2]), np.array([0, 0, 1, 2]), np.array([1, 1, 2, 1]))
    made = Task(
        "toy", Kind.retrieval, "test", "0" * 16, CAPTIONS, SOUNDS, qrels, BOTH,
        (("hit@1", "mrr"), ("hit@1", "recall@2")),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def vectors(rows: list[list[float]], keep: list[int] | None = None) -> Vectors:
    places = list(range(len(rows))) if keep is None else keep
    missing = tuple(Missing(r, f"{r}", "corrupt: cut short") for r in range(4) if r not in places)
    return Vectors(np.array(places), np.array(rows, np.float32), missing if keep else ())


EAST, NORTH, WEST = [1.0, 0.0], [0.0, 1.0], [-1.0, 0.1]
QUERIES = vectors([EAST, NORTH, NORTH, WEST])
ITEMS = vectors([EAST, NORTH, WEST])


def test_both_directions() -> None:
    forward, reverse = EncodedTask(task(), QUERIES, ITEMS).scores()
    assert (forward.direction, reverse.direction) == ("text -> audio", "audio -> text")
    assert forward.queries.tolist() == ["c0", "c1", "c2"]
    assert forward.excluded == 1  # c3 has nothing relevant
    np.testing.assert_allclose(forward.values, [[1, 0, 1], [1, 1 / 3, 1]])
    np.testing.assert_allclose(reverse.values[1], [0.75, 1, 0.5], atol=1e-12)
    assert forward.relevant.tolist() == [1, 1, 2]
    assert {forward.relevant_by, reverse.relevant_by} == {"judgment"}


def test_what_has_no_vector_is_neither_asked_nor_searched() -> None:
    encoded = EncodedTask(task(), vectors([EAST, NORTH, WEST], [0, 2, 3]), vectors([NORTH], [1]))
    (forward, reverse) = encoded.scores()
    assert forward.queries.tolist() == ["c2"]
    assert forward.pool == 1
    assert forward.excluded == 3  # c1 has no vector, c0's sound has none, c3 is of no sound
    assert reverse.queries.tolist() == ["s1"]
    assert without_missing(task(absent=(Absent("s9", "not on disk"),)), encoded) == {
        "not on disk": 1, "corrupt": 4,
    }  # fmt: skip


def test_nothing_to_ask_is_an_error() -> None:
    with pytest.raises(InputError, match="toy: no query has a relevant item"):
        EncodedTask(task(), vectors([WEST], [3]), ITEMS).scores()


def test_what_judgments_connect_is_one_unit() -> None:
    forward = units_of(task(), Direction.forward)
    reverse = units_of(task(), Direction.reverse)
    assert forward[0] == forward[1] == reverse[0]
    assert forward[2] == reverse[1] == reverse[2]
    assert len({forward[0], forward[2], forward[3]}) == 3


def test_judgments_that_overlap_by_parts_do_not_make_one_unit_of_everything() -> None:
    # c0: s0; c1: s0, s1; c2: s1, s2; c3: s1, s2. A chain connects them all.
    qrels = Qrels(np.array([0, 1, 1, 2, 2, 3, 3]), np.array([0, 0, 1, 1, 2, 1, 2]), np.ones(7, int))
    chain = task(qrels=qrels)
    forward, reverse = units_of(chain, Direction.forward), units_of(chain, Direction.reverse)
    assert len(set(forward.tolist())) == 3
    assert forward[2] == forward[3]
    assert len(set(reverse.tolist())) == 3
    assert not set(forward.tolist()) & set(reverse.tolist())


def test_items_of_one_class_each_say_which() -> None:
    qrels = Qrels(np.array([0, 0, 1]), np.arange(3), np.ones(3, np.int64))
    classes = task(kind=Kind.classification, qrels=qrels)
    forward, reverse = EncodedTask(classes, QUERIES, ITEMS).scores()
    assert forward.classes is None
    assert reverse.classes is not None
    assert reverse.classes.tolist() == ["c0", "c0", "c1"]
    assert all(s.classes is None for s in EncodedTask(task(qrels=qrels), QUERIES, ITEMS).scores())
    # Sound 0 is of two classes: no mean over classes is told.
    several = EncodedTask(task(kind=Kind.classification), QUERIES, ITEMS).scores()[1]
    assert several.classes is None


def test_named_units_come_first_and_a_class_is_one() -> None:
    named = task(queries=replace(CAPTIONS, units=("x", "y", "x", "y")))
    assert units_of(named, Direction.forward).tolist() == [0, 1, 0, 1]
    classes = task(kind=Kind.classification)
    assert units_of(classes, Direction.forward).tolist() == [0, 1, 2, 3]
    (forward, _) = EncodedTask(classes, QUERIES, ITEMS).scores()
    assert forward.relevant_by == "class"


def test_folds_are_told() -> None:
    folded = task(items=replace(SOUNDS, folds=(1, 2, 2)))
    scores = EncodedTask(folded, QUERIES, ITEMS).scores()
    (line,) = fold_means(folded, scores)
    values = scores[1].values[0]
    assert line.startswith("audio -> text hit@1 by fold 1: ")
    expected = (values[0] + (values[1] + values[2]) / 2) / 2
    assert line.endswith(f"mean {expected:.4f}")


def test_grades_count() -> None:
    graded = task(metrics=(("hit@1-l2", "ndcg@3"), ("hit@1",)))
    forward, _ = EncodedTask(graded, QUERIES, ITEMS).scores()
    np.testing.assert_array_equal(forward.values[0], [np.nan, np.nan, 1])
