"""From the published tables and tiny media to a model and its EShot scores, in both ways."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pentad
from pentad.core.modality import Modality
from pentad.embeddings.embed import load_embeddings
from pentad.embeddings.work import EmbedOptions
from pentad.encoders.protocol import space_of
from pentad.evaluation.eshot import evaluate_eshot
from pentad.pipeline.add_emm1 import add_emm1
from pentad.pipeline.attach import attach_embeddings
from pentad.pipeline.verbs import embed_step
from pentad.ratings.triplets import Triplets
from pentad.sources.emm1.present import present_items
from pentad.store.verify import verify
from pentad.training.projection_settings import FitSettings
from tests.emm1_media import make_planted
from tests.emm1_trees import Tree

pytestmark = pytest.mark.slow

ENCODERS = {
    "text": "hashed-text",
    "image": "image-descriptor",
    "audio": "audio-descriptor",
    "video": "video-descriptor",
    "points": "points-descriptor",
}
SETTINGS = FitSettings(hidden=32, epochs=40, batch=32, lr=5e-3, pairs="all")
AFTER = replace(SETTINGS, epochs=5, lr=1e-3)
ONE = EmbedOptions(workers=1)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """Both splits and EShot, with media; read only."""
    return make_planted(tmp_path_factory.mktemp("planted") / "e-mm1")


def embedded(ds, split: str) -> dict[str, pentad.Embeddings]:
    """Embed what a split has present, under its published ids."""
    return {
        modality: pentad.embed(
            present_items(ds, modality, split=split), pentad.get_encoder(name), workers=1
        )
        for modality, name in ENCODERS.items()
    }


def check_scores(tree: Tree, model) -> None:
    """Check that the model tells apart the two planted classes of EShot."""
    ds = pentad.open_emm1(tree.root)
    report = evaluate_eshot(ds.eshot(), model.with_encoders(ENCODERS), workers=1)
    for direction in report.directions:
        assert direction.classes == 2
        assert direction.top[0].total.n == 4
        assert direction.top[0].micro.value > 0.5
    assert {report.missing[m]["count"] for m in ("audio", "points")} == {0}


def test_tables_to_vectors_to_a_model_to_scores(tree):
    ds = pentad.open_emm1(tree.root)
    groups, triplets = ds.groups(captions=False), ds.triplets()
    first = pentad.train(
        groups, features=embedded(ds, "100m"), dim=16, settings=SETTINGS, name="e2e"
    )
    losses = [row["loss"] for row in first.metrics]
    assert losses[-1] < losses[0]
    model = pentad.train(triplets, features=embedded(ds, "1m"), init=first, settings=AFTER)
    assert [run["data"] for run in model.notes["runs"]] == ["groups", "triplets"]
    assert model.modalities == tuple(Modality)
    check_scores(tree, model)


def test_a_workspace_to_a_model_to_scores(tree, tmp_path):
    ws = pentad.Workspace.create(tmp_path / "ws")
    added = add_emm1(ws.root, tree.root)
    rows = embed_step(ws.root, models=[f"{m}={name}" for m, name in ENCODERS.items()], options=ONE)
    assert {row["rejected"] for row in rows} == {0}
    spaces = {row["modality"]: row["space"] for row in rows}
    features = {m: load_embeddings(ws, space, m) for m, space in spaces.items()}
    groups = pentad.Groups.load(ws.root / "groups/emm1-nn_1")
    triplets = Triplets.load(ws.root / "ratings/emm1-1m")
    assert len(groups) == added.groups["groups/emm1-nn_1"]["groups"]
    first = pentad.train(groups, features=features, dim=16, settings=SETTINGS)
    model = pentad.train(triplets, features=features, init=first, settings=AFTER)
    assert [run["rows"] for run in model.notes["runs"]] == [len(groups), len(triplets)]
    assert [run["data"] for run in model.notes["runs"]] == ["groups", "triplets"]
    check_scores(tree, model)
    assert verify(ws) == []


def test_published_vectors_stand_in_for_encoding(tree, tmp_path):
    ds = pentad.open_emm1(tree.root)
    ws = pentad.Workspace.create(tmp_path / "ws")
    add_emm1(ws.root, tree.root)
    for split in ("100m", "1m"):
        for modality, vectors in embedded(ds, split).items():
            attach_embeddings(ws.root, modality, vectors, split=split)
    done = embed_step(ws.root, models=[f"{m}={name}" for m, name in ENCODERS.items()], options=ONE)
    assert {row["encoded"] for row in done} == {0}
    items = pentad.Workspace.open(ws.root).catalog().items("points")
    encoder = pentad.get_encoder(ENCODERS["points"])
    again = pentad.embed(items, encoder, workers=1)
    found = load_embeddings(ws, space_of(encoder), "points")
    assert np.array_equal(found.ids, again.ids)
    assert np.array_equal(found.vectors, again.vectors)


def test_items_that_are_present_have_published_ids(tree):
    ds = pentad.open_emm1(tree.root)
    for split in ds.splits[:2]:
        for modality in ("image", "audio", "video", "points"):
            items = present_items(ds, modality, split=split)
            paths = [tree.item_path(split, modality, number) for number in items.ids.tolist()]
            assert [str(path) for path in items.paths()] == [str(Path(p).resolve()) for p in paths]
            present = [
                number
                for number in tree.infos[split, modality][f"encord_{modality}_id"]
                if Path(tree.item_path(split, modality, number)).exists()
            ]
            assert sorted(present) == items.ids.tolist()
        texts = present_items(ds, "text", split=split)
        assert texts.captions == [tree.caption(split, n).strip() for n in texts.ids.tolist()]
