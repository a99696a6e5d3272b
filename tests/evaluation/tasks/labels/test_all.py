"""What holds for every reader of a classification benchmark."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.tasks.converter import Converter
from pentad.evaluation.tasks.registry import find_tasks, list_tasks
from pentad.evaluation.tasks.task import Direction, Kind, Task
from tests.evaluation.tasks.labels.trees import READABLE, TREES, write

CONVERTERS: dict[str, Converter] = {
    converter.name: converter
    for converter in list_tasks()
    if converter.name in {name for name, _ in TREES.values()}
}


def read(tree: str, root: Path) -> dict[str, Task]:
    name, make = TREES[tree]
    return {task.name: task for task in CONVERTERS[name].read(make(root))}


@pytest.mark.parametrize("tree", TREES)
def test_a_folder_is_detected_by_its_own_reader_and_by_no_other(tree, tmp_path):
    name, make = TREES[tree]
    make(tmp_path)
    assert [each.name for each in list_tasks() if each.detect(tmp_path)] == [name]


@pytest.mark.parametrize("tree", READABLE)
def test_a_folder_beside_others_is_found_once(tree, tmp_path):
    name, make = TREES[tree]
    make(tmp_path / "here")
    (tmp_path / "else").mkdir()
    search = find_tasks(tmp_path)
    assert [(found.name, found.folder, found.error) for found in search.found] == [
        (name, tmp_path / "here", None)
    ]


@pytest.mark.parametrize("name", CONVERTERS)
def test_detecting_never_raises(name, tmp_path):
    detect = CONVERTERS[name].detect
    (tmp_path / "file").write_text("x")
    assert not detect(tmp_path)
    assert not detect(tmp_path / "not there")
    assert not detect(tmp_path / "file")
    assert not detect(tmp_path / ("x" * 300))


@pytest.mark.parametrize("name", CONVERTERS)
def test_a_folder_of_something_else_is_one_line(name, tmp_path):
    with pytest.raises(InputError) as error:
        CONVERTERS[name].read(tmp_path)
    assert "\n" not in str(error.value)
    with pytest.raises(InputError):
        CONVERTERS[name].read(tmp_path / "not there")


@pytest.mark.parametrize("name", CONVERTERS)
def test_a_converter_says_what_it_is(name):
    converter = CONVERTERS[name]
    assert converter.title
    assert converter.needs
    assert converter.license
    assert "\n" not in converter.needs
    assert converter.modalities[0] is Modality.TEXT


@pytest.mark.parametrize("tree", READABLE)
def test_tasks_are_whole(tree, tmp_path):
    for task in read(tree, tmp_path).values():
        assert len(task.directions) == len(task.metrics)
        assert all(path.is_file() for path in task.items.files)
        assert task.items.units is not None
        assert task.source.startswith("https://")
        assert task.license
        assert task.qrels.grades.tolist() == [1] * len(task.qrels.items)
        listed = set(zip(task.qrels.queries.tolist(), task.qrels.items.tolist(), strict=True))
        assert {item for _, item in listed} == set(range(len(task.items)))


@pytest.mark.parametrize("tree", READABLE)
def test_classes_are_texts_with_prompts(tree, tmp_path):
    for task in read(tree, tmp_path).values():
        if task.kind is Kind.retrieval:
            continue
        assert task.queries.modality is Modality.TEXT
        assert 1 <= len(task.templates) <= 8
        assert all(template.count("{}") == 1 for template in task.templates)
        assert all("_" not in text and text.strip() == text for text in task.queries.texts)
        several = task.name in ("audioset", "audioset-video", "fsd50k")
        first = Direction.forward if several else Direction.reverse
        assert task.directions[0] is first
        assert task.metrics[0][0] == ("map" if several else "accuracy@1")


@pytest.mark.parametrize("tree", READABLE)
def test_the_revision_is_that_of_the_content_and_not_of_the_place(tree, tmp_path):
    here, there = read(tree, tmp_path / "a"), read(tree, tmp_path / "b")
    assert {n: t.revision for n, t in here.items()} == {n: t.revision for n, t in there.items()}


@pytest.mark.parametrize("tree", READABLE)
def test_a_file_less_is_absent_and_counted(tree, tmp_path):
    name, make = TREES[tree]
    before = CONVERTERS[name].read(make(tmp_path))[0]
    before.items.files[-1].unlink()
    after = CONVERTERS[name].read(tmp_path)[0]
    assert len(after.items) == len(before.items) - 1
    assert after.revision != before.revision
    if tree != "modelnet40 meshes":  # where the folder is the list
        assert before.items.ids[-1] in [absent.id for absent in after.absent]
    assert any("on disk" in note for note in after.notes)
    assert len(after.queries) == len(before.queries), "a class without items stays a candidate"


@pytest.mark.parametrize("tree", READABLE)
def test_no_file_at_all_is_one_line(tree, tmp_path):
    name, make = TREES[tree]
    for task in CONVERTERS[name].read(make(tmp_path)):
        for path in task.items.files + (task.queries.files or ()):
            path.unlink(missing_ok=True)
    with pytest.raises(InputError) as error:
        CONVERTERS[name].read(tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("tree", READABLE)
def test_a_link_out_of_the_root_is_not_followed(tree, tmp_path):
    name, make = TREES[tree]
    root, outside = tmp_path / "root", tmp_path / "outside"
    path = CONVERTERS[name].read(make(root))[0].items.files[-1]
    outside.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(outside)
    task = CONVERTERS[name].read(root)[0]
    assert path not in task.items.files
    assert any("outside" in absent.reason for absent in task.absent)


@pytest.mark.parametrize("tree", READABLE)
def test_the_folder_is_left_as_it_was(tree, tmp_path):
    name, make = TREES[tree]
    make(tmp_path)

    def state() -> list[tuple[str, bytes]]:
        return [(str(p), p.read_bytes()) for p in sorted(tmp_path.rglob("*")) if p.is_file()]

    before = state()
    CONVERTERS[name].read(tmp_path)
    assert state() == before


TABLES = {
    "esc50": "meta/esc50.csv",
    "fsd50k": "FSD50K.ground_truth/eval.csv",
    "vggsound": "vggsound.csv",
    "audioset": "eval_segments.csv",
    "modelnet40 npy": "modelnet40_test.txt",
    "scanobjectnn": "main_split.txt",
    "objaverse-lvis": "lvis-annotations.json",
}


def table_of(tree: str, root: Path) -> Path:
    if tree == "objaverse-lvis":
        import gzip

        packed = root / "lvis-annotations.json.gz"
        (root / TABLES[tree]).write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    return root / TABLES[tree]


@pytest.mark.parametrize("tree", TABLES)
@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\xff", b'"', b"a,b\n1\n", b"\0" * 9])
def test_a_broken_table_is_one_line_that_names_it(tree, content, tmp_path):
    name, make = TREES[tree]
    table = table_of(tree, make(tmp_path))
    table.write_bytes(content)
    with pytest.raises(InputError) as error:
        CONVERTERS[name].read(tmp_path)
    assert "\n" not in str(error.value)
    assert table.name in str(error.value)


@pytest.mark.parametrize("tree", TABLES)
def test_a_byte_order_mark_changes_nothing(tree, tmp_path):
    name, make = TREES[tree]
    table = table_of(tree, make(tmp_path))
    before = CONVERTERS[name].read(tmp_path)[0]
    table.write_bytes(b"\xef\xbb\xbf" + table.read_bytes())
    assert CONVERTERS[name].read(tmp_path)[0].revision == before.revision


@pytest.mark.parametrize("tree", TABLES)
def test_a_byte_that_is_no_text_is_one_line(tree, tmp_path):
    name, make = TREES[tree]
    table = table_of(tree, make(tmp_path))
    data = table.read_bytes()
    table.write_bytes(data[:-3] + b"\xe9" + data[-3:])
    with pytest.raises(InputError) as error:
        CONVERTERS[name].read(tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("tree", sorted(set(TABLES) - {"objaverse-lvis"}))
def test_rows_listed_twice_are_one_item_and_told(tree, tmp_path):
    name, make = TREES[tree]
    table = table_of(tree, make(tmp_path))
    before = CONVERTERS[name].read(tmp_path)[0]
    lines = table.read_text().splitlines(keepends=True)
    rows = {"vggsound": lines[:1], "scanobjectnn": lines[:1], "modelnet40 npy": lines[:1]}
    table.write_text("".join(lines + rows.get(tree, lines[-1:])))
    after = CONVERTERS[name].read(tmp_path)[0]
    assert after.revision == before.revision
    assert any("list an item again" in note for note in after.notes)


def renamed(tree: str, old: str, new: str, root: Path) -> None:
    """Make a tree whose table says ``new`` where it said ``old``, and files that ``..`` reaches."""
    table = table_of(tree, TREES[tree][1](root / "root"))
    for path in ("1-100032-A-0.wav", "37199.wav", "036_00009.npy"):
        write(root, {path: "x", f"root/{path}": "x"})
    text = table.read_text()
    assert old in text
    table.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("tree", "old", "new"),
    [
        ("esc50", "1-100032-A-0.wav", "../1-100032-A-0.wav"),
        ("fsd50k", "37199,", "../../37199,"),
    ],
)
def test_a_file_name_that_leads_upwards_is_absent(tree, old, new, tmp_path):
    renamed(tree, old, new, tmp_path)
    task = CONVERTERS[TREES[tree][0]].read(tmp_path / "root")[0]
    assert any(".." in absent.id for absent in task.absent)
    assert not any(".." in path.parts for path in task.items.files)


@pytest.mark.parametrize(
    ("tree", "old", "new"),
    [
        ("vggsound", "---g-f_I2yQ", "../---g-f_I2yQ"),
        ("audioset", "--4gqARaEJE", "../--4gqARaEJE"),
        ("modelnet40 npy", "airplane_0627", "../airplane_0627"),
        ("scanobjectnn", "036_00009", "../../036_00009"),
        ("objaverse-lvis", "a" * 32, "../" + "a" * 29),
    ],
)
def test_an_id_that_leads_upwards_is_no_id(tree, old, new, tmp_path):
    renamed(tree, old, new, tmp_path)
    with pytest.raises(InputError) as error:
        CONVERTERS[TREES[tree][0]].read(tmp_path / "root")
    assert "\n" not in str(error.value)
    assert "../" in str(error.value)


@pytest.mark.parametrize("tree", TABLES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_no_content_of_a_table_is_a_traceback(tree, data):
    name, make = TREES[tree]
    with TemporaryDirectory() as folder:
        table = table_of(tree, make(Path(folder)))
        content = bytearray(table.read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            place = data.draw(st.integers(0, len(content) - 1))
            content[place : place + data.draw(st.integers(0, 3))] = data.draw(
                st.sampled_from(
                    [b"", b",", b'"', b"\n", b"\t", b"-", b"..", b"\x00", b"\xff", b"9"]
                )
            )
            content = content or bytearray(b"x")
        table.write_bytes(bytes(content))
        try:
            tasks = CONVERTERS[name].read(Path(folder))
        except InputError as error:
            shown = str(error)
        else:
            shown = "".join(note for task in tasks for note in task.notes)
        assert "\n" not in shown


@pytest.mark.parametrize("tree", TABLES)
def test_a_table_that_cannot_be_read_is_one_line(tree, tmp_path):
    name, make = TREES[tree]
    table = table_of(tree, make(tmp_path))
    table.unlink()
    table.mkdir()
    with pytest.raises(InputError) as error:
        CONVERTERS[name].read(tmp_path)
    assert "\n" not in str(error.value)
