from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.helpers import Ran, pentad, refused
from tests.sources.emm1.download_trees import World, install_yt_dlp, make_world
from tests.sources.fetch.conftest import serving
from tests.sources.fetch.server import status


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with serving() as site:
        made = make_world(tmp_path, site)
        for name, value in install_yt_dlp(tmp_path / "bin", made.videos).items():
            monkeypatch.setenv(name, value)
        yield made


def run(world: World, *options: object) -> Ran:
    return pentad(
        "emm1", "download", world.root, "--media-root", world.media, "--sources", world.sources,
        "--allow-private", world.site.place, *options,
    )  # fmt: skip


def test_what_is_expected_and_what_came(world: World) -> None:
    ran = run(world)
    assert ran.code == 0, ran
    text = " ".join(ran.out.split())
    assert "16 files to fetch, about" in text
    assert "a guess" in text
    assert "* archives are read from their beginning" in text
    assert "16 fetched, 0 were here, 0 failed, 0 not tried" in text
    assert world.files() == sorted(set(world.names.values()))
    assert "next: pentad emm1 report" in ran.err
    again = run(world)
    assert again.code == 0
    assert "0 files to fetch" in again.out
    assert "16 items are here" in again.out


def test_failures_are_listed_and_the_code_is_0(world: World) -> None:
    world.site.add("/p/1.jpg", status(404))
    ran = run(world, "--modality", "image")
    assert ran.code == 0, ran
    assert "3 fetched, 0 were here, 1 failed" in ran.out
    assert "image 1 (Google Conceptual Captions): not-found" in ran.out
    again = run(world, "--modality", "image")
    assert "1 items failed for good earlier (--retry-failed tries them)" in again.out
    world.site.add("/p/1.jpg", world.path("image", 3).read_bytes())
    assert "1 fetched" in run(world, "--modality", "image", "--retry-failed").out


def test_json(world: World) -> None:
    ran = run(world, "--limit-groups", 2, "--json")
    assert ran.code == 0, ran
    before, after = (json.loads(line) for line in ran.out.splitlines())
    assert before["files"] == 8
    assert before["groups"] == {"chosen": 2, "complete": 0, "possible": 2}
    assert before["standing"] == {"wanted": 16}
    assert after["fetched"] == 8
    assert after["groups"]["complete"] == 2
    assert after["failures"] == []
    assert Path(after["ledger"]).is_file()
    assert {each["state"] for each in after["outcomes"]} == {"done"}


def test_a_dry_run(world: World) -> None:
    ran = run(world, "--dry-run", "--nn", 1)
    assert ran.code == 0
    assert "16 files to fetch" in ran.out
    assert "0 of 4 groups are complete, 4 more can be" in ran.out
    assert not world.media.exists()
    one = run(world, "--dry-run", "--json", "--source", "COCO")
    assert json.loads(one.out)["files"] == 2


def test_mistakes_are_one_line(world: World, tmp_path: Path) -> None:
    assert "there is no nn_5 here" in refused(run(world, "--nn", 5))
    assert "1m part of E-MM1 is not here" in refused(run(world, "--pair", "points-audio"))
    assert "'COCCO'" in refused(run(world, "--source", "COCCO"))
    missing = refused(pentad("emm1", "download", tmp_path / "nothing"))
    assert "there is no such folder" in missing
    assert run(world, "--modality", "smell").code == 2


def test_nothing_that_can_be_reached_is_an_error(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    ran = run(world, "--modality", "audio")
    assert ran.code == 1
    assert "nothing could be fetched" in ran.err.splitlines()[-1]
    assert "Traceback" not in ran.err
