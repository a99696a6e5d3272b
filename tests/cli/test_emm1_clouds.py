"""Pickled clouds become plain arrays from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.helpers import pentad, refused


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "points"
    place.mkdir()
    rng = np.random.default_rng(0)
    cloud = {"xyz": rng.normal(size=(50, 3)).astype(np.float32), "rgb": rng.random((50, 3))}
    np.save(place / "pickled.npy", np.array(cloud, dtype=object), allow_pickle=True)
    np.save(place / "plain.npy", rng.random((50, 6)).astype(np.float32))
    (place / "broken.npy").write_bytes(b"no cloud")
    return place


def test_what_is_pickled_becomes_plain(folder: Path, tmp_path: Path):
    ran = pentad("emm1", "clouds", folder, tmp_path / "out", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert list(found["refused"]) == ["broken.npy"]
    assert found["converted"] + found["kept"] == 2
    plain = np.load(tmp_path / "out" / "pickled.npy", allow_pickle=False)
    assert plain.shape == (50, 6)
    assert plain.dtype == np.float32


def test_in_place_and_again(folder: Path):
    assert pentad("emm1", "clouds", folder).out.startswith("1 written, 1 were plain, 1 refused")
    assert pentad("emm1", "clouds", folder).out.startswith("0 written, 2 were plain, 1 refused")
    assert np.load(folder / "pickled.npy", allow_pickle=False).shape == (50, 6)


def test_no_folder(tmp_path: Path):
    assert "there is no such folder" in refused(pentad("emm1", "clouds", tmp_path / "none"))


def test_nothing_to_convert_or_nowhere_to_write(folder: Path, tmp_path: Path):
    assert "there are no .npy files" in refused(pentad("emm1", "clouds", tmp_path))
    ran = pentad("emm1", "clouds", folder, folder / "plain.npy")
    assert refused(ran) == f"{folder / 'plain.npy'}: this is a file; name a folder"


def test_plain_clouds_are_written_to_another_folder_too(folder: Path, tmp_path: Path):
    first = pentad("emm1", "clouds", folder, tmp_path / "out")
    assert first.out == "2 written, 0 were there, 1 refused\n"
    again = pentad("emm1", "clouds", folder, tmp_path / "out")
    assert again.out == "0 written, 2 were there, 1 refused\n"
