"""Texts and files as vectors: parts of files, stacked models, what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.evaluation.any_model import vectors_of
from pentad.evaluation.encode import encode_entries, encode_files, encode_texts
from pentad.evaluation.tasks.task import Entries, Span
from pentad.media.types import DecodeOptions
from tests.embeddings.toy import Namer, Touchy, Toy, paint
from tests.evaluation.colors import Colors

RATE = 8000


class Loudness:
    """A sound is its mean loudness and its seconds."""

    name, revision, dim = "loudness", "1", 2
    modalities = (Modality.AUDIO, Modality.VIDEO)
    fingerprint = fingerprint_value("loudness")

    def encode(self, inputs: Sequence, *, modality: str, batch_size: int | None = None):
        rows = [(np.abs(x.samples).mean(), len(x.samples) / x.rate) for x in inputs]
        return np.array(rows, np.float32).reshape(-1, 2)


class Halved(Toy):
    """Wants pictures decoded in a way of its own."""

    def decode_options(self, modality: str) -> DecodeOptions:
        return DecodeOptions(image_side=4)


class Stack:
    """Two encoders whose unit vectors stand side by side, and the class scores of the second."""

    name, revision, dim = "stack", "1", 6
    modalities = (Modality.TEXT, Modality.IMAGE)
    fingerprint = fingerprint_value("stack")

    def __init__(self) -> None:
        self.scores = None

    def frozen(self, modality: str):
        return [Halved("one"), Namer()]

    def project(self, modality: str, vectors, scores=None):
        self.scores = scores
        return vectors.astype(np.float32)

    def encode(self, inputs: Sequence, *, modality: str, batch_size: int | None = None):
        raise AssertionError("each encoder decodes for itself")


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """One second of 0.1, then one of 0.5."""
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.repeat([0.1, 0.5], RATE) * np.tile([1, -1], RATE), RATE)
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    for name in ("red", "blue"):
        paint(tmp_path / f"{name}.png", name)
    (tmp_path / "bad.png").write_bytes(b"nothing to see")
    return [tmp_path / f"{name}.png" for name in ("red", "bad", "blue", "none")]


def test_texts_are_rows_in_their_order() -> None:
    found = encode_texts(Toy(), ["a red ball", "sky", "a red ball"])
    assert found.tolist() == [[8, 3, 3], [3, 0, 1], [8, 3, 3]]
    assert encode_texts(Toy(), []).shape == (0, 3)


def test_a_text_that_cannot_be_encoded_is_named() -> None:
    with pytest.raises(InputError, match=r"'toy' cannot encode '': encoder-failed: .* zero"):
        encode_texts(Toy(), ["sky", ""])


def test_files_that_cannot_be_used_are_listed_and_not_fatal(pictures: list[Path]) -> None:
    found = encode_files(Colors(), "image", pictures, workers=1)
    assert found.rows.tolist() == [0, 2]
    assert found.vectors == pytest.approx(np.eye(3)[[0, 2]] + 0.01)
    assert [(m.row, m.file, m.reason.split(":")[0]) for m in found.missing] == [
        (1, "bad.png", "corrupt"),
        (3, "none.png", "missing-file"),
    ]


def test_nothing_usable_is_an_empty_matrix(pictures: list[Path]) -> None:
    found = encode_files(Colors(), "image", [pictures[1]], workers=1)
    assert found.vectors.shape == (0, 3)
    assert len(found.missing) == 1


def test_an_input_that_the_encoder_fails_on_is_listed(tmp_path: Path) -> None:
    for name in ("pink", "red"):
        paint(tmp_path / f"{name}.png", name)
    paths = [tmp_path / "pink.png", tmp_path / "red.png"]
    found = encode_files(Touchy(ValueError("pink!")), "image", paths, workers=1)
    assert found.rows.tolist() == [1]
    assert found.missing[0].reason == "encoder-failed: ValueError: pink!"


def test_spans_are_parts_of_a_file(sound: Path) -> None:
    spans = [(0.0, 1.0), (1.0, None), None, (0.5, 1.5)]
    found = encode_files(Loudness(), "audio", [sound] * 4, spans=spans, workers=1)
    wanted = [(0.1, 1), (0.5, 1), (0.3, 2), (0.3, 1)]
    assert found.vectors == pytest.approx(np.array(wanted), abs=1e-3)


def test_entries_of_a_task_are_texts_or_files_with_spans(sound: Path) -> None:
    texts = Entries(Modality.TEXT, ("q1", "q2"), texts=("sky", ""))
    found = encode_entries(Toy(), texts)
    assert (found.rows.tolist(), [m.row for m in found.missing]) == ([0], [1])
    spans = (Span(1.0), None)
    files = Entries(Modality.AUDIO, ("a", "b"), files=(sound, sound), spans=spans)
    found = encode_entries(Loudness(), files, workers=1)
    assert found.vectors == pytest.approx(np.array([(0.5, 1), (0.3, 2)]), abs=1e-3)


def test_wrong_spans_are_listed(sound: Path, pictures: list[Path]) -> None:
    spans = [(1.0, 0.5), (0.0, 1.0), (float("nan"), None), (7.0, 9.0)]
    found = encode_files(Loudness(), "audio", [sound] * 4, spans=spans, workers=1)
    assert found.rows.tolist() == [1]
    assert [m.row for m in found.missing] == [0, 2, 3]
    assert all(m.reason.startswith("bad-row: ") for m in found.missing[:2])
    still = encode_files(Colors(), "image", pictures[:1], spans=[(0.0, 1.0)], workers=1)
    assert "does not play" in still.missing[0].reason


def test_a_part_is_not_taken_from_a_file_of_that_name(sound: Path) -> None:
    other = sound.with_name("sound.wav#t=0,1")
    other.write_bytes(b"")
    found = encode_files(Loudness(), "audio", [sound], spans=[(0.0, 1.0)], workers=1)
    assert found.missing[0].reason.startswith("conflicting-values: there is a file named")


def test_one_span_a_file(sound: Path) -> None:
    with pytest.raises(InputError, match="one span a file"):
        encode_files(Loudness(), "audio", [sound], spans=[])


def test_a_modality_the_encoder_lacks_is_told_with_those_it_has(sound: Path) -> None:
    with pytest.raises(InputError, match="'toy' does not encode 'audio'; expected text, image"):
        encode_files(Toy(), "audio", [sound])
    with pytest.raises(InputError, match=r"'loudness' does not encode .*text"):
        encode_texts(Loudness(), ["a sound"])
    with pytest.raises(InputError, match="texts are not files"):
        encode_files(Toy(), "text", [sound])


def test_a_stacked_model_gets_what_each_encoder_decodes(pictures: list[Path]) -> None:
    model = Stack()
    found = encode_files(model, "image", pictures, workers=1)
    assert found.rows.tolist() == [0, 2]
    assert found.vectors == pytest.approx(np.hstack([np.eye(3)[[0, 2]]] * 2))
    assert model.scores == pytest.approx(np.array([[2 / 3, 1 / 3]] * 2))
    assert encode_texts(model, ["sky"]).shape == (1, 6)


def test_a_function_must_know_what_a_text_is() -> None:
    with pytest.raises(InputError, match="takes paths alone"):
        vectors_of(lambda paths: np.ones((len(paths), 2)), "text", ["a"])
    found = vectors_of(lambda inputs, modality: np.ones((len(inputs), 2)), "text", ["a", "b"])
    assert found.rows.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("rows", "said"),
    [([[1.0, float("nan")]], "NaN or infinite"), ([[0, 0]], "zero"), ([[1], [2]], "one row for")],
)
def test_a_function_gives_usable_rows(rows: list, said: str) -> None:
    with pytest.raises(InputError, match=said):
        vectors_of(lambda paths: rows, "image", [Path("a.png")])
