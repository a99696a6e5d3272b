from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pentad.embeddings.exchange.write import write_embeddings
from tests.embeddings.exchange.made import embeddings, names, read, refusal

NEAR = np.array([[row, (row + 1) % 7] for row in range(7)])
FAR = np.tile([0.0, 0.5], (7, 1))
MAP = np.arange(14.0).reshape(7, 2)


def test_what_is_written_is_what_the_program_takes(tmp_path):
    made = embeddings(modality="text", dtype=np.float16, ids=np.arange(7) + 3)
    path = tmp_path / "a.parquet"
    write_embeddings(
        made, path, format="atlas", names=names(), columns={"label": list("abcabca")},
        projection=MAP, neighbors=(NEAR, FAR),
    )  # fmt: skip
    schema = pq.read_schema(path)
    assert schema.field("embedding").type == pa.list_(pa.float32())
    frame = pd.read_parquet(path)
    assert list(frame.columns) == [
        "text_id", "caption", "label", "projection_x", "projection_y", "neighbors", "embedding",
    ]  # fmt: skip
    assert np.array_equal(np.stack(frame["embedding"]), made.vectors.astype(np.float32))
    assert frame["projection_x"].tolist() == MAP[:, 0].tolist()
    assert frame["projection_y"].tolist() == MAP[:, 1].tolist()
    for row, near in enumerate(frame["neighbors"]):
        assert near["ids"].tolist() == NEAR[row].tolist()
        assert near["distances"].tolist() == FAR[row].tolist()


def test_vectors_are_read_and_the_rest_is_left(tmp_path):
    path = tmp_path / "a.parquet"
    made = embeddings(modality="text")
    write_embeddings(
        made, path, format="atlas", names=names(), projection=MAP, neighbors=(NEAR, FAR)
    )
    found = read(path, "text")
    assert found.origin == {"format": "atlas", "exact": True}
    assert np.array_equal(found.embeddings.vectors, made.vectors)
    assert found.names == names()


def test_what_pandas_writes_is_read(tmp_path):
    made = embeddings()
    near = [{"ids": NEAR[row], "distances": FAR[row]} for row in range(7)]
    columns = {"text": names(), "v": list(made.vectors), "__neighbors": near}
    pd.DataFrame(columns).to_parquet(tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet", "text")
    assert found.origin["format"] == "atlas"
    assert np.array_equal(found.embeddings.vectors, made.vectors)
    pd.DataFrame(columns).drop(columns="v").to_parquet(tmp_path / "b.parquet")
    assert "no column of vectors" in refusal(lambda: read(tmp_path / "b.parquet", "text"))


BAD = [
    ({"projection": MAP[:6]}, "no projection; expected numbers (7, 2), got float64 (6, 2)"),
    ({"projection": np.full((7, 2), np.nan)}, "row 0: a value of the projection is not finite"),
    ({"neighbors": (NEAR[:6], FAR)}, "neighbors are row numbers; expected integers (7, k)"),
    ({"neighbors": (NEAR * 1.0, FAR)}, "neighbors are row numbers; expected integers (7, k)"),
    ({"neighbors": (NEAR + 1, FAR)}, "neighbors are row numbers; expected 0 to 6, got 1 to 7"),
    ({"neighbors": (NEAR - 1, FAR)}, "neighbors are row numbers; expected 0 to 6, got -1 to 5"),
    (
        {"neighbors": (NEAR, FAR[:, :1])},
        "no distances; expected numbers (7, 2), got float64 (7, 1)",
    ),
    ({"projection": MAP, "columns": {"projection_x": [1] * 7}}, "column 'projection_x': a column"),
    ({"neighbors": (NEAR, FAR), "column": "neighbors"}, "column 'neighbors': a column of this"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_what_does_not_fit_is_refused_before_anything_is_written(tmp_path, options, message):
    path = tmp_path / "a.parquet"
    text = refusal(lambda: write_embeddings(embeddings(), path, format="atlas", **options))
    assert message in text
    assert list(tmp_path.iterdir()) == []
