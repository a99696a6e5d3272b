"""Tables, JSON and files by stem, where whole benchmarks do not lead."""

import os
from pathlib import Path

import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.tasks.build import Gathered
from pentad.evaluation.tasks.labels import tables
from pentad.evaluation.tasks.labels.prompts import readable
from pentad.evaluation.tasks.labels.stems import point_files, sound_files
from pentad.sources.refusal import Refused
from tests.evaluation.tasks.labels.trees import write


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("chirping_birds", "chirping birds"),
        ("Male speech, man speaking", "male speech, man speaking"),
        ("R&B", "R&B"),
        ("tv_stand", "tv stand"),
        ("DJ__scratching ", "DJ scratching"),
    ],
)
def test_names_made_fit_for_prompts(name, text):
    assert readable(name) == text


def test_cells_keep_commas_in_quotes(tmp_path):
    path = write(tmp_path, {"t.csv": '# a\na, "b, c"\n\n"d ""e""",f\n'}) / "t.csv"
    assert list(tables.read_cells(path, comment="#")) == [(2, ["a", "b, c"]), (4, ['d "e"', "f"])]


def test_json_that_cannot_be_read_is_one_line(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="cannot be read"):
        tables.read_json(tmp_path)
    write(tmp_path, {"a.json": "[1]"})
    monkeypatch.setattr(tables, "MAX_JSON_BYTES", 2)
    with pytest.raises(InputError, match="more than 2 bytes"):
        tables.read_json(tmp_path / "a.json")


def test_a_root_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        sound_files(tmp_path / "not there")


def test_a_folder_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    def walk(root, onerror):
        onerror(PermissionError(13, "Permission denied", os.fspath(Path(root) / "shut")))
        yield os.fspath(root), [], ["a.wav"]

    monkeypatch.setattr(os, "walk", walk)
    files = sound_files(tmp_path)
    items = Gathered(Modality.AUDIO)
    assert files.notes(items) == ()
    items.leave_out("b", "it is not there")
    assert files.notes(items) == ("not entered, being links or not readable: shut",)


def test_many_folders_that_were_not_entered_are_counted(tmp_path):
    for number in range(6):
        (tmp_path / f"link{number}").symlink_to(tmp_path)
    items = Gathered(Modality.AUDIO)
    items.leave_out("b", "it is not there")
    assert sound_files(tmp_path).notes(items)[0].endswith("link0, link1, link2, link3 and 2 more")


def test_hidden_folders_and_other_files_are_none(tmp_path):
    write(tmp_path, {".cache/a.npy": "x", "b.h5": "x", "c": "x"})
    files = point_files(tmp_path)
    for name, said in (("a", "no file named"), ("b", "of another kind"), ("c", "of another kind")):
        with pytest.raises(Refused, match=said):
            files.find([name])


def test_files_of_one_name_are_chosen_by_ending_and_then_by_folder(tmp_path):
    write(tmp_path, dict.fromkeys(("b/x.NPY", "a/x.glb", "c/x.npy", "a/y.obj", "b/y.obj"), "x"))
    files = point_files(tmp_path)
    assert files.find(["x"]) == tmp_path / "b/x.NPY"
    assert files.find(["z", "y"]) == tmp_path / "a/y.obj"
