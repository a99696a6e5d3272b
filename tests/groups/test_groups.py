"""Saving and loading, and the E-MM1 layout byte for byte."""

import numpy as np
import polars as pl
import pytest

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.core.modality import Modality
from pentad.embeddings.embeddings import Embeddings
from pentad.groups.build import build_groups
from pentad.groups.groups import Groups
from pentad.store.records import read_record


@pytest.fixture
def groups(make_neighbors):
    ids = [0, 7]
    return build_groups(
        [
            make_neighbors(
                "video", [[(30, 0.75), (31, 0.5)], [(31, 1.0), (30, -0.125)]], text_ids=ids
            ),
            make_neighbors("audio", [[(5, 0.1)], [(6, 1e-7)]], text_ids=ids),
            make_neighbors("image", [[(2, 0.3), (1, 0.2)], [(1, 0.25), (2, 0.0)]], text_ids=ids),
        ]
    )


def media(modality, rows):
    columns = (f"{modality}_id", "source", "file", "source_dataset", "dataset_license")
    return pl.DataFrame(rows, schema=columns, orient="row")


@pytest.fixture
def catalog():
    text = {
        "text_id": [7, 0, 3],
        "caption": ['a "red" door, open', "007", "two\nlines"],
        "source_dataset": ["COCO", "Flickr30k", None],
        "dataset_license": ["CC BY 4.0", "Custom, on request", None],
        "native_modality": ["image", None, None],
    }
    return {
        Modality.TEXT: pl.DataFrame(text),
        Modality.IMAGE: media(
            "image",
            [
                (2, "photos", "b/2.jpg", "COCO", None),
                (1, "photos", "a, b.jpg", "COCO", "CC0"),
            ],
        ),
        Modality.AUDIO: media(
            "audio", [(5, "s", "5.wav", None, None), (6, "s", "6.wav", None, None)]
        ),
        Modality.VIDEO: media(
            "video",
            [
                (30, "v", "-x_30.mp4", "InternVid", "CC BY-NC-SA 4.0"),
                (31, "v", "31.mp4", "VidGen-1M", "CC BY 4.0"),
            ],
        ),
    }


GOLDEN = {
    "infos/text.csv": (
        "encord_text_id,source_dataset,dataset_license,caption\n"
        '0,Flickr30k,"Custom, on request",007\n'
        '3,,,"two\nlines"\n'
        '7,COCO,CC BY 4.0,"a ""red"" door, open"\n'
    ),
    "infos/image.csv": (
        "encord_image_id,source_dataset,dataset_license,file_name,save_folder\n"
        '1,COCO,CC0,"a, b.jpg",photos\n'
        "2,COCO,,b/2.jpg,photos\n"
    ),
    "infos/audio.csv": (
        "encord_audio_id,source_dataset,dataset_license,file_name,save_folder\n"
        "5,,,5.wav,s\n"
        "6,,,6.wav,s\n"
    ),
    "infos/video.csv": (
        "encord_video_id,source_dataset,dataset_license,file_name,save_folder\n"
        "30,InternVid,CC BY-NC-SA 4.0,-x_30.mp4,v\n"
        "31,VidGen-1M,CC BY 4.0,31.mp4,v\n"
    ),
    "infos/points.csv": "encord_points_id,source_dataset,dataset_license,file_name,save_folder\n",
    "nn_1/data_groups.csv": (
        "encord_text_id,encord_video_id,encord_audio_id,encord_image_id,encord_points_id,nn_index\n"
        "0,30,5,2,,1\n"
        "7,31,6,1,,1\n"
    ),
    "nn_1/scores.csv": (
        "encord_text_id,video_score,audio_score,image_score,points_score,nn_index\n"
        "0,0.75,0.1,0.3,,1\n"
        "7,1.0,1e-7,0.25,,1\n"
    ),
    "nn_2/data_groups.csv": (
        "encord_text_id,encord_video_id,encord_audio_id,encord_image_id,encord_points_id,nn_index\n"
        "0,31,,1,,2\n"
        "7,30,,2,,2\n"
    ),
    "nn_2/scores.csv": (
        "encord_text_id,video_score,audio_score,image_score,points_score,nn_index\n"
        "0,0.5,,0.2,,2\n"
        "7,-0.125,,0.0,,2\n"
    ),
}


def files(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_csv_is_the_layout_of_emm1_byte_for_byte(groups, catalog, tmp_path):
    groups.save(tmp_path, format="csv", catalog=catalog)
    written = files(tmp_path)
    del written["manifest.json"]
    assert written == {name: text.encode() for name, text in GOLDEN.items()}


def test_parquet_has_one_file_a_rank(groups, tmp_path):
    groups.save(tmp_path)
    assert sorted(files(tmp_path)) == ["manifest.json", "nn_1.parquet", "nn_2.parquet"]
    second = pl.read_parquet(tmp_path / "nn_2.parquet")
    assert second.columns == groups.frame().columns
    assert second["rank"].to_list() == [2, 2]


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_save_then_load_is_identity(groups, catalog, tmp_path, format):
    groups.save(tmp_path, format=format, catalog=catalog)
    loaded = Groups.load(tmp_path)
    assert loaded.frame().equals(groups.frame())
    assert loaded.frame().schema == groups.frame().schema
    assert loaded.manifest == groups.manifest
    assert loaded.modalities == ("image", "audio", "video")


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_awkward_scores_and_wide_ids_survive(make_neighbors, tmp_path, format):
    rng = np.random.default_rng(0)
    scores = np.sort(rng.standard_normal((5, 40)).astype(np.float32) ** 9, axis=1)[:, ::-1]
    ids = rng.permuted(np.tile(np.arange(40, dtype=np.uint64) + 2**33, (5, 1)), axis=1)
    base = make_neighbors("image", [[(0, 0.0)]] * 5)
    neighbors = type(base)(
        base.query_ids,
        ids,
        scores,
        *(getattr(base, name) for name in ("query_modality", "modality", "space", "k")),
    )
    groups = build_groups([neighbors])
    items = media("image", [(i + 2**33, "s", "f", None, None) for i in range(40)])
    text = pl.DataFrame(
        {
            "text_id": range(5),
            "caption": list("abcde"),
            "source_dataset": None,
            "dataset_license": None,
        }
    )
    groups.save(tmp_path, format=format, catalog={Modality.TEXT: text, Modality.IMAGE: items})
    loaded = Groups.load(tmp_path).frame()
    assert loaded.equals(groups.frame())
    assert loaded.schema["image_id"] == pl.UInt64


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_further_columns_survive(make_neighbors, catalog, tmp_path, format):
    adjusted = np.array([[0.3, 0.1], [0.2, 1e-7]], dtype=np.float32)
    images = make_neighbors(
        "image", [[(1, 0.5), (2, 0.75)]] * 2, text_ids=[0, 7], adjusted_scores=adjusted
    )
    sounds = make_neighbors("audio", [[(5, 0.5)], [(6, 0.25)]], text_ids=[0, 7])
    features = {
        m: Embeddings.from_array([[1, 0], [0.1, 1]], modality=m, space="s", ids=ids)
        for m, ids in (("image", [1, 2]), ("audio", [5, 6]))
    }
    built = build_groups([images, sounds], max_uses=1, features=features)
    built.save(tmp_path, format=format, catalog=catalog)
    loaded = Groups.load(tmp_path)
    assert loaded.frame().equals(built.frame())
    assert loaded.frame().schema == built.frame().schema
    assert loaded.manifest == built.manifest
    assert {"image_adjusted_score", "neighbor_rank_audio", "agreement"} <= set(
        built.frame().columns
    )


def test_a_card_is_one_of_the_files_and_goes_with_the_groups(groups, tmp_path):
    groups.save(tmp_path, card="# Mine\n")
    assert files(tmp_path)["README.md"] == b"# Mine\n"
    record = read_record(tmp_path / "manifest.json")
    assert "README.md" in record.files
    assert record.damaged() == []
    assert Groups.load(tmp_path).manifest == groups.manifest
    groups.save(tmp_path)
    assert "README.md" not in files(tmp_path)


def test_the_same_groups_give_the_same_bytes(groups, tmp_path):
    for name in ("a", "b"):
        groups.save(tmp_path / name)
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_fewer_ranks_replace_more(groups, make_neighbors, tmp_path):
    groups.save(tmp_path)
    build_groups([make_neighbors("image", [[(1, 0.5)]])]).save(tmp_path)
    assert sorted(files(tmp_path)) == ["manifest.json", "nn_1.parquet"]
    assert Groups.load(tmp_path).k == 1


def test_no_captions_are_saved_as_empty_tables(groups, tmp_path, make_neighbors):
    empty = build_groups([make_neighbors("image", [[(1, 0.5)]])], captions=[])
    empty.save(tmp_path)
    assert Groups.load(tmp_path).frame().equals(empty.frame())


def test_ids_and_columns_that_the_catalog_lacks_are_named(groups, catalog, tmp_path):
    def save(**changes):
        groups.save(tmp_path / "out", format="csv", catalog=catalog | changes)

    with pytest.raises(InputError, match=r"1 image ids of the groups .* the first is 2"):
        save(image=catalog["image"].filter(pl.col("image_id") == 1))
    with pytest.raises(InputError, match="2 audio ids"):
        groups.save(
            tmp_path / "out",
            format="csv",
            catalog={m: t for m, t in catalog.items() if m != "audio"},
        )
    with pytest.raises(InputError, match="text items lack caption"):
        save(text=catalog["text"].drop("caption"))
    with pytest.raises(InputError, match="pass catalog="):
        groups.save(tmp_path / "out", format="csv")
    assert files(tmp_path) == {}


def test_unknown_formats_and_missing_folders_are_errors(groups, tmp_path):
    with pytest.raises(UnknownName, match="'parquet'"):
        groups.save(tmp_path, format="parket")
    with pytest.raises(StoreError, match="no complete groups"):
        Groups.load(tmp_path)
    groups.save(tmp_path)
    (tmp_path / "nn_1.parquet").unlink()
    with pytest.raises(StoreError, match="no complete groups"):
        Groups.load(tmp_path)
