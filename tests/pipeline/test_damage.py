"""Damaged files are named by `verify`, made again by the next build where that is possible."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pentad.core.errors import StoreError
from pentad.pipeline.build import build
from pentad.pipeline.options import NeighborOptions
from pentad.pipeline.search import search_workspace
from pentad.pipeline.verbs import neighbors_step
from pentad.store.verify import verify
from pentad.store.workspace import Workspace
from tests.pipeline.shared import K, content, differing, results

pytestmark = [pytest.mark.usefixtures("short"), pytest.mark.slow]

REPAIRED = (
    "embeddings/image-descriptor-*/image/00000.npy",
    "embeddings/audio-descriptor-*/audio/00000.ids.npy",
    "embeddings/hashed-text-*/text/00000.prints.npy",
    "embeddings/unified-*/image/00000.npy",
    "neighbors/default/audio.parquet",
    "groups/default/nn_2.parquet",
    "models/bridge/model.safetensors",
    "models/ridge/model.safetensors",
    "models/class-names/README.md",
    "models/unified/model.safetensors",
)
RECORDS = (
    "embeddings/image-descriptor-*/image/00000.json",
    "embeddings/unified-*/text/00000.json",
    "neighbors/default/image.json",
    "groups/default/manifest.json",
    "models/unified/config.json",
)
ITEMS = ("items/image.parquet", "items/text.parquet", "items/pairs.parquet")


def the(workspace: Path, pattern: str) -> Path:
    """Return the one file of a pattern."""
    (path,) = workspace.glob(pattern)
    return path


def flip(path: Path) -> None:
    """Change one bit in the middle of a file; its time stays as it was, as with a failing disk."""
    times, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def named(workspace: Path) -> list[str]:
    """Return what `verify` complains of."""
    return [damage.path.as_posix() for damage in verify(Workspace.open(workspace))]


def repaired(workspace: Path) -> bool:
    """Build again and return whether everything is as it was in the copied workspace."""
    build(workspace.parent / "world", workspace, k=K)
    return named(workspace) == []


@pytest.mark.parametrize("pattern", REPAIRED)
def test_a_flipped_bit_is_named_and_the_next_build_repairs_it(pair, pattern):
    before = results(pair)
    path = the(pair, pattern)
    flip(path)
    assert path.relative_to(pair).as_posix() in named(pair)
    assert repaired(pair)
    assert differing(before, results(pair)) == []


@pytest.mark.parametrize("pattern", REPAIRED[:6])
def test_a_shortened_file_is_named_and_the_next_build_repairs_it(pair, pattern):
    before = results(pair)
    path = the(pair, pattern)
    os.truncate(path, path.stat().st_size // 2)
    assert path.relative_to(pair).as_posix() in named(pair)
    assert repaired(pair)
    assert differing(before, results(pair)) == []


@pytest.mark.parametrize("pattern", RECORDS)
def test_an_unreadable_record_is_named_and_the_next_build_repairs_it(pair, pattern):
    before = results(pair)
    path = the(pair, pattern)
    path.write_bytes(path.read_bytes()[:-20])
    assert path.relative_to(pair).as_posix() in named(pair)
    assert repaired(pair)
    assert differing(before, results(pair)) == []


@pytest.mark.parametrize("pattern", [*RECORDS, "groups/default/nn_1.parquet"])
def test_a_missing_file_is_noticed_and_the_next_build_repairs_it(pair, pattern):
    before = results(pair)
    the(pair, pattern).unlink()
    assert named(pair) != []
    assert repaired(pair)
    assert differing(before, results(pair)) == []


def test_damaged_scores_are_made_again(pair):
    before = content(pair, "reports")
    (pair / "reports/held-out/result.json").write_bytes(b'{"scores": [')
    build(pair.parent / "world", pair, k=K)
    assert content(pair, "reports") == before


@pytest.mark.parametrize("name", ITEMS)
def test_damaged_items_are_named_and_nothing_is_written_over_them(pair, name):
    flip(pair / name)
    before = content(pair)
    assert named(pair) == [name]
    with pytest.raises(StoreError, match=r"items: damaged; 'pentad verify .*' names the files"):
        build(pair.parent / "world", pair, k=K)
    assert differing(before, content(pair)) == []


def test_a_file_of_unknown_origin_is_named(pair):
    (pair / "groups/default/notes.txt").write_text("mine")
    assert named(pair) == ["groups/default/notes.txt"]


@pytest.mark.parametrize("pattern", ["models/unified/model.safetensors", "items/image.parquet"])
def test_a_search_in_a_damaged_workspace_says_so(pair, pattern):
    os.truncate(the(pair, pattern), 100)
    with pytest.raises(StoreError, match="damaged"):
        search_workspace(pair, "a bell")


def test_the_cache_may_be_damaged_or_deleted(pair):
    before = results(pair)
    (pair / "cache/fingerprints.parquet").write_bytes(b"garbage")
    build(pair.parent / "world", pair, k=K)
    (pair / "cache/fingerprints.parquet").unlink()
    build(pair.parent / "world", pair, k=K)
    assert differing(before, results(pair)) == []


def test_the_list_of_rejections_may_be_damaged(pair):
    (pair / "logs/rejected.parquet").write_bytes(b"garbage")
    result = build(pair.parent / "world", pair, k=K)
    assert result.rejections == []
    assert Workspace.open(pair).rejections() == []


def test_a_modality_with_a_damaged_shard_is_not_gone_without(pair):
    the(pair, "embeddings/image-*/image/00000.ids.npy").unlink()
    with pytest.raises(StoreError, match=r"image/00000\.npy: damaged; run 'pentad embed' again"):
        neighbors_step(pair, options=NeighborOptions())
