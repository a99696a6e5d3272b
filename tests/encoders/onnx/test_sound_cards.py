"""The cards of known sound encoders, each against its description written out again in numpy."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pentad.core.errors import UnknownName
from pentad.encoders.onnx.encoder import OnnxEncoder, load_onnx
from pentad.encoders.onnx.templates import CARD_TEMPLATES, card_template
from pentad.encoders.protocol import EncodesFrames
from pentad.media.types import Audio
from tests.encoders.tiny_onnx import model, node, tensor, value, write_card

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

Array = NDArray[np.float64]

SHAPES: dict[str, tuple[tuple[int | str, ...], list[int], int]] = {
    # name: shape of the input, its axes besides the bands, bands
    "vggish": (("n", 96, 64), [1], 64),
    "yamnet": (("n", 96, 64), [1], 64),
    "fsd-sinet": (("n", 101, 96, 1), [1, 3], 96),
    "openl3": (("n", 256, 199, 1), [2, 3], 256),
}
SECONDS = (0.3, 0.96, 1.0, 10.0, 30.2)
# As document 004 fed the first two: with the frames and the window of another library.
ELSEWHERE = {"window": "hann_symmetric", "pad_frames": "zero_past_end", "max_seconds": 30.0}
ELSEWHERE |= {"patch_hop_frames": 93, "patch_end": "drop", "min_samples": 16000, "log_offset": 0.01}


def encoder(folder: Path, name: str, **changes: Any) -> OnnxEncoder:
    """A model with random weights that takes what the card of that name says."""
    values = tomllib.loads(card_template(name))
    preprocess = values.pop("preprocess") | changes
    shape, axes, bands = SHAPES[name]
    source, target, dim = values["inputs"][0], values["output"], values["dim"]
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(bands, dim)).astype(np.float32)
    data = model(
        [
            node("ReduceMean", [source], "means", axes=axes, keepdims=0),
            node("MatMul", ["means", "weights"], target),
        ],
        [tensor("weights", weights)],
        [value(source, shape)],
        [value(target, ("n", dim))],
    )
    (folder / "model.onnx").write_bytes(data)
    return load_onnx(write_card(folder, values, preprocess))


def sound(seconds: float, rate: int) -> Audio:
    rng = np.random.default_rng(1)
    count = round(seconds * rate)
    time = np.arange(count) / rate
    wave = 0.4 * np.sin(2 * np.pi * (200 + 90 * time) * time) + rng.normal(0, 0.1, count) + 0.05
    return Audio(wave.astype(np.float32), rate)


def fed(made: OnnxEncoder, item: Audio) -> NDArray[np.float32]:
    """What the model is given."""
    return np.concatenate([next(iter(feed.values())) for feed in made._front.feeds(item)])


# ------------------------------------------------------------------- the same, by other arithmetic


def htk(hertz: float) -> float:
    return 2595.0 * math.log10(1.0 + hertz / 700.0)


def slaney(hertz: float) -> float:
    if hertz < 1000.0:
        return 3.0 * hertz / 200.0
    return 15.0 + 27.0 * math.log(hertz / 1000.0) / math.log(6.4)


def inverse(scale: Any, mel: float) -> float:
    """By halving, so that no formula is turned round."""
    low, high = 0.0, 30000.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if scale(middle) < mel else (low, middle)
    return low


def triangles(
    rate: int, size: int, bands: int, low: float, high: float, *, scale: Any, in_mel: bool
) -> Array:
    """Triangles of height 1 whose corners lie evenly on a scale, (size / 2 + 1, bands)."""
    marks = np.linspace(scale(low), scale(high), bands + 2)
    corners = marks if in_mel else np.array([inverse(scale, mark) for mark in marks])
    at = np.array([k * rate / size for k in range(size // 2 + 1)])
    places = np.array([scale(hertz) for hertz in at]) if in_mel else at
    out = np.zeros((len(at), bands))
    for band in range(bands):
        left, top, right = corners[band : band + 3]
        out[:, band] = np.interp(places, [left, top, right], [0.0, 1.0, 0.0], left=0.0, right=0.0)
    out[0] = 0.0
    return out


def windows(samples: Array, size: int, hop: int) -> Array:
    """Whole windows only, the first at the first sample."""
    return np.stack([samples[i : i + size] for i in range(0, len(samples) - size + 1, hop)])


def centered_windows(samples: Array, size: int, hop: int) -> Array:
    """The first has its middle at the first sample, the last at or behind the last sample."""
    out = []
    start = -(size // 2)
    while start < len(samples):
        out.append(
            [samples[i] if 0 <= i < len(samples) else 0.0 for i in range(start, start + size)]
        )
        if start + size // 2 >= len(samples):
            break
        start += hop
    return np.array(out)


def dft(frames: Array, size: int) -> Array:
    """Magnitudes of the whole transform, of which the first half is kept."""
    padded = np.concatenate([frames, np.zeros((len(frames), size - frames.shape[1]))], axis=1)
    return np.abs(np.fft.fft(padded, axis=1))[:, : size // 2 + 1]


def every(frames: Array, size: int, hop: int) -> Array:
    return np.stack([frames[i : i + size] for i in range(0, len(frames) - size + 1, hop)])


def vggish(x: Array) -> Array:
    x = np.concatenate([x, np.zeros(max(0, 15600 - len(x)))])
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    spectra = dft(windows(x, 400, 160) * hann, 512)
    mel = spectra @ triangles(16000, 512, 64, 125, 7500, scale=htk, in_mel=True)
    return every(np.log(mel + 0.01), 96, 96)


def yamnet(x: Array) -> Array:
    count = 0 if len(x) <= 15600 else math.ceil((len(x) - 15600) / 7680)
    x = np.concatenate([x, np.zeros(15600 + 7680 * count - len(x))])
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    spectra = dft(windows(x, 400, 160) * hann, 512)
    mel = spectra @ triangles(16000, 512, 64, 125, 7500, scale=htk, in_mel=True)
    return every(np.log(mel + 0.001), 96, 48)


def elsewhere(x: Array) -> Array:
    x = np.concatenate([x, np.zeros(max(0, 16000 - len(x)))])
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 399)
    spectra = dft(centered_windows(x, 400, 160) * hann, 512)
    mel = spectra @ triangles(16000, 512, 64, 125, 7500, scale=htk, in_mel=True)
    return every(np.log(mel + 0.01), 96, 93)


def fsd_sinet(x: Array) -> Array:
    x = np.concatenate([x, np.zeros(max(0, 22050 - len(x)))])
    x = x - np.mean(x)
    x = x / (max(abs(x)) + 0.005)
    hamming = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(660) / 660)
    spectra = dft(centered_windows(x, 660, 220) * hamming, 2048) ** 2
    mel = spectra @ triangles(22050, 2048, 96, 50, 10500, scale=slaney, in_mel=False)
    return every(np.log10(np.where(mel < 1e-30, 1e-30, mel)), 101, 50)[..., None]


def openl3(x: Array) -> Array:
    x = np.concatenate([x, np.zeros(max(0, 48000 - len(x)))])
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2048) / 2047)
    filters = triangles(48000, 2048, 256, 0, 24000, scale=slaney, in_mel=False)
    marks = [inverse(slaney, m) for m in np.linspace(0, slaney(24000), 258)]
    filters = filters * [2 / (right - left) for left, right in zip(marks, marks[2:], strict=False)]
    out = []
    for second in centered_windows(x, 48000, 48000):
        frames = np.stack([np.pad(second, 1024)[242 * i : 242 * i + 2048] for i in range(199)])
        decibel = 10 * np.log10(np.maximum(1e-10, dft(frames * hann, 2048) @ filters))
        decibel = np.maximum(decibel, decibel.max() - 80)
        out.append((decibel - decibel.max()).T[..., None])
    return np.stack(out)


BY_HAND = {"vggish": vggish, "yamnet": yamnet, "fsd-sinet": fsd_sinet, "openl3": openl3}
RATES = {"vggish": 16000, "yamnet": 16000, "fsd-sinet": 22050, "openl3": 48000}


@pytest.mark.parametrize("name", CARD_TEMPLATES)
@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.7])
def test_patches_are_those_of_the_description(tmp_path: Path, name: str, seconds: float) -> None:
    item = sound(seconds, RATES[name])
    ours = fed(encoder(tmp_path, name), item)
    theirs = BY_HAND[name](item.samples.astype(np.float64))
    assert ours.dtype == np.float32
    assert ours.shape == theirs.shape
    assert np.allclose(ours, theirs, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("name", ["vggish", "yamnet"])
@pytest.mark.parametrize("seconds", [0.3, 2.7])
def test_patches_can_be_those_of_another_library(tmp_path: Path, name: str, seconds: float) -> None:
    item = sound(seconds, 16000)
    ours = fed(encoder(tmp_path, name, **ELSEWHERE), item)
    theirs = elsewhere(item.samples.astype(np.float64))
    assert ours.shape == theirs.shape
    assert np.allclose(ours, theirs, rtol=1e-5, atol=2e-5)


COUNTS = {
    "vggish": (1, 1, 1, 10, 31),
    "yamnet": (1, 1, 2, 20, 62),
    "fsd-sinet": (1, 1, 1, 19, 59),
    "openl3": (2, 2, 2, 11, 31),
}


@pytest.mark.parametrize("name", CARD_TEMPLATES)
def test_a_vector_is_the_mean_of_as_many_frames_as_the_sound_is_long(
    tmp_path: Path, name: str
) -> None:
    made = encoder(tmp_path, name)
    assert isinstance(made, EncodesFrames)
    sounds = [sound(seconds, RATES[name]) for seconds in SECONDS]
    frames = made.encode_frames(sounds, modality="audio")
    assert tuple(len(rows) for rows in frames) == COUNTS[name]
    assert all(rows.shape[1] == made.dim and rows.dtype == np.float32 for rows in frames)
    raw = made.encode(sounds, modality="audio", normalize=False)
    unit = made.encode(sounds, modality="audio")
    for rows, vector, direction in zip(frames, raw, unit, strict=True):
        mean = rows.astype(np.float64).mean(axis=0)
        assert np.allclose(vector, mean, rtol=1e-5, atol=1e-6)
        assert np.allclose(direction, mean / np.linalg.norm(mean), atol=1e-6)


@pytest.mark.parametrize("name", ["vggish", "yamnet"])
def test_the_other_library_has_other_counts(tmp_path: Path, name: str) -> None:
    made = encoder(tmp_path, name, **ELSEWHERE)
    found = [len(fed(made, sound(seconds, 16000))) for seconds in SECONDS]
    assert found == [1, 1, 1, 10, 32]


def test_openl3_with_the_hop_of_its_own_package(tmp_path: Path) -> None:
    made = encoder(tmp_path, "openl3", patch_hop_samples=4800, patch_end="fill", max_seconds=None)
    found = [len(fed(made, sound(seconds, 48000))) for seconds in (0.3, 0.96, 1.0, 1.04, 3.0)]
    # 1 + ceil((0.5 + seconds - 1) / 0.1), of at least a second
    assert found == [6, 6, 6, 7, 26]


def test_openl3_with_128_bands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SHAPES, "openl3", (("n", 128, 199, 1), [2, 3], 128))
    patches = fed(encoder(tmp_path, "openl3", mel_bands=128), sound(1.0, 48000))
    assert patches.shape == (2, 128, 199, 1)
    assert patches.max() == 0
    assert patches.min() >= -80


@pytest.mark.parametrize("name", CARD_TEMPLATES)
def test_silence_has_finite_frames(tmp_path: Path, name: str) -> None:
    made = encoder(tmp_path, name)
    silence = Audio(np.zeros(100, np.float32), RATES[name])
    assert all(np.isfinite(r).all() for r in made.encode_frames([silence], modality="audio"))


@pytest.mark.parametrize("name", CARD_TEMPLATES)
def test_the_page_shows_every_card(name: str) -> None:
    page = (Path(__file__).parents[3] / "docs" / "onnx-cards.md").read_text(encoding="utf-8")
    assert f"```toml\n{card_template(name)}```" in page


def test_a_card_that_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownName, match="did you mean 'vggish'"):
        card_template("vgish")
