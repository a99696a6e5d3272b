from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import PentadError
from pentad.encoders.families.load import FAMILIES, load_folder
from pentad.encoders.families.torch_encoder import TorchEncoder
from pentad.encoders.registry import get_encoder
from pentad.media.types import Audio, Image, Video, Views
from tests.encoders.families.direct import direct, inputs_of
from tests.encoders.families.tiny_families import TINY

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

PICTURES = ("text", "image", "video", "points")
SERVED = {
    "clip": PICTURES,
    "siglip": PICTURES,
    "square siglip2": PICTURES,
    "siglip2": PICTURES,
    "metaclip2": PICTURES,
    "clap": ("text", "audio"),
    "fused clap": ("text", "audio"),
    "xclip": ("text", "video"),
    "pe_audio": ("text", "audio"),
    "pe_av": ("text", "audio"),
    "videoprism": ("text", "video"),
    "ast": ("audio",),
}
CASES = [(name, modality) for name, served in SERVED.items() for modality in served]
HEARING = [name for name, served in SERVED.items() if "audio" in served]

Encoders = Callable[[str], TorchEncoder]
Folders = Callable[[str], Path]
every_case = pytest.mark.parametrize(("name", "modality"), CASES)
every_family = pytest.mark.parametrize("name", TINY)


def some(encoder: TorchEncoder, modality: str) -> list[Any]:
    return inputs_of(modality, encoder.decode_options(modality).sample_rate)


@every_family
def test_a_family_serves_its_modalities(name: str, tiny_encoder: Encoders) -> None:
    encoder = tiny_encoder(name)
    assert encoder.modalities == SERVED[name]
    assert encoder.card.semantic
    assert encoder.card.modalities == encoder.modalities
    assert encoder.card.dim == encoder.dim
    assert len(encoder.card.preprocessing) == len(encoder.fingerprint) == 64


@pytest.mark.parametrize(("name", "modality"), [case for case in CASES if case[0] != "pe_av"])
def test_vectors_are_those_of_the_library(
    name: str, modality: str, tiny_encoder: Encoders, tiny_folder: Folders
) -> None:
    encoder = tiny_encoder(name)
    inputs = some(encoder, modality)
    ours = encoder.encode(inputs, modality=modality, normalize=False)
    theirs = direct(name, tiny_folder(name), modality, inputs)
    assert ours.dtype == np.float32
    assert ours.shape == (len(inputs), encoder.dim)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    between = np.abs(ours[:, None] - ours).max(axis=2)
    assert between[~np.eye(len(inputs), dtype=bool)].min() > 1e-3  # or the above says nothing


def test_half_of_pe_av_is_pe_audio(tiny_encoder: Encoders) -> None:
    whole, half = tiny_encoder("pe_av"), tiny_encoder("pe_audio")
    for modality in half.modalities:
        inputs = some(half, modality)
        np.testing.assert_allclose(
            whole.encode(inputs, modality=modality),
            half.encode(inputs, modality=modality),
            atol=1e-6,
        )


@every_case
def test_the_same_inputs_give_the_same_bits_as_unit_vectors(
    name: str, modality: str, tiny_encoder: Encoders, tiny_folder: Folders
) -> None:
    inputs = some(tiny_encoder(name), modality)
    once = tiny_encoder(name).encode(inputs, modality=modality)
    again = load_folder(tiny_folder(name)).encode(inputs, modality=modality)
    np.testing.assert_array_equal(once, again)
    np.testing.assert_allclose(np.linalg.norm(once, axis=1), 1.0, atol=1e-6)


@pytest.mark.slow
@every_case
def test_order_company_and_batch_size_change_nothing(
    name: str, modality: str, tiny_encoder: Encoders
) -> None:
    encoder = tiny_encoder(name)
    inputs = some(encoder, modality)[:3]
    whole = encoder.encode(inputs, modality=modality)
    for size in (None, 1, 3):
        back = encoder.encode(inputs[::-1], modality=modality, batch_size=size)
        np.testing.assert_allclose(back[::-1], whole, atol=1e-5)
    together = encoder.encode(inputs, modality=modality, batch_size=4)
    for row, item in enumerate(inputs):
        alone = encoder.encode([item], modality=modality, batch_size=4)
        np.testing.assert_array_equal(alone[0], together[row])


@every_family
def test_rows_keep_their_bits_on_this_processor(name: str, tiny_encoder: Encoders) -> None:
    assert tiny_encoder(name).row_independent


@every_case
def test_frames_are_the_rows_behind_a_vector(
    name: str, modality: str, tiny_encoder: Encoders
) -> None:
    encoder = tiny_encoder(name)
    inputs = some(encoder, modality)
    rows = encoder.encode_frames(inputs, modality=modality)
    vectors = encoder.encode(inputs, modality=modality, normalize=False)
    for part, vector in zip(rows, vectors, strict=True):
        np.testing.assert_allclose(part.mean(axis=0), vector, atol=1e-6)


@pytest.mark.parametrize("name", HEARING)
def test_a_long_sound_is_the_mean_of_its_windows(name: str, tiny_encoder: Encoders) -> None:
    encoder = tiny_encoder(name)
    rate = encoder.decode_options("audio").sample_rate or 1
    long = 65 if name.startswith("pe") else 25
    sound = np.random.default_rng(0).normal(0, 0.1, long * rate).astype(np.float32)
    if name.startswith("pe"):
        parts = np.array_split(sound, [-(-len(sound) // 3), 2 * -(-len(sound) // 3)])
    else:
        window = 163_840 if name == "ast" else 10 * rate
        parts = [sound[start : start + window] for start in range(0, len(sound), window)]
    assert len(parts) == 3
    rows = encoder.encode([Audio(p, rate) for p in parts], modality="audio", normalize=False)
    whole = encoder.encode([Audio(sound, rate)], modality="audio", normalize=False)
    np.testing.assert_allclose(whole[0], rows.mean(axis=0), atol=1e-5)


@pytest.mark.parametrize("name", HEARING)
def test_sounds_without_or_with_few_samples(name: str, tiny_encoder: Encoders) -> None:
    encoder = tiny_encoder(name)
    rate = encoder.decode_options("audio").sample_rate or 1
    sounds = [Audio(np.zeros(n, np.float32), rate) for n in (0, 1, 2, 100)]
    vectors = encoder.encode(sounds, modality="audio")
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


@pytest.mark.parametrize("name", [name for name, served in SERVED.items() if "video" in served])
def test_tiny_pictures_and_short_videos(name: str, tiny_encoder: Encoders) -> None:
    encoder = tiny_encoder(name)
    dot = np.full((1, 1, 1, 3), 200, np.uint8)
    wide = np.full((2, 2, 90, 3), 90, np.uint8)
    vectors = encoder.encode([Video(dot, 0.0), Video(wide, 0.0)], modality="video")
    assert np.isfinite(vectors).all()
    if "image" in encoder.modalities:
        assert np.isfinite(encoder.encode([Image(dot[0])], modality="image")).all()
        assert np.isfinite(encoder.encode([Views(dot)], modality="points")).all()


@every_family
def test_nothing_gives_no_rows(name: str, tiny_encoder: Encoders) -> None:
    encoder = tiny_encoder(name)
    for modality in encoder.modalities:
        assert encoder.encode([], modality=modality).shape == (0, encoder.dim)


@every_family
def test_what_decides_a_vector_decides_the_fingerprint(
    name: str, tiny_folder: Folders, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_folder(name), folder)
    before = load_folder(folder).fingerprint
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    (folder / "notes.md").write_text("nothing")
    said = load_folder(folder)
    assert said.fingerprint == before
    assert said.card.licence == "mit"
    settings = sorted(folder.glob("*.json"))[-1]
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"note": 1}))
    assert load_folder(folder).fingerprint != before


def test_every_kind_of_model_has_a_tiny_one(tiny_folder: Folders) -> None:
    mine = {json.loads((tiny_folder(n) / "config.json").read_text())["model_type"] for n in TINY}
    others = {kind for kind, place in FAMILIES.items() if re.search(r"\.bert:|\.points\.", place)}
    assert mine == set(FAMILIES) - others


# ---------------------------------------------------------------------------------------- damage


def _drop(*names: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        for name in names:
            (folder / name).unlink(missing_ok=True)

    return damage


def _write(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(text) and None


def _cut(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def _lacking(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    held = load_file(folder / "model.safetensors")
    held.pop(sorted(held)[len(held) // 2])
    save_file(held, folder / "model.safetensors", metadata={"format": "pt"})


def _config(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    file = folder / "config.json"
    config = json.loads(file.read_text())
    change(config)
    file.write_text(json.dumps(config))


def _towers(config: dict[str, Any]) -> list[dict[str, Any]]:
    return [config, *(part for key, part in config.items() if key.endswith("_config"))]


def _other_widths(folder: Path) -> None:
    def change(config: dict[str, Any]) -> None:
        for tower in _towers(config):
            tower |= {k: 48 for k in ("intermediate_size", "projection_dim") if k in tower}

    _config(folder, change)


def _words_for_numbers(folder: Path) -> None:
    def change(config: dict[str, Any]) -> None:
        for tower in _towers(config):
            names = ("hidden_size", "projection_dim", "max_position_embeddings")
            tower |= {k: "many" for k in names if k in tower}

    _config(folder, change)


def _of_another_kind(folder: Path) -> None:
    _config(folder, lambda config: config.update(model_type="llama"))


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "no config": (_drop("config.json"), "holds no model"),
    "config is no JSON": (_write("config.json", "{"), "cannot be read"),
    "config is a list": (_write("config.json", "[]"), "expected"),
    "another kind": (_of_another_kind, r"unknown kind; expected .*clip.*got 'llama'"),
    "no weights": (_drop("model.safetensors"), "holds no weights"),
    "pickled weights": (_pickled, "can run code"),
    "half the weights": (_cut, "cannot be loaded as"),
    "a missing weight": (_lacking, "its weights lack"),
    "other widths": (_other_widths, "do not fit its config"),
    "words for numbers": (_words_for_numbers, "many"),
    "no tokenizer": (_drop("tokenizer.json"), "holds no tokenizer"),
    "no tokenizer at all": (_drop("tokenizer.json", "tokenizer_config.json"), "no tokenizer"),
    "broken tokenizer": (_write("tokenizer.json", "{"), "its tokenizer cannot be loaded"),
    "no processor": (_drop("preprocessor_config.json"), "how files become numbers"),
    "broken processor": (_write("preprocessor_config.json", "{"), "cannot be loaded"),
}
HARMLESS = {  # they do without what is damaged
    ("ast", "no tokenizer"),
    ("ast", "no tokenizer at all"),
    ("ast", "broken tokenizer"),
    ("videoprism", "no processor"),
    ("videoprism", "broken processor"),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "damage"),
    [(name, damage) for name in TINY for damage in DAMAGE if (name, damage) not in HARMLESS],
)
def test_a_damaged_folder_is_refused_in_one_line(
    name: str, damage: str, tiny_folder: Folders, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_folder(name), folder)
    spoil, said = DAMAGE[damage]
    spoil(folder)
    with pytest.raises(PentadError, match=said) as caught:
        get_encoder(str(folder))
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)


@every_family
def test_torchvision_is_not_needed(
    name: str, tiny_folder: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torchvision", None)
    encoder = load_folder(tiny_folder(name))
    for modality in encoder.modalities:
        inputs = some(encoder, modality)[:1]
        assert encoder.encode(inputs, modality=modality).shape == (1, encoder.dim)
