"""What holds for every reader of a benchmark of captions."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.metrics.grammar import parse_metrics
from pentad.evaluation.tasks.neutral import read_task
from pentad.evaluation.tasks.neutral_write import write_task
from pentad.evaluation.tasks.registry import get_task
from pentad.evaluation.tasks.task import Kind
from pentad.evaluation.tasks.trec import judgments_of, read_qrels, write_qrels
from tests.evaluation.tasks.captions.trees import TREES, write

LAYOUTS = sorted(TREES)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_task_holds_together(tmp_path: Path, layout: str):
    name, tree = TREES[layout]
    (task,) = get_task(name, write(tree, tmp_path))
    assert (task.name, task.kind) == (name, Kind.retrieval)
    assert task.queries.modality is Modality.TEXT
    assert len(task.directions) == len(task.metrics) == 2
    for names in task.metrics:
        assert tuple(map(str, parse_metrics(names))) == names
    assert task.source
    assert task.license
    assert sorted(task.qrels.queries.tolist()) == list(range(len(task.queries)))
    assert task.queries.units is not None
    assert task.items.units is not None
    for query, item in zip(task.qrels.queries, task.qrels.items, strict=True):
        assert task.queries.units[query] == task.items.units[item]
    assert not any(
        letter.isspace() for id_ in (*task.queries.ids, *task.items.ids) for letter in id_
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_revision_is_that_of_the_content(tmp_path: Path, layout: str):
    name, tree = TREES[layout]
    (first,) = get_task(name, write(tree, tmp_path / "a"))
    (second,) = get_task(name, write(tree, tmp_path / "b/c"))
    assert first.revision == second.revision
    medium = next(path for path, content in tree.items() if content == "" and
                  tmp_path / "a" / path in (first.items.files or ()))  # fmt: skip
    (tmp_path / "a" / medium).unlink()
    (third,) = get_task(name, tmp_path / "a")
    assert third.revision != first.revision
    assert len(third.absent) == len(first.absent) + 1
    assert sorted(third.qrels.queries.tolist()) == list(range(len(third.queries)))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_task_is_the_same_in_a_neutral_folder(tmp_path: Path, layout: str):
    name, tree = TREES[layout]
    (task,) = get_task(name, write(tree, tmp_path / "root"))
    write_task(task, tmp_path / "neutral", root=tmp_path / "root")
    again = read_task(tmp_path / "neutral")
    assert again.revision == task.revision
    assert (again.absent, again.notes, again.metrics) == (task.absent, task.notes, task.metrics)
    write_qrels(judgments_of(task), tmp_path / "qrels.txt")
    assert read_qrels(tmp_path / "qrels.txt").query_ids.tolist() == list(task.queries.ids)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_media_that_are_all_missing_are_told_in_one_line(tmp_path: Path, layout: str):
    name, tree = TREES[layout]
    write({path: content for path, content in tree.items() if content != ""}, tmp_path)
    with pytest.raises(InputError, match=r"none of the \d+ files of \w+ is there; ") as caught:
        get_task(name, tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_medium_that_is_a_link_out_of_the_folder_is_absent(tmp_path: Path, layout: str):
    name, tree = TREES[layout]
    (tmp_path / "secret").write_bytes(b"x")
    root = write(tree, tmp_path / "root")
    (task,) = get_task(name, root)
    files = task.items.files or ()
    files[0].unlink()
    files[0].symlink_to(tmp_path / "secret")
    (task,) = get_task(name, root)
    assert "leads outside its source" in task.absent[0].reason


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_damaged_table_is_read_or_told_in_one_line(layout: str, data: st.DataObject):
    name, tree = TREES[layout]
    table = data.draw(st.sampled_from([path for path, content in tree.items() if content != ""]))
    content = tree[table]
    raw = content if isinstance(content, bytes) else content.encode()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(start + 40, len(raw))))
    damage = data.draw(
        st.binary(max_size=6) | st.sampled_from([b"\n", b'"', b",", b"..", b"\xef\xbb\xbf"])
    )
    with TemporaryDirectory() as place:
        root = write(tree, Path(place), **{table: raw[:start] + damage + raw[end:]})
        with suppress(InputError):
            get_task(name, root)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_byte_order_mark_and_line_ends_of_windows_change_nothing(tmp_path: Path, layout: str):
    name, tree = TREES[layout]
    (first,) = get_task(name, write(tree, tmp_path / "a"))
    other = {
        path: content and b"\xef\xbb\xbf" + content.encode().replace(b"\n", b"\r\n")
        for path, content in tree.items()
        if isinstance(content, str)
    }
    (second,) = get_task(name, write(other, tmp_path / "b"))
    assert second.items.ids == first.items.ids
    assert second.queries.ids == first.queries.ids
