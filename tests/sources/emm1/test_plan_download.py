from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.sources.emm1.convert import convert_emm1
from pentad.sources.emm1.dataset import Emm1, open_emm1
from pentad.sources.emm1.download_estimate import GUESSED_BYTES, TimedLedger, expect, read_speeds
from pentad.sources.emm1.download_items import Standing
from pentad.sources.emm1.plan_download import DownloadPlan, Planner, choose
from pentad.sources.fetch.catalog import default_plans
from pentad.sources.fetch.errors import FetchError
from pentad.sources.fetch.jobs import safe_target
from pentad.sources.fetch.ledger import Row, State
from tests.emm1_trees import make_emm1
from tests.sources.emm1.download_trees import (
    World,
    make_world,
    write_eshot,
    write_groups,
    write_rated,
)
from tests.sources.fetch.conftest import serving


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving() as site:
        yield make_world(tmp_path_factory.mktemp("plan"), site)


@pytest.fixture
def world(_made: World, tmp_path: Path) -> World:
    """The tables, copied, and an empty folder of media."""
    for path in _made.root.rglob("*.csv"):
        copy = tmp_path / "tables" / path.relative_to(_made.root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    return World(
        tmp_path / "tables", tmp_path / "media", _made.site, _made.sources, _made.videos,
        dict(_made.names),
    )  # fmt: skip


def opened(world: World) -> Emm1:
    return open_emm1(world.root, media_root=world.media)


def planned(world: World, *, ledger: Any = None, retry: Any = None, given_up: Any = None,
            plans: Any = None, **options: Any) -> DownloadPlan:  # fmt: skip
    ds = opened(world)
    return Planner(ds, choose(ds, **options)).plan(
        default_plans() if plans is None else plans,
        ledger=ledger, retry=retry, given_up=given_up,
    )  # fmt: skip


def keys(plan: DownloadPlan) -> list[tuple[str, int]]:
    return [(job.modality, job.id) for job in plan.jobs()]


def put(world: World, *items: tuple[str, int]) -> None:
    for item in items:
        path = world.path(*item)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def group(n: int, *, but: str = "") -> list[tuple[str, int]]:
    return [(m, n) for m in ("image", "audio", "video", "points") if m != but]


def rows(*found: tuple[str, int, str, str]) -> pl.DataFrame:
    """Return a ledger with (modality, id, state, reason)."""
    return pl.DataFrame(
        [("100m", m, n, "COCO", s, r, 100) for m, n, s, r in found],
        schema={
            "split": pl.String, "modality": pl.String, "id": pl.Int64, "source": pl.String,
            "state": pl.String, "reason": pl.String, "bytes": pl.Int64,
        },
        orient="row",
    )  # fmt: skip


def test_every_item_of_the_infos(world: World) -> None:
    plan = planned(world)
    assert sorted(keys(plan)) == sorted(each for n in range(4) for each in group(n))
    assert plan.uses is None
    assert plan.counts()["image", "COCO"] == 2  # type: ignore[index]


def test_a_job_says_where_a_file_comes_from_and_goes(world: World) -> None:
    jobs = {(job.modality, job.id): job for job in planned(world).jobs()}
    for item, job in jobs.items():
        assert job.target.as_posix() == world.names[item]
        assert job.split == "100m"
    sound, clip, picture = jobs["audio", 3], jobs["video", 1], jobs["image", 2]
    assert sound.fields == {"youtube_id": "-ideo000003", "start_time": "3", "end_time": "5"}
    assert sound.target.as_posix() == "shared/video/-ideo000003_3.mp4"
    assert clip.fields == {"file_id": "scene-1"}
    assert clip.source == "VidGen-1M"
    assert picture.fields == {"file_id": "2"}


def test_files_that_are_here_are_left_out(world: World) -> None:
    put(world, *group(1), ("audio", 2))
    plan = planned(world)
    # A sound and a video that share a file are both here.
    gone = {*group(1), ("audio", 2), ("video", 2)}
    assert set(keys(plan)) == {each for n in range(4) for each in group(n)} - gone
    assert plan.standing()[Standing.HERE] == len(gone)


def test_sounds_may_lie_in_either_folder(world: World) -> None:
    path = world.path("audio", 0)
    moved = path.parent.parent / "audio" / path.name
    moved.parent.mkdir(parents=True)
    moved.write_bytes(b"x")
    assert ("audio", 0) not in keys(planned(world))


@pytest.mark.parametrize(
    ("retry", "expected"),
    [(None, []), ("transient", [1]), ("all", [0, 1, 2])],
)
def test_what_earlier_runs_are_done_with(world: World, retry: Any, expected: list[int]) -> None:
    ledger = rows(
        ("image", 0, "failed", "not-found"),
        ("image", 1, "failed", "timeout"),
        ("image", 2, "done", ""),
    )
    plan = planned(world, ledger=ledger, retry=retry, modalities=["image"])
    assert [n for _, n in keys(plan)] == [*expected, 3]
    if retry is None:
        assert plan.standing()[Standing.FAILED] == 2
        assert plan.standing()[Standing.ELSEWHERE] == 1


def test_ledgers_name_splits_and_modalities(world: World) -> None:
    other = rows(("image", 0, "done", "")).with_columns(split=pl.lit("1m"))
    ledger = pl.concat([other, rows(("audio", 1, "done", ""), ("image", 99, "done", ""))])
    assert len(planned(world, ledger=ledger, modalities=["image"])) == 4


def test_only_what_groups_use(world: World) -> None:
    write_groups(world, 1, [(0, 1, 2, 3), (0, 1, 3, 3)])
    plan = planned(world, nn=[1])
    assert set(keys(plan)) == {
        ("video", 0), ("audio", 1), ("image", 2), ("image", 3), ("points", 3),
    }  # fmt: skip
    assert len(keys(plan)) == 5
    assert plan.uses is not None
    assert plan.uses.possible == 2


def test_several_ranks(world: World) -> None:
    write_groups(world, 1, [(0, 0, 0, 0)])
    write_groups(world, 2, [(1, 1, 1, 1)])
    assert set(keys(planned(world, nn=[1, 2]))) == {*group(0), *group(1)}


def test_groups_that_lack_least_come_first(world: World) -> None:
    put(world, *group(3, but="image"), *group(1, but="points"), ("video", 1), ("points", 0))
    order = [n for _, n in keys(planned(world, nn=[1]))]
    assert order[:2] == [1, 3]
    assert order[2:5] == [0, 0, 0]
    assert set(order[5:]) == {2}


def test_so_many_groups_and_no_more(world: World) -> None:
    put(world, *group(2), ("image", 3))
    plan = planned(world, limit_groups=2)
    assert plan.choice.nn == (1,)
    assert keys(plan) == group(3, but="image")
    assert plan.uses is not None
    assert (plan.uses.complete, plan.uses.possible) == (1, 2)
    assert len(planned(world, limit_groups=1)) == 0


def test_groups_that_cannot_be_complete_are_passed_over(world: World) -> None:
    ledger = rows(("image", 0, "failed", "gone"), ("points", 1, "failed", "timeout"))
    plan = planned(world, limit_groups=4, ledger=ledger, retry="transient")
    # Group 0 is hopeless, 1 may be, and comes after those that nothing is known against.
    assert [n for _, n in keys(plan)] == [2] * 4 + [3] * 4 + [1] * 4
    assert plan.uses is not None
    assert plan.uses.possible == 3
    every = planned(world, nn=[1], ledger=ledger, retry="transient")
    assert [n for _, n in keys(every)][-3:] == [0] * 3


def test_items_that_are_given_up_count_as_failed(world: World) -> None:
    plan = planned(world, limit_groups=4, given_up={"image": {0, 1}})
    assert {n for _, n in keys(plan)} == {2, 3}


def test_groups_with_unknown_ids_or_sources_cannot_be_complete(world: World) -> None:
    write_groups(world, 1, [(0, 0, 77, 0), (1, 1, 1, 1), (2, 2, 2, 2)])
    assert {n for _, n in keys(planned(world, limit_groups=3))} == {1, 2}
    plans = {k: v for k, v in default_plans().items() if v.name != "COCO"}
    plan = planned(world, limit_groups=3, plans=plans)
    assert {n for _, n in keys(plan)} == {1}
    assert plan.standing()[Standing.NO_PLAN] == 2


def test_only_some_modalities_make_smaller_groups(world: World) -> None:
    plan = planned(world, limit_groups=1, modalities=["points", "image"])
    assert keys(plan) == [("points", 0), ("image", 0)]


def test_only_some_sources(world: World) -> None:
    assert set(keys(planned(world, sources=["coco", "audio-set"]))) == {
        ("image", 0), ("image", 2), *(("audio", n) for n in range(4)),
    }  # fmt: skip
    put(world, ("video", 1), ("image", 1), ("points", 1))
    plan = planned(world, sources=["AudioSet"], limit_groups=4)
    assert keys(plan) == [("audio", 1)]


def test_at_most_so_many_files(world: World) -> None:
    assert len(planned(world, limit=3)) == 3
    assert keys(planned(world, limit=5, nn=[1]))[:4] == group(0)


RATED = [
    (0, "points", "audio", 1, 0, 1),
    (0, "points", "audio", 1, 0, 1),
    (1, "audio", "points", 3, 1, 3),
    (2, "image", "points", 2, 0, 2),
]


def test_only_what_a_rated_pair_uses(world: World) -> None:
    write_rated(world, RATED)
    plan = planned(world, pair=["points", "audio"])
    assert keys(plan) == [("points", 1), ("audio", 0), ("audio", 3)]
    assert plan.choice.split == "1m"
    assert {job.split for job in plan.jobs()} == {"1m"}
    assert plan.uses is not None
    assert len(plan.uses.costs) == 2
    assert keys(planned(world, pair=["audio", "points"], limit_groups=1)) == [
        ("audio", 0), ("points", 1),
    ]  # fmt: skip


def test_all_triplets(world: World) -> None:
    write_rated(world, RATED)
    plan = planned(world, split="1m", limit_groups=9)
    assert set(keys(plan)) == {
        ("points", 1), ("audio", 0), ("audio", 3), ("image", 2), ("points", 0),
    }  # fmt: skip


def test_eshot_has_folders_of_its_own(world: World) -> None:
    write_eshot(world)
    jobs = {job.target.as_posix(): job for job in planned(world, split="eshot").jobs()}
    assert set(jobs) == {
        "eshot/audio/video000040_0.mp4", "eshot/audio/-ideo000041_0.mp4",
        "eshot/points/cloud0.npy", "eshot/points/cloud1.npy",
    }  # fmt: skip
    assert jobs["eshot/points/cloud1.npy"].source == "Objaverse"
    assert jobs["eshot/points/cloud1.npy"].fields == {"file_id": "cloud1"}
    (world.media / "eshot/points").mkdir(parents=True)
    (world.media / "eshot/points/cloud1.npy").write_bytes(b"x")
    (world.root / "eshot/audio").mkdir()
    (world.root / "eshot/audio/video000040_0.mp4").write_bytes(b"x")
    assert len(planned(world, split="eshot")) == 2


def test_options_that_do_not_go_together(world: World) -> None:
    write_rated(world, RATED)
    write_eshot(world)
    for options, text in [
        ({}, "which split.*100m, 1m, eshot"),
        ({"nn": [1], "pair": ["audio", "points"]}, "give one of them"),
        ({"nn": [1], "split": "1m"}, "drop --nn"),
        ({"pair": ["audio", "points"], "split": "100m"}, "drop --pair"),
        ({"split": "eshot", "limit_groups": 2}, "--limit in place of"),
        ({"split": "eshot", "modalities": ["image"]}, "no files of image to fetch"),
        ({"split": "100m", "limit": 0}, "--limit must be at least 1"),
        ({"pair": ["audio"]}, "two modalities of media"),
        ({"pair": ["audio", "text"]}, "two modalities of media"),
        ({"pair": ["audio", "points"], "modalities": ["image"]}, "expected audio, points"),
        ({"nn": [7]}, "there is no nn_7 here"),
    ]:
        with pytest.raises(InputError, match=text):
            planned(world, **options)  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match="imge"):
        planned(world, split="100m", modalities=["imge"])
    with pytest.raises(UnknownName, match="split"):
        planned(world, split="100M")
    with pytest.raises(UnknownName, match="COCO"):
        planned(world, split="100m", sources=["COCCO"])


def test_the_hubs_files_are_not_enough(tmp_path: Path) -> None:
    ds = open_emm1(make_emm1(tmp_path, "hub").root)
    with pytest.raises(InputError, match="needs the CSV tables"):
        choose(ds, nn=[1])
    with pytest.raises(InputError, match="needs the CSV tables"):
        choose(ds)


def test_what_convert_wrote_will_do(world: World, tmp_path: Path) -> None:
    expected = [(job.target, job.fields) for job in planned(world, nn=[1, 2]).jobs()]
    convert_emm1(world.root, tmp_path / "converted")
    ds = open_emm1(tmp_path / "converted", media_root=world.media)
    plan = Planner(ds, choose(ds, nn=[1, 2])).plan(default_plans())
    assert [(job.target, job.fields) for job in plan.jobs()] == expected


def test_a_table_without_the_columns_needed(world: World) -> None:
    path = world.root / "e-mm1_100m/infos/image.csv"
    path.write_text("encord_image_id,source_dataset,file_name\n1,COCO,a.jpg\n")
    with pytest.raises(InputError, match=r"save_folder.*lacks a column that a download needs"):
        planned(world, modalities=["image"])


def test_what_is_to_be_expected_is_guessed_at_first(world: World) -> None:
    plan = planned(world, modalities=["image", "points"])
    rows = {each.source: each for each in expect(plan.counts(), default_plans(), None, {})}
    assert rows["COCO"].bytes == 2 * GUESSED_BYTES[rows["COCO"].modality]
    assert not rows["COCO"].seen
    assert rows["Objaverse"].whole_archives
    assert not rows["COCO"].whole_archives


def test_what_is_to_be_expected_is_learned_from_the_ledger(world: World, tmp_path: Path) -> None:
    path = tmp_path / "downloads.db"
    with TimedLedger(path) as ledger:
        for n in range(8):
            ledger.record(Row(("100m", "image", n), "COCO", "", State.DONE, "p", bytes=500 + n))
        ledger.record(Row(("100m", "image", 9), "COCO", "", State.FAILED, "p", "gone"))
        ledger.save_speeds()
        frame = ledger.frame()
        assert ledger.written == {"image": {*range(8), 9}}
    speeds = read_speeds(path)
    assert speeds["coco"] > 0
    counts = planned(world, modalities=["image"]).counts()
    rows = {each.source: each for each in expect(counts, default_plans(), frame, speeds)}
    assert rows["COCO"].seen
    assert rows["COCO"].bytes == 1007
    assert rows["COCO"].seconds == pytest.approx(2 / speeds["coco"])
    assert not rows["Google Conceptual Captions"].seen


def test_speeds_that_cannot_be_read_are_unknown(tmp_path: Path) -> None:
    assert read_speeds(tmp_path / "downloads.db") == {}
    for text in ("[", "[1]", '{"coco": "x"}'):
        (tmp_path / "downloads.speeds.json").write_text(text)
        assert read_speeds(tmp_path / "downloads.db") == {}


@pytest.mark.parametrize("name", [".", "..", "a/b.jpg", "/etc/x", "../x.jpg", ""])
def test_a_file_name_that_is_none_leads_nowhere(world: World, name: str) -> None:
    """``video/.`` would be the folder of all the others."""
    path = world.root / "e-mm1_100m/infos/image.csv"
    lines = path.read_text().splitlines()
    changed = [lines[0]]
    for line in lines[1:]:
        *rest, _, folder = line.rsplit(",", 2)
        changed.append(",".join([*rest, name, folder]))
    path.write_text("\n".join(changed) + "\n")
    jobs = [job for job in planned(world).jobs() if job.modality == "image"]
    assert jobs
    for job in jobs:
        with pytest.raises(FetchError, match="bad-target"):
            safe_target(world.media, job.target)
