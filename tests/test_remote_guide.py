"""Every block of the page on object stores runs, in its order, against a local S3 server."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from pentad.store.remote import kept, locating
from pentad.store.workspace import Workspace
from tests.cli.helpers import pentad
from tests.embeddings.toy import paint
from tests.guide_blocks import DOCS, blocks_of
from tests.sources.helpers import write_csv
from tests.stores import s3_server
from tests.tars import write_tar

GUIDE = DOCS / "remote.md"


def fill(bucket: Path) -> None:
    for number in range(3):
        for folder in ("pictures", "titled"):
            paint(bucket / folder / f"{number:02d}.png", (80 * number, 9, 9))
        (bucket / "pictures" / f"{number:02d}.txt").write_text(f"Picture {number}")
    rows = [f"{number:02d}.png,Title {number}" for number in range(3)]
    write_csv(bucket / "titled" / "captions.csv", "file_name,caption", *rows)
    for number in range(2):
        data = (bucket / "pictures" / f"{number:02d}.png").read_bytes()
        write_tar(bucket / "shards" / f"{number:05d}.tar", {f"{number}.png": data})


def test_every_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    fill(tmp_path / "s3" / "bucket")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    with s3_server(tmp_path / "s3"):
        for block in blocks_of(GUIDE):
            if block.language == "python":
                exec(compile(block.text, f"{GUIDE.name}:{block.line}", "exec"), names)
                continue
            for line in block.text.splitlines():
                ran = pentad(*shlex.split(line)[1:])
                assert ran.code == 0, f"{GUIDE.name}:{block.line}: {line}\n{ran.err}"
    assert capsys.readouterr().out == "s3://bucket/pictures/00.png\n"
    assert len(names["titled"]) == 3
    catalog = Workspace.open("WS").catalog()
    assert len(catalog.items("image")) == 3 + 3 + 2
    assert {str(root) for root in catalog.roots.values()} == {
        "s3://bucket/pictures",
        "s3://bucket/titled",
        "s3://bucket/shards",
    }


def test_the_numbers_on_the_page_are_those_of_the_code():
    text = " ".join(GUIDE.read_text(encoding="utf-8").split())
    assert f"up to {locating.IN_MEMORY >> 20} MiB go through memory" in text
    assert f"Objects over {locating.LARGEST >> 30} GiB" in text
    assert f"up to {kept.KEPT_GB:.0f} GB or what `{kept.VARIABLE}` says" in text
