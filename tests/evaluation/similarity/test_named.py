import json

import numpy as np
import pytest

from pentad.core.errors import InputError, StoreError
from pentad.embeddings.embeddings import Embeddings
from pentad.evaluation.similarity.named import NamedVectors

NAMES = ("64760", "Flöte", "a/b", "")


def some() -> NamedVectors:
    vectors = np.random.default_rng(0).normal(size=(4, 3))
    return NamedVectors(NAMES, vectors, "image", "clip", {"aggregate": "mean", "pca": 3})


def test_round_trip(tmp_path) -> None:
    some().save(tmp_path / "new" / "folder")
    found = NamedVectors.load(tmp_path / "new" / "folder")
    assert (found.names, found.modality, found.space) == (NAMES, "image", "clip")
    assert found.recipe == some().recipe
    np.testing.assert_array_equal(found.vectors, some().vectors)
    assert found.fingerprint == some().fingerprint


def test_the_same_vectors_give_the_same_bytes(tmp_path) -> None:
    for name in "ab":
        some().save(tmp_path / name)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_it_is_an_embeddings_folder(tmp_path) -> None:
    some().take([0, 1]).save(tmp_path)
    assert np.load(tmp_path / "vectors.npy").dtype == np.float64
    assert np.load(tmp_path / "ids.npy").tolist() == [0, 1]


def test_embeddings_without_names_are_called_by_their_ids(tmp_path) -> None:
    rows = np.eye(3, dtype=np.float32)
    Embeddings.from_array(rows, modality="audio", space="s", ids=[7, 9, 11]).save(tmp_path)
    found = NamedVectors.load(tmp_path)
    assert (found.names, found.space) == (("7", "9", "11"), "s")


@pytest.mark.parametrize("file", ["vectors.npy", "ids.npy", "names.parquet", "embeddings.json"])
@pytest.mark.parametrize("how", ["missing", "cut", "other"])
def test_damage_is_one_line(tmp_path, file: str, how: str) -> None:
    some().save(tmp_path)
    path = tmp_path / file
    if how == "missing":
        path.unlink()
    else:
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2] if how == "cut" else b"x" * len(data))
    with pytest.raises(StoreError) as caught:
        NamedVectors.load(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_record_of_another_kind_is_refused(tmp_path) -> None:
    some().save(tmp_path)
    record = json.loads((tmp_path / "embeddings.json").read_text())
    del record["rows"]
    (tmp_path / "embeddings.json").write_text(json.dumps(record))
    with pytest.raises(StoreError, match="damaged"):
        NamedVectors.load(tmp_path)
    with pytest.raises(StoreError, match="no prepared vectors"):
        NamedVectors.load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("names", "vectors", "said"),
    [
        (("a", "b"), np.ones((3, 2)), "one vector a name"),
        (("a", "b"), np.ones(2), "one vector a name"),
        (("a", "a"), np.ones((2, 2)), "the same name"),
        (("a", "b"), np.array([[1, 1], [np.nan, 1]]), "the vector of 'b' is not finite"),
        (("a", "b"), np.array([[np.inf, 1], [1, 1]]), "the vector of 'a' is not finite"),
    ],
)
def test_what_does_not_fit_is_refused(names, vectors, said) -> None:
    with pytest.raises(InputError, match=said):
        NamedVectors(names, vectors)
