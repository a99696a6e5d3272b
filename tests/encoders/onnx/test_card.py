"""Cards: every mistake is named with file, key, what was expected and what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pentad.core.errors import InputError
from pentad.encoders.onnx.card import read_onnx_card
from pentad.encoders.onnx.encoder import load_onnx
from tests.encoders import tiny_onnx
from tests.encoders.tiny_onnx import audio_folder, image_folder, text_folder, write_card


def rewrite(folder: Path, kind: str, values: dict[str, Any], preprocess: dict[str, Any]) -> None:
    """Write the tiny card again with changes."""
    base: dict[str, Any] = getattr(tiny_onnx, kind.upper()) | values
    section: dict[str, Any] = getattr(tiny_onnx, f"{kind.upper()}_PREPROCESS") | preprocess
    write_card(folder, base, section)


MAKERS = {"text": text_folder, "image": image_folder, "audio": audio_folder}

WRONG = [
    ("text", {"tokeniser": "t"}, {}, "tokeniser", "did you mean 'tokenizer'"),
    ("text", {}, {"maxtokens": 3}, "preprocess.maxtokens", "did you mean 'max_tokens'"),
    ("text", {"zzzz": 1}, {}, "zzzz", "unknown key"),
    ("text", {"licence": None}, {}, "licence", "required key is missing; expected a text"),
    ("text", {"dim": 3.0}, {}, "dim", "expected a whole number, at least 1, got 3.0"),
    ("text", {"dim": True}, {}, "dim", "whole number"),
    ("text", {"dim": 0}, {}, "dim", "at least 1"),
    ("text", {"name": "a b"}, {}, "name", "letters, digits"),
    ("text", {"name": " "}, {}, "name", "a text"),
    ("text", {"modality": "smell"}, {}, "modality", "'text' or 'image' or 'audio'"),
    ("text", {"inputs": []}, {}, "inputs", "a list of texts"),
    ("text", {"inputs": ["input_ids", "mask"]}, {}, "inputs", "does not match the model's inputs"),
    ("text", {"output": "statez"}, {}, "output", "did you mean 'states'"),
    ("text", {"dim": 4}, {}, "dim", "width of the output; expected 3, got 4"),
    ("text", {"pooling": "median"}, {}, "pooling", "mean, max, cls, last, none"),
    ("text", {"pooling": "none"}, {}, "pooling", "does not fit the model's output"),
    ("text", {"normalize": "l1"}, {}, "normalize", "'l2' or 'none'"),
    ("text", {"tokenizer": None}, {}, "tokenizer", "required key is missing"),
    ("text", {"tokenizer": "nope.json"}, {}, "tokenizer", "not there"),
    ("text", {"file": "../model.onnx"}, {}, "file", "stay within"),
    ("text", {"file": "/etc/passwd"}, {}, "file", "stay within"),
    ("text", {"classes": "tokenizer.json"}, {}, "class_output", "missing beside 'classes'"),
    ("text", {}, {"add_special_tokens": 1}, "preprocess.add_special_tokens", "true or false"),
    ("image", {"tokenizer": "classes.txt"}, {}, "tokenizer", "only a text card"),
    ("image", {"class_activation": None}, {}, "class_activation", "missing beside 'classes'"),
    (
        "image",
        {"class_output": "feat"},
        {},
        "classes",
        "one name for each score; expected 3 names, got 2",
    ),
    ("image", {"output": "logits"}, {}, "dim", "expected 2, got 3"),
    ("image", {}, {"pad": None}, "preprocess.pad", "missing with resize = 'fit'"),
    ("image", {}, {"crop": "center"}, "preprocess.crop", "resize = 'shortest' only"),
    (
        "image",
        {},
        {"resize": "shortest", "pad": None, "pad_value": None},
        "preprocess.crop",
        "missing",
    ),
    ("image", {}, {"mean": [1.0]}, "preprocess.mean", "3 numbers"),
    ("image", {}, {"std": [1, 0, 1]}, "preprocess.std", "no zeros"),
    ("image", {}, {"std": [1, "a", 1]}, "preprocess.std", "list of numbers"),
    ("image", {}, {"pad_value": 256}, "preprocess.pad_value", "0 to 255"),
    ("image", {}, {"layout": "CHWN"}, "preprocess.layout", "'NCHW' or 'NHWC'"),
    ("audio", {"pooling": "cls"}, {}, "pooling", "mean or max, over patches"),
    ("audio", {}, {"window_samples": 33}, "preprocess.window_samples", "at most fft_size"),
    ("audio", {}, {"mel_max_hz": 401}, "preprocess.mel_max_hz", "at most half"),
    ("audio", {}, {"mel_min_hz": 400.0}, "preprocess.mel_min_hz", "less than"),
    ("audio", {}, {"log_offset": 0.0}, "preprocess.log_offset", "more than 0"),
    ("audio", {}, {"min_samples": 69}, "preprocess.min_samples", "one patch of 6 frames"),
    ("audio", {}, {"mel_triangles": "round"}, "preprocess.mel_triangles", "'linear in mel'"),
    (
        "audio",
        {},
        {"mel_triangles": "linear in mel, height 1, area 1"},
        "preprocess.mel_triangles",
        "then",
    ),
    ("audio", {}, {"spectrum": "phase"}, "preprocess.spectrum", "'magnitude' or 'power'"),
    ("audio", {}, {"patch_hop_frames": None}, "preprocess.patch_hop_frames", "either this, or"),
    (
        "audio",
        {},
        {"patch_samples": 70, "patch_hop_samples": 70},
        "preprocess.patch_hop_frames",
        "either this, or",
    ),
    (
        "audio",
        {},
        {"patch_hop_frames": None, "patch_samples": 80, "patch_hop_samples": 70, "min_samples": 80},
        "preprocess.patch_frames",
        "expected 7, got 6",
    ),
    ("audio", {}, {"patch_end": "past_end"}, "preprocess.patch_end", "patch_samples only"),
    ("audio", {}, {"log_floor": -1.0}, "preprocess.log_floor", "at least 0"),
    ("audio", {}, {"input": "pixels"}, "preprocess.input", "'log_mel' or 'samples'"),
]


@pytest.mark.parametrize(
    ("kind", "values", "preprocess", "column", "message"),
    WRONG,
    ids=[f"{w[0]}-{w[3]}-{n}" for n, w in enumerate(WRONG)],
)
def test_a_wrong_card_is_refused(
    tmp_path: Path,
    kind: str,
    values: dict[str, Any],
    preprocess: dict[str, Any],
    column: str,
    message: str,
) -> None:
    MAKERS[kind](tmp_path)
    rewrite(tmp_path, kind, values, preprocess)
    with pytest.raises(InputError) as caught:
        load_onnx(tmp_path)
    assert caught.value.column == column
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'card.toml'} [{column}]: ")
    assert "\n" not in str(caught.value)


def test_an_unreadable_card_is_refused(tmp_path: Path) -> None:
    card = tmp_path / "card.toml"
    with pytest.raises(InputError, match="no such card"):
        read_onnx_card(tmp_path)
    card.write_text("name = \n")
    with pytest.raises(InputError, match=r"not valid TOML.*line 1"):
        read_onnx_card(tmp_path)
    card.write_bytes(b"name = '\xff'")
    with pytest.raises(InputError, match="not UTF-8"):
        read_onnx_card(tmp_path)
    card.unlink()
    card.mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        read_onnx_card(tmp_path)


def test_a_card_without_preprocessing_is_refused(tmp_path: Path) -> None:
    write_card(tmp_path, tiny_onnx.TEXT, {})
    card = tmp_path / "card.toml"
    card.write_text(card.read_text().replace("[preprocess]", ""))
    with pytest.raises(InputError, match="required section is missing"):
        read_onnx_card(tmp_path)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "card"
    folder.mkdir()
    text_folder(folder)
    (folder / "model.onnx").rename(tmp_path / "elsewhere.onnx")
    (folder / "model.onnx").symlink_to(tmp_path / "elsewhere.onnx")
    with pytest.raises(InputError, match="stay within"):
        load_onnx(folder)


def test_files_may_lie_in_a_folder_below(tmp_path: Path) -> None:
    text_folder(tmp_path)
    (tmp_path / "below").mkdir()
    (tmp_path / "model.onnx").rename(tmp_path / "below" / "model.onnx")
    rewrite(tmp_path, "text", {"file": "below/model.onnx"}, {})
    assert load_onnx(tmp_path).dim == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"warm\n\ncold\n", ":2: needs one class name"),
        (b"\n", "one class name"),
        (b"\xff\n", "not UTF-8"),
        (b"warm\n", "2 names, got 1"),
        (b"warm\ncold\nhot\n", "2 names, got 3"),
    ],
)
def test_wrong_class_lists_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    image_folder(tmp_path)
    (tmp_path / "classes.txt").write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_onnx(tmp_path)


def test_remarks_default_and_reach_the_card(tmp_path: Path) -> None:
    text_folder(tmp_path)
    rewrite(
        tmp_path,
        "text",
        {"description": "Three words.", "citation": "Nobody", "semantic": False},
        {"notes": "n"},
    )
    card = load_onnx(tmp_path).card
    assert (card.description, card.citation, card.semantic) == ("Three words.", "Nobody", False)
