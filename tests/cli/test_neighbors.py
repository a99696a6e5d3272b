"""``pentad neighbors`` and ``pentad group`` with what may be chosen."""

from __future__ import annotations

import json

import polars as pl
import pytest

from tests.cli.helpers import pentad, refused
from tests.pipeline.shared import K


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


def test_neighbors_say_how_they_were_found_and_how_uneven_they_are(pair):
    ran = pentad("neighbors", pair, "-k", K)
    assert ran.code == 0, ran.err
    head, *_ = ran.out.splitlines()
    assert head.split() == ["modality", "captions", "items", "k", "by", "recall", "space"]
    assert "native pairs are neighbors (native keep)" in ran.out
    assert ran.out.count(".png ") >= 2  # hubs by name
    row = objects(pentad("neighbors", pair, "-k", K, "--json").out)[0]
    assert row["how"]["backend"] == "exact"
    assert row["how"]["native"]["treatment"] == "keep"
    assert row["hubs"]["top"][0]["file"].startswith("image/files/")


def test_hubs_are_shown_before_and_after(pair):
    ran = pentad("neighbors", pair, "-k", K, "--hubness", "csls")
    assert [
        line.split()[:2] for line in ran.out.splitlines() if ".png " in line or ".wav " in line
    ] == [
        ["image", "none"],
        ["image", "csls"],
        ["audio", "none"],
        ["audio", "csls"],
    ]
    rows = objects(pentad("neighbors", pair, "-k", K, "--hubness", "csls", "--json").out)
    assert rows[0]["hubs"] != rows[0]["hubs_before"]
    found = pl.read_parquet(pair / "neighbors/default/image.parquet")
    assert found.columns[-2:] == ["adjusted_score", "native"]


@pytest.mark.parametrize("native", ["exclude", "first"])
def test_native_items_are_kept_out_or_put_first(pair, native):
    assert pentad("neighbors", pair, "-k", 2, "--native", native).code == 0
    own = pl.read_parquet(pair / "items/pairs.parquet").filter(modality="image")
    pairs = set(own.select("text_id", "item_id").rows())
    found = pl.read_parquet(pair / "neighbors/default/image.parquet")
    flags = [pair in pairs for pair in found.select("query_id", "item_id").rows()]
    assert found["native"].to_list() == flags
    first = found.filter(rank=1)["native"].sum()
    assert first == (0 if native == "exclude" else len({text for text, _ in pairs}))


def test_k_beyond_the_items_takes_what_there_is_and_says_so(pair):
    ran = pentad("neighbors", pair, "-k", 99)
    assert ran.code == 0
    assert "image: 99 neighbors were asked for and there are 16 items; each text gets 16" in ran.err


def test_an_index_says_its_recall(pair):
    ran = pentad("neighbors", pair, "-k", 2, "--backend", "ivf", "--recall", 0.9)
    assert ran.code == 0, ran.err
    assert " exact " in ran.out  # of so few items no index is built


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--backend", "hsnw"], "unknown backend 'hsnw'; did you mean 'hnsw'"),
        (["--hubness", "cls"], "unknown hubness method 'cls'; did you mean 'csls'"),
        (["--native", "no"], "unknown treatment of native items 'no'"),
        (["--recall", 0], "recall must be above 0 and at most 1; got 0"),
        (["--memory", "lots"], "not a size in bytes; expected such as 512M or 2G, got 'lots'"),
        (["--memory", "12"], "memory must be at least 1 MiB; got 12 bytes"),
        (["--engine", "slurm"], "unknown engine 'slurm'"),
        (["--address", "auto"], "an address is of a cluster; add --engine ray"),
        (["--device", "cuda", "--backend", "ivf"], "only exact search runs on other devices"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(pair, options, message):
    before = {p: p.stat().st_mtime_ns for p in pair.rglob("*") if p.is_file() and p.name != ".lock"}
    assert message in refused(pentad("neighbors", pair, "-k", 3, *options))
    after = {p: p.stat().st_mtime_ns for p in pair.rglob("*") if p.is_file() and p.name != ".lock"}
    assert after == before


@pytest.mark.parametrize(
    ("table", "line", "message"),
    [
        ("groups", "method = 3", "'method' cannot be that; expected str, got 3"),
        ("groups", "k = 0", "k must be at least 1; got 0"),
        ("groups", 'threshold = "a"', "'threshold' cannot be that; expected float, got 'a'"),
        ("groups", 'compose = "ranks"', "unknown composition 'ranks'; did you mean 'rank'"),
        ("neighbors", "k = true", "'k' cannot be that; expected int, got True"),
        ("neighbors", "seed = 1.5", "'seed' cannot be that; expected int, got 1.5"),
        ("neighbors", "recall = 2", "recall must be above 0 and at most 1; got 2.0"),
    ],
)
def test_a_setting_that_was_broken_by_hand_is_named(pair, table, line, message):
    path = pair / "pentad.toml"
    kept = [old for old in path.read_text().splitlines() if old.split(" = ")[0] not in line.split()]
    path.write_text("\n".join(kept).replace(f"[{table}]", f"[{table}]\n{line}"))
    assert f"pentad.toml: {message}" in refused(pentad("train", pair))


def test_there_are_no_more_groups_than_neighbors(pair):
    ran = pentad("neighbors", pair, "-k", 40000, "--hubness", "csls")
    assert ran.code == 0, ran.err
    assert ran.err.count("image: 40000 neighbors were asked for") == 1
    manifest = objects(pentad("group", pair, "--json").out)[0]
    assert (manifest["k"], manifest["counts"]["empty"]) == (16, 0)


def test_groups_with_limits_say_who_came_short(pair):
    assert pentad("neighbors", pair, "-k", K + 2).code == 0
    ran = pentad("group", pair, "-k", K, "--max-uses", 3)
    assert ran.code == 0, ran.err
    groups = pl.concat([pl.read_parquet(p) for p in (pair / "groups/default").glob("nn_*.parquet")])
    assert groups["rank"].max() == K
    assert groups["image_id"].drop_nulls().value_counts()["count"].max() <= 3
    assert "neighbor_rank_image" in groups.columns
    assert "max uses" in ran.out


def test_groups_that_agree(pair):
    ran = pentad("group", pair, "--compose", "agreement", "--json")
    assert ran.code == 0, ran.err
    manifest = objects(ran.out)[0]
    assert manifest["compose"]["how"] == "agreement"
    table = pl.read_parquet(pair / "groups/default/nn_1.parquet")
    assert table["agreement"].null_count() == 0
    plain = pentad("group", pair, "--agreement", "--json")
    assert plain.code == 0
    assert objects(plain.out)[0]["compose"]["how"] == "rank"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--method", "greed"], "did you mean 'greedy'"),
        (["--compose", "ranks"], "did you mean 'rank'"),
        (["--threshold", "nan"], "the threshold must be a finite number; got nan"),
        (["--threshold", "inf"], "the threshold must be a finite number; got inf"),
    ],
)
def test_group_options_that_cannot_be(pair, options, message):
    assert message in refused(pentad("group", pair, "--max-uses", 3, *options))
