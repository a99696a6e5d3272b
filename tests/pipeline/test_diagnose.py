from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.core.modality import Modality
from pentad.pipeline.diagnose import SEEN, diagnose
from pentad.pipeline.map import map_workspace
from pentad.pipeline.placed_labels import workspace_vectors
from pentad.store.workspace import Workspace


@pytest.mark.slow
def test_a_workspace_is_diagnosed(built: Path, tmp_path: Path):
    found, files = diagnose(built, metrics=["hit@1"], out=tmp_path, queries=30)
    assert found.modalities == tuple(Modality)
    # No two files of the little world share a concept, so only captions find others of theirs.
    assert len({(s.query, s.corpus) for s in found.directions}) == 21
    assert "image -> image: no two items share a concept" in found.notes
    assert found.notes[0] == SEEN
    assert json.loads((tmp_path / "diagnosis.json").read_text()) == found.to_json()
    assert found.settings["space"].startswith("unified-")
    assert files[0] == tmp_path / "diagnosis.json"


def test_vectors_come_with_captions_and_concepts(built: Path):
    name, vectors = workspace_vectors(built)
    catalog = Workspace.open(built).catalog()
    image = vectors[Modality.IMAGE]
    assert image.space == name
    assert image.ids.tolist() == catalog.items("image").ids.tolist()
    assert list(image.concepts) == catalog.items("image").frame["concept"].to_list()
    keys = {keys[0] for keys in vectors[Modality.TEXT].captions}
    assert {key for row in image.captions for key in row} <= keys


def test_a_space_is_named_with_or_without_its_fingerprint(built: Path):
    full, vectors = workspace_vectors(built, space="image-descriptor")
    assert full.startswith("image-descriptor-")
    assert list(vectors) == [Modality.IMAGE]
    again, same = workspace_vectors(built, space=full)
    assert again == full
    assert np.array_equal(same[Modality.IMAGE].vectors, vectors[Modality.IMAGE].vectors)


def test_a_space_of_one_modality_is_diagnosed_as_far_as_it_goes(built: Path, tmp_path: Path):
    found, _ = diagnose(built, space="image-descriptor", metrics=["hit@1"], out=tmp_path)
    assert SEEN not in found.notes
    assert found.gaps == ()


def test_a_workspace_is_mapped(built: Path, tmp_path: Path):
    mapped = map_workspace(built, by="modality", out=tmp_path, most=40)
    assert mapped.method == "pca"
    assert mapped.shown <= 40 < mapped.items
    assert pl.read_parquet(mapped.files[0]).height == mapped.shown
    assert all(path.is_file() for path in mapped.files)


def test_mistakes_are_refused(built: Path, tmp_path: Path):
    with pytest.raises(UnknownName, match="image-descriptor"):
        workspace_vectors(built, space="image-describer")
    with pytest.raises(UnknownName, match="unified"):
        workspace_vectors(built, model="unifed")
    with pytest.raises(InputError, match="not both"):
        workspace_vectors(built, model="unified", space="image-descriptor")
    with pytest.raises(StoreError):
        workspace_vectors(tmp_path / "none")
