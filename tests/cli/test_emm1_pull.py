from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.helpers import pentad, refused
from tests.sources.emm1.lfs_server import Lfs, make_clone, serving

IMAGE = "datasets/e-mm1_100m/infos/image.csv"


@pytest.fixture
def lfs() -> Iterator[Lfs]:
    with serving() as server:
        yield server


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "clone"


def test_tables_and_totals_are_printed(root: Path, lfs: Lfs) -> None:
    contents = make_clone(root, lfs)
    ran = pentad("emm1", "pull", root, "--allow-private", lfs.host)
    assert ran.code == 0, ran
    lines = [line.split() for line in ran.out.splitlines()]
    assert lines[0] == ["file", "bytes", "state"]
    assert [IMAGE, str(len(contents[IMAGE])), "fetched"] in lines
    assert lines[-1][:3] == ["fetched:", "6", "tables,"]
    assert "next: pentad emm1 info" in ran.err
    again = pentad("emm1", "pull", root)
    assert again.code == 0
    assert again.out.splitlines()[-1].startswith("there: 6 tables")


def test_json_has_one_table_a_line(root: Path, lfs: Lfs) -> None:
    contents = make_clone(root, lfs)
    ran = pentad(
        "emm1", "pull", root, "--split", "1m", "--split", "100m", "--nn", 1, "--nn", 3, "--json",
        "--allow-private", lfs.host,
    )  # fmt: skip
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert len(rows) == 14
    assert rows[0].keys() == {"file", "bytes", "state", "reason"}
    assert all((root / row["file"]).read_bytes() == contents[row["file"]] for row in rows)


def test_a_table_that_fails_is_named_and_the_code_is_1(root: Path, lfs: Lfs) -> None:
    contents = make_clone(root, lfs)
    lfs.objects = {oid: c for oid, c in lfs.objects.items() if c != contents[IMAGE]}
    ran = pentad("emm1", "pull", root, "--allow-private", lfs.host)
    assert ran.code == 1
    assert "not-on-server" in ran.out
    last = ran.err.splitlines()[-1]
    assert last.startswith("error: 1 of 6 tables could not be fetched, such as " + IMAGE)
    assert "Traceback" not in ran.err


def test_no_clone_says_how_to_get_one(tmp_path: Path) -> None:
    line = refused(pentad("emm1", "pull", tmp_path / "nothing"))
    assert "GIT_LFS_SKIP_SMUDGE=1 git clone" in line


def test_without_git_the_remote_is_asked_for(root: Path, lfs: Lfs) -> None:
    make_clone(root, lfs)
    shutil.rmtree(root / ".git")
    assert "--remote URL" in refused(pentad("emm1", "pull", root))
    ran = pentad("emm1", "pull", root, "--remote", lfs.remote, "--allow-private", lfs.host)
    assert ran.code == 0, ran


def test_a_token_that_is_not_set(root: Path, lfs: Lfs) -> None:
    make_clone(root, lfs)
    assert "not set; got NO_SUCH" in refused(pentad("emm1", "pull", root, "--token-env", "NO_SUCH"))


def test_an_unknown_split_is_a_usage_error(root: Path, lfs: Lfs) -> None:
    make_clone(root, lfs)
    assert pentad("emm1", "pull", root, "--split", "2m").code == 2
