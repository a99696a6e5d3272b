"""Paths of media: where they belong, whether or not they are there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pentad.core.modality import Modality
from pentad.sources.emm1 import paths as module
from pentad.sources.emm1.csv_table import ID_LIMIT
from pentad.sources.emm1.items import read_items
from pentad.sources.emm1.media_paths import MediaFolders
from pentad.sources.emm1.paths import PathColumn
from tests.emm1_trees import write_csv

HEADER = ("encord_audio_id", "file_name", "save_folder")
ROWS = [
    (9, "-a_1.mp4", "e-mm1_100m_only"),
    (2, "b_2.mp4", "shared"),
    (5, "c_3.mp4", "phase_1_only"),
]


@pytest.fixture(params=[True, False], ids=["dictionary", "strings"])
def repeats(request, monkeypatch) -> bool:
    monkeypatch.setattr(module, "FEW_ITEMS", 1 << 30 if request.param else 0)
    return request.param


def column(root: Path, rows: list[tuple] = ROWS) -> PathColumn:
    root.mkdir(exist_ok=True)
    items = read_items(write_csv(root / "audio.csv", HEADER, rows), Modality.AUDIO)
    return PathColumn.of(items, MediaFolders(root))


def of_ids(column: PathColumn, *ids: int) -> tuple[list[str | None], int]:
    made, missing = column.of_ids(np.array(ids, dtype=np.uint32))
    return made.cast("string").to_pylist(), missing


def test_each_id_gets_its_path(repeats, tmp_path):
    made = column(tmp_path)
    assert made.repeats == repeats
    assert of_ids(made, 2, 9, 2, 5) == (
        [
            f"{tmp_path}/shared/video/b_2.mp4",
            f"{tmp_path}/e-mm1_100m_only/video/-a_1.mp4",
            f"{tmp_path}/shared/video/b_2.mp4",
            f"{tmp_path}/phase_1_only/video/c_3.mp4",
        ],
        0,
    )


def test_unknown_ids_have_no_path_and_are_counted_empty_ones_are_not(repeats, tmp_path):
    assert of_ids(column(tmp_path), 7, 2, ID_LIMIT, 8) == (
        [None, f"{tmp_path}/shared/video/b_2.mp4", None, None],
        2,
    )


def test_no_items_and_no_rows(repeats, tmp_path):
    assert of_ids(column(tmp_path, []), 1, 2) == ([None, None], 2)
    assert of_ids(column(tmp_path)) == ([], 0)


def test_sounds_lie_with_the_videos_unless_they_are_in_audio(tmp_path):
    for place in ("shared/audio/b_2.mp4", "shared/video/b_2.mp4", "phase_1_only/video/c_3.mp4"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    made = column(tmp_path)
    assert of_ids(made, 9, 2, 5)[0] == [
        f"{tmp_path}/e-mm1_100m_only/video/-a_1.mp4",
        f"{tmp_path}/shared/audio/b_2.mp4",
        f"{tmp_path}/phase_1_only/video/c_3.mp4",
    ]
    assert made.items.present(MediaFolders(tmp_path)).tolist() == [False, True, True]


def test_clouds_may_lie_in_point_clouds(tmp_path):
    (tmp_path / "shared" / "point-clouds").mkdir(parents=True)
    (tmp_path / "shared" / "point-clouds" / "a.npy").touch()
    media = MediaFolders(tmp_path)
    assert media.path("shared", "points", "a.npy") == tmp_path / "shared/point-clouds/a.npy"
    assert media.path("shared", "points", "b.npy") == tmp_path / "shared/points/b.npy"
    assert media.present("shared", "points", ["a.npy", "b.npy"]).tolist() == [True, False]


def test_a_root_with_a_slash_at_its_end(tmp_path):
    assert MediaFolders(f"{tmp_path}/").path("shared", "image", "a.jpg") == (
        tmp_path / "shared/image/a.jpg"
    )
    assert str(MediaFolders("/").path("shared", "image", "a.jpg")) == "/shared/image/a.jpg"


def test_a_folder_that_is_a_file_is_empty(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "image").touch()
    assert not MediaFolders(tmp_path).has("shared", "image")


def test_dictionaries_and_strings_are_the_same(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 12, 500)
    made = column(tmp_path)
    monkeypatch.setattr(module, "FEW_ITEMS", 0)
    plain = of_ids(made, *ids)
    monkeypatch.setattr(module, "FEW_ITEMS", 1 << 30)
    assert of_ids(made, *ids) == plain
