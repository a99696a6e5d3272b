"""The neutral folder: what it says is what the task says, and every fault has its place."""

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import Modality
from pentad.evaluation.tasks import neutral_write
from pentad.evaluation.tasks.build import Description, Gathered, build_task
from pentad.evaluation.tasks.neutral import is_task_folder, read_task
from pentad.evaluation.tasks.neutral_write import write_task
from pentad.evaluation.tasks.task import Absent, Direction, Entries, Kind, Span, Task
from tests.sources.helpers import touch, write_csv

TASK = {
    "format": "pentad-task",
    "version": 1,
    "name": "rain",
    "kind": "retrieval",
    "query_modality": "text",
    "item_modality": "audio",
    "metrics": ["hit@1", "mrr"],
}
QUERIES = ('{"id": "q1", "text": "rain on a roof"}', '{"id": "q2", "text": " wind "}')
ITEMS = (
    '{"id": "a", "file": "wav/a.wav", "start": 1, "end": 2.5, "unit": "u1", "fold": 0}',
    '{"id": "b", "file": "wav/b.wav", "unit": "u2", "fold": 1}',
)
QRELS = ('{"query_id": "q1", "item_id": "a", "grade": 2}',
         '{"query_id": "q2", "item_id": "a", "grade": 0}')  # fmt: skip


def make(folder: Path, **changed: Any) -> Path:
    """Write a neutral folder by hand; a keyword replaces a key, or the lines of a table."""
    tables = {"queries": QUERIES, "items": ITEMS, "qrels": QRELS}
    lines = {name: changed.pop(name, lines) for name, lines in tables.items()}
    touch(folder / "wav/a.wav", folder / "wav/b.wav")
    for name, content in lines.items():
        write_csv(folder / f"{name}.jsonl", *content)
    fields = {key: value for key, value in (TASK | changed).items() if value is not None}
    (folder / "task.json").write_text(json.dumps(fields))
    return folder


def told(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_task(folder)
    text = str(caught.value)
    assert "\n" not in text
    return text.removeprefix(f"{folder}/")


def test_what_the_tables_say_is_what_the_task_says(tmp_path: Path):
    assert not is_task_folder(tmp_path)
    task = read_task(make(tmp_path))
    assert is_task_folder(tmp_path)
    assert (task.name, task.kind, task.split) == ("rain", Kind.retrieval, "test")
    assert task.directions == (Direction.forward, Direction.reverse)
    assert task.metrics == (("hit@1", "mrr"),) * 2
    assert task.queries.modality is Modality.TEXT
    assert task.queries.ids == ("q1", "q2")
    assert task.queries.texts == ("rain on a roof", " wind ")
    assert task.items.files == (tmp_path / "wav/a.wav", tmp_path / "wav/b.wav")
    assert task.items.spans == (Span(1.0, 2.5), None)
    assert task.items.units == ("u1", "u2")
    assert task.items.folds == (0, 1)
    assert task.qrels.queries.tolist() == [0]
    assert task.qrels.items.tolist() == [0]
    assert task.qrels.grades.tolist() == [2]
    assert task.absent == ()


def test_texts_are_asked_for_texts_in_one_direction(tmp_path: Path):
    items = ('{"id": "a", "text": "rain"}', '{"id": "b", "text": "wind"}')
    task = read_task(make(tmp_path, item_modality="text", items=items))
    assert task.directions == (Direction.forward,)


def test_a_file_that_is_not_there_is_absent_and_its_qrels_with_it(tmp_path: Path):
    make(tmp_path)
    (tmp_path / "wav/a.wav").unlink()
    task = read_task(tmp_path)
    assert task.items.ids == ("b",)
    assert task.absent == (Absent("a", "'wav/a.wav' is not there"),)
    assert len(task.qrels.grades) == 0


def test_qrels_may_be_those_of_trec(tmp_path: Path):
    expected = read_task(make(tmp_path)).revision
    (tmp_path / "qrels.jsonl").unlink()
    write_csv(tmp_path / "qrels.txt", "q1 0 a 2", "q2 0 a 0")
    assert read_task(tmp_path).revision == expected
    (tmp_path / "qrels.txt").rename(tmp_path / "qrels.tsv")
    write_csv(tmp_path / "qrels.tsv", "query-id\tcorpus-id\tscore", "q1\ta\t2")
    assert read_task(tmp_path).revision == expected
    write_csv(tmp_path / "qrels.tsv", "q1 0 a 1", "q1 0 z 1")
    assert told(tmp_path) == "qrels.tsv:2 [item_id]: there is no entry of this id; got 'z'"


def test_tables_may_be_parquet(tmp_path: Path):
    expected = read_task(make(tmp_path)).revision
    for name in ("queries", "items", "qrels"):
        pl.read_ndjson(tmp_path / f"{name}.jsonl").write_parquet(tmp_path / f"{name}.parquet")
        (tmp_path / f"{name}.jsonl").unlink()
    assert read_task(tmp_path).revision == expected


def test_files_are_looked_up_in_another_root(tmp_path: Path):
    folder = make(tmp_path / "task", root="../media")
    shutil.move(folder / "wav", tmp_path / "media/wav")
    task = read_task(folder)
    assert task.items.files == tuple(tmp_path / f"task/../media/wav/{x}.wav" for x in "ab")
    shutil.move(tmp_path / "media", tmp_path / "elsewhere")
    moved = read_task(folder, root=tmp_path / "elsewhere")
    assert moved.items.files == tuple(tmp_path / f"elsewhere/wav/{x}.wav" for x in "ab")
    assert moved.revision == task.revision


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"format": None}, "task.json [format]: not a task; expected 'pentad-task'"),
        ({"version": 2}, "task.json [version]: another version than this program reads"),
        ({"pending": True}, "task.json: the task was being written and is not whole"),
        ({"name": None}, "task.json [name]: not text"),
        ({"name": 3}, "task.json [name]: not text; expected a string, got 3"),
        ({"kind": "retrieve"}, "task.json [kind]: unknown kind 'retrieve'; did you mean"),
        ({"item_modality": "sound"}, "task.json [item_modality]: unknown item_modality 'sound'"),
        ({"metric": []}, "task.json [metric]: unknown key 'metric'; did you mean 'metrics'?"),
        ({"metrics": []}, "task.json [metrics]: names of metrics for each direction"),
        ({"metrics": {"forward": ["mrr"]}}, "task.json [metrics]: not a list of strings"),
        ({"metrics": {"forward": ["mrr"], "reverse": ["mrr"], "x": []}}, "task.json [metrics]: na"),
        ({"metrics": ["hits@1"]}, "task.json [metrics]: unknown metric 'hits'; did you mean"),
        ({"metrics": "mrr"}, "task.json [metrics]: not a list of strings; got 'mrr'"),
        ({"directions": ["up"]}, "task.json [directions]: unknown directions 'up'"),
        ({"directions": ["forward"] * 2}, "task.json [directions]: at least one direction, each"),
        ({"templates": [3]}, "task.json [templates]: not a list of strings; got [3]"),
        ({"notes": "a"}, "task.json [notes]: not a list of strings"),
        ({"absent": [{"id": "a"}]}, "task.json [absent]: not an id and a reason"),
        ({"split": "\ud800"}, "task.json [split]: holds half a character"),
    ],
)
def test_a_fault_of_task_json_is_told_with_its_key(tmp_path: Path, changed, expected: str):
    assert told(make(tmp_path, **changed)).startswith(expected)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe\x00", b'{"a": "\xff"}', b"[" * 99999]
)
def test_a_task_json_that_is_none(tmp_path: Path, content: bytes):
    make(tmp_path)
    (tmp_path / "task.json").write_bytes(content)
    assert told(tmp_path).startswith("task.json: not ")


def test_a_folder_that_is_none(tmp_path: Path):
    assert told(tmp_path) == "task.json: no such file; a folder with a task has one"


BAD_ITEMS = [
    ('{"file": "wav/b.wav"}', "items.jsonl:2 [id]: text is missing here"),
    ('{"id": "", "file": "wav/b.wav"}', "items.jsonl:2 [id]: text is missing here"),
    ('{"id": 7, "file": "wav/b.wav"}', "items.jsonl:2 [id]: int where text is expected"),
    ('{"id": "a", "file": "wav/b.wav"}', "items.jsonl:2 [id]: this id is there already; got 'a'"),
    ('{"id": "b"}', "items.jsonl:2 [file]: text is missing here"),
    ('{"id": "b", "file": ["x"]}', "items.jsonl:2 [file]: list where text is expected"),
    ('{"id": "b", "file": "../a.wav"}', "items.jsonl:2 [file]: '../a.wav' leads upwards"),
    ('{"id": "b", "file": "/etc/hosts"}', "items.jsonl:2 [file]: '/etc/hosts' is an absolute"),
    ('{"id": "b", "file": "C:\\\\a.wav"}', "items.jsonl:2 [file]: 'C:\\\\a.wav' is an absolute"),
    ('{"id": "b", "file": "wav"}', "items.jsonl:2 [file]: 'wav' is a folder"),
    ('{"id": "b", "file": "out.wav"}', "items.jsonl:2 [file]: 'out.wav' leads outside"),
    ('{"id": "b", "file": "out/x.wav"}', "items.jsonl:2 [file]: 'out/x.wav' leads outside"),
    ('{"id": "b", "file": "wav/b.wav", "start": "1"}', "items.jsonl:2 [start]: not a number"),
    ('{"id": "b", "file": "wav/b.wav", "start": true}', "items.jsonl:2 [start]: not a number"),
    ('{"id": "b", "file": "wav/b.wav", "end": NaN}', "items.jsonl:2 [end]: not a number"),
    ('{"id": "b", "file": "wav/b.wav", "start": 2, "end": 1}', "items.jsonl:2 [start]: the segm"),
    ('{"id": "b", "file": "wav/b.wav", "start": -1}', "items.jsonl:2 [start]: -1.0 is no time"),
    ('{"id": "b", "file": "wav/b.wav", "fold": 1.5}', "items.jsonl:2 [fold]: not a whole number"),
    ('{"id": "b", "file": "wav/b.wav", "unit": 1, "fold": 1}', "items.jsonl:2 [unit]: int where"),
    ('{"id": "b", "file": "wav/b.wav", "fold": 1}', "items.jsonl [unit]: either every entry has"),
    ("7", "items.jsonl:2: not a JSON object"),
    ('{"id": "b"', "items.jsonl:2: not JSON"),
    (b'{"id": "\xff"}', "items.jsonl:2: byte 0xff is not valid here; save the file as UTF-8"),
]


@pytest.mark.parametrize(("line", "expected"), BAD_ITEMS)
def test_a_fault_of_a_row_is_told_with_its_place(tmp_path: Path, line: Any, expected: str):
    folder = make(tmp_path / "task", items=(ITEMS[0], line))
    touch(tmp_path / "x.wav")
    (folder / "out.wav").symlink_to(tmp_path / "x.wav")
    (folder / "out").symlink_to(tmp_path)
    assert told(folder).startswith(expected)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"query_id": "q9", "item_id": "a", "grade": 1}', ":2 [query_id]: there is no entry of"),
        ('{"query_id": "q1", "item_id": "c", "grade": 1}', ":2 [item_id]: there is no entry of"),
        ('{"query_id": "q1", "item_id": "a", "grade": 1}', ":2: this pair is there already"),
        ('{"query_id": "q1", "item_id": "b", "grade": 0.5}', ":2 [grade]: not a whole number"),
        ('{"query_id": "q1", "item_id": "b", "grade": "1"}', ":2 [grade]: not a whole number"),
        ('{"query_id": "q1", "item_id": "b"}', ":2 [grade]: the grade is missing"),
        ('{"item_id": "b", "grade": 1}', ":2 [query_id]: text is missing here"),
    ],
)
def test_a_fault_of_a_pair_is_told_with_its_place(tmp_path: Path, line: str, expected: str):
    assert told(make(tmp_path, qrels=(QRELS[0], line))).startswith(f"qrels.jsonl{expected}")


def test_tables_that_are_missing_double_or_empty(tmp_path: Path):
    make(tmp_path, items=())
    assert told(tmp_path) == "items.jsonl: the table has no rows"
    (tmp_path / "items.parquet").write_bytes(b"")
    assert told(tmp_path).endswith("there are several; keep one; expected items.parquet or "
                                   "items.jsonl, got items.parquet, items.jsonl")  # fmt: skip
    (tmp_path / "items.jsonl").unlink()
    assert told(tmp_path).startswith("items.parquet: not a whole Parquet table")
    (tmp_path / "items.parquet").unlink()
    assert told(tmp_path).endswith("there is no such table; expected items.parquet or items.jsonl")
    make(tmp_path, item_modality="points", items=('{"id": "a", "file": "wav/a.wav", "end": 1}',))
    assert told(tmp_path).startswith("items.jsonl:1 [end]: what is points has no playing time")


def test_a_byte_order_mark_is_nothing(tmp_path: Path):
    make(tmp_path, queries=(b"\xef\xbb\xbf" + QUERIES[0].encode(), QUERIES[1]))
    (tmp_path / "task.json").write_bytes(b"\xef\xbb\xbf" + (tmp_path / "task.json").read_bytes())
    assert read_task(tmp_path).queries.ids == ("q1", "q2")


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6)
TEXTS = NAMES.filter(lambda text: text.strip())
SPANS = st.none() | st.builds(Span, st.floats(0, 9), st.none() | st.floats(10, 20))


@st.composite
def sides(draw: st.DrawFn, modality: Modality, root: Path) -> Gathered:
    gathered = Gathered(modality)
    is_text = modality is Modality.TEXT
    has_units, has_folds = draw(st.booleans()), draw(st.booleans())
    for number, id_ in enumerate(draw(st.lists(TEXTS, min_size=1, max_size=4, unique=True))):
        gathered.add(
            id_,
            draw(TEXTS) if is_text else root / f"{number}.wav",
            span=None if is_text else draw(SPANS),
            unit=draw(TEXTS) if has_units else None,
            fold=draw(st.integers(0, 9)) if has_folds else None,
        )
    if draw(st.booleans()):
        gathered.leave_out("gone", draw(TEXTS))
    return gathered


@st.composite
def tasks(draw: st.DrawFn, root: Path) -> Task:
    modalities = draw(st.sampled_from([(Modality.TEXT, Modality.AUDIO),
                                       (Modality.VIDEO, Modality.TEXT)]))  # fmt: skip
    queries, items = (draw(sides(modality, root)) for modality in modalities)
    pairs = st.tuples(st.sampled_from(queries.entries().ids), st.sampled_from(items.entries().ids))
    grades = draw(st.dictionaries(pairs, st.integers(1, 5), min_size=1, max_size=6))
    directions = draw(st.sampled_from([(Direction.forward,), tuple(Direction)]))
    description = Description(
        name=draw(TEXTS),
        kind=draw(st.sampled_from(Kind)),
        split=draw(NAMES),
        directions=directions,
        metrics=(("hit@1", "ndcg@10"), ("map@5",))[: len(directions)],
        templates=tuple(draw(st.lists(NAMES, max_size=2))),
        source=draw(NAMES),
        license=draw(NAMES),
        notes=tuple(draw(st.lists(NAMES, max_size=2))),
    )
    relevant = [(*pair, grade) for pair, grade in grades.items()]
    return build_task(description, queries, items, relevant, root=root)


def plain(task: Task) -> dict[str, Any]:
    """Return a task as values that can be compared."""
    fields = dict(vars(task))
    for name in ("queries", "items"):
        entries: Entries = fields[name]
        fields[name] = vars(entries)
    fields["qrels"] = {name: rows.tolist() for name, rows in vars(task.qrels).items()}
    return fields


@settings(max_examples=50, deadline=None)
@given(st.data(), st.sampled_from(["parquet", "jsonl"]), st.booleans())
def test_a_task_that_was_written_is_read_as_it_was(tmp_path_factory, data, form: str, inside: bool):
    folder = tmp_path_factory.mktemp("tasks")
    root = folder / "task" if inside else folder / "media"
    touch(*(root / f"{number}.wav" for number in range(4)))
    task = data.draw(tasks(root))
    write_task(task, folder / "task", format=form, root=None if inside else root)
    assert plain(read_task(folder / "task")) == plain(task)


def test_writing_again_replaces_what_was_written_and_nothing_else(tmp_path: Path):
    task = read_task(make(tmp_path / "made"))
    folder = tmp_path / "task"
    write_task(task, folder, format="jsonl", root=tmp_path / "made")
    with pytest.raises(InputError, match="there is a task already"):
        write_task(task, folder, root=tmp_path / "made")
    write_task(task, folder, root=tmp_path / "made", replace=True)
    assert sorted(path.name for path in folder.iterdir()) == [
        "items.parquet", "qrels.parquet", "queries.parquet", "task.json",
    ]  # fmt: skip
    assert plain(read_task(folder)) == plain(task)
    with pytest.raises(InputError, match="a table that no earlier write has made; move it away"):
        write_task(task, tmp_path / "made", replace=True)


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch):
    task = read_task(make(tmp_path / "made"))
    for replace in (False, True):

        def fail(commit, name, columns):
            commit.path(name).write_bytes(b"half")
            raise ValueError("a fault")

        with monkeypatch.context() as patch:
            patch.setattr(neutral_write, "_write_table", fail)
            with pytest.raises(ValueError, match="a fault"):
                write_task(task, tmp_path / "task", root=tmp_path / "made", replace=replace)
        assert is_task_folder(tmp_path / "task") is replace
        assert not list((tmp_path / "task").glob(".*"))
        write_task(task, tmp_path / "task", root=tmp_path / "made", replace=True)
        assert plain(read_task(tmp_path / "task")) == plain(task)


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path):
    task = read_task(make(tmp_path / "made"))
    with pytest.raises(InputError, match="not below"):
        write_task(task, tmp_path / "task")
    with pytest.raises(UnknownName, match="did you mean 'jsonl'"):
        write_task(task, tmp_path / "task", format="json", root=tmp_path / "made")
    assert not (tmp_path / "task").exists()
