"""Texts and files of tasks are embedded once."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from pentad.core.modality import Modality
from pentad.core.progress import SILENT
from pentad.evaluation.tasks.task import Entries
from pentad.pipeline.task_vectors import TaskVectors
from tests.embeddings.toy import paint
from tests.evaluation.colors import Colors


def captions(*texts: str) -> Entries:
    return Entries(Modality.TEXT, tuple(f"t{i}" for i in range(len(texts))), texts)


def pictures(root: Path, *names: str) -> Entries:
    files = tuple(root / f"{name}.png" for name in names)
    for file in files:
        if not file.exists():
            paint(file, file.stem)
    return Entries(Modality.IMAGE, names, files=files)


def made(calls: list[list[str]]) -> TaskVectors:
    def embed(inputs: list[object], modality: str) -> np.ndarray:  # type: ignore[type-arg]
        calls.append([Path(str(each)).stem for each in inputs])
        return np.array([[len(str(each)), 1.0] for each in inputs])

    return TaskVectors(dict.fromkeys(Modality, embed), 1, SILENT)  # type: ignore[arg-type]


def test_equal_texts_are_embedded_once() -> None:
    calls: list[list[str]] = []
    found = made(calls).entries(captions("red", "a dog", "red"))
    assert calls == [["red", "a dog"]]
    assert found.rows.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(found.vectors[0], found.vectors[2])


def test_a_part_of_the_task_before_is_not_embedded_again(tmp_path: Path) -> None:
    calls: list[list[str]] = []
    vectors = made(calls)
    every = vectors.entries(pictures(tmp_path, "red", "green", "blue"))
    part = vectors.entries(pictures(tmp_path, "blue", "red"))
    assert calls == [["red", "green", "blue"]]
    np.testing.assert_array_equal(part.vectors, every.vectors[[2, 0]])
    more = vectors.entries(pictures(tmp_path, "red", "white"))
    assert calls[1:] == [["white"]]
    np.testing.assert_array_equal(more.vectors[0], every.vectors[0])
    assert vectors.seconds.keys() == {"image"}


def test_what_has_no_vector_keeps_its_place(tmp_path: Path) -> None:
    vectors = TaskVectors({Modality.IMAGE: Colors()}, 1, SILENT)
    entries = pictures(tmp_path, "red", "green", "blue")
    (tmp_path / "green.png").write_bytes(b"nothing")
    first = vectors.entries(entries)
    assert first.rows.tolist() == [0, 2]
    assert [each.row for each in first.missing] == [1]
    again = vectors.entries(pictures(tmp_path, "green", "blue"))
    assert again.rows.tolist() == [1]
    assert [each.row for each in again.missing] == [0]
    none = vectors.entries(pictures(tmp_path, "green"))
    assert len(none.rows) == 0
    assert len(none.missing) == 1


def test_parts_of_one_file_are_apart(tmp_path: Path) -> None:
    entries = pictures(tmp_path, "red", "green")
    vectors = TaskVectors({Modality.IMAGE: Colors()}, 1, SILENT)
    same = replace(entries, files=(entries.files or ())[:1] * 2)
    assert vectors.entries(same).vectors.shape[0] == 2
    assert vectors.seconds["image"] >= 0
