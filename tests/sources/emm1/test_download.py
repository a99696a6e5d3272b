from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import InputError, StoreError
from pentad.sources.emm1 import download_run
from pentad.sources.emm1.dataset import open_emm1
from pentad.sources.emm1.download import LEDGER, Downloaded, download
from pentad.sources.fetch.ledger import read_ledger
from tests.sources.emm1.download_trees import (
    World,
    install_yt_dlp,
    make_world,
    write_eshot,
    write_groups,
    write_rated,
)
from tests.sources.fetch.conftest import serving
from tests.sources.fetch.server import status


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with serving() as site:
        made = make_world(tmp_path, site)
        for name, value in install_yt_dlp(tmp_path / "bin", made.videos).items():
            monkeypatch.setenv(name, value)
        yield made


def run(world: World, **options: Any) -> Downloaded:
    options = {"sources_file": world.sources, "allow_private": [world.site.place]} | options
    return download(open_emm1(world.root, media_root=world.media), **options)


def complete(world: World, number: int) -> bool:
    return all(world.path(m, number).exists() for m in ("image", "audio", "video", "points"))


def states(world: World) -> dict[tuple[str, int], tuple[str, str]]:
    rows = read_ledger(world.media / LEDGER).select("modality", "id", "state", "reason")
    return {(m, n): (state, reason) for m, n, state, reason in rows.iter_rows()}


def hidden(world: World) -> list[str]:
    return [p.name for p in world.media.glob("*/*/.*")]


def test_everything_comes_from_where_it_is(world: World) -> None:
    done = run(world)
    # Sound 2 and video 2 are one file.
    assert world.files() == sorted(set(world.names.values()))
    assert done.summary.fetched == 16
    assert done.summary.failed == 0
    assert done.failures == ()
    assert set(states(world).values()) == {("done", "")}
    assert hidden(world) == []
    counts = {(o.modality, o.source): o.files for o in done.outcomes}
    assert counts["image", "COCO"] == 2
    assert counts["video", "VidGen-1M"] == 2
    assert sum(counts.values()) == 16
    assert len(done.plan) == 16
    assert len(done.after) == 0
    assert "/train2017.zip" in world.site.paths()
    assert len(world.clips()) == 5


def test_clouds_arrive_without_pickle(world: World) -> None:
    run(world, modalities=["points"])
    for number in range(4):
        cloud = np.load(world.path("points", number), allow_pickle=False)
        assert cloud.dtype == np.float32
        assert cloud.tolist() == [[number] * 3 + [0.5] * 3] * 8
    assert [p.suffix for p in world.media.rglob("*.*") if "points" in str(p)] == [".npy"] * 4


def test_running_again_asks_nobody(world: World) -> None:
    run(world)
    asked, clips = len(world.site.asked), len(world.clips())
    again = run(world)
    assert len(again.plan) == 0
    assert again.expected == []
    assert (len(world.site.asked), len(world.clips())) == (asked, clips)


def test_items_that_fail_stop_no_other(world: World) -> None:
    world.gone("-ideo000003")
    world.site.add("/p/1.jpg", status(404))
    world.site.add("/p/3.jpg", b"<html>an error page</html>")
    done = run(world)
    assert done.summary.fetched == 13
    assert {(f.modality, f.id, f.reason) for f in done.failures} == {
        ("image", 1, "not-found"),
        ("image", 3, "wrong-content-type"),
        ("audio", 3, "gone"),
    }
    assert not world.path("image", 3).exists()
    assert states(world)["image", 1] == ("failed", "not-found")


def test_what_failed_for_good_is_tried_again_when_asked(world: World) -> None:
    world.gone("-ideo000003")
    world.site.add("/p/1.jpg", status(404))
    run(world)
    assert len(run(world).plan) == 0
    world.gone()
    world.site.add("/p/1.jpg", world.path("image", 3).read_bytes())
    done = run(world, retry_failed=True)
    assert sorted((job.modality, job.id) for job in done.plan.jobs()) == [
        ("audio", 3),
        ("image", 1),
    ]
    assert done.summary.fetched == 2
    assert world.path("audio", 3).exists()


def test_a_file_that_is_gone_is_told_and_fetched_when_asked(world: World) -> None:
    run(world, modalities=["image"])
    world.path("image", 1).unlink()
    assert len(run(world, modalities=["image"]).plan) == 0
    assert run(world, modalities=["image"], retry_failed=True).summary.fetched == 1
    assert world.path("image", 1).exists()


def test_a_number_of_groups_becomes_complete(world: World) -> None:
    write_groups(world, 1, [(n, n, n, n) for n in range(4)])
    done = run(world, limit_groups=2)
    assert [complete(world, n) for n in range(4)] == [True, True, False, False]
    assert done.after.uses is not None
    assert done.after.uses.complete == 2
    assert len(run(world, limit_groups=2).plan) == 0


def test_groups_that_fail_are_replaced_by_others(world: World) -> None:
    world.gone("video000020")
    world.site.add("/p/1.jpg", status(404))
    done = run(world, limit_groups=2)
    assert [complete(world, n) for n in range(4)] == [False, False, True, True]
    assert done.after.uses is not None
    assert done.after.uses.complete == 2
    assert {(f.modality, f.id) for f in done.failures} == {("video", 0), ("image", 1)}
    assert len(run(world, limit_groups=2).plan) == 0


def test_groups_end_when_none_is_left(world: World) -> None:
    world.gone(*(f"{'-' if n % 2 else 'v'}ideo{n:06d}" for n in range(4)))
    done = run(world, limit_groups=3)
    assert done.after.uses is not None
    assert (done.after.uses.complete, done.after.uses.possible) == (0, 0)


def test_a_source_out_of_reach_is_not_tried_group_by_group(world: World) -> None:
    world.site.add("/train2017.zip", status(404))
    done = run(world, limit_groups=2)
    assert set(done.summary.unreachable) | set(done.summary.reasons)
    assert [complete(world, n) for n in range(4)] == [False, True, False, True]


def test_what_a_rated_pair_needs(world: World) -> None:
    write_rated(world, [(0, "points", "audio", 1, 0, 1), (1, "audio", "points", 3, 1, 3)])
    done = run(world, pair=["points", "audio"])
    assert world.files() == sorted(
        world.names[item] for item in [("points", 1), ("audio", 0), ("audio", 3)]
    )
    assert done.after.uses is not None
    assert done.after.uses.complete == 2


def test_eshot(world: World) -> None:
    write_eshot(world)
    run(world, split="eshot")
    assert world.files() == [
        "eshot/audio/-ideo000041_0.mp4",
        "eshot/audio/video000040_0.mp4",
        "eshot/points/cloud0.npy",
        "eshot/points/cloud1.npy",
    ]


def test_a_shared_file_serves_both_splits(world: World) -> None:
    write_rated(world, [(0, "points", "image", 1, 1, 1)])
    run(world, split="100m", modalities=["image"])
    done = run(world, split="1m", modalities=["image"])
    assert len(done.plan) == 0


def test_a_dry_run_touches_nothing(world: World) -> None:
    done = run(world, dry_run=True)
    assert len(done.plan) == 16
    assert sum(each.files for each in done.expected) == 16
    assert not world.media.exists()
    assert world.site.asked == []


def test_what_is_expected_is_said_before_it_starts(world: World) -> None:
    said: list[tuple[int, int]] = []
    run(world, announce=lambda start: said.append((len(start.plan), len(world.site.asked))))
    assert said == [(16, 0)]


def test_at_most_so_many_files(world: World) -> None:
    assert run(world, limit=3, modalities=["image"]).summary.fetched == 3
    assert run(world, limit=3, modalities=["image"]).summary.fetched == 1


def test_work_in_pieces_is_the_same_work(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_run, "_LOT", 3)
    done = run(world)
    assert done.summary.fetched == 16
    assert world.files() == sorted(set(world.names.values()))
    assert world.site.paths().count("/objaverse.tar.gz") <= 2


def test_without_yt_dlp_the_rest_comes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = run(world)
    assert {"AudioSet", "InternVid"} <= set(done.summary.unreachable)
    assert done.summary.fetched == 10
    with pytest.raises(StoreError, match=r"nothing could be fetched.*pip install"):
        run(world)


def test_a_wrong_file_of_sources(world: World, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        run(world, sources_file=tmp_path / "nowhere.toml")
    with pytest.raises(InputError, match="no such file of cookies"):
        run(world, cookies=tmp_path / "cookies.txt")


def test_little_room_is_told(world: World, caplog: pytest.LogCaptureFixture,
                             monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    class Usage:
        free = 1000

    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage)
    run(world, modalities=["image"])
    assert "GB are free" in caplog.text


def test_a_killed_run_is_gone_on_with(world: World, tmp_path: Path) -> None:
    """One clip hangs; the process is killed, and the next run fetches what is left."""
    program, hangs = tmp_path / "bin/yt-dlp", tmp_path / "hangs"
    kind = program.read_text()
    program.write_text(
        kind.replace(
            'echo "$id" >>',
            f'if [ "$id" = video000002 ]; then touch {hangs}; '
            f'while [ -e {hangs} ]; do sleep 0.05; done; exit 1; fi\necho "$id" >>',
        )
    )
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from pentad.sources.emm1.dataset import open_emm1\n"
        "from pentad.sources.emm1.download import download\n"
        "ds = open_emm1(sys.argv[1], media_root=sys.argv[2])\n"
        "download(ds, sources_file=sys.argv[3], allow_private=[sys.argv[4]], workers=2)\n"
    )
    arguments = [world.root, world.media, world.sources, world.site.place]
    running = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], start_new_session=True
    )
    while not hangs.exists() or len(world.files()) < 8:
        assert running.poll() is None
        time.sleep(0.02)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    hangs.unlink()
    before = world.files()
    assert world.names["audio", 2] not in before
    program.write_text(kind)
    done = run(world)
    assert done.summary.failed == 0
    assert world.files() == sorted(set(world.names.values()))
    assert 0 < len(done.plan) <= 16 - len(before)
    assert hidden(world) == []


def test_site_owners_see_whom_to_write_to(world: World) -> None:
    run(world, modalities=["image"], contact="mailto:me@example.org")
    names = {asked.headers["User-Agent"] for asked in world.site.asked}
    assert len(names) == 1
    assert names.pop().endswith(" (+mailto:me@example.org)")
    before = world.files()
    with pytest.raises(InputError, match="a contact is an address on one line"):
        run(world, contact="me\nX-Evil: yes")
    assert world.files() == before
