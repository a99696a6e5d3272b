from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from pentad.core.errors import InputError, StoreError
from pentad.sources.fetch.batches import HandlerOptions
from pentad.sources.fetch.catalog import Method, SourcePlan, default_plans
from pentad.sources.fetch.client import Client
from pentad.sources.fetch.handlers.youtube import YouTubeOptions
from pentad.sources.fetch.hub import Hub
from pentad.sources.fetch.jobs import Job
from pentad.sources.fetch.ledger import Ledger, read_ledger
from pentad.sources.fetch.run import Summary, fetch_all
from tests.sources.fetch.conftest import MakeClient
from tests.sources.fetch.server import Handler, Site, content, send, slow, status, whole
from tests.sources.fetch.test_zip import coco, make_zip
from tests.sources.fetch.work import files, job, picture

PLANS = default_plans()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        yield ledger


def gcc(number: int, url: str, **fields: str) -> Job:
    return job(number, "Google Conceptual Captions", file_id=url, **fields)


def web_jobs(site: Site, count: int) -> list[Job]:
    return [gcc(n, site.add(f"/{n}.jpg", picture(n))) for n in range(count)]


class Run:
    """`fetch_all` into one folder with one ledger."""

    def __init__(self, root: Path, client: Client, ledger: Ledger) -> None:
        self.root = root
        self.client = client
        self.ledger = ledger

    def __call__(self, jobs: list[Job], **options: object) -> Summary:
        known = {"plans": PLANS, "workers": 4, "client": self.client}
        return fetch_all(  # type: ignore[arg-type]
            jobs, media_root=self.root, ledger=self.ledger, **(known | options)
        )

    def states(self) -> dict[int, tuple[str, str, int]]:
        rows = self.ledger.frame().select("id", "state", "reason", "attempts").rows()
        return {number: (state, reason, attempts) for number, state, reason, attempts in rows}


@pytest.fixture
def run(tmp_path: Path, client: Client, ledger: Ledger) -> Run:
    (tmp_path / "media").mkdir()
    return Run(tmp_path / "media", client, ledger)


def test_files_come_and_are_written_in_the_ledger(run: Run, site: Site) -> None:
    jobs = [*web_jobs(site, 3), gcc(3, site.add("/gone", status(404)))]
    summary = run(jobs)
    assert summary == Summary(
        jobs=4, fetched=3, failed=1, bytes=sum(len(picture(n)) for n in range(3)),
        reasons={"not-found": 1},
    )  # fmt: skip
    assert files(run.root) == {f"shared/image/{n}.jpg": picture(n) for n in range(3)}
    assert run.states()[0] == ("done", "", 1)
    assert run.states()[3] == ("failed", "not-found", 1)
    row = run.ledger.frame().filter(pl.col("id") == 1).row(0, named=True)
    assert row["path"] == "shared/image/1.jpg"
    assert row["what"] == site.url("/1.jpg")
    assert row["bytes"] == len(picture(1))
    assert len(row["sha256"]) == 64


def test_the_second_run_asks_for_nothing(run: Run, site: Site) -> None:
    jobs = [*web_jobs(site, 3), gcc(3, site.add("/gone", status(404)))]
    run(jobs)
    before = len(site.asked)
    assert run(jobs) == Summary(jobs=4, present=3, left=1)
    assert len(site.asked) == before


def test_failures_are_tried_again_as_asked(run: Run, site: Site, make_client: MakeClient) -> None:
    run.client = make_client(retries=0)
    jobs = [gcc(0, site.add("/gone", status(404))), gcc(1, site.add("/down", status(503)))]
    run(jobs)
    site.add("/gone", picture(0))
    site.add("/down", picture(1))
    assert run(jobs).left == 2
    assert run(jobs, retry="transient") == Summary(jobs=2, fetched=1, left=1, bytes=len(picture(1)))
    assert run(jobs, retry="all").fetched == 1
    assert run.states() == {0: ("done", "", 2), 1: ("done", "", 2)}


def test_a_file_that_went_away_is_fetched_again_only_if_all_is(run: Run, site: Site) -> None:
    jobs = web_jobs(site, 1)
    run(jobs)
    (run.root / "shared/image/0.jpg").unlink()
    assert run(jobs, retry="transient") == Summary(jobs=1, lost=1)
    assert run(jobs, retry="all").fetched == 1


def test_files_that_are_there_stay_and_empty_ones_do_not(run: Run, site: Site) -> None:
    jobs = web_jobs(site, 2)
    for job_, body in zip(jobs, (b"mine", b""), strict=True):
        path = run.root / job_.target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    summary = run(jobs)
    assert (summary.present, summary.fetched) == (1, 1)
    assert files(run.root)["shared/image/0.jpg"] == b"mine"
    assert run.states()[0] == ("skipped", "present", 0)


def test_a_file_that_two_items_share_is_fetched_once(run: Run, site: Site) -> None:
    url = site.add("/a.jpg", picture(1))
    jobs = [gcc(1, url, file_name="a.jpg"), gcc(2, url, file_name="a.jpg")]
    jobs.append(jobs[0])  # and an item that is listed twice counts once
    assert run(jobs) == Summary(jobs=2, fetched=2, bytes=len(picture(1)))
    assert site.paths() == ["/a.jpg"]
    assert run.ledger.frame().height == 2


def test_at_most_so_many_files_are_tried(run: Run, site: Site) -> None:
    jobs = web_jobs(site, 5)
    assert run(jobs, limit=2) == Summary(
        jobs=5, fetched=2, left=3, bytes=len(picture(0)) + len(picture(1))
    )
    assert run(jobs, limit=2).fetched == 2
    assert run(jobs, limit=0).fetched == 0
    assert len(run.ledger.frame()) == 4


def test_bad_targets_and_unknown_sources_are_failures_of_their_items(
    run: Run, site: Site, tmp_path: Path
) -> None:
    url = site.add("/a.jpg", picture(1))
    jobs = [
        gcc(1, url, target="../evil.jpg"),
        gcc(2, url, target=str(tmp_path / "evil.jpg")),
        job(3, "Nobody Knows", file_id="x"),
        gcc(4, url),
    ]
    summary = run(jobs)
    assert summary.reasons == {"bad-target": 2, "unknown-source": 1}
    assert summary.fetched == 1
    assert not (tmp_path / "evil.jpg").exists()
    assert run(jobs, retry="transient").reasons == {"bad-target": 2, "unknown-source": 1}


def test_each_source_is_fetched_in_its_own_way(
    run: Run, site: Site, tmp_path: Path, client: Client
) -> None:
    from tests.sources.fetch.test_tar import cloud, make_tar
    from tests.sources.fetch.test_youtube import clip_job, giving
    from tests.sources.fetch.work import write_clip

    data = tmp_path / "data"
    data.mkdir()
    site.add("/train.zip", content(make_zip(coco(range(5)))))
    (data / "ABO.tar.gz").write_bytes(make_tar({"x.npy": cloud("x")}))
    plans = PLANS | {
        "coco": SourcePlan("COCO", Method.ZIP, (site.url("/train.zip"),),
                           member="train2017/{file_id:012d}.jpg", kind="image"),
        "abo": SourcePlan("ABO", Method.TAR, (str(data),), member="{file_id}.npy", kind="points"),
        "flickr30k": SourcePlan("Flickr30k", Method.FOLDER, (str(data),), member="{file_id}.jpg"),
    }  # fmt: skip
    (data / "f.jpg").write_bytes(picture("f"))
    write_clip(tmp_path / "clip.mp4", 1.5)
    jobs = [
        gcc(1, site.add("/1.jpg", picture(1))),
        job(2, "COCO", file_id="3"),
        job(3, "Flickr30k", file_id="f"),
        job(1, "ABO", "points", file_id="x", file_name="x.npy"),
        clip_job(1, "video"),
        clip_job(1, "audio"),
        job(4, "COCO", file_id="77"),
    ]

    def finish(came: Path, kept: Path) -> None:
        kept.write_bytes(came.read_bytes()[:10])

    youtube = YouTubeOptions(yt_dlp=giving(tmp_path, tmp_path / "clip.mp4"))
    summary = run(
        jobs, plans=plans, options=HandlerOptions(youtube=youtube, finish={"points": finish})
    )
    assert summary.fetched == 6
    assert summary.reasons == {"member-missing": 1}
    assert files(run.root) == {
        "shared/image/1.jpg": picture(1),
        "shared/image/2.jpg": picture(3),
        "shared/image/3.jpg": picture("f"),
        "shared/points/x.npy": cloud("x")[:10],
        "shared/video/c.mp4": (tmp_path / "clip.mp4").read_bytes(),
    }
    assert len((tmp_path / "calls.jsonl").read_text().splitlines()) == 1


def test_a_hub_is_listed_and_its_archives_are_read(run: Run, site: Site, client: Client) -> None:
    import json

    listing = [{"type": "file", "path": f"{n}.zip", "size": 1} for n in (1, 2)]
    site.add("/api/datasets/Fudan-FUXI/VIDGEN-1M/tree/main", json.dumps(listing).encode())
    for n in (1, 2):
        body = make_zip({f"v/{n}.mp4": b"\0\0\0\x18ftypmp42" + bytes([n]) * 100})
        site.add(f"/datasets/Fudan-FUXI/VIDGEN-1M/resolve/main/{n}.zip", content(body))
    jobs = [job(n, "VidGen-1M", "video", file_id=str(n), file_name=f"{n}.mp4") for n in (1, 2, 3)]
    options = HandlerOptions(hub=Hub(client, endpoint=site.url("")))
    summary = run(jobs, options=options)
    assert (summary.fetched, summary.reasons) == (2, {"member-missing": 1})
    assert files(run.root).keys() == {"shared/video/1.mp4", "shared/video/2.mp4"}


def test_pictures_come_out_of_tables_on_a_hub(
    run: Run, site: Site, tmp_path: Path, client: Client
) -> None:
    import json

    from tests.sources.fetch.test_parquet import make_table

    names = ["data/train-00000.parquet", "data/test-00000.parquet", "data/train-00001.parquet"]
    listing = [{"type": "file", "path": name} for name in names]
    site.add("/api/datasets/ILSVRC/imagenet-1k/tree/main/data", json.dumps(listing).encode())
    for n, name in enumerate(names):
        body = make_table(tmp_path / "t.parquet", [f"n01_{n}{i}.JPEG" for i in range(5)])
        site.add(f"/datasets/ILSVRC/imagenet-1k/resolve/main/{name}", content(body))
    jobs = [job(n, "ImageNet", file_id=f"n01_{n:02d}") for n in (3, 12, 24)]
    summary = run(jobs, options=HandlerOptions(hub=Hub(client, endpoint=site.url(""))))
    assert (summary.fetched, summary.reasons) == (2, {"member-missing": 1})
    assert files(run.root) == {
        f"shared/image/{n}.jpg": picture(f"n01_{n:02d}.JPEG", 30_000) for n in (3, 24)
    }


def test_a_source_that_is_out_of_reach_blames_no_item(
    run: Run, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    jobs = [*web_jobs(site, 1), job(5, "COCO", file_id="1")]
    plans = PLANS | {"coco": SourcePlan("COCO", Method.ZIP, ("/no/such/place",))}
    with caplog.at_level(logging.WARNING):
        summary = run(jobs, plans=plans)
    assert (summary.fetched, summary.left, summary.failed) == (1, 1, 0)
    assert "nothing there" in summary.unreachable["COCO"]
    assert "COCO: nothing of it can be fetched now" in caplog.text
    assert run.ledger.frame()["id"].to_list() == [0]


def test_a_slow_source_does_not_hold_up_the_others(run: Run, site: Site, tmp_path: Path) -> None:
    """With four threads and a source that hangs, the other gets its share of threads."""
    release = threading.Event()

    def hang(handler: Handler) -> None:
        release.wait(10)
        send(handler, 200, picture(0))

    jobs = [job(100 + n, "Mine", file_id=site.add(f"/slow{n}", hang)) for n in range(6)]
    jobs += web_jobs(site, 20)
    plans = PLANS | {"mine": SourcePlan("Mine", Method.WEB)}

    def others() -> int:
        return sum(path.startswith("/slow") is False for path in site.paths())

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, jobs, plans=plans)
        for _ in range(200):
            if others() == 20:
                break
            threading.Event().wait(0.02)
        seen = others()
        release.set()
        summary = running.result(20)
    assert seen == 20
    assert summary.fetched == 26


def test_a_full_disk_ends_the_run_and_is_no_fault_of_the_items(
    run: Run, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pentad.sources.fetch.partial import Partial

    def full(self: Partial) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Partial, "finish", full)
    with pytest.raises(StoreError, match="No space left on device"):
        run(web_jobs(site, 20))
    assert run.ledger.frame().height == 0
    assert run.client.stopped


def test_an_error_of_ours_is_not_hidden(run: Run, site: Site) -> None:
    def finish(came: Path, kept: Path) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(web_jobs(site, 3), options=HandlerOptions(finish={"image": finish}))
    assert files(run.root) == {}


def test_progress_counts_every_item(run: Run, site: Site) -> None:
    from pentad.core.progress import SilentProgress

    counted: list[int] = []

    class Counting(SilentProgress):
        def task(self, name: str, total: int | None = None):  # type: ignore[no-untyped-def]
            from contextlib import nullcontext

            class Bar:
                def advance(self, count: int = 1) -> None:
                    counted.append(count)

            assert total == 5
            return nullcontext(Bar())

    url = site.add("/same", picture(1))
    jobs = [*web_jobs(site, 3), *(gcc(n, url, file_name="a.jpg") for n in (8, 9))]
    run(jobs, progress=Counting())
    assert sum(counted) == 5


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"limit": -1}, {"retry": "some"}])
def test_arguments_that_make_no_sense(run: Run, wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        run([], **wrong)


def test_no_more_than_so_many_at_a_time(run: Run, site: Site, make_client: MakeClient) -> None:
    run.client = make_client(per_host=3)
    jobs = [gcc(n, site.add(f"/{n}", slow(whole(picture(n)), 0.02))) for n in range(16)]
    assert run(jobs, workers=8).fetched == 16
    assert site.most_running <= 3


NASTY = (
    "../x.jpg", "/etc/x.jpg", "a/../../x.jpg", "a\0b.jpg", "n" * 300 + ".jpg", "a/" * 600 + "x.jpg",
    ".hidden.jpg", "a\\..\\x.jpg", "", " ", "shared/image", "shared/image/0.jpg/x.jpg",
    "shared/image/0.jpg/y/z.jpg", "lost/x.jpg",
)  # fmt: skip


def test_no_name_in_a_table_stops_the_others_or_leads_elsewhere(
    run: Run, site: Site, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (run.root / "lost").symlink_to(outside)
    jobs = web_jobs(site, 5)
    jobs += [gcc(100 + n, site.url("/1.jpg"), target=name) for n, name in enumerate(NASTY)]
    summary = run(jobs, workers=1)
    assert (summary.fetched, summary.failed) == (5, len(NASTY))
    assert summary.reasons == {"bad-target": len(NASTY)}
    assert sorted(files(run.root)) == [f"shared/image/{n}.jpg" for n in range(5)]
    assert list(outside.iterdir()) == []
    assert run(jobs).fetched == 0


def test_device_names_of_another_system_are_names_here(run: Run, site: Site) -> None:
    site.add("/x", picture(1))
    names = ("CON", "nul.jpg", "COM1.mp4", "a:b.jpg", "x.", "-rf", "$(x).jpg", "é.jpg", "a b.jpg")
    jobs = [gcc(n, site.url("/x"), target=f"shared/{name}") for n, name in enumerate(names)]
    assert run(jobs).fetched == len(names)
    assert sorted(files(run.root)) == sorted(f"shared/{name}" for name in names)


_CHILD = """
import sys
from pathlib import Path
from pentad.sources.fetch.catalog import default_plans
from pentad.sources.fetch.client import Client
from pentad.sources.fetch.jobs import Job
from pentad.sources.fetch.ledger import Ledger
from pentad.sources.fetch.run import fetch_all

root, place, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
jobs = [
    Job("1m", "image", n, "GCC", f"{n}.jpg", Path(f"shared/image/{n}.jpg"),
        {"file_id": f"http://{place}/{n}.jpg"})
    for n in range(count)
]
with Client(allow_private={place}, respect_robots=False) as client:
    with Ledger(root / "ledger.sqlite") as ledger:
        fetch_all(jobs, media_root=root, client=client, plans=default_plans(), ledger=ledger,
                  workers=4)
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_ended_is_gone_on_with(
    site: Site, tmp_path: Path, make_client: MakeClient, how: signal.Signals
) -> None:
    """Every file is whole or not there, and no address is asked again for one that is there."""
    count = 300
    for n in range(count):
        site.add(f"/{n}.jpg", slow(whole(picture(n, 60_000), ETag='"v"'), 0.01))
    for asked_before_the_end in (40, 120):
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(tmp_path), site.place, str(count)],
            stderr=subprocess.PIPE,
        )
        while len(site.asked) < asked_before_the_end and child.poll() is None:
            threading.Event().wait(0.01)
        child.send_signal(how)
        _, said = child.communicate(timeout=60)
        assert child.returncode != 0
        assert how is signal.SIGKILL or b"KeyboardInterrupt" in said
        whole_files = {
            path.name: path.read_bytes() for path in (tmp_path / "shared/image").glob("[!.]*")
        }
        assert whole_files == {
            name: picture(name.removesuffix(".jpg"), 60_000) for name in whole_files
        }
    before = {p.name for p in (tmp_path / "shared/image").glob("[!.]*")}
    site.asked.clear()
    jobs = [
        Job("1m", "image", n, "GCC", f"{n}.jpg", Path(f"shared/image/{n}.jpg"),
            {"file_id": site.url(f"/{n}.jpg")})
        for n in range(count)
    ]  # fmt: skip
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        summary = fetch_all(
            jobs, media_root=tmp_path, client=make_client(respect_robots=False), plans=PLANS,
            ledger=ledger,
        )  # fmt: skip
        assert ledger.frame().height == count
    assert summary.present == len(before)
    assert summary.fetched == count - len(before)
    assert {path.removeprefix("/") for path in site.paths()}.isdisjoint(before)
    assert list((tmp_path / "shared/image").glob(".*")) == []


@pytest.mark.slow
def test_a_run_that_is_killed_ten_times_loses_nothing(site: Site, tmp_path: Path) -> None:
    """Also while the ledger is written, and one file is long enough to be gone on with."""
    count = 400
    for n in range(count):
        size = 3_000_000 if n == 50 else 6000
        site.add(f"/{n}.jpg", slow(content(picture(n, size), ETag='"v"'), 0.002))
    arguments = [sys.executable, "-c", _CHILD, str(tmp_path), site.place, str(count)]
    for turn in range(10):
        before = len(site.asked)
        child = subprocess.Popen(arguments)
        while len(site.asked) < before + 7 + 4 * turn and child.poll() is None:
            threading.Event().wait(0.002)
        child.kill()
        child.wait()
        here = {p.name: p.stat().st_size for p in (tmp_path / "shared/image").glob("[!.]*")}
        sizes = {f"{n}.jpg": len(picture(n, 3_000_000 if n == 50 else 6000)) for n in range(count)}
        assert here.items() <= sizes.items()
        if (tmp_path / "ledger.sqlite").exists():  # who only looks is never kept from it
            done = read_ledger(tmp_path / "ledger.sqlite").filter(pl.col("state") == "done")
            assert set(done["id"]) <= {int(name[:-4]) for name in here}
    subprocess.run(arguments, check=True)
    found = files(tmp_path / "shared")
    assert found == {
        f"image/{n}.jpg": picture(n, 3_000_000 if n == 50 else 6000) for n in range(count)
    }
    states = read_ledger(tmp_path / "ledger.sqlite")
    assert states["id"].to_list() == list(range(count))
    assert set(states["state"]) <= {"done", "skipped"}
