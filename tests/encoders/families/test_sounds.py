from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from pentad.core.errors import InputError
from pentad.encoders.families.load import load_folder
from pentad.encoders.families.pe_audio import LONGEST
from pentad.encoders.families.sounds import even_windows, load_extractor, windows
from pentad.encoders.families.spectrum import clap_spectrum, decibels, filled_up
from pentad.encoders.families.torch_encoder import TorchEncoder
from pentad.encoders.protocol import Classifier
from pentad.media.types import Audio
from tests.encoders.families.tiny_families import ast_folder, clap_folder

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

Encoders = Callable[[str], TorchEncoder]
Folders = Callable[[str], Path]


def noise(seconds: float, rate: int, seed: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * rate)).astype(np.float32)


def test_windows_follow_one_another_and_miss_nothing() -> None:
    sound = np.arange(25, dtype=np.float32)
    parts = windows(sound, 10)
    assert [len(part) for part in parts] == [10, 10, 5]
    np.testing.assert_array_equal(np.concatenate(parts), sound)
    assert [len(part) for part in windows(sound[:10], 10)] == [10]
    assert windows(sound[:0], 10)[0].tolist() == [0.0]


@pytest.mark.parametrize(
    ("length", "lengths"), [(0, [1]), (1, [1]), (10, [10]), (11, [6, 5]), (25, [9, 9, 7])]
)
def test_even_windows_are_few_and_about_as_long(length: int, lengths: list[int]) -> None:
    sound = np.arange(length, dtype=np.float32)
    parts = even_windows(sound, 10)
    assert [len(part) for part in parts] == lengths
    if length:
        np.testing.assert_array_equal(np.concatenate(parts), sound)


def test_sounds_of_any_rate_and_from_files(tiny_encoder: Encoders, tmp_path: Path) -> None:
    encoder = tiny_encoder("clap")
    sound = noise(1.5, 48_000)
    soundfile.write(tmp_path / "sound.wav", sound, 48_000, subtype="FLOAT")
    given = [tmp_path / "sound.wav", (sound, 48_000), Audio(sound, 48_000)]
    vectors = encoder.encode(given, modality="audio")
    np.testing.assert_array_equal(vectors[0], vectors[2])
    np.testing.assert_array_equal(vectors[1], vectors[2])
    twice = encoder.encode([tmp_path / "sound.wav"] * 2, modality="audio")
    np.testing.assert_array_equal(twice[0], twice[1])
    slower = encoder.encode([Audio(noise(1.5, 16_000), 16_000)], modality="audio")
    assert np.isfinite(slower).all()


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("padding", ["repeatpad", "repeat", "pad"])
@pytest.mark.parametrize("seconds", [0.001, 1.3, 5.0, 7.1, 10.0])
def test_spectra_of_clap_are_those_of_the_library(
    fused: bool, padding: str, seconds: float
) -> None:
    from transformers import ClapFeatureExtractor

    truncation = "fusion" if fused else "rand_trunc"
    extractor = ClapFeatureExtractor(truncation=truncation, padding=padding)
    sound = noise(seconds, 48_000)
    made = extractor(sound, sampling_rate=48_000, return_tensors="np")["input_features"][0]
    bands = clap_spectrum(extractor, fused=fused).bands(filled_up(sound, 480_000, padding))
    for channel in made:
        np.testing.assert_allclose(decibels(bands), channel, atol=1e-5)


def test_a_network_of_ast_gets_what_the_library_makes(
    tiny_encoder: Encoders, tiny_folder: Folders
) -> None:
    network = tiny_encoder("ast").network
    extractor = load_extractor(tiny_folder("ast"), "ASTFeatureExtractor")
    for seconds in (0.025, 1.0, 10.24):
        sound = noise(seconds, 16_000)
        made = extractor(sound, sampling_rate=16_000, return_tensors="np")["input_values"][0]
        ours = network.feeds(Audio(sound, 16_000), network.modalities[0])
        assert len(ours) == 1
        np.testing.assert_allclose(ours[0]["input_values"], made, atol=1e-6)


# ------------------------------------------------------------------------------------------ CLAP


def test_nothing_about_clap_is_random(tiny_folder: Folders) -> None:
    sound = [Audio(noise(23, 48_000), 48_000)]
    for name in ("clap", "fused clap"):
        state = np.random.get_state(legacy=False)
        first = load_folder(tiny_folder(name)).encode(sound, modality="audio")
        np.random.seed(7)
        np.testing.assert_array_equal(
            load_folder(tiny_folder(name)).encode(sound, modality="audio"), first
        )
        np.random.set_state(state)


def test_a_fused_clap_does_not_look_closer_at_one_clip_of_a_batch(tiny_encoder: Encoders) -> None:
    encoder = tiny_encoder("fused clap")
    assert encoder.network.preprocessing["is_longer"] is False
    network = encoder.network
    feed = network.feeds(Audio(noise(4, 48_000), 48_000), network.modalities[1])[0]
    assert feed["input_features"].shape == (4, 1001, 64)
    assert not feed["is_longer"].any()


def test_a_clap_that_is_not_fused_has_one_spectrum_whatever_was_saved(tmp_path: Path) -> None:
    from transformers import ClapFeatureExtractor

    clap_folder(tmp_path)
    before = load_folder(tmp_path)
    ClapFeatureExtractor(truncation="fusion").save_pretrained(tmp_path)
    encoder = load_folder(tmp_path)
    sound = [Audio(noise(2, 48_000), 48_000)]
    np.testing.assert_array_equal(
        encoder.encode(sound, modality="audio"), before.encode(sound, modality="audio")
    )


def test_a_short_sound_is_repeated_as_the_checkpoint_says(tmp_path: Path) -> None:
    from transformers import ClapFeatureExtractor

    clap_folder(tmp_path)
    sound = noise(4, 48_000)
    twice = [Audio(sound, 48_000), Audio(np.concatenate([sound, sound]), 48_000)]
    vectors = load_folder(tmp_path).encode(twice, modality="audio")
    np.testing.assert_array_equal(vectors[0], vectors[1])
    ClapFeatureExtractor(truncation="rand_trunc", padding="pad").save_pretrained(tmp_path)
    other = load_folder(tmp_path)
    assert not np.allclose(*other.encode(twice, modality="audio"), atol=1e-4)


# -------------------------------------------------------------------------------------- PE-Audio


def test_pe_audio_hears_thirty_seconds_at_once(tiny_encoder: Encoders) -> None:
    encoder = tiny_encoder("pe_audio")
    rate = encoder.decode_options("audio").sample_rate or 1
    sounds = [Audio(noise(seconds, rate), rate) for seconds in (0.2, LONGEST, LONGEST + 1, 95)]
    rows = encoder.encode_frames(sounds, modality="audio")
    assert [len(part) for part in rows] == [1, 1, 2, 4]


def test_sounds_of_like_length_share_a_shape(tiny_encoder: Encoders) -> None:
    network = tiny_encoder("pe_audio").network
    feeds = [
        network.feeds(Audio(noise(seconds, 2000), 2000), network.modalities[1])[0]
        for seconds in (3.001, 3.5, 4.0)
    ]
    assert {feed["input_values"].shape for feed in feeds} == {(1, 8000)}
    # What the network hears ends with the sound, up to the next 40 ms.
    assert [int(feed["padding_mask"].sum()) for feed in feeds] == [6080, 7040, 8000]


def test_rows_together_are_rows_alone(tiny_encoder: Encoders) -> None:
    """On a CPU the network gets row after row; elsewhere it gets a batch as it is."""
    import torch

    network = tiny_encoder("pe_audio").network
    sounds = [Audio(noise(seconds, 2000, seed), 2000) for seed, seconds in enumerate((3.1, 3.9))]
    feeds = [network.feeds(sound, network.modalities[1])[0] for sound in sounds]
    batch = {k: torch.from_numpy(np.stack([feed[k] for feed in feeds])) for k in feeds[0]}
    module: Any = network.module
    with torch.no_grad():
        alone = network.forward(batch, network.modalities[1])
        together = module.get_audio_embeds(batch["input_values"], batch["padding_mask"])
    np.testing.assert_allclose(alone, together, atol=1e-5)


# ------------------------------------------------------------------------------------------- AST


def test_ast_scores_its_classes_in_the_same_pass(tiny_encoder: Encoders) -> None:
    encoder = tiny_encoder("ast")
    assert isinstance(encoder, Classifier)
    assert encoder.classes == tuple(f"sound {n}" for n in range(5))
    assert encoder.card.classes == 5
    sounds = [Audio(noise(seconds, 16_000), 16_000) for seconds in (2, 12)]
    both = encoder.encode_and_classify(sounds, modality="audio")
    np.testing.assert_array_equal(both.vectors, encoder.encode(sounds, modality="audio"))
    assert both.scores.shape == (2, 5)
    np.testing.assert_allclose(both.scores.sum(axis=1), 1.0, atol=1e-6)


def test_scores_are_those_of_the_library(tiny_encoder: Encoders, tiny_folder: Folders) -> None:
    import torch
    from transformers import ASTForAudioClassification

    encoder = tiny_encoder("ast")
    assert isinstance(encoder, Classifier)
    sound = noise(3, 16_000)
    extractor = load_extractor(tiny_folder("ast"), "ASTFeatureExtractor")
    model = ASTForAudioClassification.from_pretrained(tiny_folder("ast")).eval()
    with torch.no_grad():
        logits = model(**extractor(sound, sampling_rate=16_000, return_tensors="pt")).logits
    scores = encoder.encode_and_classify([Audio(sound, 16_000)], modality="audio").scores
    np.testing.assert_allclose(scores, logits.softmax(dim=-1).numpy(), atol=1e-5)


def test_the_classes_of_audioset_are_scored_one_by_one(tmp_path: Path) -> None:
    ast_folder(tmp_path, classes=527)
    encoder = load_folder(tmp_path)
    assert isinstance(encoder, Classifier)
    scores = encoder.encode_and_classify([Audio(noise(1, 16_000), 16_000)], modality="audio").scores
    assert scores.min() > 0
    assert scores.max() < 1
    assert scores.sum() > 100


def test_a_trunk_without_classes_is_no_classifier(tmp_path: Path) -> None:
    ast_folder(tmp_path, classes=0)
    encoder = load_folder(tmp_path)
    assert not isinstance(encoder, Classifier)
    assert encoder.card.classes == 0
    assert encoder.encode([Audio(noise(1, 16_000), 16_000)], modality="audio").shape == (1, 32)


@pytest.mark.parametrize(
    ("name", "saved", "said"),
    [
        ("clap", '{"sampling_rate": "fast"}', "cannot be loaded"),
        ("clap", '{"hop_length": 0}', "a wrong hop_length"),
        ("clap", '{"max_length_s": 0}', "a wrong nb_max_samples"),
        (
            "clap",
            '{"max_length_s": 60}',
            r"do not fit its audio tower; expected at most 1024 frames",
        ),
        ("ast", '{"max_length": -1}', "a wrong max_length"),
        ("pe_audio", '{"hop_length": null}', "a wrong hop_length"),
    ],
)
def test_a_feature_extractor_that_makes_no_sense_is_refused(
    name: str, saved: str, said: str, tiny_folder: Folders, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_folder(name), folder)
    (folder / "preprocessor_config.json").write_text(saved)
    with pytest.raises(InputError, match=said) as caught:
        load_folder(folder)
    assert "\n" not in str(caught.value)
