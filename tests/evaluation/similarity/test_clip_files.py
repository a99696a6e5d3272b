import json
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.embeddings.exchange.read import read_embeddings
from pentad.evaluation.similarity.clip_files import write_clips
from pentad.evaluation.similarity.named import NamedVectors


def some(*names: str) -> NamedVectors:
    return NamedVectors(names, np.random.default_rng(0).normal(size=(len(names), 3)))


def test_every_digit_is_kept(tmp_path: Path) -> None:
    vectors = some("64760", "Flöte")
    write_clips(vectors, tmp_path / "clips")
    found = json.loads((tmp_path / "clips" / "Flöte.json").read_text(encoding="utf-8"))
    assert found == {"audio_path": "Flöte", "embeddings": vectors.vectors[1].tolist()}
    again = read_embeddings(tmp_path / "clips", modality="audio", space="s")
    assert again.names == ["64760", "Flöte"]
    np.testing.assert_allclose(again.embeddings.vectors, vectors.vectors, rtol=1e-6)


def test_an_earlier_export_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    write_clips(some("a", "b"), tmp_path)
    write_clips(some("b", "c"), tmp_path)
    assert sorted(file.name for file in tmp_path.glob("[!.]*.json")) == ["b.json", "c.json"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="not empty"):
        write_clips(some("a"), tmp_path / "other")


@pytest.mark.parametrize("name", ["", "a/b", ".hidden", "a\0b", "x" * 251, "a\\b"])
def test_names_that_are_no_file_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be that of a file"):
        write_clips(some("good", name), tmp_path / "clips")
    assert not (tmp_path / "clips").exists()
