"""The synthetic copies beside the repository, in every layout, as two other readers have them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from pentad.sources.emm1.convert import convert_emm1
from pentad.sources.emm1.dataset import Emm1, open_emm1
from tests.emm1_trees import MEDIA
from tests.sources.emm1 import plain_reader as plain
from tests.sources.emm1 import readme_way
from tests.sources.emm1.test_dataset import in_video

pytestmark = pytest.mark.external

ARGUMENTS = (
    "--captions 200 --images 60 --audio 60 --video 60 --points 60 --nn 2 --triplets 150 --seed 5"
)


@pytest.fixture(scope="module", params=["small", "git", "readme", "phase"])
def ds(request, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Emm1:
    if request.param == "small":
        return open_emm1(shared / "emm1_sample" / "small")
    root = tmp_path_factory.mktemp(request.param)
    script = shared / "emm1_sample" / "make_emm1.py"
    arguments = ["--root", root, "--layout", request.param, *ARGUMENTS.split()]
    media = ["--media", "tiny"] if request.param == "phase" else []
    subprocess.run([sys.executable, script, *arguments, *media], check=True, capture_output=True)
    return open_emm1(root)


def test_groups_and_triplets_are_what_the_tables_say(ds: Emm1):
    folder = ds.places.of("100m")
    for rank in ds.ranks:
        table = folder / f"nn_{rank}" / "data_groups.csv"
        got = ds.groups(rank, MEDIA, paths=True).collect()
        assert got.rows() == plain.groups(folder, ds.root, rank, table)
        assert got.null_count().sum_horizontal().item() == 0
    got = ds.triplets(captions=True, labels=True, paths=True).collect()
    assert got.rows() == plain.rated(ds.places.of("1m"), ds.root)
    assert got.null_count().sum_horizontal().item() == 0
    fixed = ds.triplets(captions=True, labels=True, paths=True, fix_roles=True).collect()
    assert fixed.equals(got)


def test_infos_have_every_column(ds: Emm1):
    for split in ("100m", "1m"):
        for modality in ("text", *MEDIA):
            path = ds.places.of(split) / "infos" / f"{modality}.csv"
            expected = plain.infos(path, f"encord_{modality}_id")
            assert ds.infos(modality, split=split).rows() == expected


def test_the_example_of_the_data_set(ds: Emm1, tmp_path: Path):
    ds = open_emm1(ds.root, media_root=tmp_path)  # where media are, sounds are found among them
    modalities = ["image", "audio", "video", "points"]
    expected = readme_way.groups(ds.places.of("100m"), str(tmp_path), 2, modalities)
    assert_frame_equal(ds.groups(2, names="readme").collect(), in_video(expected))
    expected = readme_way.triplets(ds.places.of("1m"), str(tmp_path), ["points", "audio"])
    got = ds.triplets(["points", "audio"], captions=True, names="readme").collect()
    assert_frame_equal(got, in_video(expected, "paired_modality_file_path"))


def test_files_that_are_there(ds: Emm1):
    got = ds.groups(1, paths=True, only_present=True).collect()
    paths = [name for name in got.columns if name.endswith("_path")]
    assert all(Path(path).is_file() for row in got.select(paths).iter_rows() for path in row)
    whole = ds.groups(1, paths=True).collect()
    there = [all(Path(path).is_file() for path in row) for row in whole.select(paths).iter_rows()]
    assert got.equals(whole.filter(there))


def test_a_conversion_says_the_same(ds: Emm1, tmp_path: Path):
    convert_emm1(ds.root, tmp_path / "out")
    converted = open_emm1(tmp_path / "out", media_root=ds.root)
    ranks = list(ds.ranks)
    expected = ds.groups(ranks, paths=True).collect()
    assert converted.groups(ranks, paths=True).collect().equals(expected)
    expected = ds.triplets(captions=True, labels=True, paths=True, vote=True).collect()
    got = converted.triplets(captions=True, labels=True, paths=True, vote=True).collect()
    assert got.equals(expected)


def test_its_facts_have_no_notice(ds: Emm1):
    facts = ds.info()
    states = {t["state"] for s in facts["splits"].values() for t in s["tables"].values()}
    assert states == {"table"}
    old = any("phase_1_only" in notice for notice in facts["notices"])
    assert len(facts["notices"]) == old == (facts["layout"] == "early")
