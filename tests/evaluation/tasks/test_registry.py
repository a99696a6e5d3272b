"""Which benchmarks there are, and which lie in a folder."""

from dataclasses import replace
from pathlib import Path

import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.evaluation.tasks.neutral_write import write_task
from pentad.evaluation.tasks.registry import MODULES, find_tasks, get_task, list_tasks
from tests.evaluation.tasks.captions import trees
from tests.evaluation.tasks.captions.trees import write


def test_every_module_has_a_converter_of_its_name():
    converters = list_tasks()
    assert [converter.name for converter in converters] == list(MODULES)
    for converter in converters:
        assert converter.title
        assert converter.license
        assert converter.needs
        assert "\n" not in converter.needs


def test_nothing_lies_in_an_empty_folder(tmp_path: Path):
    assert find_tasks(tmp_path).found == ()
    assert find_tasks(tmp_path).missing == tuple(MODULES)
    assert not any(converter.detect(tmp_path / "none") for converter in list_tasks())


def test_a_name_that_is_not_known_says_the_nearest(tmp_path: Path):
    with pytest.raises(UnknownName, match="unknown task 'cloto'; did you mean 'clotho'"):
        get_task("cloto", tmp_path)


def test_a_benchmark_that_is_not_there_says_what_it_needs(tmp_path: Path):
    with pytest.raises(InputError, match="Clotho v2 is not in this folder; it needs clotho_cap"):
        get_task("clotho", tmp_path)
    with pytest.raises(InputError, match="cannot be looked into"):
        get_task("clotho", tmp_path / "none")


def test_a_benchmark_is_found_in_a_folder_and_in_its_folders(tmp_path: Path):
    write(trees.CLOTHO, tmp_path / "clotho")
    (task,) = get_task("clotho", tmp_path)
    assert get_task("clotho", tmp_path / "clotho")[0].revision == task.revision


def test_what_lies_in_a_folder_is_told_with_what_does_not(tmp_path: Path):
    write(trees.CLOTHO, tmp_path / "clotho")
    write(trees.MSRVTT, tmp_path / "videos", **{"MSRVTT_JSFUSION_test.csv": "key\n1\n"})
    write(trees.MSVD, tmp_path)
    (task,) = get_task("clotho", tmp_path)
    write_task(task, tmp_path / "mine", root=tmp_path / "clotho")
    search = find_tasks(tmp_path)
    assert [(one.name, one.folder.name, len(one.tasks)) for one in search.found] == [
        ("msvd", tmp_path.name, 1), ("clotho", "clotho", 1), ("clotho", "mine", 1),
        ("msrvtt-1ka", "videos", 0),
    ]  # fmt: skip
    assert "[video_id]: this column is missing" in (search.found[-1].error or "")
    assert set(search.missing) == set(MODULES) - {"msvd", "clotho", "msrvtt-1ka"}


def test_a_table_that_is_seen_from_two_folders_is_told_once(tmp_path: Path):
    tree = {name.replace("test_list", "msvd_data/test_list"): content
            for name, content in trees.MSVD.items()}  # fmt: skip
    tree["msvd_data/AllVideoDescriptions.txt"] = tree.pop("AllVideoDescriptions.txt")
    write(tree, tmp_path)
    (found,) = find_tasks(tmp_path).found
    assert (found.folder, found.error, len(found.tasks)) == (tmp_path, None, 1)
    assert len(get_task("msvd", tmp_path)[0].items) == 3


def test_a_task_of_a_neutral_folder_is_found_by_its_name(tmp_path: Path):
    (task,) = get_task("clotho", write(trees.CLOTHO, tmp_path / "clotho"))
    write_task(replace(task, name="mine"), tmp_path / "folder", root=tmp_path / "clotho")
    assert get_task("mine", tmp_path)[0].revision == task.revision
    with pytest.raises(UnknownName, match="did you mean 'mine'"):
        get_task("min", tmp_path)


def test_a_broken_neutral_folder_is_told(tmp_path: Path):
    write({"task.json": "{}"}, tmp_path / "mine")
    (found,) = find_tasks(tmp_path).found
    assert found.name == "mine"
    assert "not a task" in (found.error or "")
