from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.helpers import pentad, refused
from tests.encoders.families.test_bert import text_folder


def test_check_prints_one_line_a_check() -> None:
    ran = pentad("encoders", "check", "hashed-text")
    assert ran.code == 0, ran
    lines = ran.out.splitlines()
    assert lines[0].split()[:2] == ["modality", "check"]
    assert "hashed-text-" in lines[0]
    assert {line.split()[0] for line in lines[1:]} == {"ok", "-"}
    assert any("order and batch size" in line for line in lines)


def test_check_of_a_folder_as_json(tmp_path: Path) -> None:
    folder = text_folder(tmp_path / "tiny-bert")
    ran = pentad("encoders", "check", folder, "--json", "--device", "cpu", "--dtype", "float32")
    assert ran.code == 0, ran
    report = json.loads(ran.out)
    assert (report["encoder"], report["passed"]) == ("tiny-bert", True)
    assert {check["modality"] for check in report["checks"]} == {"text", ""}


def test_a_failed_check_is_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    from pentad.encoders import registry
    from tests.encoders.test_check import Letters

    wrong = Letters(takes_all=True)
    monkeypatch.setattr(registry, "get_encoder", lambda name: wrong)
    ran = pentad("encoders", "check", "letters")
    assert ran.code == 1
    assert ran.err == ""
    [line] = [line for line in ran.out.splitlines() if line.startswith("FAILED")]
    assert "image is not refused" in line


def test_what_cannot_be_loaded_or_placed_is_one_line(tmp_path: Path) -> None:
    assert "did you mean 'hashed-text'" in refused(pentad("encoders", "check", "hashed-tex"))
    assert "holds no model" in refused(pentad("encoders", "check", tmp_path))
    assert "cuda" in refused(pentad("encoders", "check", "hashed-text", "--device", "cuda"))
    folder = text_folder(tmp_path / "tiny")
    line = refused(pentad("encoders", "check", folder, "--dtype", "int8"))
    assert "expected float32, bfloat16, float16" in line
