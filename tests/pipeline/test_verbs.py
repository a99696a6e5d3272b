"""The steps one by one end where `build` ends."""

from __future__ import annotations

import shutil

import polars as pl
import pytest

from pentad.core.errors import InputError, StoreError
from pentad.pipeline.add import add_source
from pentad.pipeline.info import describe
from pentad.pipeline.models import find_model, model_names
from pentad.pipeline.options import GroupOptions, NeighborOptions
from pentad.pipeline.verbs import embed_step, group_step, neighbors_step, train_step
from pentad.store.workspace import Workspace
from tests.pipeline.shared import ITEMS, K, content, differing, results

pytestmark = pytest.mark.usefixtures("short")


@pytest.mark.slow
def test_the_verbs_one_by_one_give_the_bytes_of_a_build(pair_built, tmp_path):
    shutil.copytree(pair_built.parent / "world", tmp_path / "world")
    workspace = tmp_path / "ws"
    Workspace.create(workspace)
    added = add_source(workspace, tmp_path / "world")
    assert (added.items["image"], dict(added.rejected)) == (ITEMS, {})
    assert {(r["modality"], r["encoded"]) for r in embed_step(workspace)} >= {
        ("image", ITEMS),
        ("audio", ITEMS),
    }
    assert [row["k"] for row in neighbors_step(workspace, options=NeighborOptions(k=K))] == [K, K]
    assert group_step(workspace)["k"] == K
    train_step(workspace)
    assert differing(results(pair_built), results(workspace)) == []
    assert content(workspace, "reports") == content(pair_built, "reports")


def test_the_verbs_in_the_wrong_order_say_which_comes_first(tmp_path, little_world):
    workspace = tmp_path / "ws"
    with pytest.raises(StoreError, match=r"not a workspace .*'pentad init' makes one"):
        embed_step(workspace)
    Workspace.create(workspace)
    with pytest.raises(StoreError, match="no items yet; run 'pentad add"):
        embed_step(workspace)
    add_source(workspace, little_world / "image/captions.csv", modality="image")
    for verb in (
        lambda ws: neighbors_step(ws, options=NeighborOptions(k=2)),
        group_step,
        train_step,
    ):
        with pytest.raises(StoreError, match="nothing embedded yet; run 'pentad embed"):
            verb(workspace)


def test_captions_without_items_cost_only_their_own_search(pair, tmp_path):
    neighbors_step(pair, options=NeighborOptions(k=K))
    (tmp_path / "more.csv").write_text("caption\na large frog that rings\ntwo tiny bells\n")
    add_source(pair, tmp_path / "more.csv", modality="text")
    embed_step(pair)
    row = neighbors_step(pair, options=NeighborOptions(k=K))[0]
    assert row["how"]["update"]["queries"] == {"new": 2, "changed": 0, "removed": 0}
    assert row["how"]["update"]["searched"] == 2
    updated = pl.read_parquet(pair / "neighbors/default/image.parquet")
    (pair / "neighbors/default/stage.json").unlink()
    assert "update" not in neighbors_step(pair, options=NeighborOptions(k=K))[0]["how"]
    assert pl.read_parquet(pair / "neighbors/default/image.parquet").equals(updated)


def test_max_uses_bounds_how_often_an_item_occurs(pair):
    group_step(pair, options=GroupOptions(max_uses=8))
    groups = pl.concat([pl.read_parquet(p) for p in (pair / "groups/default").glob("nn_*.parquet")])
    for column in ("image_id", "audio_id"):
        assert groups[column].drop_nulls().value_counts()["count"].max() <= 8


def test_groups_can_be_written_as_csv_beside_the_parquet_ones(pair):
    before = results(pair)
    group_step(pair, form="csv")
    after = results(pair)
    assert differing(before, {n: after[n] for n in before}) == []
    assert (pair / "groups/default-csv/nn_1/data_groups.csv").exists()


def test_a_workspace_is_described_by_its_counts(pair_built):
    facts = describe(pair_built)
    assert facts["items"]["image"] == facts["items"]["audio"] == ITEMS
    assert facts["licenses"]["image"] == {"CC0-1.0": ITEMS}
    assert facts["models"] == ["bridge", "class-names", "ridge", "unified"]
    assert facts["groups"]["k"] == K
    assert facts["rejected"] == {}


def test_an_empty_workspace_is_described_too(tmp_path):
    Workspace.create(tmp_path / "ws")
    facts = describe(tmp_path / "ws")
    assert (facts["items"], facts["groups"], facts["models"]) == ({}, None, [])


def test_models_are_found_by_name_and_by_path(pair_built):
    opened = Workspace.open(pair_built)
    assert model_names(opened)[-1] == find_model(opened).name == "unified"
    by_path = find_model(opened, str(pair_built / "models/ridge"))
    assert by_path.fingerprint == find_model(opened, "ridge").fingerprint


def test_an_encoder_for_the_wrong_modality_is_refused(pair):
    with pytest.raises(InputError, match="hashed-text does not encode image"):
        embed_step(pair, models=["image=hashed-text"])
