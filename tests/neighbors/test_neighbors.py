import dataclasses

import numpy as np
import polars as pl
import pytest

from pentad.core.errors import InputError, SchemaMismatch, StoreError
from pentad.core.modality import Modality
from pentad.neighbors.neighbors import Neighbors
from pentad.store.records import committing, read_record


def toy(modality=Modality.IMAGE, **changes):
    values = {
        "query_ids": np.array([4, 6], dtype=np.uint32),
        "ids": np.array([[9, 1], [1, 5]], dtype=np.uint32),
        "scores": np.array([[0.75, 0.1], [0.5, 0.5]], dtype=np.float32),
        "query_modality": Modality.TEXT,
        "modality": modality,
        "space": "toy",
        "k": 3,
        "metric": "dot",
        "corpus_size": 10,
        "query_location": "embeddings/toy/text",
        "location": "embeddings/toy/image",
    }
    return Neighbors(**(values | changes))


def values(neighbors):
    return {
        f.name: v.tolist() if isinstance(v := getattr(neighbors, f.name), np.ndarray) else v
        for f in dataclasses.fields(neighbors)
    }


def test_frame_has_one_row_a_neighbor():
    frame = toy().frame()
    assert frame.schema == {
        "query_id": pl.UInt32,
        "rank": pl.UInt16,
        "item_id": pl.UInt32,
        "score": pl.Float32,
    }
    assert frame.select("query_id", "rank", "item_id").rows() == [
        (4, 1, 9),
        (4, 2, 1),
        (6, 1, 1),
        (6, 2, 5),
    ]


def test_save_then_load_is_identity(tmp_path):
    toy().save(tmp_path)
    loaded = Neighbors.load(tmp_path)
    assert values(loaded) == values(toy())
    assert (loaded.ids.dtype, loaded.scores.dtype) == (np.uint32, np.float32)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["image.json", "image.parquet"]


def test_wide_ids_and_empty_tables_survive(tmp_path):
    wide = toy(ids=np.array([[2**40, 1], [1, 5]], dtype=np.uint64))
    wide.save(tmp_path / "wide")
    assert Neighbors.load(tmp_path / "wide").ids.tolist() == wide.ids.tolist()
    empty = toy().take([])
    empty.save(tmp_path / "empty")
    assert Neighbors.load(tmp_path / "empty").ids.shape == (0, 2)


def test_saving_twice_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        toy().save(tmp_path / name)
    for name in ("image.json", "image.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_modalities_lie_side_by_side_and_are_told_apart(tmp_path):
    toy().save(tmp_path)
    toy(Modality.AUDIO).save(tmp_path)
    assert Neighbors.load(tmp_path, "audio").modality is Modality.AUDIO
    with pytest.raises(InputError, match="image, audio here; say modality="):
        Neighbors.load(tmp_path)


def test_missing_and_damaged_files_are_named(tmp_path):
    with pytest.raises(StoreError, match="no complete neighbors"):
        Neighbors.load(tmp_path)
    toy().save(tmp_path)
    (tmp_path / "image.parquet").write_bytes(b"short")
    with pytest.raises(StoreError, match="no complete neighbors"):
        Neighbors.load(tmp_path)


def test_other_columns_are_a_schema_mismatch(tmp_path):
    toy().save(tmp_path)
    fields = dict(read_record(tmp_path / "image.json").fields)
    with committing(tmp_path / "image.json") as commit:
        toy().frame().drop("score").write_parquet(commit.path("image.parquet"))
        commit.finish(fields)
    with pytest.raises(SchemaMismatch, match="query_id, rank, item_id, score"):
        Neighbors.load(tmp_path)


def test_take_keeps_queries_by_flag_or_id():
    assert toy().take([6, 99]).ids.tolist() == [[1, 5]]
    assert toy().take([True, False]).query_ids.tolist() == [4]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"query_ids": np.array([6, 4], dtype=np.uint32)}, "query ids must ascend"),
        ({"scores": np.array([[0.1, 0.2], [0, 0]], dtype=np.float32)}, "scores must not ascend"),
        ({"scores": np.array([[np.nan, 0], [0, 0]], dtype=np.float32)}, "scores must not ascend"),
        ({"scores": np.zeros((2, 3), dtype=np.float32)}, "scores must be"),
        ({"query_ids": np.array([4], dtype=np.uint32)}, "ids must be"),
        ({"ids": np.empty((2, 0), dtype=np.uint32)}, "k at least 1"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        toy(**changes)
