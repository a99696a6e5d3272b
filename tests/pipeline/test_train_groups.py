"""Named groups and ratings of a workspace, with the vectors stored there, become a saved model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pentad
from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import MODALITIES
from pentad.encoders.model_file import load_model
from pentad.pipeline.add_emm1 import add_emm1
from pentad.pipeline.attach import attach_embeddings
from pentad.pipeline.train_groups import stored_features, train_on_groups
from tests.cli.helpers import pentad as run
from tests.cli.helpers import refused
from tests.emm1_trees import make_emm1


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with groups of two ranks, ratings, and published vectors."""
    root = tmp_path_factory.mktemp("emm1")
    tree = make_emm1(root / "e-mm1", captions=30, nn=2, items=12, triplets=60, media=True)
    pentad.Workspace.create(root / "ws")
    add_emm1(root / "ws", tree.root, nn=[1, 2])
    rng = np.random.default_rng(0)
    ds = pentad.open_emm1(tree.root)
    for split in ("100m", "1m"):
        for modality in MODALITIES:
            ids = ds.infos(modality, split=split)[f"encord_{modality}_id"].to_numpy()
            rows = rng.normal(size=(len(ids), 6))
            vectors = pentad.Embeddings.from_array(
                rows, modality=modality, space=f"own-{modality}", ids=ids
            )
            attach_embeddings(root / "ws", modality, vectors, split=split)
    return root / "ws"


def test_groups_then_ratings(made: Path):
    model = train_on_groups(
        made, ["emm1-nn_1", "emm1-nn_2"], ratings=["emm1-1m"], name="both", dim=4, epochs=1
    )
    assert [part["data"] for part in model.notes["runs"]] == ["groups", "groups", "triplets"]
    assert model.dim == 4
    assert load_model(made / "models" / "both").fingerprint == model.fingerprint


def test_it_is_the_library_function_on_stored_vectors(made: Path):
    model = train_on_groups(made, ["emm1-nn_1"], dim=4, epochs=1, seed=3)
    groups = pentad.Groups.load(made / "groups" / "emm1-nn_1")
    features = stored_features(pentad.Workspace.open(made))
    same = pentad.train(groups, features=features, dim=4, epochs=1, seed=3)
    assert model.fingerprint == same.fingerprint


def test_from_a_model(made: Path):
    first = train_on_groups(made, ["emm1-nn_1"], name="first", dim=4, epochs=1)
    second = train_on_groups(made, ratings=["emm1-1m"], init="first", name="second", epochs=1)
    assert len(second.notes["runs"]) == 2
    assert second.fingerprint != first.fingerprint
    by_path = str(made / "models" / "first")
    again = train_on_groups(made, ratings=["emm1-1m"], init=by_path, name="third", epochs=1)
    assert again.fingerprint == second.fingerprint


def test_names_that_are_not_there(made: Path):
    with pytest.raises(UnknownName, match="emm1-nn_1"):
        train_on_groups(made, ["emm1-nn1"])
    with pytest.raises(UnknownName, match="emm1-1m"):
        train_on_groups(made, ratings=["emm1"])
    with pytest.raises(UnknownName, match="model"):
        train_on_groups(made, ["emm1-nn_1"], init="nobody")
    with pytest.raises(InputError, match="name groups or ratings"):
        train_on_groups(made)


def test_without_vectors_it_says_what_to_run(tmp_path: Path):
    tree = make_emm1(tmp_path / "e-mm1", media=True)
    pentad.Workspace.create(tmp_path / "ws")
    add_emm1(tmp_path / "ws", tree.root)
    with pytest.raises(InputError, match="pentad embed"):
        train_on_groups(tmp_path / "ws", ["emm1-nn_1"])


def test_the_command(made: Path):
    ran = run("train", made, "--groups", "emm1-nn_1", "--ratings", "emm1-1m", "--dim", "4")
    assert ran.code == 0, ran.err
    assert "triplets" in ran.out
    assert "4 dimensions for text, image, audio, video, points" in ran.out
    assert "--from goes with" in refused(run("train", made, "--from", "first"))


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".hidden", "/tmp/evil"])
def test_a_model_has_the_name_of_one_folder(made: Path, name: str):
    before = sorted(made.parent.rglob("*"))
    with pytest.raises(InputError, match="wrong name of a model; expected letters, digits"):
        train_on_groups(made, ["emm1-nn_1"], name=name, dim=4, epochs=1)
    assert sorted(made.parent.rglob("*")) == before
