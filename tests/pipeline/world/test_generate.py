"""The folder on disk: valid, the same for the same seed, whole or absent, telling nothing."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from pentad.core.engine import LocalEngine
from pentad.core.errors import InputError
from pentad.core.modality import MEDIA_MODALITIES
from pentad.pipeline.world.generate import COLUMNS, WorldSummary, generate_world
from pentad.pipeline.world.plan import plan_world

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time


def content(root: Path) -> dict[str, bytes]:
    return {
        p.relative_to(root).as_posix(): p.read_bytes()
        for p in sorted(root.rglob("*"))
        if p.is_file()
    }


def files(world: WorldSummary, modality: str) -> list[Path]:
    return sorted((world.root / modality / "files").iterdir())


def table(world: WorldSummary, modality: str) -> list[dict[str, str]]:
    with (world.root / modality / "captions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate_world(
        tmp_path_factory.mktemp("small") / "world", seed=3, items_per_modality=6
    ).root


@pytest.mark.slow
def test_the_summary_counts_what_was_written(world):
    for modality in MEDIA_MODALITIES:
        assert world.items[modality] == len(files(world, modality)) == 48
        assert world.captions[modality] == len(table(world, modality))
    assert world.concepts <= 72
    assert world.lone_concepts == 8


@pytest.mark.parametrize("modality", MEDIA_MODALITIES)
def test_captions_csv_lists_every_file(world, modality):
    rows = table(world, modality)
    assert tuple(rows[0]) == COLUMNS
    assert {row["file_name"] for row in rows} == {path.name for path in files(world, modality)}
    assert all(value for row in rows for value in row.values())
    assert {(row["source_dataset"], row["dataset_license"]) for row in rows} == {
        ("pentad-world", "CC0-1.0")
    }
    of_file = Counter((row["file_name"], row["concept"]) for row in rows)
    assert len(of_file) == len({name for name, _ in of_file})


def test_pictures_decode_and_carry_no_metadata(world):
    for path in files(world, "image"):
        with Image.open(path) as picture:
            assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (128, 128))
            assert picture.info == {}
            assert np.asarray(picture).std() > 5


def test_sounds_decode_and_carry_no_metadata(world):
    for path in files(world, "audio"):
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")
        assert 1.5 <= info.duration <= 2.5
        assert path.stat().st_size == 44 + 2 * info.frames  # header and samples, no further chunk


def test_clips_decode_and_carry_no_metadata(world):
    for path in files(world, "video"):
        data = path.read_bytes()
        assert not re.search(rb"x264|Lavf|Lavc", data)
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            assert (stream.codec_context.name, stream.average_rate) == ("h264", 12)
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
            assert set(container.metadata) <= {"major_brand", "minor_version", "compatible_brands"}
        assert 12 <= len(frames) <= 15
        assert frames[0].shape == (96, 96, 3)


def test_clouds_decode_and_carry_no_comment(world):
    for path in files(world, "points"):
        header, _, body = path.read_bytes().partition(b"end_header\n")
        assert b"comment" not in header
        count = int(re.search(rb"element vertex (\d+)", header)[1])
        assert len(body) == 15 * count
        rows = np.frombuffer(body, dtype=[("xyz", "<f4", 3), ("rgb", "u1", 3)])
        assert np.isfinite(rows["xyz"]).all()


def explained(values: np.ndarray, groups: np.ndarray) -> float:
    middle = values.mean()
    between = sum(
        (groups == g).sum() * (values[groups == g].mean() - middle) ** 2 for g in np.unique(groups)
    )
    return float(between / max(((values - middle) ** 2).sum(), 1e-9))


def chance_of(values: np.ndarray, groups: np.ndarray) -> float:
    """How often shuffled labels explain as much."""
    rng = np.random.default_rng(0)
    seen = explained(values, groups)
    return float(np.mean([explained(values, rng.permutation(groups)) >= seen for _ in range(300)]))


@pytest.mark.parametrize("modality", MEDIA_MODALITIES)
@pytest.mark.parametrize("factor", ["kind", "size", "count"])
def test_size_name_and_order_do_not_tell_a_factor(world, modality, factor):
    items = [
        i for i in plan_world(0, 48) if i.shown.modality == modality and i.shown.subject.shared
    ]
    paths = [world.root / modality / "files" / item.file_name for item in items]
    labels = np.array([str(getattr(item.shown.subject, factor)) for item in items])
    sizes = np.array([path.stat().st_size for path in paths], dtype=float)
    written = np.argsort(np.argsort([path.stat().st_mtime_ns for path in paths])).astype(float)
    names = np.array([int(path.stem, 16) for path in paths], dtype=float)
    for values in (sizes, written, names):
        assert chance_of(values, labels) > 0.01


def test_sizes_of_pictures_and_clips_are_all_the_same(world):
    for modality in ("image", "video"):
        assert len({path.stat().st_size for path in files(world, modality)}) == 1


def test_names_say_nothing(world):
    for modality in MEDIA_MODALITIES:
        assert all(re.fullmatch(r"[0-9a-f]{10}", path.stem) for path in files(world, modality))


def test_same_seed_same_bytes_anywhere(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    generate_world("here", seed=3, items_per_modality=6)
    assert content(tmp_path / "here") == content(small)


def test_processes_change_nothing(small, tmp_path):
    again = generate_world(tmp_path / "w", seed=3, items_per_modality=6, engine=LocalEngine(2))
    assert content(again.root) == content(small)


def test_another_seed_gives_another_world(small, tmp_path):
    other = content(generate_world(tmp_path / "w", seed=4, items_per_modality=6).root)
    assert set(other).isdisjoint(name for name in content(small) if "/files/" in name)


def test_a_whole_world_is_left_alone(tmp_path):
    first = generate_world(tmp_path / "w", items_per_modality=1)
    before = [path.stat().st_mtime_ns for path in sorted(first.root.rglob("*"))]
    assert generate_world(tmp_path / "w", items_per_modality=1) == first
    assert [path.stat().st_mtime_ns for path in sorted(first.root.rglob("*"))] == before


def test_a_damaged_world_is_made_again(tmp_path):
    root = generate_world(tmp_path / "w", items_per_modality=1).root
    whole = content(root)
    next((root / "image" / "files").iterdir()).write_bytes(b"damaged")
    generate_world(root, items_per_modality=1)
    assert content(root) == whole


def test_another_number_of_items_replaces_the_world(tmp_path):
    generate_world(tmp_path / "w", items_per_modality=1)
    assert generate_world(tmp_path / "w", items_per_modality=2).items["image"] == 2
    assert len(list((tmp_path / "w" / "image" / "files").iterdir())) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["w"]


def test_a_folder_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="no generated world"):
        generate_world(tmp_path, items_per_modality=1)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_files_added_to_a_world_are_not_lost(tmp_path):
    root = generate_world(tmp_path / "w", items_per_modality=1).root
    (root / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"notes\.txt: is not from the generator"):
        generate_world(root, items_per_modality=2)
    assert (root / "notes.txt").exists()


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "w").write_text("a file")
    with pytest.raises(InputError, match="is no folder"):
        generate_world(tmp_path / "w", items_per_modality=1)


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "w").mkdir()
    assert generate_world(tmp_path / "w", items_per_modality=1).root == tmp_path / "w"


def test_a_world_needs_items(tmp_path):
    with pytest.raises(InputError, match="at least one item"):
        generate_world(tmp_path / "w", items_per_modality=0)


def test_nothing_is_left_after_a_failure(tmp_path):
    class Broken:
        name = "broken"

        def run(self, function, tasks):
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        generate_world(tmp_path / "w", items_per_modality=1, engine=Broken())
    assert list(tmp_path.iterdir()) == []
