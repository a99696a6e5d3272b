from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pentad.core.errors import Reason
from pentad.embeddings.exchange import clip_retrieval, rows
from pentad.embeddings.exchange.write import write_embeddings
from pentad.embeddings.stacked import StackedRows
from tests.embeddings.exchange.made import embeddings, names, read, refusal, same, vectors


def folder(root, parts, *, name="img_emb", width=1, dtype=np.float16, metadata=True):
    """Write a folder as clip-retrieval does: a file of vectors and one of metadata a part."""
    for number, (count, dim) in parts.items():
        label = str(number).zfill(width)
        (root / name).mkdir(parents=True, exist_ok=True)
        values = vectors(count, dim, dtype=dtype, seed=number)
        np.save(root / name / f"{name}_{label}.npy", values)
        if metadata:
            (root / "metadata").mkdir(exist_ok=True)
            table = {
                "image_path": [f"/data/{number}/{row}.jpg" for row in range(count)],
                "caption": [f"caption {number} {row}" for row in range(count)],
                "NSFW": ["UNLIKELY"] * count,
            }
            pl.DataFrame(table).write_parquet(root / "metadata" / f"metadata_{label}.parquet")
    return root


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_parts_are_joined_by_number_and_mapped(tmp_path, dtype):
    parts = {2: (3, 4), 10: (2, 4), 9: (4, 4)}
    found = read(folder(tmp_path, {n: parts.get(n, (1, 4)) for n in range(2, 11)}, dtype=dtype))
    expected = np.concatenate(
        [vectors(*parts.get(n, (1, 4)), dtype=dtype, seed=n) for n in range(2, 11)]
    )
    assert same(found.embeddings.vectors, expected)
    assert isinstance(found.embeddings.vectors, StackedRows)
    assert isinstance(found.embeddings.vectors[:2], np.memmap)
    assert found.names[:4] == ["/data/2/0.jpg", "/data/2/1.jpg", "/data/2/2.jpg", "/data/3/0.jpg"]
    assert found.embeddings.ids.tolist() == list(range(len(expected)))
    assert not found.has_ids
    assert found.origin == {"format": "clip-retrieval", "exact": True}


def test_numbers_may_have_zeros_in_front(tmp_path):
    folder(tmp_path, {0: (2, 4), 1: (2, 4)}, width=4)
    (tmp_path / "metadata" / "metadata_0001.parquet").rename(
        tmp_path / "metadata" / "metadata_1.parquet"
    )
    assert len(read(tmp_path)) == 4


def test_texts_are_named_by_their_captions(tmp_path):
    folder(tmp_path, {0: (3, 4)})
    folder(tmp_path, {0: (3, 4)}, name="text_emb")
    assert read(tmp_path, "text").names == [f"caption 0 {row}" for row in range(3)]
    assert read(tmp_path).names[0] == "/data/0/0.jpg"
    assert read(tmp_path, key="NSFW").names == ["UNLIKELY"] * 3


def test_metadata_may_be_absent_as_a_whole(tmp_path):
    found = read(folder(tmp_path, {0: (3, 4)}, metadata=False))
    assert found.names is None
    assert "no metadata, so no key" in refusal(lambda: read(tmp_path, key="caption"))


def test_other_floats_are_converted(tmp_path):
    for number, dtype in enumerate((">f2", ">f4", "<f8")):
        root = tmp_path / str(number)
        (root / "img_emb").mkdir(parents=True)
        values = np.asfortranarray(vectors().astype(dtype))
        np.save(root / "img_emb" / "img_emb_0.npy", values)
        found = read(root).embeddings.vectors
        assert found.dtype == (np.float16 if dtype == ">f2" else np.float32)
        assert np.array_equal(found, values.astype(found.dtype))


def test_rows_that_are_not_finite_are_an_error_or_are_listed(tmp_path):
    folder(tmp_path, {0: (5, 4), 1: (2, 4)})
    file = tmp_path / "img_emb" / "img_emb_0.npy"
    values = np.load(file)
    values[1, 2], values[4, 0] = np.nan, np.inf
    np.save(file, values)
    assert "img_emb_0.npy:2: a value is not finite" in refusal(lambda: read(tmp_path))
    found = read(tmp_path, bad_rows="reject")
    assert found.embeddings.ids.tolist() == [0, 2, 3, 5, 6]
    assert found.names[1:4] == ["/data/0/2.jpg", "/data/0/3.jpg", "/data/1/0.jpg"]
    expected = np.concatenate([values[[0, 2, 3]], vectors(2, 4, dtype=np.float16, seed=1)])
    assert same(found.embeddings.vectors, expected)
    assert [(r.path, r.row, r.reason) for r in found.rejections] == [
        ("img_emb/img_emb_0.npy", 2, Reason.NON_FINITE),
        ("img_emb/img_emb_0.npy", 5, Reason.NON_FINITE),
    ]


def test_a_part_without_a_usable_row_leaves_the_others(tmp_path):
    folder(tmp_path, {0: (2, 4), 1: (2, 4)})
    np.save(tmp_path / "img_emb" / "img_emb_0.npy", np.full((2, 4), np.nan, np.float16))
    assert read(tmp_path, bad_rows="reject").embeddings.ids.tolist() == [2, 3]
    np.save(tmp_path / "img_emb" / "img_emb_1.npy", np.full((2, 4), np.nan, np.float16))
    assert "none of its 4 vectors" in refusal(lambda: read(tmp_path, bad_rows="reject"))


def _file(root):
    return root / "img_emb" / "img_emb_1.npy"


def _table(root):
    return root / "metadata" / "metadata_1.parquet"


def _archive(root):
    with _file(root).open("wb") as out:
        np.savez(out, a=vectors())


_OBJECTS = np.array([[{}, {}]], dtype=object)
_ACTIONS = {
    "cut": lambda root: _file(root).write_bytes(_file(root).read_bytes()[:-1]),
    "empty file": lambda root: _file(root).write_bytes(b""),
    "no npy": lambda root: _file(root).write_bytes(b"\x00" * 200),
    "pickled": lambda root: np.save(_file(root), _OBJECTS, allow_pickle=True),
    "archive": _archive,
    "integers": lambda root: np.save(_file(root), np.ones((2, 4), np.int8)),
    "one axis": lambda root: np.save(_file(root), np.ones(8, np.float16)),
    "no columns": lambda root: np.save(_file(root), np.ones((2, 0), np.float16)),
    "dims": lambda root: np.save(_file(root), np.ones((2, 5), np.float16)),
    "types": lambda root: np.save(_file(root), np.ones((2, 4), np.float32)),
    "no vectors": lambda root: _file(root).unlink(),
    "no metadata": lambda root: _table(root).unlink(),
    "rows": lambda root: pl.DataFrame({"image_path": ["a"]}).write_parquet(_table(root)),
    "no parquet": lambda root: _table(root).write_bytes(b"PAR1 and no more"),
    "twice": lambda root: np.save(_file(root).with_name("img_emb_01.npy"), np.ones((2, 4))),
}
DAMAGE = {
    "cut": "img_emb_1.npy: no usable .npy file (mmap length",
    "empty file": "img_emb_1.npy: no usable .npy file (it does not begin as one)",
    "no npy": "img_emb_1.npy: no usable .npy file (",
    "pickled": "img_emb_1.npy: no usable .npy file (",
    "archive": "img_emb_1.npy: no usable .npy file (it does not begin as one)",
    "integers": "img_emb_1.npy: no vectors; expected floats of shape (rows, dim), got int8 (2, 4)",
    "one axis": "got float16 (8,)",
    "no columns": "got float16 (2, 0)",
    "dims": "expected float16 vectors of 4 values, got float16 vectors of 5 values",
    "types": "expected float16 vectors of 4 values, got float32 vectors of 4 values",
    "no vectors": "metadata_1.parquet: part 1 has no vectors",
    "no metadata": "img_emb_1.npy: part 1 has no metadata",
    "rows": "metadata_1.parquet: one row a vector; expected 2, got 1 rows",
    "no parquet": "metadata_1.parquet: no usable Parquet file (",
    "twice": "img_emb_1.npy: the same part as img_emb_01.npy",
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_one_line_that_names_the_file(tmp_path, what):
    root = folder(tmp_path, {0: (2, 4), 1: (2, 4)})
    _ACTIONS[what](root)
    assert DAMAGE[what] in refusal(lambda: read(root))


def header(text: str, version=b"\x01\x00") -> bytes:
    raw = text.encode()
    return b"\x93NUMPY" + version + len(raw).to_bytes(2, "little") + raw


HEADERS = [
    header("{'descr': '<f2', 'fortran_order': False, 'shape': (1000000000000, 4), }\n"),
    header(f"{{'descr': '<f2', 'fortran_order': False, 'shape': ({2**62}, {2**62}), }}\n"),
    header("{'descr': '<f2', 'fortran_order': False, 'shape': (-3, 4), }\n"),
    header("{'descr': '<f2', 'fortran_order': False, 'shape': (3.0, 4), }\n"),
    header("{'descr': '|O', 'fortran_order': False, 'shape': (1, 1), }\n"),
    header("{'descr': '<f2', 'shape': (1, 1), }\n"),
    header("{" * 500),
    header("(" * 2000),
    header("__import__('os').system('true')\n"),
    header("[[[['"),
    header("{}", version=b"\x09\x00"),
    b"\x93NUMPY\x01\x00\xff\xff{",
    b"\x93NUMPY",
    b"PK\x03\x04 not an archive",
]


@pytest.mark.parametrize("data", HEADERS)
def test_absurd_headers_are_one_line(tmp_path, data):
    (tmp_path / "img_emb").mkdir()
    (tmp_path / "img_emb" / "img_emb_0.npy").write_bytes(data + b"\0" * 64)
    assert "img_emb_0.npy: no usable .npy file (" in refusal(lambda: read(tmp_path))


def test_a_part_that_is_missing_is_named(tmp_path):
    folder(tmp_path, {0: (2, 4), 1: (2, 4), 3: (2, 4)})
    assert "part 2 is missing" in refusal(lambda: read(tmp_path))


def test_a_part_may_be_empty_but_not_all(tmp_path):
    assert len(read(folder(tmp_path / "a", {0: (0, 4), 1: (2, 4)}))) == 2
    folder(tmp_path / "b", {0: (0, 4)})
    assert "there is no vector in it" in refusal(lambda: read(tmp_path / "b"))


def test_a_modality_that_is_not_there_names_what_is(tmp_path):
    folder(tmp_path, {0: (2, 4)})
    text = refusal(lambda: read(tmp_path, "text"))
    assert "no text_emb/text_emb_0.npy in it; got img_emb, metadata" in text


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("modality", ["image", "text", "audio"])
def test_what_is_written_is_read(tmp_path, monkeypatch, dtype, modality):
    monkeypatch.setattr(clip_retrieval, "PART_ROWS", 3)
    monkeypatch.setattr(rows, "BLOCK_BYTES", 16)
    made = embeddings(modality=modality, dtype=dtype, ids=np.arange(7) * 5)
    listed = names()
    write_embeddings(
        made, tmp_path / "out", format="clip-retrieval", names=listed,
        columns={"concept": [None, *"abcdef"]},
    )  # fmt: skip
    found = read(tmp_path / "out", modality)
    assert same(found.embeddings.vectors, made.vectors)
    assert found.names == listed
    assert found.has_ids
    assert (found.embeddings.ids == made.ids).all()
    kind = {"image": "img_emb"}.get(modality, f"{modality}_emb")
    files = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")}
    expected = {f"{kind}/{kind}_{n}.npy" for n in range(3)}
    expected |= {f"metadata/metadata_{n}.parquet" for n in range(3)}
    assert files - {".pentad-export.json"} == expected
    table = pl.read_parquet(tmp_path / "out" / "metadata" / "*.parquet")
    column = "caption" if modality == "text" else f"{modality}_path"
    assert table[column].to_list() == listed
    assert table["concept"].to_list() == [None, *"abcdef"]


def test_names_of_parts_are_padded_as_theirs_are(tmp_path, monkeypatch):
    monkeypatch.setattr(clip_retrieval, "PART_ROWS", 1)
    write_embeddings(embeddings(11), tmp_path / "out", format="clip-retrieval")
    parts = sorted(p.name for p in (tmp_path / "out" / "img_emb").iterdir())
    assert parts[:2] == ["img_emb_00.npy", "img_emb_01.npy"]
    assert len(read(tmp_path / "out")) == 11
