"""Golden files: numbers that other code, here a pencil, came to."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.encoders.onnx.encoder import OnnxEncoder, load_onnx
from pentad.encoders.onnx.golden import Tolerance, check_golden
from tests.encoders.onnx.test_audio import SAMPLES, slow_log_mel
from tests.encoders.tiny_onnx import audio_folder, image_folder, text_folder

ROOT = math.sqrt(1.25)
RED_BALL = {
    "input": "red ball",
    "token_ids": [1, 2],
    "norm": ROOT,
    "first8_raw": [0.5, 1.0, 0.0],
    "first8_normalized": [0.5 / ROOT, 1 / ROOT, 0.0],
}


def golden(folder: Path, tolerance: object, *items: dict[str, Any]) -> OnnxEncoder:
    (folder / "golden.json").write_text(json.dumps({"tolerance": tolerance, "items": items}))
    return load_onnx(folder)


def test_right_numbers_pass(tmp_path: Path) -> None:
    encoder = golden(text_folder(tmp_path), "cosine >= 0.999999; within 1e-6", RED_BALL)
    report = check_golden(encoder, tmp_path)
    assert report.passed
    assert report.encoder == "tiny-text"
    assert report.worst.cosine == pytest.approx(1)
    assert report.worst.absolute < 1e-6
    assert report.worst.relative < 1e-6


@pytest.mark.parametrize(
    "change",
    [
        {"first8_normalized": [1.0, 0.0, 0.0]},
        {"token_ids": [2, 1]},
        {"norm": 2.0},
        {"first8_raw": [0.5, 1.0, 0.1]},
    ],
)
def test_wrong_numbers_fail(tmp_path: Path, change: dict[str, Any]) -> None:
    tolerance = {"cosine": 0.999, "relative": 0.001}
    encoder = golden(text_folder(tmp_path), tolerance, RED_BALL, RED_BALL | change)
    report = check_golden(encoder, tmp_path)
    assert [item.passed for item in report.items] == [True, False]
    assert not report.passed


def test_files_are_found_from_the_root(tmp_path: Path) -> None:
    from PIL import Image as Pillow

    root = tmp_path / "root"
    root.mkdir()
    Pillow.fromarray(np.tile(np.array([[255, 0, 0], [0, 0, 0]], np.uint8), (4, 2, 1))).save(
        root / "p.png"
    )
    raw = [0.5 * 1.0 + 0.5 * (-127 / 128), -127 / 128, -127 / 128]
    unit = (np.array(raw) / np.linalg.norm(raw)).tolist()
    entry = {"input": "p.png", "first8_feat": raw, "first8_normalized": unit, "top1": "warm"}
    encoder = golden(
        image_folder(tmp_path), "values within 1e-5 relative", entry, entry | {"top1": "cold"}
    )
    report = check_golden(encoder, root)
    assert [item.differing for item in report.items] == [("top1",), ()]  # -1.98 against 0


def test_log_mel_and_patches_are_compared(tmp_path: Path) -> None:
    import soundfile

    soundfile.write(tmp_path / "s.wav", np.array(SAMPLES, np.float32), 800, subtype="FLOAT")
    frames = np.array(slow_log_mel(SAMPLES, 1, math.log))
    raw = (frames[0:6].mean(axis=0) + frames[3:9].mean(axis=0)) / 2
    entry = {
        "input": "s.wav",
        "patches": 2,
        "log_mel_first4": frames[0].tolist(),
        "first8_mean": raw.tolist(),
        "first8_normalized": (raw / np.linalg.norm(raw)).tolist(),
    }
    encoder = golden(audio_folder(tmp_path), "within 1e-6", entry, entry | {"patches": 3})
    report = check_golden(encoder, tmp_path)
    assert [item.differing for item in report.items] == [(), ("patches",)]
    assert report.items[0].passed
    assert report.items[0].log_mel < 1e-6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("{}", "list of items"),
        ('{"items": [{}]}', "item 1 needs"),
        ('{"items": [{"input": "a", "first8_normalized": [1]}]}', "not understood"),
        (
            '{"items": [{"input": "a", "first8_normalized": [1]}], "tolerance": {"x": 1}}',
            "not understood",
        ),
    ],
)
def test_unusable_golden_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    encoder = load_onnx(text_folder(tmp_path))
    with pytest.raises(InputError, match="cannot be read"):
        check_golden(encoder, tmp_path)
    (tmp_path / "golden.json").write_text(text)
    with pytest.raises(InputError, match=message):
        check_golden(encoder, tmp_path)


def test_tolerances_are_read_from_words(tmp_path: Path) -> None:
    words = "cosine to the full vector >= 0.98; first8 within 0.01 when texts are run one at a time"
    encoder = golden(text_folder(tmp_path), words, RED_BALL)
    assert check_golden(encoder, tmp_path).tolerance == Tolerance(cosine=0.98, absolute=0.01)


@pytest.mark.external
@pytest.mark.parametrize(
    ("name", "cosine"),
    [("minilm-int8", 0.9999999), ("efficientnet-lite0", 0.9999999), ("yamnet", 0.998)],
)
def test_real_models_agree_with_their_golden_files(shared: Path, name: str, cosine: float) -> None:
    report = check_golden(load_onnx(shared / "models" / name), shared)
    assert report.passed
    assert report.worst.cosine >= cosine


@pytest.mark.external
def test_yamnet_agrees_to_the_last_digits_when_resampled_as_the_golden_file_was(
    shared: Path,
) -> None:
    import soundfile

    from pentad.media.types import Audio

    folder = shared / "models" / "yamnet"
    encoder = load_onnx(folder)
    for entry in json.loads((folder / "golden.json").read_text())["items"]:
        samples, rate = soundfile.read(shared / entry["input"], dtype="float32", always_2d=True)
        ours = encoder.explain(Audio(samples.mean(axis=1), rate), modality="audio")
        assert ours["samples"] == entry["samples_16k"]
        assert ours["vector"][:8] == pytest.approx(entry["first8_mean"], abs=2e-5)
        assert ours["log_mel_first4"] == pytest.approx(entry["log_mel_first4"], abs=1e-5)
        assert ours["norm"] == pytest.approx(entry["norm"], rel=1e-5)
        assert ours["top1_raw"] == entry["top1"]


@pytest.mark.external
def test_company_changes_no_bit_with_real_captions(shared: Path) -> None:
    import csv

    encoder = load_onnx(shared / "models" / "minilm-int8", threads=2)
    with (shared / "real/image/captions.csv").open(encoding="utf-8", newline="") as file:
        captions = [row["caption"] for row in csv.DictReader(file)][::29]
    captions += [" ".join(captions[i : i + 30]) for i in range(4)]  # up to 128 tokens
    alone = encoder.encode(captions, modality="text", batch_size=1)
    order = np.random.default_rng(0).permutation(len(captions))
    for batch_size in (None, 2, 7):
        mixed = encoder.encode([captions[i] for i in order], modality="text", batch_size=batch_size)
        assert np.array_equal(mixed, alone[order])
