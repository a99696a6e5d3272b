"""Search in a built workspace, by text and by file."""

from __future__ import annotations

import shutil

import pytest

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.pipeline.build import build
from pentad.pipeline.search import search_workspace
from pentad.store.workspace import Workspace
from tests.pipeline.shared import MEDIA, K, content, differing, rows_of


def test_a_text_finds_the_nearest_of_every_modality_best_first(built):
    hits = search_workspace(built, "a large bell", k=2)
    assert {(h.modality.value, h.rank) for h in hits} == {
        (m, rank) for m in ("text", *MEDIA) for rank in (1, 2)
    }
    for modality in MEDIA:
        first, second = (h for h in hits if h.modality == modality)
        assert (first.rank, second.rank) == (1, 2)
        assert first.score >= second.score


def test_a_caption_finds_itself_first(built):
    caption = rows_of(built.parent / "world", "audio")[0]["caption"]
    (hit,) = search_workspace(built, caption, modality="text", k=1)
    assert hit.captions == (caption,)
    assert hit.score == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("modality", MEDIA)
def test_a_file_finds_itself_first(built, modality):
    row = rows_of(built.parent / "world", modality)[0]
    path = built.parent / "world" / modality / "files" / row["file_name"]
    (hit,) = search_workspace(built, str(path), modality=modality, k=1)
    assert hit.file == f"{modality}/files/{row['file_name']}"
    assert row["caption"] in hit.captions
    assert hit.score == pytest.approx(1.0, abs=1e-3)


def test_a_search_changes_nothing(built):
    before = content(built)
    search_workspace(built, "three bells")
    assert differing(before, content(built)) == []


def test_more_hits_than_items_gives_all_items(built):
    assert len(search_workspace(built, "three bells", modality="image", k=1000)) == 16


def test_an_earlier_model_can_be_searched_with(built):
    hits = search_workspace(built, "three bells", modality="image", k=3, model="ridge")
    assert [h.rank for h in hits] == [1, 2, 3]
    assert {h.space.rsplit("-", 1)[0] for h in hits} == {"ridge"}


@pytest.mark.parametrize("query", ["", "   ", "\n"])
def test_an_empty_query_is_refused(built, query):
    with pytest.raises(InputError, match="the query is empty"):
        search_workspace(built, query)


def test_a_file_of_unknown_kind_is_refused(built, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("a bell")
    with pytest.raises(InputError, match=r"notes\.txt: is of no kind that can be searched with"):
        search_workspace(built, str(path))


def test_a_broken_file_is_refused_with_the_reason(built, tmp_path):
    path = tmp_path / "broken.png"
    path.write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"broken\.png: (corrupt|unsupported-format)"):
        search_workspace(built, str(path))


def test_a_file_of_a_modality_that_the_model_does_not_know_is_refused(pair_built, little_world):
    path = next((little_world / "points/files").iterdir())
    with pytest.raises(InputError, match="does not encode points"):
        search_workspace(pair_built, str(path))


def test_a_modality_that_is_not_there_is_refused(pair_built):
    with pytest.raises(InputError, match="no video items to search"):
        search_workspace(pair_built, "a bell", modality="video")


def test_a_very_long_query_is_a_text(built):
    assert search_workspace(built, "bell " * 2000, modality="image", k=1)


def test_an_unknown_modality_is_refused_with_the_nearest(built):
    with pytest.raises(UnknownName, match="did you mean 'image'"):
        search_workspace(built, "a bell", modality="imge")


def test_a_workspace_without_model_is_refused(tmp_path):
    Workspace.create(tmp_path / "ws")
    with pytest.raises(StoreError, match="no model here yet"):
        search_workspace(tmp_path / "ws", "a bell")


def test_a_workspace_and_its_world_can_be_moved_together(pair, tmp_path):
    before = search_workspace(pair, "three bells", k=2)
    shutil.move(pair.parent, tmp_path / "moved")
    assert search_workspace(tmp_path / "moved/ws", "three bells", k=2) == before


@pytest.mark.usefixtures("short")
def test_an_item_that_was_removed_is_not_found(pair):
    world = pair.parent / "world"
    victim = rows_of(world, "image")[0]["file_name"]
    (world / "image/files" / victim).unlink()
    build(world, pair, k=K)
    found = search_workspace(pair, "a bell", modality="image", k=100)
    assert len(found) == 15
    assert f"image/files/{victim}" not in {h.file for h in found}
