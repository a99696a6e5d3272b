"""Groups from a table, in our columns and in the published ones."""

import polars as pl
import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.groups.groups import Groups

PUBLISHED = {
    "encord_text_id": [9, 3, 3],
    "nn_index": [1, 2, 1],
    "caption": ["nine", "three", "three"],
    "encord_audio_id": [5, None, 7],
    "encord_image_id": [None, None, 2**33],
}


def same(left, right):
    return left.frame().equals(right.frame()) and left.frame().schema == right.frame().schema


def test_published_columns_become_ours_by_rank_then_caption():
    groups = Groups.from_frame(pl.LazyFrame(PUBLISHED), manifest={"namespace": "emm1-100m"})
    assert groups.frame().to_dict(as_series=False) == {
        "text_id": [3, 9, 3],
        "rank": [1, 1, 2],
        "image_id": [2**33, None, None],
        "audio_id": [7, 5, None],
    }
    assert list(groups.frame().schema.values()) == [pl.UInt32, pl.UInt16, pl.UInt64, pl.UInt32]
    assert groups.modalities == ("image", "audio")
    assert groups.k == 2
    assert len(groups) == 3


def test_our_columns_say_the_same():
    ours = {n.removeprefix("encord_"): v for n, v in PUBLISHED.items() if n != "nn_index"}
    groups = Groups.from_frame(pl.DataFrame({**ours, "rank": PUBLISHED["nn_index"]}))
    assert same(groups, Groups.from_frame(pl.DataFrame(PUBLISHED)))


def test_the_manifest_says_whose_ids_these_are_and_that_there_are_no_vectors():
    given = {"namespace": "emm1-100m", "k": 99, "kind": "other"}
    manifest = Groups.from_frame(pl.DataFrame(PUBLISHED), manifest=given).manifest
    assert manifest["namespace"] == "emm1-100m"
    assert manifest["kind"] == "groups"
    assert manifest["k"] == 2
    assert manifest["embeddings"] == {}
    assert manifest["scores"] is False
    assert manifest["counts"] == {
        "captions": 2,
        "groups": 3,
        "complete": 1,
        "empty": 1,
        "nulls": {"image": 2, "audio": 1},
    }
    assert manifest["uses"]["audio"]["max"] == 1
    assert given["k"] == 99


@pytest.mark.parametrize("ranks", [[1, 2, 1], [2, 5, 2]])
def test_save_then_load_is_identity_with_ranks_missing_and_of_other_lengths(tmp_path, ranks):
    groups = Groups.from_frame(pl.DataFrame({**PUBLISHED, "nn_index": ranks}))
    groups.save(tmp_path)
    loaded = Groups.load(tmp_path)
    assert same(loaded, groups)
    assert loaded.manifest == groups.manifest
    assert len(list(tmp_path.glob("nn_*.parquet"))) == max(ranks)


def test_the_layout_of_emm1_comes_back_without_scores(tmp_path):
    frame = pl.DataFrame({"text_id": [3, 9], "rank": [1, 1], "image_id": [2, None]})
    groups = Groups.from_frame(frame, manifest={"namespace": "mine"})
    catalog = {
        Modality.TEXT: pl.DataFrame(
            {"text_id": [3, 9], "caption": "x", "source_dataset": None, "dataset_license": None}
        ),
        Modality.IMAGE: pl.DataFrame(
            {
                "image_id": [2],
                "source": "s",
                "file": "f",
                "source_dataset": None,
                "dataset_license": None,
            }
        ),
    }
    groups.save(tmp_path, format="csv", catalog=catalog)
    loaded = Groups.load(tmp_path)
    assert same(loaded, groups)
    assert loaded.manifest == groups.manifest


def test_no_rows_and_columns_of_nothing_but_null_will_do(tmp_path):
    empty = Groups.from_frame(pl.DataFrame(PUBLISHED).head(0))
    assert (len(empty), empty.k) == (0, 1)
    empty.save(tmp_path)
    assert same(Groups.load(tmp_path), empty)
    nothing = pl.DataFrame({"text_id": [1], "rank": [1], "image_id": [None]})
    assert Groups.from_frame(nothing).frame()["image_id"].dtype == pl.UInt32


def refused(**changes):
    columns = {"text_id": [1, 2], "rank": [1, 1], "image_id": [4, 5], **changes}
    Groups.from_frame(pl.DataFrame({n: v for n, v in columns.items() if v is not None}))


def test_what_is_no_table_of_groups_is_refused():
    with pytest.raises(InputError, match="two groups of one caption and rank; got text_id 1, rank"):
        refused(text_id=[1, 1])
    with pytest.raises(InputError, match="lacks columns; expected text_id, rank or encord_text_id"):
        refused(rank=None)
    with pytest.raises(InputError, match="at least one modality; expected such as image_id"):
        refused(image_id=None)
    with pytest.raises(InputError, match=r"'text_id': 1 rows have none"):
        refused(text_id=[1, None])
    with pytest.raises(InputError, match=r"'rank': ranks count from 1; got 0"):
        refused(rank=[1, 0])
    with pytest.raises(InputError, match=r"'image_id': ids must not be negative; got -4"):
        refused(image_id=[-4, 5])
    with pytest.raises(InputError, match=r"'image_id': ids must be whole numbers; got Float64"):
        refused(image_id=[1.5, 2.0])
    with pytest.raises(InputError, match=r"'text_id': ids must be whole numbers; got String"):
        refused(text_id=["1", "2"])
