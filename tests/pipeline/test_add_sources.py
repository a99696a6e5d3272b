"""`add` on every kind of source: what it keeps, refuses and remembers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pentad.core.errors import InputError, Reason, UnknownName
from pentad.pipeline import frame_rates
from pentad.pipeline.add import add_source
from pentad.pipeline.frame_rates import read_rates
from pentad.pipeline.screening import screen
from pentad.sources.urls import FetchOptions
from pentad.store.rejections import Rejection
from pentad.store.workspace import Workspace
from tests.cli.helpers import pentad, refused
from tests.media.makers import write_timed_video
from tests.sources.fetch.conftest import serving
from tests.sources.fetch.server import Site, content
from tests.sources.helpers import touch, write_csv
from tests.tars import write_tar

EVEN = range(0, 2000, 40)
UNEVEN = np.cumsum(np.tile([20, 150], 25)).tolist()
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 40


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "ws")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos") / "clips"
    folder.mkdir()
    write_timed_video(folder / "even.mkv", EVEN)
    write_timed_video(folder / "uneven.mkv", UNEVEN)
    (folder / "broken.mkv").write_bytes(b"?" * 100)
    for path in list(folder.iterdir()):
        path.with_suffix(".txt").write_text(f"A clip, {path.stem}")
    return folder


def files(ws: Workspace, modality: str) -> list[str]:
    return ws.catalog().items(modality).frame["file"].to_list()


def test_a_tar_is_a_source_and_is_not_read_twice(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tar = write_tar(tmp_path / "s" / "0.tar", {"1.jpg": "p", "1.txt": "A cat", "2.jpg": "q"})
    added = add_source(ws.root, tmp_path / "s")
    assert added.to_json() == {"source": "s", "items": {"text": 1, "image": 2}, "rejected": {}}
    before = (ws.root / "items" / "image.parquet").read_bytes()
    from pentad.store.describe import Describer

    monkeypatch.setattr(Describer, "__call__", lambda *_: pytest.fail("read again"))
    add_source(ws.root, tmp_path / "s")
    assert (ws.root / "items" / "image.parquet").read_bytes() == before
    monkeypatch.undo()
    write_tar(tar, {"1.jpg": "p", "1.txt": "A cat", "3.jpg": "qqq"})
    add_source(ws.root, tmp_path / "s")
    items = Workspace.open(ws.root).catalog().items("image")
    assert dict(zip(items.frame["file"], items.ids.tolist(), strict=True)) == {
        "0.tar/1.jpg": 0,
        "0.tar/3.jpg": 2,
    }


def test_the_same_pattern_is_the_same_source(ws: Workspace, tmp_path: Path) -> None:
    for n in range(3):
        write_tar(tmp_path / "s" / f"{n}.tar", {f"{n}.jpg": "p"})
    add_source(ws.root, tmp_path / "s" / "{0..1}.tar")
    add_source(ws.root, tmp_path / "s" / "{0..2}.tar")
    assert files(ws, "image") == ["0.tar/0.jpg", "1.tar/1.jpg", "2.tar/2.jpg"]


def test_whether_a_rate_varies_is_recorded(
    ws: Workspace, clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_source(ws.root, clips, workers=1)
    assert files(ws, "video") == ["broken.mkv", "even.mkv", "uneven.mkv"]
    items = ws.catalog().items("video")
    rates = read_rates(ws.root)
    told = {f: rates.get(p) for f, p in zip(files(ws, "video"), items.fingerprints, strict=True)}
    assert told["broken.mkv"] is None
    assert (told["even.mkv"].variable, told["uneven.mkv"].variable) == (False, True)
    assert told["even.mkv"].duration == pytest.approx(2.0, abs=0.05)
    (video,) = [each for each in screen(ws.root) if each.modality == "video"]
    assert (video.kept, video.variable, video.unprobed) == (3, 1, 1)
    probed = []
    real = frame_rates._probed
    monkeypatch.setattr(
        frame_rates, "_probed", lambda paths, workers: probed.extend(paths) or real(paths, workers)
    )
    add_source(ws.root, clips, workers=1)
    assert [path.name for path in probed] == ["broken.mkv"]


def test_a_variable_rate_is_refused_on_request(ws: Workspace, clips: Path) -> None:
    added = add_source(ws.root, clips, reject=["vfr"], workers=1)
    assert files(ws, "video") == ["broken.mkv", "even.mkv"]
    assert added.rejected == {"video": 1}
    (rejection,) = ws.rejections()
    assert (rejection.path, rejection.reason) == ("uneven.mkv", Reason.VARIABLE_RATE)
    captions = ws.catalog().items("text").captions
    assert sorted(captions) == ["A clip, broken", "A clip, even"]
    add_source(ws.root, clips)
    assert len(files(ws, "video")) == 3
    assert ws.rejections() == []
    ran = pentad("add", ws.root, clips, "--reject", "vfr")
    assert ran.code == 0, ran.err
    assert len(files(ws, "video")) == 2


def test_parts_are_probed_as_parts(ws: Workspace, tmp_path: Path) -> None:
    times = [*EVEN, *(t + 2000 for t in UNEVEN)]
    (tmp_path / "d").mkdir()
    write_timed_video(tmp_path / "d" / "a.mkv", times)
    header = "file_name,start_time,end_time,caption"
    table = write_csv(tmp_path / "d" / "t.csv", header, "a.mkv,0,1.9,A cat", "a.mkv,2.1,,A dog")
    add_source(ws.root, table, reject=["vfr"], workers=1)
    assert files(ws, "video") == ["a.mkv#t=0,1.9"]
    assert [r.path for r in ws.rejections()] == ["a.mkv#t=2.1"]


def test_what_is_rejected_must_be_known(ws: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="vfr"):
        add_source(ws.root, tmp_path, reject=["vrf"])


def test_a_damaged_table_of_rates_counts_as_empty(ws: Workspace) -> None:
    (ws.root / "logs").mkdir(exist_ok=True)
    (ws.root / frame_rates.TABLE).write_bytes(b"no table")
    assert read_rates(ws.root) == {}
    pl.DataFrame({"x": [1]}).write_parquet(ws.root / frame_rates.TABLE)
    assert read_rates(ws.root) == {}


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as made:
        made.add("/a.png", content(PNG))
        made.add("/b.png", content(PNG + b"b"))
        yield made


def test_a_table_of_addresses(ws: Workspace, tmp_path: Path, site: Site) -> None:
    lines = [f"{site.url(p)},A cat {p}" for p in ("/a.png", "/b.png", "/c.png")]
    table = write_csv(tmp_path / "pictures.csv", "url,caption", *lines)
    fetch = FetchOptions(allow_private={site.place})
    added = add_source(ws.root, table, fetch=fetch)
    assert added.items == {"text": 2, "image": 2}
    assert added.rejected == {"image": 1}
    root = ws.root / "media" / "pictures"
    assert Workspace.open(ws.root).roots == {"pictures": root}
    assert (root / "downloads.db").is_file()
    assert Workspace.open(ws.root).catalog().items("image").path(0).read_bytes() == PNG
    (rejection,) = ws.rejections()
    assert (rejection.path, rejection.row, rejection.column) == ("pictures.csv", 4, "url")
    assert rejection.reason is Reason.NOT_FETCHED
    asked = len(site.paths())
    again = pentad("add", ws.root, table, "--allow-private", site.place, "--json")
    assert again.code == 0, again.err
    assert json.loads(again.out)["items"] == {"text": 2, "image": 2}
    assert len(site.paths()) == asked
    site.add("/c.png", content(PNG + b"c"))
    last = pentad("add", ws.root, table, "--allow-private", site.place, "--retry-failed", "--json")
    assert json.loads(last.out) == {
        "source": "pictures", "items": {"text": 3, "image": 3}, "rejected": {},
    }  # fmt: skip


def test_fetched_files_may_go_elsewhere(ws: Workspace, tmp_path: Path, site: Site) -> None:
    table = write_csv(tmp_path / "t.csv", "url", site.url("/a.png"))
    fetch = FetchOptions(allow_private={site.place})
    add_source(ws.root, table, fetch=fetch, media_root=tmp_path / "elsewhere", name="../odd name")
    assert (tmp_path / "elsewhere" / "image").is_dir()
    with pytest.raises(InputError, match="name that folder as media root"):
        add_source(ws.root, table, fetch=fetch, name="../odd name")
    add_source(ws.root, table, fetch=fetch, name="..")
    assert (ws.root / "media" / "source" / "image").is_dir()
    write_csv(table, "url", site.url("/no.png"))
    with pytest.raises(InputError, match="not-fetched: not-found"):
        add_source(ws.root, table, fetch=fetch, name="none")


def test_screening_counts_by_source_and_reason(ws: Workspace, tmp_path: Path) -> None:
    write_csv(tmp_path / "a" / "t.csv", "file_name,caption", "1.png,A cat", "2.png,A dog",
              "no.png,A cow", "no.png,A pig", "1.png, ")  # fmt: skip
    touch(tmp_path / "a" / "1.png", tmp_path / "a" / "2.png", tmp_path / "b" / "1.wav")
    add_source(ws.root, tmp_path / "a" / "t.csv")
    add_source(ws.root, tmp_path / "b")
    for stage, encoder in (("decode", "one"), ("decode", "two"), ("encode", "one")):
        found = [*ws.rejections()]
        found.append(Rejection("t", "2.png", "image", stage, Reason.CORRUPT, encoder))
        ws.reject([r for r in found if r.stage == stage], stage=stage)
    assert [each.to_json() for each in screen(ws.root)] == [
        {"source": "t", "modality": "text", "kept": 2, "refused": {}},
        {"source": "t", "modality": "image", "kept": 1,
         "refused": {"missing-file": 2, "corrupt": 1, "empty-caption": 1}},
        {"source": "b", "modality": "audio", "kept": 1, "refused": {}},
    ]  # fmt: skip
    shown = pentad("info", ws.root, "--screening")
    assert shown.out.splitlines()[:4] == [
        "source  modality  what           count",
        "t       text      kept               2",
        "t       image     kept               1",
        "t       image     missing-file       2",
    ]
    lines = pentad("info", ws.root, "--screening", "--json").out.splitlines()
    assert [json.loads(line)["kept"] for line in lines] == [2, 1, 1]


def test_screening_of_whole_tables_and_nothing(ws: Workspace) -> None:
    assert screen(ws.root) == []
    assert pentad("info", ws.root, "--screening").code == 0
    ws.reject([Rejection("t", "t.csv", "", "source", Reason.EMPTY_FILE, "x")], stage="source")
    assert screen(ws.root)[0].rows() == [
        ("t", "(none)", "kept", 0),
        ("t", "(none)", "empty-file", 1),
    ]
    assert pentad("info", ws.root, "--screening", "--markdown").code == 2


def test_a_format_by_name(ws: Workspace, tmp_path: Path) -> None:
    touch(tmp_path / "d" / "a.png")
    write_tar(tmp_path / "d" / "x.tar", {"1.jpg": "p"})
    assert pentad("add", ws.root, tmp_path / "d", "--format", "webdataset").code == 0
    assert files(ws, "image") == ["x.tar/1.jpg"]
    message = refused(pentad("add", ws.root, tmp_path / "d", "--format", "webdatset"))
    assert "did you mean 'webdataset'" in message
    assert "pentad list sources" in message
    assert "belong to" in refused(pentad("add", ws.root, "emm1:x", "--format", "coco"))
