from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import InputError, MissingExtra
from pentad.core.modality import Modality
from pentad.encoders.families.load import is_model_folder, load_folder
from pentad.encoders.families.sentence import load_sentence
from pentad.encoders.families.torch_encoder import TorchEncoder
from pentad.encoders.registry import get_encoder
from pentad.encoders.samples import sample_input
from pentad.encoders.wrap import as_encoder
from pentad.media.types import Audio, Image
from tests.encoders.families.test_bert import CAPTIONS, text_folder
from tests.encoders.families.tiny import clip_folder, save_tokenizer

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

PROMPTS = {"query": "the sound of ", "document": "photo "}
Saver = Callable[..., Path]


def modules() -> Any:
    from sentence_transformers.sentence_transformer import modules as found

    return found


@pytest.fixture
def saved(tmp_path: Path) -> Saver:
    """Return a function that saves modules as a folder of sentence-transformers."""

    def save(made: list[Any], name: str = "model", **options: Any) -> Path:
        from sentence_transformers import SentenceTransformer

        SentenceTransformer(modules=made, device="cpu", **options).save(
            str(tmp_path / name), create_model_card=False
        )
        return tmp_path / name

    return save


def transformer(folder: Path) -> Any:
    return modules().Transformer(str(folder))


def text_modules(tmp_path: Path, *more: Any) -> list[Any]:
    first = transformer(text_folder(tmp_path / "trunk"))
    return [first, modules().Pooling(32, "mean"), *more]


def theirs(folder: Path, inputs: list[Any], **options: Any) -> np.ndarray:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return model.encode(inputs, show_progress_bar=False, **options)


def of(folder: Path, prompt_name: str | None = None) -> TorchEncoder:
    return load_folder(folder, loader=partial(load_sentence, prompt_name=prompt_name))


def samples(loaded: TorchEncoder, modality: str, count: int = 4) -> list[Any]:
    options = loaded.decode_options(modality)
    return [sample_input(Modality(modality), number, options) for number in range(count)]


@pytest.mark.parametrize("normalized", [False, True])
def test_texts_are_those_of_the_library(tmp_path: Path, saved: Saver, normalized: bool) -> None:
    more = [modules().Normalize()] if normalized else []
    folder = saved(text_modules(tmp_path, modules().Dense(32, 12), *more))
    loaded = load_folder(folder)
    rows = loaded.encode(CAPTIONS, modality="text")
    assert loaded.modalities == ("text",)
    assert (loaded.dim, loaded.network.normalize) == (12, "l2" if normalized else "none")
    assert np.allclose(rows, theirs(folder, CAPTIONS), atol=1e-5)
    unit = loaded.encode(CAPTIONS, modality="text", normalize=True)
    assert np.allclose(unit, theirs(folder, CAPTIONS, normalize_embeddings=True), atol=1e-5)
    back = loaded.encode(CAPTIONS[::-1], modality="text", batch_size=2)
    assert np.allclose(back[::-1], rows, atol=1e-5)
    assert loaded.encode([], modality="text").shape == (0, 12)


@pytest.mark.parametrize("mode", ["cls", "max", "weightedmean", "lasttoken"])
def test_other_poolings_are_those_of_the_library(tmp_path: Path, saved: Saver, mode: str) -> None:
    first = transformer(text_folder(tmp_path / "trunk"))
    folder = saved([first, modules().Pooling(32, mode)])
    rows = load_folder(folder).encode(CAPTIONS, modality="text")
    assert np.allclose(rows, theirs(folder, CAPTIONS), atol=1e-5)


def test_a_folder_saved_again_gives_the_same_vectors(tmp_path: Path, saved: Saver) -> None:
    from sentence_transformers import SentenceTransformer

    folder = saved(text_modules(tmp_path))
    assert is_model_folder(folder)
    one = load_folder(folder)
    SentenceTransformer(str(folder), device="cpu").save(str(tmp_path / "again"))
    two = load_folder(tmp_path / "again")
    assert np.array_equal(
        one.encode(CAPTIONS, modality="text"), two.encode(CAPTIONS, modality="text")
    )
    assert load_folder(folder).fingerprint == one.fingerprint


@pytest.mark.parametrize("include", [True, False])
def test_prompts_are_chosen_and_recorded(tmp_path: Path, saved: Saver, include: bool) -> None:
    first = transformer(text_folder(tmp_path / "trunk"))
    pooling = modules().Pooling(32, "mean", include_prompt=include)
    folder = saved([first, pooling], prompts=PROMPTS)
    prints = set()
    for name in (None, "query", "document"):
        loaded = of(folder, name)
        expected = theirs(folder, CAPTIONS, prompt_name=name)
        assert np.allclose(loaded.encode(CAPTIONS, modality="text"), expected, atol=1e-5)
        prompt = loaded.network.preprocessing["prompt"]
        assert prompt["text"] == PROMPTS.get(name or "")  # type: ignore[index]
        prints.add(loaded.fingerprint)
    assert len(prints) == 3
    with pytest.raises(InputError, match=r"no such prompt; expected document, query, got 'quer'"):
        of(folder, "quer")


def test_the_default_prompt_is_used(tmp_path: Path, saved: Saver) -> None:
    made = text_modules(tmp_path)
    folder = saved(made, prompts=PROMPTS, default_prompt_name="query")
    rows = load_folder(folder).encode(CAPTIONS, modality="text")
    assert np.allclose(rows, theirs(folder, CAPTIONS), atol=1e-5)
    assert not np.allclose(rows, theirs(folder, CAPTIONS, prompt=""), atol=1e-3)


def test_vectors_are_cut_after_the_models_own_normalisation(tmp_path: Path, saved: Saver) -> None:
    folder = saved(text_modules(tmp_path, modules().Normalize()), truncate_dim=10)
    loaded = load_folder(folder)
    rows = loaded.encode(CAPTIONS, modality="text")
    assert rows.shape == (5, 10)
    assert np.allclose(rows, theirs(folder, CAPTIONS), atol=1e-5)


def test_two_networks_for_queries_and_documents(tmp_path: Path, saved: Saver) -> None:
    parts = {
        side: [transformer(text_folder(tmp_path / side, seed=seed)), modules().Pooling(32, "mean")]
        for seed, side in enumerate(("query", "document"))
    }
    router = modules().Router.for_query_document(parts["query"], parts["document"])
    folder = saved([router])
    for name in (None, "query", "document"):
        expected = theirs(folder, CAPTIONS, **({} if name is None else {"task": name}))
        rows = of(folder, name).encode(CAPTIONS, modality="text")
        assert np.allclose(rows, expected, atol=1e-5)


def test_bags_of_words(tmp_path: Path, saved: Saver) -> None:
    from tokenizers import Tokenizer

    words = save_tokenizer(tmp_path / "words")
    tokenizer = Tokenizer.from_file(str(tmp_path / "words" / "tokenizer.json"))
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(words, 8)).astype(np.float32)
    folder = saved([modules().StaticEmbedding(tokenizer, embedding_weights=weights)])
    assert not (folder / "config.json").is_file()
    captions = [*CAPTIONS, "", "dog " * 30, "a cat", "a man"]
    rows = get_encoder(str(folder)).encode(captions, modality="text")
    assert np.allclose(rows, theirs(folder, captions), atol=1e-5)


def test_modules_of_which_nothing_is_known_go_row_by_row(saved: Saver) -> None:
    bag = modules().BoW(["dog", "ball", "red", "cat"], {"dog": 2.0, "ball": 1.0})
    folder = saved([bag, modules().Dense(4, 6)])
    rows = load_folder(folder).encode(CAPTIONS, modality="text")
    assert np.allclose(rows, theirs(folder, CAPTIONS), atol=1e-5)


def test_pictures_frames_and_views(tmp_path: Path, saved: Saver) -> None:
    from PIL import Image as Pillow

    folder = saved([transformer(clip_folder(tmp_path / "clip"))])
    loaded = load_folder(folder)
    assert loaded.modalities == ("text", "image", "video", "points")
    pictures = samples(loaded, "image")
    plain = [Pillow.fromarray(picture.pixels) for picture in pictures]
    rows = loaded.encode(pictures, modality="image")
    assert np.allclose(rows, theirs(folder, plain), atol=1e-5)
    assert np.allclose(loaded.encode(plain, modality="image"), rows)
    assert np.allclose(
        loaded.encode(CAPTIONS, modality="text"), theirs(folder, CAPTIONS), atol=1e-5
    )
    for modality, count in (("video", 8), ("points", 8)):
        inputs = samples(loaded, modality, 2)
        parts = loaded.encode_frames(inputs, modality=modality)
        assert [part.shape for part in parts] == [(count, 16)] * 2
        means = np.stack([part.mean(axis=0) for part in parts])
        assert np.allclose(loaded.encode(inputs, modality=modality), means, atol=1e-6)


def test_a_caption_that_looks_like_a_file_is_a_caption(tmp_path: Path, saved: Saver) -> None:
    folder = saved([transformer(clip_folder(tmp_path / "clip"))])
    loaded = load_folder(folder)
    captions = ["cat.jpg", "https://example.org/dog.png", "blue.mp4"]
    assert np.isfinite(loaded.encode(captions, modality="text")).all()


def clap_folder(folder: Path) -> Path:
    """Write a CLAP model that hears 10 seconds at a time, at 48,000 samples a second."""
    import torch
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel, ClapProcessor
    from transformers import PreTrainedTokenizerFast as Tokenizer

    words = save_tokenizer(folder)
    torch.manual_seed(0)
    tower = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = tower | {"vocab_size": words, "intermediate_size": 32, "pad_token_id": 0}
    audio = {
        "patch_embeds_hidden_size": 8,
        "hidden_size": 64,
        "depths": [1, 1, 1, 1],
        "num_attention_heads": [1, 1, 1, 1],
        "num_hidden_layers": 4,
        "enable_fusion": False,
    }
    made = ClapConfig(text_config=text, audio_config=audio, projection_dim=12)
    ClapModel(made).save_pretrained(folder)
    extractor = ClapFeatureExtractor(truncation="rand_trunc")
    ClapProcessor(extractor, Tokenizer.from_pretrained(folder)).save_pretrained(folder)
    return folder


def test_sounds_in_windows(tmp_path: Path, saved: Saver) -> None:
    folder = saved([transformer(clap_folder(tmp_path / "clap"))])
    loaded = load_folder(folder)
    assert loaded.modalities == ("text", "audio")
    sounds = samples(loaded, "audio", 2)
    said = [{"array": sound.samples, "sampling_rate": sound.rate} for sound in sounds]
    rows = loaded.encode(sounds, modality="audio")
    assert np.allclose(rows, theirs(folder, said), atol=1e-5)
    rng = np.random.default_rng(0)
    long = Audio(rng.normal(0, 0.1, 48_000 * 23).astype(np.float32), 48_000)
    [parts] = loaded.encode_frames([long], modality="audio")
    assert parts.shape == (3, 12)
    assert np.array_equal(parts, loaded.encode_frames([long], modality="audio")[0])


def test_a_sentence_transformer_in_memory_is_wrapped_as_it_is(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(modules=text_modules(tmp_path), device="cpu")
    wrapped = as_encoder(model, name="theirs", modality="text")
    assert wrapped.dim == 32
    rows = wrapped.encode(CAPTIONS, modality="text", batch_size=2)
    assert np.allclose(rows, model.encode(CAPTIONS), atol=1e-5)


def test_what_a_model_does_not_take_is_refused(tmp_path: Path, saved: Saver) -> None:
    loaded = load_folder(saved(text_modules(tmp_path)))
    with pytest.raises(InputError, match="does not encode 'image'"):
        loaded.encode([Image(np.zeros((8, 8, 3), np.uint8))], modality="image")


def test_code_is_never_run(tmp_path: Path, saved: Saver) -> None:
    folder = saved(text_modules(tmp_path))
    listed = json.loads((folder / "modules.json").read_text())
    listed[1]["type"] = "evil.Module"
    (folder / "evil.py").write_text("raise SystemExit('ran')")
    (folder / "modules.json").write_text(json.dumps(listed))
    with pytest.raises(InputError, match=r"never run; .* got evil.Module"):
        load_folder(folder)


@pytest.mark.parametrize("text", ["{", "7", '[{"path": ""}]'])
def test_a_damaged_list_of_modules(tmp_path: Path, saved: Saver, text: str) -> None:
    folder = saved(text_modules(tmp_path))
    (folder / "modules.json").write_text(text)
    with pytest.raises(InputError, match="is no list of modules"):
        load_folder(folder)


def test_weights_that_can_run_code_are_refused(tmp_path: Path, saved: Saver) -> None:
    folder = saved(text_modules(tmp_path, modules().Dense(32, 12)))
    (folder / "2_Dense" / "model.safetensors").rename(folder / "2_Dense" / "pytorch_model.bin")
    with pytest.raises(InputError, match="can run code when it is read"):
        load_folder(folder)


def test_missing_numbers_are_refused(tmp_path: Path, saved: Saver) -> None:
    from safetensors.numpy import load_file, save_file

    folder = saved(text_modules(tmp_path))
    weights = load_file(folder / "model.safetensors")
    del weights["encoder.layer.1.output.dense.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"weights lack encoder.layer.1.output.dense.weight;"):
        load_folder(folder)


def test_models_that_give_no_vector_an_input_and_adapters_are_refused(
    tmp_path: Path, saved: Saver
) -> None:
    folder = saved(text_modules(tmp_path))
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(InputError, match="an adapter for another model"):
        load_folder(folder)
    settings = folder / "config_sentence_transformers.json"
    settings.write_text('{"model_type": "CrossEncoder"}')
    with pytest.raises(InputError, match=r"no one vector an input; .*got CrossEncoder"):
        load_folder(folder)


def test_without_the_package_the_extra_is_named(
    tmp_path: Path, saved: Saver, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = saved(text_modules(tmp_path))
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtra, match=r"pip install 'pentad\[sentence\]'"):
        load_folder(folder)
