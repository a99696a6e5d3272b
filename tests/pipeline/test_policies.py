"""Captions that models wrote can be left out of everything that follows on embeddings."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pentad.core.errors import InputError, StoreError
from pentad.groups.groups import Groups
from pentad.pipeline.build import build
from pentad.pipeline.captioning.step import caption_step
from pentad.pipeline.options import NeighborOptions
from pentad.pipeline.policies import considered, keeps_generated
from pentad.pipeline.search import search_workspace
from pentad.pipeline.verbs import embed_step, group_step, neighbors_step, train_step
from pentad.store.generated import generated_texts
from pentad.store.workspace import Workspace
from tests.pipeline.captioning.fakes import Painter
from tests.pipeline.shared import K, content, differing

pytestmark = [pytest.mark.usefixtures("short"), pytest.mark.slow]
OPTIONS = NeighborOptions(k=K)


def tables(workspace: Path) -> dict[str, bytes]:
    """Return what was found and lined up."""
    found = content(workspace, "neighbors", "groups", "models")
    return {n: b for n, b in found.items() if n.endswith((".parquet", ".safetensors"))}


def captions_of(workspace: Path) -> set[int]:
    groups = Groups.load(workspace / "groups" / "default")
    return set(groups.frame().select(pl.col("text_id").unique()).to_series().to_list())


@pytest.fixture
def captioned(pair: Path) -> Path:
    """The workspace of images and sounds, its images described by a model, and embedded."""
    caption_step(pair, modality="image", model=Painter(), workers=1)
    embed_step(pair)
    return pair


def written(workspace: Path) -> set[int]:
    return set(generated_texts(Workspace.open(workspace).catalog()))


def test_they_count_unless_somebody_says_no(captioned: Path) -> None:
    neighbors_step(captioned, options=OPTIONS)
    group_step(captioned)
    assert written(captioned) <= captions_of(captioned)
    assert keeps_generated(Workspace.open(captioned))


def test_without_them_everything_is_as_if_there_were_none(
    captioned: Path, pair_built: Path
) -> None:
    rows = neighbors_step(captioned, options=OPTIONS, generated=False)
    assert {row["captions"] for row in rows} == {len(captions_of(pair_built))}
    group_step(captioned)
    train_step(captioned)
    assert differing(tables(pair_built), tables(captioned)) == []
    assert len(written(captioned)) > 5
    assert not written(captioned) & captions_of(captioned)
    hits = search_workspace(captioned, "a picture", modality="text", k=1000)
    assert not {hit.id for hit in hits} & written(captioned)


def test_the_choice_is_remembered_until_it_is_changed(captioned: Path) -> None:
    neighbors_step(captioned, options=OPTIONS, generated=False)
    rows = neighbors_step(captioned, options=OPTIONS)
    assert not keeps_generated(Workspace.open(captioned))
    more = neighbors_step(captioned, options=OPTIONS, generated=True)
    assert more[0]["captions"] == rows[0]["captions"] + len(written(captioned))
    assert "policies" not in (captioned / "pentad.toml").read_text().split("[policies]")[0]
    opened = Workspace.open(captioned)
    assert considered(opened, opened.catalog()).fingerprint == opened.catalog().fingerprint


def test_a_build_takes_the_choice_too(captioned: Path, pair_built: Path) -> None:
    built = build(captioned.parent / "world", captioned, k=K, generated=False)
    assert built.captions == len(captions_of(pair_built))
    assert differing(tables(pair_built), tables(captioned)) == []


def test_a_workspace_whose_captions_are_all_of_models_has_none_without_them(
    tmp_path: Path, little_world: Path
) -> None:
    from pentad.store.listing import Listing, listing_frame

    files = sorted((little_world / "image" / "files").iterdir())[:4]
    rows = [{"modality": "image", "file": file.name} for file in files]
    workspace = Workspace.create(tmp_path / "ws")
    with workspace.writing():
        workspace.add(Listing("files", files[0].parent, listing_frame(rows)))
    caption_step(workspace.root, modality="image", model=Painter(), workers=1)
    embed_step(workspace.root)
    with pytest.raises(InputError, match="there are no captions; add a source that has some"):
        neighbors_step(workspace.root, options=OPTIONS, generated=False)


def test_a_setting_that_is_none_is_named(captioned: Path) -> None:
    toml = captioned / "pentad.toml"
    known = toml.read_text()
    toml.write_text(known + '\n[policies]\ngenerated = "maybe"\n')
    with pytest.raises(InputError, match="keep or exclude, got 'maybe'"):
        neighbors_step(captioned, options=OPTIONS)
    toml.write_text(f"policies = 7\n{known}")
    with pytest.raises(StoreError, match="'policies' cannot be understood"):
        neighbors_step(captioned, options=OPTIONS)
