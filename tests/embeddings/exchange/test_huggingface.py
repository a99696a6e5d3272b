from __future__ import annotations

import json

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pentad.core.errors import Reason, UnknownName
from pentad.embeddings.exchange import huggingface, rows
from pentad.embeddings.exchange.write import write_embeddings
from tests.embeddings.exchange.made import (
    embeddings,
    names,
    read,
    read_or_refused,
    refusal,
    same,
    vectors,
)


def table(path, columns, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, **options)
    return path


def fixed(values, kind=None):
    flat = pa.array(values.reshape(-1))
    lists = pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
    return lists if kind is None else lists.cast(kind)


SHAPES = {
    "fixed": fixed,
    "list": lambda v: pa.array(list(v)),
    "large list": lambda v: pa.array(list(v), pa.large_list(pa.from_numpy_dtype(v.dtype))),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_lists_of_every_kind_are_read(tmp_path, shape, dtype, monkeypatch):
    monkeypatch.setattr(rows, "BLOCK_BYTES", 40)
    values = vectors(dtype=dtype)
    path = table(
        tmp_path / "a.parquet", {"file_name": names(), "emb": SHAPES[shape](values)},
        row_group_size=3,
    )  # fmt: skip
    found = read(path)
    expected = values.astype(np.float16 if dtype == np.float16 else np.float32)
    assert same(found.embeddings.vectors, expected)
    assert isinstance(found.embeddings.vectors, np.memmap)
    assert found.names == names()
    assert found.origin == {"format": "huggingface", "exact": True}


def test_what_pandas_polars_and_datasets_write_is_read(tmp_path):
    values = vectors()
    columns = {"caption": names(), "vec": list(values)}
    pd.DataFrame(columns).to_parquet(tmp_path / "pandas.parquet")
    pl.DataFrame({"caption": names(), "vec": values.tolist()}).write_parquet(
        tmp_path / "polars.parquet"
    )
    kinds = datasets.Features(
        caption=datasets.Value("string"), vec=datasets.List(datasets.Value("float32"), length=4)
    )
    made = datasets.Dataset.from_dict({**columns, "vec": values.tolist()}, features=kinds)
    made.to_parquet(tmp_path / "datasets.parquet")
    for name in ("pandas", "polars", "datasets"):
        found = read(tmp_path / f"{name}.parquet", "text")
        assert same(found.embeddings.vectors, values)
        assert found.names == names()


def test_files_of_a_folder_are_read_in_order(tmp_path):
    for number in range(3):
        part = f"data/train-0000{number}-of-00003.parquet"
        table(tmp_path / part, {"emb": fixed(vectors(2, seed=number))})
    found = read(tmp_path)
    assert same(found.embeddings.vectors, np.concatenate([vectors(2, seed=n) for n in range(3)]))
    assert found.names is None
    (tmp_path / "data" / "train-00001-of-00003.parquet").unlink()
    assert "part 1 of 3 of 'train' is missing" in refusal(lambda: read(tmp_path))


def test_splits_are_not_mixed(tmp_path):
    for number, split in enumerate(("test", "train")):
        path = tmp_path / "data" / f"{split}-00000-of-00001.parquet"
        table(path, {"emb": fixed(vectors(2, seed=number))})
    assert "it has the splits test, train; name the files of one" in refusal(lambda: read(tmp_path))
    found = read(tmp_path / "data" / "train-*.parquet")
    assert same(found.embeddings.vectors, vectors(2, seed=1))
    assert "no .parquet file" in refusal(lambda: read(tmp_path / "data" / "dev-*.parquet"))


def test_ids_come_from_their_column_or_from_the_key(tmp_path):
    values = vectors(4)
    columns = {
        "image_id": pa.array([9, 3, 5, 1], pa.int64()),
        "other": pa.array([1, 2, 3, 2**40], pa.uint64()),
        "file": ["a", "b", None, "d"],
        "emb": fixed(values),
    }
    path = table(tmp_path / "a.parquet", columns)
    found = read(path)
    assert found.has_ids
    assert found.embeddings.ids.tolist() == [1, 3, 5, 9]
    assert found.names == ["d", "b", "", "a"]
    assert same(found.embeddings.vectors, values[[3, 1, 2, 0]])
    wide = read(path, key="other")
    assert wide.embeddings.ids.dtype == np.uint64
    assert wide.embeddings.ids.tolist() == [1, 2, 3, 2**40]
    assert wide.names is None
    assert "a.parquet:3 [file]: no value" in refusal(lambda: read(path, key="file"))
    named = read(path, key="file", bad_rows="reject")
    assert (named.names, named.has_ids) == (["a", "b", "d"], False)
    assert named.embeddings.ids.tolist() == [0, 1, 3]


def test_the_column_is_named_where_there_are_several(tmp_path):
    columns = {"a": fixed(vectors()), "b": fixed(vectors(seed=1)), "c": [[1, 2]] * 7}
    path = table(tmp_path / "a.parquet", columns)
    text = refusal(lambda: read(path))
    assert "a.parquet: several columns of vectors (a, b); name one of them" in text
    assert same(read(path, column="b").embeddings.vectors, vectors(seed=1))
    assert read(path, column="c").embeddings.vectors.tolist() == [[1, 2]] * 7
    with pytest.raises(UnknownName, match=r"unknown column of .*a.parquet 'd'"):
        read(path, column="d")
    with pytest.raises(UnknownName, match=r"unknown column of .*a.parquet 'nix'"):
        read(path, column="a", key="nix")


BAD_TABLES = [
    ({"x": [1, 2]}, {}, "no column of vectors (lists of floats); got x"),
    ({"x": [["a"], ["b"]]}, {"column": "x"}, "[x]: no vectors; expected lists of floats"),
    ({"x": [1.0, 2.0]}, {"column": "x"}, "[x]: no vectors; expected lists of floats, got double"),
    ({"e": [[1.0]], "k": [1.5]}, {"key": "k"}, "[k]: no key; expected integers or strings"),
    ({"e": [[1.0], [1.0]], "k": [4, 4]}, {"key": "k"}, "[k]: an id is there twice; got 4"),
    ({"e": [[1.0], [1.0]], "k": [4, -4]}, {"key": "k"}, "[k]: ids must not be negative; got -4"),
    ({"e": [[1.0], [1.0]], "k": [4, None]}, {"key": "k"}, ":2 [k]: no value"),
    ({"e": [[1.0, 2.0], [1.0]]}, {}, ":2 [e]: a vector of 1 values, the first has 2"),
    ({"e": [[1.0, 2.0], None]}, {}, ":2 [e]: no vector"),
    ({"e": [[1.0, 2.0], []]}, {}, ":2 [e]: no vector"),
    ({"e": [[1.0, 2.0], [1.0, None]]}, {}, ":2 [e]: a value of the vector is not finite"),
    ({"e": [[1.0, 2.0], [1.0, np.inf]]}, {}, ":2 [e]: a value of the vector is not finite"),
    ({"e": [[1.0], [1e300]]}, {}, ":2 [e]: a value of the vector is not finite"),
    ({"e": pa.array([], pa.list_(pa.float32()))}, {}, "there is no vector in it"),
    ({"e": pa.array([None, None], pa.list_(pa.float32()))}, {}, ":1 [e]: no vector"),
]


@pytest.mark.parametrize(("columns", "options", "message"), BAD_TABLES)
def test_bad_tables_are_refused_in_one_line(tmp_path, columns, options, message):
    path = table(tmp_path / "a.parquet", columns)
    text = refusal(lambda: read(path, **options))
    assert str(path) in text
    assert message in text


@pytest.mark.parametrize("shape", ["fixed", "list"])
def test_bad_rows_are_left_out_where_that_is_asked_for(tmp_path, shape):
    values = vectors(6)
    values[2, 1] = np.nan
    lists = [None if row in (0, 4) else values[row].tolist() for row in range(6)]
    kind = pa.list_(pa.float32(), 4 if shape == "fixed" else -1)
    if shape == "list":
        lists[5] = [1.0, 2.0]
    path = table(tmp_path / "a.parquet", {"file": names(6), "e": pa.array(lists, kind)})
    found = read(path, bad_rows="reject")
    kept = [1, 3] if shape == "list" else [1, 3, 5]
    assert found.embeddings.ids.tolist() == kept
    assert same(found.embeddings.vectors, values[kept])
    assert found.names == [names(6)[row] for row in kept]
    reasons = {r.row: r.reason for r in found.rejections}
    expected = {1: Reason.EMPTY, 3: Reason.NON_FINITE, 5: Reason.EMPTY}
    assert reasons == expected | ({6: Reason.CONFLICT} if shape == "list" else {})
    assert {(r.path, r.column) for r in found.rejections} == {("a.parquet", "e")}


PARTS = [
    ({"f": fixed(vectors(2))}, "2.parquet: parts with other columns; expected e, got f"),
    ({"e": fixed(vectors(2, 5))}, "parts with vectors of different lengths; expected 4, got 5"),
    (
        {"e": pa.array(list(vectors(2, 5)))},
        "2.parquet:1 [e]: a vector of 5 values, the first has 4",
    ),
    ({"e": fixed(vectors(2, dtype=np.float16))}, "different types; expected float32, got float16"),
    (
        {"e": fixed(vectors(2)), "file": ["a", "b"]},
        "parts with other columns; expected e, got e, f",
    ),
]


@pytest.mark.parametrize(("columns", "message"), PARTS)
def test_parts_that_differ_are_refused(tmp_path, columns, message):
    table(tmp_path / "1.parquet", {"e": fixed(vectors(2))})
    table(tmp_path / "2.parquet", columns)
    assert message in refusal(lambda: read(tmp_path))


@pytest.mark.parametrize("cut", [0, 3, 12, 200, -1, -9])
def test_damaged_files_are_one_line(tmp_path, cut):
    path = table(tmp_path / "a.parquet", {"e": fixed(vectors(500))})
    path.write_bytes(path.read_bytes()[:cut])
    assert "a.parquet: no usable Parquet file (" in refusal(lambda: read(path))


def test_flipped_bits_are_one_line_or_other_values(tmp_path):
    path = table(tmp_path / "a.parquet", {"e": fixed(vectors(500))}, compression="zstd")
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(60):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), 3):
            data[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        assert read_or_refused(path)


@pytest.mark.parametrize("target", ["out", "out.parquet"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_datasets_loads_what_is_written_with_the_right_types(tmp_path, monkeypatch, target, dtype):
    monkeypatch.setattr(huggingface, "FILE_BYTES", 3 * 4 * np.dtype(dtype).itemsize)
    monkeypatch.setattr(rows, "BLOCK_BYTES", 16)
    made = embeddings(dtype=dtype, ids=np.arange(7) * 3)
    columns = {"score": [0.5] * 7, "ok": [True, None] * 3 + [False], "tags": [["a"]] * 7}
    columns["kind"] = pl.Series(["x", "y"] * 3 + ["x"], dtype=pl.Categorical)
    columns["none"] = [None] * 7
    path = tmp_path / target
    write_embeddings(made, path, format="huggingface", names=names(), columns=columns)
    if path.is_dir():
        parts = sorted(p.name for p in (path / "data").iterdir())
        assert parts == [f"train-0000{n}-of-00003.parquet" for n in range(3)]
        loaded = datasets.load_dataset(str(path), split="train", cache_dir=str(tmp_path / "cache"))
    else:
        loaded = datasets.Dataset.from_parquet(str(path), cache_dir=str(tmp_path / "cache"))
    assert loaded.features == datasets.Features(
        image_id=datasets.Value("uint32"),
        file=datasets.Value("string"),
        score=datasets.Value("float64"),
        ok=datasets.Value("bool"),
        tags=datasets.List(datasets.Value("string")),
        kind=datasets.Value("string"),
        none=datasets.Value("string"),
        embedding=datasets.List(datasets.Value(np.dtype(dtype).name), length=4),
    )
    values = np.array(loaded["embedding"][:], dtype=dtype)
    assert np.array_equal(values, made.vectors)
    assert loaded["file"][:] == names()
    found = read(path)
    assert same(found.embeddings.vectors, made.vectors)
    assert (found.embeddings.ids == made.ids).all()
    assert found.names == names()


def test_lists_are_called_as_every_version_of_datasets_knows_them(tmp_path):
    write_embeddings(embeddings(), tmp_path / "a.parquet", format="huggingface")
    metadata = json.loads(pq.read_schema(tmp_path / "a.parquet").metadata[b"huggingface"])
    assert metadata["info"]["features"]["embedding"] == {
        "feature": {"dtype": "float32", "_type": "Value"}, "length": 4, "_type": "Sequence",
    }  # fmt: skip


BAD_COLUMNS = [
    ({"columns": {"a": [1]}}, "column 'a': one value a row; expected 7, got 1"),
    ({"columns": {"a": [1, "x", *range(5)]}}, "column 'a': cannot be written ("),
    ({"columns": {"file": names()}, "names": names()}, "column 'file': a column of this name"),
    ({"columns": {"image_id": names()}}, "column 'image_id': a column of this name"),
    ({"column": "file", "names": names()}, "column 'file': a column of this name"),
    ({"projection": np.zeros((7, 2))}, "belong to the format 'atlas'"),
]


@pytest.mark.parametrize(("options", "message"), BAD_COLUMNS)
def test_columns_that_do_not_fit_are_refused(tmp_path, options, message):
    path = tmp_path / "out"
    text = refusal(lambda: write_embeddings(embeddings(), path, format="huggingface", **options))
    assert message in text
    assert not path.exists()
