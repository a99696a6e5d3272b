"""How a task is put together from two sides and pairs."""

from pathlib import Path

import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.tasks.build import Description, Gathered, build_task
from pentad.evaluation.tasks.task import Absent, Direction, Kind, Span, Task

DESCRIPTION = Description(
    name="small",
    kind=Kind.retrieval,
    split="test",
    directions=(Direction.forward,),
    metrics=(("hit@1",),),
)
ROOT = Path("/data")


def captions(*texts: str) -> Gathered:
    gathered = Gathered(Modality.TEXT)
    for number, text in enumerate(texts):
        gathered.add(f"c{number}", text)
    return gathered


def sounds(*names: str, span: Span | None = None, root: Path = ROOT) -> Gathered:
    gathered = Gathered(Modality.AUDIO, table=Path("sounds.csv"), column="name")
    for name in names:
        gathered.add(name, root / name, span=span)
    return gathered


def built(*pairs, root: Path = ROOT, span: Span | None = None, text: str = "rain") -> Task:
    items = sounds("a.wav", "b.wav", "far.wav", span=span, root=root)
    return build_task(DESCRIPTION, captions(text, "wind"), items, pairs, root=root)


def test_rows_of_qrels_are_those_of_the_entries_in_the_order_of_the_pairs():
    task = built(("c1", "b.wav"), ("c0", "b.wav", 3))
    assert task.queries.ids == ("c0", "c1")
    assert task.items.ids == ("a.wav", "b.wav", "far.wav")
    assert task.qrels.queries.tolist() == [1, 0]
    assert task.qrels.items.tolist() == [1, 1]
    assert task.qrels.grades.tolist() == [1, 3]


def test_grades_below_one_are_no_qrels():
    assert built(("c0", "a.wav", 0), ("c1", "b.wav", -1)).qrels.grades.tolist() == []


def test_what_is_left_out_takes_its_pairs_along_and_leaves_the_query():
    items = sounds("a.wav")
    items.leave_out("b.wav", "'b.wav' is\nnot there")
    task = build_task(DESCRIPTION, captions("rain", "wind"), items,
                      [("c0", "a.wav"), ("c1", "b.wav")], root=ROOT)  # fmt: skip
    assert task.queries.ids == ("c0", "c1")
    assert task.qrels.queries.tolist() == [0]
    assert task.absent == (Absent("b.wav", "'b.wav' is not there"),)


def test_the_revision_is_that_of_the_content_and_not_of_its_place():
    first = built(("c0", "a.wav"), ("c1", "b.wav"))
    assert len(first.revision) == 16
    assert int(first.revision, 16) >= 0
    moved = built(("c1", "b.wav"), ("c0", "a.wav"), root=Path("/elsewhere"))
    assert moved.revision == first.revision
    others = (
        built(("c0", "a.wav")),
        built(("c0", "a.wav", 2), ("c1", "b.wav")),
        built(("c0", "a.wav"), ("c1", "b.wav"), span=Span(0.0, 1.0)),
        built(("c0", "a.wav"), ("c1", "b.wav"), text="hail"),
    )
    assert len({task.revision for task in (first, *others)}) == 5


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        ([("c9", "a.wav")], "a qrel names a query that is not there; got 'c9'"),
        ([("c0", "z.wav")], "a qrel names a item that is not there; got 'z.wav'"),
        ([("c0", "a.wav"), ("c0", "a.wav", 2)], "two grades for query 'c0' and item 'a.wav'"),
    ],
)
def test_pairs_that_cannot_be(pairs, told: str):
    with pytest.raises(InputError) as caught:
        built(*pairs)
    assert told in str(caught.value)


def test_equal_pairs_are_one():
    assert len(built(("c0", "a.wav"), ("c0", "a.wav")).qrels.grades) == 1


def test_entries_that_cannot_be():
    items = sounds("a.wav")
    with pytest.raises(InputError, match=r"sounds.csv:7 \[name\]: this id is there already"):
        items.add("a.wav", ROOT / "b.wav", row=7)
    with pytest.raises(InputError, match="the id is empty"):
        items.add(" ", ROOT / "b.wav")
    with pytest.raises(InputError, match="a str where audio is wanted"):
        items.add("b.wav", "b.wav")
    with pytest.raises(InputError, match="the text is empty"):
        captions("\t")


def test_units_and_folds_are_there_for_all_or_for_none():
    items = Gathered(Modality.AUDIO)
    items.add("a", ROOT / "a", unit="u", fold=0)
    items.add("b", ROOT / "b", unit="v", fold=1)
    assert items.entries().units == ("u", "v")
    assert items.entries().folds == (0, 1)
    items.add("c", ROOT / "c", fold=1)
    with pytest.raises(InputError, match="either every entry has a unit or none; got 2 of 3"):
        items.entries()


def test_a_side_without_entries_is_no_task():
    with pytest.raises(InputError, match="has no item whose file is there"):
        build_task(DESCRIPTION, captions("rain"), sounds(), [], root=ROOT)


def test_a_file_outside_the_root_is_refused():
    with pytest.raises(InputError, match="not below /data"):
        build_task(DESCRIPTION, captions("rain"), sounds("a.wav", root=Path("/x")), [], root=ROOT)


@pytest.mark.parametrize(
    ("directions", "metrics"),
    [((), ()), ((Direction.forward,) * 2, (("hit@1",),) * 2), ((Direction.forward,), ()),
     ((Direction.forward,), ((),))],
)  # fmt: skip
def test_directions_have_metrics_and_are_there_once(directions, metrics):
    with pytest.raises(InputError, match="task 'x' needs"):
        Description(name="x", kind=Kind.retrieval, split="", directions=directions,
                    metrics=metrics)  # fmt: skip
