"""``pentad caption`` from the command line, on a tiny model and on a server of the test."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.helpers import pentad, refused
from tests.encoders.captioners.tiny import idefics_folder
from tests.pipeline.captioning.fakes import gallery, painting
from tests.pipeline.shared import once
from tests.sources.fetch.conftest import serving
from tests.sources.fetch.server import status

COUNT = 6


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch) -> Path:
    model = once(tmp_path_factory, "idefics", idefics_folder)
    shutil.copytree(model, tmp_path / "tiny")
    gallery(tmp_path, COUNT)
    monkeypatch.chdir(tmp_path)
    for name in ("PENTAD_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.slow
def test_a_model_in_a_folder_captions_pictures(folder: Path) -> None:
    ran = pentad("caption", "ws", "--modality", "image", "-m", "./tiny", "--limit", 2)
    assert ran.code == 0, ran.err
    header, row = ran.out.splitlines()[:2]
    assert header.split() == [
        "modality",
        "source",
        "captioned",
        "kept",
        "left",
        "distinct",
        "rejected",
    ]
    assert row.split()[:2] == ["image", "generated-tiny"]
    assert row.split()[4] == str(COUNT - 2)
    assert "caption image with tiny: 2/2" in ran.err
    assert "next: pentad embed ws" in ran.err
    again = pentad("caption", "ws", "--modality", "image", "-m", "./tiny", "--json")
    told = json.loads(again.out)
    assert (told["model"], told["left"]) == ("tiny", 0)
    assert told["captioned"] + told["kept"] + sum(told["rejected"].values()) == COUNT
    assert pentad("verify", "ws").code == 0


def test_a_server_captions_pictures(folder: Path) -> None:
    with serving() as site:
        site.add("/v1/chat/completions", painting)
        ran = pentad(
            *("caption", "ws", "--modality", "image", "-m", "openai:vlm", "--json"),
            *("--endpoint", site.url("/v1"), "--prompt", "What?", "--batch-size", 2),
        )
        assert ran.code == 0, ran.err
        assert site.most_running <= 2
    told = json.loads(ran.out)
    assert (told["source"], told["captioned"]) == ("generated-vlm", COUNT)
    assert (told["prompt"], told["revision"]) == ("What?", "as served")


def test_a_key_is_in_no_message_and_no_file(folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("PENTAD_API_KEY", "sesame-open")
    options = ("caption", "ws", "--modality", "image", "-m", "openai:vlm", "--endpoint")
    with serving() as site:
        site.add("/v1/chat/completions", status(401))
        ran = pentad(*options, site.url("/v1"))
        assert ran.code == 1
        assert "the key is missing or not accepted" in ran.err
        assert "sesame-open" not in ran.err + ran.out
        site.add("/v1/chat/completions", painting)
        assert pentad(*options, site.url("/v1")).code == 0
        assert site.asked[-1].headers["Authorization"] == "Bearer sesame-open"
    for path in folder.rglob("*"):
        assert not path.is_file() or b"sesame-open" not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--modality", "image", "-m", "minicpmv"), "did you mean 'minicpm-v'?"),
        (("--modality", "audio", "-m", "./tiny"), "no audio items"),
        (("--modality", "text", "-m", "./tiny"), "captions are not described"),
        (("--modality", "image", "-m", "./none"), "there is no such folder"),
        (("--modality", "image", "-m", "openai:m"), "--endpoint URL"),
        (("--modality", "image", "-m", "./tiny", "--endpoint", "http://a"), "leave --endpoint out"),
        (("--modality", "image", "-m", "./tiny", "--name", "data"), "another name with --name"),
        (("--modality", "image", "-m", "./tiny", "--device", "warp"), "device 'warp'"),
    ],
)
def test_mistakes_are_one_line(folder: Path, words: tuple[str, ...], expected: str) -> None:
    assert expected in refused(pentad("caption", "ws", *words))


def test_wrong_usage_is_exit_code_2(folder: Path) -> None:
    assert pentad("caption", "ws", "-m", "./tiny").code == 2
    assert pentad("caption", "ws", "--modality", "image").code == 2
    assert pentad("caption", "ws", "--modality", "image", "-m", "x", "--limit", 0).code == 2


def test_a_folder_that_is_no_workspace(tmp_path: Path) -> None:
    line = refused(pentad("caption", tmp_path, "--modality", "image", "-m", "./tiny"))
    assert "not a workspace" in line
