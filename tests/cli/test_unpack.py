"""Clouds become files that benchmarks read, from the command line."""

from __future__ import annotations

import json

from tests.cli.helpers import pentad, refused
from tests.evaluation.tasks.labels.h5_files import BG, cut, scan


def test_the_command_line_unpacks_and_says_what_comes_next(tmp_path):
    scan(tmp_path / "a" / BG)
    ran = pentad("unpack", tmp_path / "a", tmp_path / "b")
    assert (ran.code, ran.out) == (0, "3 written, 0 were there, 0 refused\n")
    assert ran.err.splitlines()[-1] == f"next: pentad benchmark {tmp_path / 'b'} -m MODEL"
    scan(tmp_path / "a/data/test_objectdataset.h5")
    ran = pentad("unpack", tmp_path / "a", tmp_path / "b")
    assert ran.out == "0 written, 3 were there, 1 refused\n"
    assert "refused data/test_objectdataset.h5: of which variant?" in ran.err
    ran = pentad("unpack", tmp_path / "a", tmp_path / "b", "--json")
    assert json.loads(ran.out)["kept"] == 3


def test_the_command_line_refuses_in_one_line(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "file").write_text("x")
    assert "there is no such folder" in refused(pentad("unpack", tmp_path / "no", tmp_path / "b"))
    assert "no .h5 of a test part" in pentad("unpack", tmp_path / "a", tmp_path / "b").err
    assert "name a folder" in refused(pentad("unpack", tmp_path / "a", tmp_path / "file"))
    cut(scan(tmp_path / "a" / BG), 0.5)
    assert "not a whole HDF5 file" in refused(pentad("unpack", tmp_path / "a", tmp_path / "b"))
