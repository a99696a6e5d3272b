"""Items of one modality: repeated rows, disagreeing rows, facts, files."""

from __future__ import annotations

from pathlib import Path

import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.sources.emm1.info_tables import read_infos
from pentad.sources.emm1.items import read_items
from pentad.sources.emm1.media_paths import MediaFolders
from pentad.sources.emm1.text_facts import read_text_facts
from tests.emm1_trees import write_csv

HEADER = ("encord_image_id", "source_dataset", "dataset_license", "file_name", "save_folder")
ROWS = [
    (9, "COCO", "CC BY 4.0", "a.jpg", "shared"),
    (2, "ImageNet", "Custom, on request", "b.JPEG", "e-mm1_100m_only"),
    (5, "COCO", "CC BY 4.0", "000000000009.jpg", "phase_1_only"),
]


def table(tmp_path: Path, rows: list[tuple] = ROWS, header: tuple[str, ...] = HEADER) -> Path:
    return write_csv(tmp_path / "image.csv", header, rows)


def test_items_in_file_order(tmp_path):
    items = read_items(table(tmp_path), Modality.IMAGE, HEADER[1:3])
    assert items.ids.tolist() == [9, 2, 5]
    assert items.file_names.to_pylist() == ["a.jpg", "b.JPEG", "000000000009.jpg"]
    assert [items.folders.names[c] for c in items.folders.codes] == [row[4] for row in ROWS]
    licence = items.fact("dataset_license")
    assert licence.mask(lambda text: "," in text).tolist() == [False, True, False]
    assert items.lookup.rows(items.ids).tolist() == [0, 1, 2]
    assert len(items) == 3


def test_equal_rows_count_once(tmp_path):
    path = table(tmp_path, [*ROWS, ROWS[1], ROWS[0], ROWS[1]])
    items = read_items(path, Modality.IMAGE, ["source_dataset"])
    assert items.ids.tolist() == [9, 2, 5]
    assert read_infos(path, Modality.IMAGE)["encord_image_id"].to_list() == [9, 2, 5]


@pytest.mark.parametrize("column", HEADER[1:])
def test_rows_of_one_id_that_disagree_name_the_id_and_the_column(column, tmp_path):
    other = list(ROWS[1])
    other[HEADER.index(column)] = "other"
    path = table(tmp_path, [*ROWS, tuple(other)])
    for read in (read_items, read_infos):
        with pytest.raises(InputError) as error:
            read(path, Modality.IMAGE)
        assert f"{path} [{column}]: id 2 stands in rows that disagree" in str(error.value)


def test_a_column_that_a_filter_needs_and_that_is_not_there(tmp_path):
    header = ("encord_image_id", "file_name", "save_folder")
    path = table(tmp_path, [(1, "a.jpg", "shared")], header)
    items = read_items(path, Modality.IMAGE)
    with pytest.raises(InputError, match=r"image.csv \[dataset_license\]: this column is needed"):
        items.fact("dataset_license")


def test_an_empty_id_is_told(tmp_path):
    path = table(tmp_path, [ROWS[0], ("", *ROWS[1][1:])])
    for read in (read_items, read_infos):
        with pytest.raises(InputError, match=r"\[encord_image_id\]: the id of data row 2 is empty"):
            read(path, Modality.IMAGE)


def test_no_items_are_no_error(tmp_path):
    items = read_items(table(tmp_path, []), Modality.IMAGE, ["source_dataset"])
    assert len(items) == 0
    assert items.fact("source_dataset").names == ()
    media = MediaFolders(tmp_path)
    assert items.present(media).tolist() == []
    assert items.prefixes(media).codes.tolist() == []
    assert read_infos(table(tmp_path, []), Modality.IMAGE).height == 0


def test_values_that_cannot_be_labels_are_told(tmp_path):
    rows = [(n, "COCO", "MIT", f"{n}.jpg", f"folder {n}") for n in range(33_000)]
    with pytest.raises(InputError, match=r"image.csv \[save_folder\]: 33000 different values"):
        read_items(table(tmp_path, rows), Modality.IMAGE)


def test_many_blocks_with_different_labels(tmp_path, monkeypatch):
    from pentad.sources.emm1 import csv_table

    monkeypatch.setattr(csv_table.stream_table, "__kwdefaults__", {"block": 256})
    rows = [(n, f"s{n % 7}", "MIT", f"{n}.jpg", f"folder {n % 5}") for n in range(300)]
    items = read_items(table(tmp_path, rows), Modality.IMAGE, ["source_dataset"])
    sources = items.fact("source_dataset")
    assert [sources.names[c] for c in sources.codes] == [row[1] for row in rows]
    assert [items.folders.names[c] for c in items.folders.codes] == [row[4] for row in rows]


def test_presence_is_looked_up_folder_by_folder(tmp_path):
    items = read_items(table(tmp_path), Modality.IMAGE)
    (tmp_path / "shared" / "image").mkdir(parents=True)
    (tmp_path / "shared" / "image" / "a.jpg").touch()
    (tmp_path / "phase_1_only" / "image" / "000000000009.jpg").mkdir(parents=True)
    assert items.present(MediaFolders(tmp_path)).tolist() == [True, False, False]


def test_a_folder_name_that_no_system_has_is_absent(tmp_path):
    path = table(tmp_path, [(1, "COCO", "MIT", "a.jpg", "sha\x00red")])
    assert read_items(path, Modality.IMAGE).present(MediaFolders(tmp_path)).tolist() == [False]


def test_captions_have_sources_and_no_files(tmp_path):
    header = ("encord_text_id", "source_dataset", "dataset_license", "caption")
    rows = [(4, "COCO", "MIT", "a"), (1, "Valor", "MIT", 'b "c"\nd'), (4, "COCO", "MIT", "a")]
    facts = read_text_facts(write_csv(tmp_path / "text.csv", header, rows))
    assert facts.ids.tolist() == [4, 1]
    assert facts.fact("source_dataset").names == ("COCO", "Valor")


def test_infos_keep_every_column_and_guess_no_type(tmp_path):
    header = (
        "encord_video_id",
        "youtube_id",
        "file_id",
        "start_time",
        "end_time",
        "x",
        "file_name",
    )
    rows = [(1, "-abc", "", 10, 20, "007", "a.mp4"), (0, "", "1e5", "", "", "null", "NA")]
    frame = read_infos(write_csv(tmp_path / "video.csv", header, rows), Modality.VIDEO)
    assert frame.columns == list(header)
    assert [str(t) for t in frame.dtypes] == [
        "UInt32", "String", "String", "Float64", "Float64", "String", "String",
    ]  # fmt: skip
    assert frame.rows() == [
        (1, "-abc", "", 10.0, 20.0, "007", "a.mp4"),
        (0, "", "1e5", None, None, "null", "NA"),
    ]
