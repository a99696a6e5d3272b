from __future__ import annotations

import faiss
import numpy as np
import polars as pl
import pytest

from pentad.embeddings.exchange import faiss_file, faiss_flat, faiss_process, rows
from pentad.embeddings.exchange.write import write_embeddings
from tests.embeddings.exchange.made import (
    embeddings,
    names,
    read,
    read_or_refused,
    refusal,
    vectors,
)

pytestmark = pytest.mark.slow

EXACT = ["Flat", "HNSW8", "NSG8", "IVF4,Flat", "IVF4,SQ8,RFlat", "SQfp16", "SQbf16"]
APPROXIMATE = ["SQ8", "HNSW8_SQ8", "PQ4x4", "IVF4,PQ4x4", "OPQ4,PQ4x4", "PCA8,Flat", "IVF4,SQ8"]


def build(path, spec="Flat", *, ids=None, values=None):
    """Write an index; returns the vectors that it was given."""
    given = vectors(300, 16) if values is None else values
    index = faiss.index_factory(given.shape[1], spec, faiss.METRIC_INNER_PRODUCT)
    index.train(given)
    index.add(given) if ids is None else index.add_with_ids(given, np.asarray(ids))
    faiss.write_index(index, str(path))
    return given


@pytest.mark.parametrize("spec", EXACT)
def test_an_index_that_keeps_its_vectors_gives_them_back(tmp_path, spec):
    given = build(tmp_path / "a.faiss", spec)
    found = read(tmp_path / "a.faiss")
    tolerance = {"SQfp16": 1e-3, "SQbf16": 1e-2}.get(spec, 0)
    assert found.embeddings.vectors.dtype == np.float32
    np.testing.assert_allclose(found.embeddings.vectors, given, rtol=tolerance, atol=0)
    assert found.embeddings.ids.tolist() == list(range(300))
    assert (found.names, found.has_ids) == (None, False)
    assert found.origin["exact"] is True


@pytest.mark.parametrize("spec", APPROXIMATE)
def test_an_index_that_changes_its_vectors_is_taken_only_when_asked_for(tmp_path, spec):
    given = build(tmp_path / "a.faiss", spec)
    text = refusal(lambda: read(tmp_path / "a.faiss"))
    assert "does not give its vectors back as they were; 'approximate' takes" in text
    found = read(tmp_path / "a.faiss", approximate=True)
    assert found.origin["exact"] is False
    assert found.origin["index"] in text
    assert found.embeddings.vectors.shape == given.shape
    assert not np.array_equal(found.embeddings.vectors, given)


def test_an_index_that_gives_nothing_back_is_refused(tmp_path):
    build(tmp_path / "a.faiss", "IVF4,PQ4x4fs")
    text = refusal(lambda: read(tmp_path / "a.faiss", approximate=True))
    assert text.endswith("IndexIVFPQFastScan does not give its vectors back")


@pytest.mark.parametrize("spec", ["IDMap,Flat", "IDMap2,Flat", "IVF4,Flat"])
def test_ids_of_an_index_are_taken_in_ascending_order(tmp_path, spec):
    ids = np.random.default_rng(0).permutation(300) * 7 + 2**33
    given = build(tmp_path / "a.faiss", spec, ids=ids)
    found = read(tmp_path / "a.faiss")
    order = np.argsort(ids)
    assert found.embeddings.ids.dtype == np.uint64
    assert (found.embeddings.ids == ids[order]).all()
    assert np.array_equal(found.embeddings.vectors, given[order])
    assert found.has_ids


@pytest.mark.parametrize("ids", [[1, 1], [-1, 4]])
def test_ids_that_are_none_are_refused(tmp_path, ids):
    build(tmp_path / "a.faiss", "IDMap,Flat", ids=ids, values=vectors(2))
    assert refusal(lambda: read(tmp_path / "a.faiss")).startswith(f"{tmp_path}/a.faiss: ")


def test_ids_lie_beside_the_index_or_are_named(tmp_path):
    given = build(tmp_path / "index.faiss", values=vectors(4))
    np.save(tmp_path / "ids.npy", np.array([40, 10, 30, 20]))
    found = read(tmp_path)
    assert found.embeddings.ids.tolist() == [10, 20, 30, 40]
    assert np.array_equal(found.embeddings.vectors, given[[1, 3, 2, 0]])
    np.save(tmp_path / "paths.npy", np.array(["d", "a", "c", "b"]))
    named = read(tmp_path, ids=tmp_path / "paths.npy")
    assert (named.names, named.has_ids) == (["d", "a", "c", "b"], False)
    table = {"n": [1, 2, 3, 4], "image_id": [4, 3, 2, 1], "image_path": ["w", "x", "y", "z"]}
    pl.DataFrame(table).write_parquet(tmp_path / "index.ids.parquet")
    both = read(tmp_path)
    assert (both.embeddings.ids.tolist(), both.names) == ([1, 2, 3, 4], ["z", "y", "x", "w"])
    assert read(tmp_path, key="n").names is None
    pl.DataFrame({"anything": [4, 3, 2, 1]}).write_parquet(tmp_path / "index.ids.parquet")
    assert read(tmp_path).embeddings.ids.tolist() == [1, 2, 3, 4]


def test_ids_of_the_index_are_places_in_the_list(tmp_path):
    given = build(tmp_path / "a.faiss", "IDMap,Flat", ids=[2, 0, 1], values=vectors(3))
    np.save(tmp_path / "ids.npy", np.array(["zero", "one", "two"]))
    found = read(tmp_path)
    assert found.names == ["two", "zero", "one"]
    assert np.array_equal(found.embeddings.vectors, given)
    build(tmp_path / "a.faiss", "IDMap,Flat", ids=[20, 0, 1], values=vectors(3))
    assert "ids.npy: not the ids that a.faiss has" in refusal(lambda: read(tmp_path))


BAD_IDS = [
    (np.arange(3), "ids.npy: one id a vector; expected 4, got 3"),
    (np.arange(8).reshape(4, 2), "ids.npy: no ids; expected integers or strings (rows,)"),
    (np.arange(4.0), "ids.npy: no ids"),
    (np.array([1, 2, 2, 4]), "an id is there twice; got 2"),
    (np.array([1, 2, -2, 4]), "ids must not be negative; got -2"),
]


@pytest.mark.parametrize(("ids", "message"), BAD_IDS)
def test_ids_that_do_not_fit_are_refused(tmp_path, ids, message):
    build(tmp_path / "index.faiss", values=vectors(4))
    np.save(tmp_path / "ids.npy", ids)
    assert message in refusal(lambda: read(tmp_path))


def test_tables_of_ids_that_do_not_fit_are_refused(tmp_path):
    build(tmp_path / "index.faiss", values=vectors(2))
    assert "so no key" in refusal(lambda: read(tmp_path, key="a"))
    pl.DataFrame({"a": [1, None], "b": ["x", "y"]}).write_parquet(tmp_path / "ids.parquet")
    assert "several columns; name the key; got a, b" in refusal(lambda: read(tmp_path))
    assert "ids.parquet:2 [a]: no value" in refusal(lambda: read(tmp_path, key="a"))
    assert read(tmp_path, key="b").names == ["x", "y"]


def test_rows_that_are_not_finite_are_an_error_or_are_listed(tmp_path):
    values = vectors(4)
    values[2, 1] = np.nan
    build(tmp_path / "a.faiss", values=values)
    assert "a.faiss:3: a value is not finite" in refusal(lambda: read(tmp_path))
    found = read(tmp_path, bad_rows="reject")
    assert found.embeddings.ids.tolist() == [0, 1, 3]
    assert np.array_equal(found.embeddings.vectors[:], values[[0, 1, 3]])


def test_another_number_of_indexes_than_one_is_refused(tmp_path):
    build(tmp_path / "a.faiss")
    build(tmp_path / "b.index")
    assert "one index file is needed; expected index.faiss, got a.faiss, b.index" in refusal(
        lambda: read(tmp_path)
    )


@pytest.mark.parametrize("spec", ["Flat", "IDMap,Flat", "IVF4,Flat", "HNSW8"])
@pytest.mark.parametrize("keep", [0, 3, 60, 0.5, -1])
def test_a_cut_file_is_one_line(tmp_path, spec, keep):
    path = tmp_path / "a.faiss"
    build(path, spec, ids=None if spec != "IDMap,Flat" else np.arange(300))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep) if isinstance(keep, float) else keep])
    assert "a.faiss: " in refusal(lambda: read(path))


def test_flat_indexes_are_read_without_faiss(tmp_path, monkeypatch):
    monkeypatch.setattr(faiss_process, "_PROGRAM", "no_such_program")
    for spec, ids in (("Flat", None), ("IDMap,Flat", np.arange(300) * 2), ("IDMap2,Flat", None)):
        labels = np.arange(300)[::-1] if spec == "IDMap2,Flat" else ids
        given = build(tmp_path / "a.faiss", spec, ids=labels)
        found = read(tmp_path / "a.faiss")
        order = slice(None, None, -1) if spec == "IDMap2,Flat" else slice(None)
        assert np.array_equal(found.embeddings.vectors, given[order])
        assert found.origin["exact"] is True


def test_a_flat_index_with_anything_odd_is_left_to_faiss(tmp_path):
    path = tmp_path / "a.faiss"
    for spec in ("Flat", "IDMap,Flat"):
        build(path, spec, ids=None if spec == "Flat" else np.arange(300))
        whole = path.read_bytes()
        assert faiss_flat.read_flat(path) is not None
        places = [0, 4, 8, 33, 37, *((38, 42, 46, 75) if spec != "Flat" else ())]
        for place in places:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 3]) + whole[place + 1 :])
            assert faiss_flat.read_flat(path) is None, place
        path.write_bytes(whole + b"x")
        assert faiss_flat.read_flat(path) is None


@pytest.mark.slow
@pytest.mark.parametrize("spec", ["Flat", "IDMap,Flat", "HNSW8", "IVF4,Flat", "SQfp16", "PQ4x4"])
def test_flipped_bits_are_one_line_or_other_values(tmp_path, spec):
    path = tmp_path / "a.faiss"
    build(path, spec, ids=None if spec != "IDMap,Flat" else np.arange(300))
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for reach in [60] * 6 + [300] * 4 + [len(whole)] * 2:
        data = bytearray(whole)
        for place in rng.integers(0, reach, 2):
            data[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        assert read_or_refused(path, approximate=True)


PROGRAMS = {
    "crash": ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n", "ended with SIGSEGV"),
    "exit": ("raise SystemExit(3)\n", "ended with exit code 3"),
    "hang": ("import time\ntime.sleep(60)\n", "took more than 2 s"),
    "silent": ("\n", "no answer"),
}


@pytest.mark.parametrize("how", PROGRAMS)
def test_whatever_the_reading_process_does_is_one_line(tmp_path, monkeypatch, how):
    code, message = PROGRAMS[how]
    (tmp_path / "program_that_fails.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(faiss_process, "_PROGRAM", "program_that_fails")
    monkeypatch.setattr(faiss_process, "_SECONDS", 1.5)
    build(tmp_path / "a.faiss", "SQfp16")
    text = refusal(lambda: read(tmp_path / "a.faiss"))
    assert f"no usable faiss index ({message}" in text.replace("reading it ", "")


def test_a_program_that_writes_too_little_is_found_out(tmp_path, monkeypatch):
    answer = '{"kind": "IndexFlat", "rows": 5, "dim": 4, "exact": true, "has_ids": false}'
    code = f"import os, sys\nos.write(int(sys.argv[4]), b'''{answer}''')\n"
    (tmp_path / "program_that_fails.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(faiss_process, "_PROGRAM", "program_that_fails")
    build(tmp_path / "a.faiss", "SQfp16")
    assert "cut short" in refusal(lambda: read(tmp_path / "a.faiss"))


def test_an_index_of_bits_and_no_index_are_refused(tmp_path):
    index = faiss.IndexBinaryFlat(16)
    index.add(np.ones((2, 2), np.uint8))
    faiss.write_index_binary(index, str(tmp_path / "a.faiss"))
    assert "a.faiss: no usable faiss index (" in refusal(lambda: read(tmp_path))
    (tmp_path / "a.faiss").write_bytes(b"hello" * 100)
    assert "a.faiss: no usable faiss index (" in refusal(lambda: read(tmp_path))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("start", [0, 5])
@pytest.mark.parametrize("whole", [False, True])
def test_what_is_written_searches_and_is_read(tmp_path, monkeypatch, dtype, start, whole):
    monkeypatch.setattr(rows, "BLOCK_BYTES", 16)
    if whole:
        monkeypatch.setattr(faiss_file, "_heads", lambda *_, **__: None)
    made = embeddings(dtype=dtype, ids=np.arange(7) + start)
    write_embeddings(made, tmp_path / "out", format="faiss", names=names())
    index = faiss.read_index(str(tmp_path / "out" / "index.faiss"))
    assert index.metric_type == faiss.METRIC_INNER_PRODUCT
    assert isinstance(index, faiss.IndexIDMap if start else faiss.IndexFlat)
    queries = made.vectors.astype(np.float32)
    scores, near = index.search(queries, 7)
    assert (near == made.ids[np.argsort(-(queries @ queries.T), axis=1)]).all()
    assert (np.diff(scores, axis=1) <= 0).all()
    assert np.load(tmp_path / "out" / "ids.npy").tolist() == made.ids.tolist()
    found = read(tmp_path / "out")
    assert np.array_equal(found.embeddings.vectors, queries)
    assert (found.embeddings.ids == made.ids).all()
    assert found.names == names()
    assert found.has_ids


def test_what_is_written_row_by_row_is_what_faiss_writes(tmp_path):
    for ids in (None, np.arange(7) * 3 + 2**35):
        made = embeddings(ids=ids)
        faiss_file.write_flat(tmp_path / "ours", made.vectors, made.ids)
        labels = None if ids is None else ids.astype(np.int64)
        faiss_file._write_whole(tmp_path / "theirs", made.vectors, labels)
        assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


def test_ids_that_faiss_cannot_have_are_refused(tmp_path):
    made = embeddings(2, ids=np.array([1, 2**63], np.uint64))
    out = tmp_path / "out"
    text = refusal(lambda: write_embeddings(made, out, format="faiss"))
    assert "faiss has ids up to 2^63 - 1; got 9223372036854775808" in text
    assert not out.exists()
