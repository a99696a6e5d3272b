"""The log-mel front end against the plain definition, written out in loops."""

from __future__ import annotations

import cmath
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.encoders.descriptors.spectra import (
    htk_hertz,
    htk_mel,
    mel_filters,
    resampled,
    slaney_hertz,
    slaney_mel,
)
from pentad.encoders.onnx.encoder import load_onnx
from pentad.media.types import Audio
from tests.encoders.tiny_onnx import AUDIO_PREPROCESS, audio_folder

SAMPLES = [math.sin(0.7 * n) + 0.3 * math.cos(2.1 * n + 1) for n in range(100)]


def slow_log_mel(samples: list[float], power: int, log: Any) -> list[list[float]]:
    """The card's own words, one number at a time."""
    p = AUDIO_PREPROCESS

    def mel(hertz: float) -> float:
        return 1127 * math.log(1 + hertz / 700)

    low, high = mel(p["mel_min_hz"]), mel(p["mel_max_hz"])
    marks = [low + (high - low) * i / (p["mel_bands"] + 1) for i in range(p["mel_bands"] + 2)]
    out = []
    for start in range(0, len(samples) - 20 + 1, 10):
        frame = [
            s * (0.5 - 0.5 * math.cos(2 * math.pi * n / 20))
            for n, s in enumerate(samples[start : start + 20])
        ]
        bins = [
            abs(sum(v * cmath.exp(-2j * math.pi * k * n / 32) for n, v in enumerate(frame)))
            for k in range(17)
        ]
        row = []
        for left, middle, right in zip(marks, marks[1:], marks[2:], strict=False):
            total = 0.0
            for k in range(1, 17):
                at = mel(k * 800 / 32)
                height = min((at - left) / (middle - left), (right - at) / (right - middle))
                total += max(0.0, height) * bins[k] ** power
            row.append(log(total + 0.01))
        out.append(row)
    return out


@pytest.mark.parametrize(
    ("settings", "power", "log"),
    [
        ({}, 1, math.log),
        ({"spectrum": "power"}, 2, math.log),
        ({"log": "log10"}, 1, math.log10),
        ({"log": "none"}, 1, float),
    ],
)
def test_log_mel_is_what_the_card_says(
    tmp_path: Path, settings: dict[str, str], power: int, log: Any
) -> None:
    encoder = load_onnx(audio_folder(tmp_path, **settings))
    ours = encoder._front.mel.spectrum(np.array(SAMPLES))  # type: ignore[attr-defined]
    assert np.allclose(ours, slow_log_mel(SAMPLES, power, log), atol=1e-9)


def test_a_vector_is_the_mean_over_patches_and_frames(tmp_path: Path) -> None:
    encoder = load_onnx(audio_folder(tmp_path))
    frames = np.array(slow_log_mel(SAMPLES, 1, math.log))  # 9 frames: patches 0..5 and 3..8
    expected = (frames[0:6].mean(axis=0) + frames[3:9].mean(axis=0)) / 2
    audio = Audio(np.array(SAMPLES, dtype=np.float32), 800)
    vector = encoder.encode([audio], modality="audio")[0]
    assert vector == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
    assert encoder.explain(audio, modality="audio")["patches"] == 2


def test_patches_can_be_pooled_by_their_maximum(tmp_path: Path) -> None:
    encoder = load_onnx(audio_folder(tmp_path, pooling="max"))
    frames = np.array(slow_log_mel(SAMPLES, 1, math.log))
    expected = np.maximum(frames[0:6].mean(axis=0), frames[3:9].mean(axis=0))
    audio = Audio(np.array(SAMPLES, dtype=np.float32), 800)
    assert encoder.explain(audio, modality="audio")["vector"] == pytest.approx(expected, abs=1e-6)


def patches(folder: Path, count: int, rate: int = 800, **settings: Any) -> int:
    facts = load_onnx(audio_folder(folder, **settings)).explain(
        Audio(np.ones(count, np.float32), rate), modality="audio"
    )
    return int(facts["patches"])


def test_short_sounds_are_filled_and_the_last_part_is_dropped(tmp_path: Path) -> None:
    assert patches(tmp_path, 0) == 1
    assert patches(tmp_path, 1) == 1
    assert patches(tmp_path, 99) == 1  # 8 frames: the second patch would need 9
    assert patches(tmp_path, 100) == 2


@pytest.mark.parametrize("ends", ["none", "zero", "zero_past_end"])
@pytest.mark.parametrize("count", [70, 71, 99, 100, 101, 133, 160, 200])
def test_the_last_part_can_be_filled(tmp_path: Path, ends: str, count: int) -> None:
    changes = {"pad_frames": ends, "log": "none", "log_offset": 0.0}
    dropped = load_onnx(audio_folder(tmp_path, **changes))._front.mel  # type: ignore[attr-defined]
    filled = load_onnx(audio_folder(tmp_path, patch_end="fill", **changes))._front
    samples = np.sin(np.arange(count) / 3)
    patches = filled._patches(samples)  # type: ignore[attr-defined]
    longer = np.concatenate([samples, np.zeros(500)])
    assert np.array_equal(patches, dropped.patches(longer, filled=False)[: len(patches)])
    # Windows of 20 every 10, the first 10 before the sound unless nothing is added
    ends_at = 10 * (6 + 3 * (len(patches) - 1) - 1) + (20 if ends == "none" else 10)
    middle = ends_at - 10
    if ends == "zero_past_end":
        assert middle >= count > middle - 30
    else:
        reach = count if ends == "none" else count + 10
        assert ends_at >= reach > ends_at - 30


def test_long_sounds_are_cut(tmp_path: Path) -> None:
    assert patches(tmp_path, 8000) == patches(tmp_path, 1600)  # max_seconds = 2
    assert patches(tmp_path, 8000, max_seconds=10.0) > 32  # more than one run
    encoder = load_onnx(tmp_path)
    long, twice = np.ones(8000, np.float32), np.ones(16000, np.float32)
    vectors = encoder.encode([Audio(long, 800), Audio(twice, 800)], modality="audio")
    assert np.array_equal(vectors[0], vectors[1])


@pytest.mark.parametrize(("ends", "first"), [("zero", 10.0), ("reflect", 20.0)])
def test_frames_can_be_centred(tmp_path: Path, ends: str, first: float) -> None:
    changes = {"pad_frames": ends, "window": "hamming_symmetric", "log": "none", "log_offset": 0.0}
    encoder = load_onnx(audio_folder(tmp_path, **changes))
    samples = np.ones(70)
    mel = encoder._front.mel.spectrum(samples)  # type: ignore[attr-defined]
    assert len(mel) == (70 + 20 - 20) // 10 + 1
    window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(20) / 19)
    frame = window * np.r_[np.full(10, 0.0 if ends == "zero" else 1.0), np.ones(10)]
    filters = mel_filters(800, 32, 4, 20.0, 400.0)
    assert mel[0] == pytest.approx(np.abs(np.fft.rfft(frame, 32)) @ filters)


def test_patches_can_hold_bands_first(tmp_path: Path) -> None:
    encoder = load_onnx(audio_folder(tmp_path))
    front = encoder._front
    time_first = front.feeds(Audio(np.array(SAMPLES, np.float32), 800))[0]["audio"]
    front.patch_axes = "mel_time"  # type: ignore[attr-defined]
    bands_first = front.feeds(Audio(np.array(SAMPLES, np.float32), 800))[0]["audio"]
    assert (time_first.shape, bands_first.shape) == ((2, 1, 6, 4), (2, 1, 4, 6))
    assert np.array_equal(time_first.transpose(0, 1, 3, 2), bands_first)


def test_other_rates_are_resampled(tmp_path: Path) -> None:
    encoder = load_onnx(audio_folder(tmp_path))
    low, high = (
        Audio(np.sin(2 * np.pi * 100 * np.arange(2 * r) / r).astype(np.float32), r)
        for r in (800, 3200)
    )
    one, other = encoder.encode([low, high], modality="audio")
    assert float(one @ other) > 0.999
    assert len(resampled(high.samples, 3200, 800)) == 1600


def test_known_points_of_the_mel_scales() -> None:
    assert htk_mel(np.array([0.0, 1000.0])) == pytest.approx([0, 999.99], abs=0.01)
    assert slaney_mel(np.array([0.0, 200.0, 1000.0, 6400.0])) == pytest.approx([0, 3, 15, 42])
    hertz = np.array([30.0, 500.0, 1000.0, 7000.0])
    assert htk_hertz(htk_mel(hertz)) == pytest.approx(hertz)
    assert slaney_hertz(slaney_mel(hertz)) == pytest.approx(hertz)


@pytest.mark.parametrize("formula", ["htk", "slaney"])
def test_filters_have_the_area_or_height_that_was_asked_for(formula: str) -> None:
    area = mel_filters(16000, 8192, 20, 100.0, 7000.0, formula, "hertz", True)
    step = 16000 / 8192
    assert area.sum(axis=0) * step == pytest.approx(np.ones(20), rel=0.02)
    height = mel_filters(16000, 8192, 20, 100.0, 7000.0, formula, "hertz", False)
    assert height.max(axis=0) == pytest.approx(np.ones(20), rel=0.05)
    assert not height[0].any()


@pytest.mark.parametrize(
    ("text", "slopes", "equal_area"),
    [
        ("linear in hz, height 1", "hertz", False),
        ("linear in hz; area 1", "hertz", True),
        ("linear in mel, height 1", "mel", False),
    ],
)
def test_triangles_are_said_in_words(
    tmp_path: Path, text: str, slopes: str, equal_area: bool
) -> None:
    encoder = load_onnx(audio_folder(tmp_path, mel_triangles=text))
    expected = mel_filters(800, 32, 4, 20.0, 400.0, "htk", slopes, equal_area)
    assert np.array_equal(encoder._front.mel.filters, expected)  # type: ignore[attr-defined]


def test_models_without_a_batch_axis_run_patch_by_patch(tmp_path: Path) -> None:
    encoder = load_onnx(audio_folder(tmp_path))
    audio = Audio(np.array(SAMPLES, np.float32), 800)
    together = encoder._front.feeds(audio)
    encoder._front.shape[0] = 1  # type: ignore[attr-defined]
    single = encoder._front.feeds(audio)
    assert [len(feed["audio"]) for feed in (*together, *single)] == [2, 1, 1]


def test_a_sound_needs_a_rate() -> None:
    with pytest.raises(InputError, match="positive sample rate"):
        resampled(np.ones(3, np.float32), 0, 800)
