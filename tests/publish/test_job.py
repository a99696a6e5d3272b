from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.core.fingerprint import fingerprint_file
from pentad.publish.publish import publish_emm1
from pentad.sources.emm1.dataset import Emm1, open_emm1
from pentad.store.lock import writer_lock
from tests.emm1_trees import Tree, make_emm1
from tests.publish.helpers import content, record

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

FORMS = ("emm1", "huggingface", "webdataset")


@pytest.mark.parametrize("to", FORMS)
def test_the_record_names_every_file_and_input(tree: Tree, ds: Emm1, out: Path, to: str) -> None:
    publish_emm1(ds, out, to=to, nn=[1])
    found = record(out)
    files = {**found["files"], **found.get("shards", {})}
    for name, info in files.items():
        assert info["sha256"] == fingerprint_file(out / name)
    beside = {f"{Path(name).stem}.json" for name in found.get("shards", {})}
    assert set(files) | beside | {"record.json"} == set(content(out))
    inputs = found["job"]["inputs"]
    assert set(inputs) == {
        f"infos/{m}.csv" for m in ("text", "image", "audio", "video", "points")
    } | {"nn_1/data_groups.csv"}  # fmt: skip
    for name, digest in inputs.items():
        assert digest == fingerprint_file(tree.path("100m", name))
    assert str(tree.root) not in json.dumps(found)
    assert found["finished"] is True


@pytest.mark.parametrize("to", FORMS)
def test_a_finished_job_is_left_alone(ds: Emm1, out: Path, to: str) -> None:
    first = publish_emm1(ds, out, to=to)
    stamps = {p: p.stat().st_mtime_ns for p in out.rglob("*")}
    again = publish_emm1(ds, out, to=to)
    assert again.already_there
    assert not first.already_there
    assert again.to_json() == {**first.to_json(), "already_there": True}
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*")} == stamps


@pytest.mark.parametrize("to", FORMS)
def test_a_missing_file_is_written_again(ds: Emm1, out: Path, to: str) -> None:
    publish_emm1(ds, out, to=to)
    before = content(out)
    victim = next(name for name in before if name.endswith((".tar", ".parquet", "groups.csv")))
    (out / victim).unlink()
    assert not publish_emm1(ds, out, to=to).already_there
    assert content(out) == before


def test_another_job_is_refused_or_replaces(ds: Emm1, out: Path) -> None:
    publish_emm1(ds, out, to="webdataset")
    with pytest.raises(InputError, match="something else was published here"):
        publish_emm1(ds, out, to="huggingface")
    with pytest.raises(InputError, match="something was published here already"):
        publish_emm1(ds, out, to="webdataset", if_exists="error")
    publish_emm1(ds, out, to="huggingface", if_exists="replace")
    assert not list(out.glob("*.tar"))
    assert (out / "data/nn_1").is_dir()


def test_other_tables_are_another_job(tmp_path: Path, out: Path) -> None:
    tree = make_emm1(tmp_path / "in", triplets=0)
    publish_emm1(open_emm1(tree.root), out)
    path = tree.path("100m", "infos/image.csv")
    path.write_bytes(path.read_bytes().replace(b"COCO", b"coco"))
    with pytest.raises(InputError, match="made of other tables"):
        publish_emm1(open_emm1(tree.root), out)


@pytest.mark.parametrize("if_exists", ["skip", "replace", "error"])
@pytest.mark.parametrize("name", [".notes.next", "notes.txt", "record.json"])
def test_a_folder_of_somebody_else_is_not_touched(
    ds: Emm1, out: Path, name: str, if_exists: str
) -> None:
    out.mkdir()
    (out / name).write_text("{}")
    with pytest.raises(InputError, match="not empty"):
        publish_emm1(ds, out, if_exists=if_exists)
    assert content(out) == {name: b"{}"}


def test_replacing_leaves_files_of_others(ds: Emm1, out: Path) -> None:
    publish_emm1(ds, out)
    (out / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"notes\.txt was not written by Pentad"):
        publish_emm1(ds, out, to="huggingface", if_exists="replace")
    assert (out / "notes.txt").read_text() == "mine"


def test_a_record_cannot_have_files_elsewhere_removed(ds: Emm1, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "precious").write_text("x")
    entry = {"bytes": 1, "sha256": "0" * 64}
    bad = {"job": {}, "files": {"../precious": entry}, "finished": True}
    (out / "record.json").write_text(json.dumps(bad))
    with pytest.raises(InputError, match="not empty"):
        publish_emm1(ds, out, if_exists="replace")
    assert (tmp_path / "precious").read_text() == "x"


def test_two_writers_at_once(ds: Emm1, out: Path) -> None:
    out.mkdir()
    with writer_lock(out / ".lock"), pytest.raises(StoreError, match="another process"):
        publish_emm1(ds, out)


def test_a_file_in_the_place_of_the_folder(ds: Emm1, out: Path) -> None:
    out.write_text("x")
    with pytest.raises(InputError, match="this is a file"):
        publish_emm1(ds, out)


@pytest.mark.parametrize("to", ["emm1", "huggingface"])
def test_an_error_leaves_nothing_behind(
    ds: Emm1, out: Path, to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise InputError("no")

    monkeypatch.setattr("pentad.publish.write.write_attribution", failing)
    with pytest.raises(InputError):
        publish_emm1(ds, out, to=to)
    assert not out.exists()


_KILLED = """
import os, sys
from pentad.publish import write
from pentad.publish.publish import publish_emm1
from pentad.sources.emm1.dataset import open_emm1

write.write_attribution = lambda *_: os._exit(9)
publish_emm1(open_emm1(sys.argv[1]), sys.argv[2], to=sys.argv[3])
"""


@pytest.mark.parametrize("to", FORMS)
def test_a_killed_run_is_gone_on_with(tree: Tree, ds: Emm1, tmp_path: Path, to: str) -> None:
    out = tmp_path / "out"
    words = [sys.executable, "-c", _KILLED, str(tree.root), str(out), to]
    assert subprocess.run(words, check=False).returncode == 9
    assert record(out)["finished"] is False
    publish_emm1(ds, out, to=to)
    publish_emm1(ds, tmp_path / "whole", to=to)
    assert content(out).keys() - {".lock"} == content(tmp_path / "whole").keys()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"to": "webdatset"}, "unknown form 'webdatset'; did you mean 'webdataset'"),
        ({"split": "10m"}, "unknown split '10m'"),
        ({"modalities": ["imge"]}, "unknown modality 'imge'; did you mean 'image'"),
        ({"license_policy": "all"}, "unknown license policy 'all'"),
        ({"if_exists": "maybe"}, "unknown way for what exists 'maybe'"),
    ],
)
def test_names_that_do_not_exist(
    ds: Emm1, out: Path, options: dict[str, object], message: str
) -> None:
    with pytest.raises(UnknownName, match=message):
        publish_emm1(ds, out, **options)  # type: ignore[arg-type]
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nn": [7]}, "there is no nn_7 here; there is: nn_1, nn_2"),
        ({"split": "1m", "nn": [1]}, "triplets have no ranks"),
        ({"split": "1m", "modalities": ["image"]}, "split 1m needs two modalities"),
        ({"modalities": ["text"]}, "split 100m needs a modality besides text"),
        ({"limit": 0}, "the limit must be at least 1; got 0"),
        ({"shard_size": -1}, "the shard size must be at least 1"),
    ],
)
def test_what_cannot_be(ds: Emm1, out: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        publish_emm1(ds, out, **options)  # type: ignore[arg-type]
    assert not out.exists()


def test_only_what_is_there_can_be_published(tmp_path: Path, out: Path) -> None:
    rated = open_emm1(make_emm1(tmp_path / "rated", captions=0).root)
    assert set(publish_emm1(rated, out).tables) >= {"triplets"}
    with pytest.raises(InputError, match="the 100m part of E-MM1 is not here"):
        publish_emm1(rated, tmp_path / "other", split="100m")
    hub = open_emm1(make_emm1(tmp_path / "hub", "hub").root)
    with pytest.raises(InputError, match="neither split is here as tables"):
        publish_emm1(hub, tmp_path / "other")
