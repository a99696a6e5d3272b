"""A model: frozen encoders, a bridge and heads, in memory and as a folder."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pentad.core.errors import InputError, PentadError, SchemaMismatch
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.embeddings.embed import embed
from pentad.encoders.bridge_map import BridgeMap, ClassScaling, ItemMap, TextFrame, unit
from pentad.encoders.heads import Head
from pentad.encoders.model import FrozenEncoder, Model
from pentad.encoders.model_file import load_model
from pentad.encoders.protocol import Classified, Encoder, is_row_independent, space_of
from pentad.encoders.registry import get_encoder
from pentad.encoders.specs import absolute_spec, relative_spec
from pentad.media.types import DecodeOptions, Image
from pentad.pipeline.models import save_model
from tests.store.helpers import catalog_of, listing

BLACK, GREY = (Image(np.full((2, 2, 3), level, np.uint8)) for level in (0, 127))


class Letters:
    """A caption as how often it has a, b, c and d."""

    name, revision, modalities, dim = "letters", "1", (Modality.TEXT,), 4
    row_independent = True
    fingerprint = fingerprint_value("letters")

    def encode(self, inputs, *, modality, batch_size=None):
        return np.array([[text.count(c) for c in "abcd"] for text in inputs], np.float32)


class Light:
    """A picture as how dark and how bright it is, with two classes that say the same."""

    name, revision, modalities, dim = "light", "1", (Modality.IMAGE,), 2
    row_independent = True
    classes = ("dark", "bright")

    def __init__(self, fingerprint: str = "light", options: DecodeOptions | None = None) -> None:
        self.fingerprint = fingerprint_value(fingerprint)
        self._options = options or DecodeOptions()

    def decode_options(self, modality):
        return self._options

    def encode(self, inputs, *, modality, batch_size=None):
        bright = np.array([each.pixels.mean() / 255 for each in inputs])
        return np.stack([1 - bright, bright], axis=1).astype(np.float32)

    def encode_and_classify(self, inputs, *, modality, batch_size=None):
        vectors = self.encode(inputs, modality=modality)
        return Classified(vectors, vectors**2)


ENCODERS = {"letters": Letters(), "light": Light()}


def frame() -> TextFrame:
    anchors = {"light": unit(np.array([[1.0, 1, 0, 0], [0, 0, 1, 1]]))}
    return TextFrame(np.full(4, 0.1), np.zeros((0, 4)), anchors, ("light",), 0.2, 0.0)


def image_map() -> ItemMap:
    return ItemMap(
        mean=np.array([0.3, 0.4]),
        ridge=np.array([[1.0, 0.5, 0, 0], [0, 0, 0.25, 1]]),
        classes=ClassScaling("light", 0.5, np.full(2, 0.5), np.array([0.3, 0.4])),
        shared_at=None,
        prior_weight=0.5,
        ridge_weight=1.0,
        class_weight=0.75,
        offset=np.full(6, 0.05),
    )


def head(dim: int = 6, gate: float = 0.5) -> Head:
    rng = np.random.default_rng(0)
    return Head(
        rng.normal(size=(dim, 3)).astype(np.float32).astype(float),
        np.zeros(3),
        rng.normal(size=(3, dim)).astype(np.float32).astype(float),
        gate,
    )


def toy_model(**changes) -> Model:
    return replace(
        Model(
            "toy",
            {
                Modality.TEXT: (FrozenEncoder.of("letters", ENCODERS["letters"]),),
                Modality.IMAGE: (FrozenEncoder.of("light", ENCODERS["light"]),),
            },
            BridgeMap(frame(), {Modality.IMAGE: image_map()}),
            find=ENCODERS.__getitem__,
        ),
        **changes,
    )


def built_in_model(spec: str = "image-descriptor") -> Model:
    """Return a model that stands on built-in encoders, so that it can be loaded by name."""
    text, image = get_encoder("hashed-text"), get_encoder(spec)
    rng = np.random.default_rng(1)
    ridge = rng.normal(size=(image.dim, text.dim)).astype(np.float32).astype(float)
    item = ItemMap(np.zeros(image.dim), ridge, None, None, 0.0, 1.0, 0.0)
    return Model(
        "small",
        {
            Modality.TEXT: (FrozenEncoder.of("hashed-text", text),),
            Modality.IMAGE: (FrozenEncoder.of(spec, image),),
        },
        BridgeMap(
            TextFrame(np.zeros(text.dim), np.zeros((0, text.dim)), {}, (), 0.0),
            {Modality.IMAGE: item},
        ),
        find=get_encoder,
    )


# ---------------------------------------------------------------------------------------- in memory


def test_a_model_is_an_encoder():
    model = toy_model()
    assert isinstance(model, Encoder)
    assert is_row_independent(model)
    assert (model.name, model.dim, model.modalities) == ("toy", 6, ("text", "image"))
    assert len(model.fingerprint) == 64


def test_encoding_is_projecting_what_the_frozen_encoders_say():
    model = toy_model(heads={Modality.IMAGE: head()})
    captions = ["a bad cab", "dab"]
    raw = Letters().encode(captions, modality="text")
    assert model.encode(captions, modality="text").tolist() == (
        model.project("text", unit(raw)).tolist()
    )
    both = Light().encode_and_classify([BLACK, GREY], modality="image")
    assert model.encode([BLACK, GREY], modality="image").tolist() == (
        model.project("image", unit(both.vectors), both.scores).tolist()
    )


def test_vectors_have_length_1():
    model = toy_model(heads={Modality.IMAGE: head(), Modality.TEXT: head(gate=1.0)})
    for modality, inputs in {"text": ["a", "bc", "dddd"], "image": [BLACK, GREY]}.items():
        vectors = model.encode(inputs, modality=modality)
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-6)


def test_a_head_with_gate_0_changes_no_bit():
    shut = toy_model(heads={Modality.IMAGE: head(gate=0.0)})
    plain = toy_model().encode([BLACK, GREY], modality="image")
    assert shut.encode([BLACK, GREY], modality="image").tolist() == plain.tolist()
    ajar = toy_model(heads={Modality.IMAGE: head(gate=0.1)})
    assert ajar.encode([BLACK, GREY], modality="image").tolist() != plain.tolist()


def test_a_head_adds_its_gated_correction():
    plain = toy_model().encode([GREY], modality="image").astype(float)
    h = head(gate=0.5)
    correction = np.maximum(plain @ h.inner + h.inner_bias, 0) @ h.outer
    corrected = toy_model(heads={Modality.IMAGE: h}).encode([GREY], modality="image")
    assert corrected == pytest.approx(unit(plain + 0.5 * correction), abs=1e-6)


def test_several_encoders_of_a_modality_are_laid_side_by_side():
    two = FrozenEncoder.of("light", ENCODERS["light"])
    item = replace(image_map(), mean=np.zeros(4), ridge=np.eye(4), classes=None, offset=None)
    model = toy_model(
        encoders={**toy_model().encoders, Modality.IMAGE: (two, two)},
        bridge=BridgeMap(frame(), {Modality.IMAGE: item}),
    )
    raw = unit(Light().encode([GREY], modality="image"))
    assert model.encode([GREY], modality="image").tolist() == (
        model.project("image", np.hstack([raw, raw])).tolist()
    )


def test_a_modality_that_it_does_not_know_is_refused():
    with pytest.raises(InputError, match=r"model 'toy' does not encode audio.*text, image"):
        toy_model().encode([], modality="audio")


def test_a_changed_encoder_is_refused_before_it_is_used():
    model = toy_model(find={**ENCODERS, "light": Light("retrained")}.__getitem__)
    assert model.encode(["abc"], modality="text").shape == (1, 6)
    with pytest.raises(
        InputError, match="'light' has changed since the model was trained"
    ) as caught:
        model.encode([GREY], modality="image")
    assert caught.value.expected == space_of(Light())
    assert caught.value.seen == space_of(Light("retrained"))


def test_a_model_that_cannot_find_encoders_says_so():
    with pytest.raises(InputError, match="no way to find encoder 'letters'"):
        toy_model(find=None).encode(["abc"], modality="text")


def test_every_number_is_in_the_fingerprint():
    item = image_map()
    changed = [
        toy_model(),
        toy_model(revision="2"),
        toy_model(heads={Modality.IMAGE: head()}),
        toy_model(heads={Modality.IMAGE: head(gate=0.25)}),
        toy_model(bridge=BridgeMap(replace(frame(), threshold=0.3), {Modality.IMAGE: item})),
        toy_model(bridge=BridgeMap(frame(), {Modality.IMAGE: replace(item, prior_weight=0.6)})),
        toy_model(bridge=BridgeMap(frame(), {Modality.IMAGE: replace(item, offset=None)})),
        toy_model(
            encoders={
                **toy_model().encoders,
                Modality.IMAGE: (FrozenEncoder.of("light", Light("other")),),
            }
        ),
    ]
    assert len({model.fingerprint for model in changed}) == len(changed)
    assert toy_model(name="other").fingerprint == toy_model().fingerprint
    noted = BridgeMap(frame(), {Modality.IMAGE: item}, {"image": {"prior": 1.0}})
    assert toy_model(bridge=noted).fingerprint == toy_model().fingerprint


def test_a_model_embeds_items_like_any_encoder(tmp_path):
    captions = [("text", "", "a cab"), ("text", "", "bad dad")]
    items = catalog_of(listing(tmp_path, *captions)).items("text")
    model = toy_model()
    made = embed(items, model)
    assert made.space == space_of(model) == f"toy-{model.fingerprint[:8]}"
    assert made.vectors == pytest.approx(model.encode(items.captions, modality="text"), abs=1e-3)


def test_files_are_decoded_as_the_encoder_wants_them():
    small = DecodeOptions(image_side=8)
    model = toy_model(find={**ENCODERS, "light": Light(options=small)}.__getitem__)
    assert model.decode_options("image") == small
    assert model.decode_options("text") == DecodeOptions()


def test_encoders_that_want_the_same_file_differently_are_told_apart():
    big, small = Light("big"), Light("small", DecodeOptions(image_side=8))
    find = {"big": big, "small": small}.__getitem__
    entries = (FrozenEncoder.of("big", big), FrozenEncoder.of("small", small))
    model = toy_model(encoders={**toy_model().encoders, Modality.IMAGE: entries}, find=find)
    with pytest.raises(InputError, match="the encoders of image decode differently"):
        model.decode_options("image")


# -------------------------------------------------------------------------------------------- saved


def test_a_saved_model_gives_the_same_vectors(tmp_path):
    model = replace(built_in_model(), heads={Modality.IMAGE: head(dim=1024)}, notes={"seed": 3})
    save_model(model, tmp_path / "m", metrics=[{"step": 1, "loss": 0.5}])
    read = load_model(tmp_path / "m")
    assert (read.fingerprint, read.name, read.notes) == (model.fingerprint, "small", {"seed": 3})
    for modality, inputs in {"text": ["a red ball"], "image": [GREY]}.items():
        assert read.encode(inputs, modality=modality).tolist() == (
            model.encode(inputs, modality=modality).tolist()
        )
    assert (tmp_path / "m/metrics.jsonl").read_text() == '{"loss": 0.5, "step": 1}\n'
    card = (tmp_path / "m/README.md").read_text()
    assert "image-descriptor" in card
    assert "trained head, gate 0.5" in card


def test_class_scores_offsets_and_heads_survive_the_folder(tmp_path):
    model = toy_model(heads={Modality.TEXT: head(gate=0.25)})
    save_model(model, tmp_path / "m")
    read = replace(load_model(tmp_path / "m"), find=ENCODERS.__getitem__)
    for modality, inputs in {"text": ["abba"], "image": [BLACK, GREY]}.items():
        assert read.encode(inputs, modality=modality) == pytest.approx(
            model.encode(inputs, modality=modality), abs=1e-6
        )
    assert read.fingerprint == model.fingerprint


def test_saving_again_what_was_read_gives_the_same_bytes(tmp_path):
    save_model(toy_model(heads={Modality.TEXT: head()}), tmp_path / "a")
    save_model(load_model(tmp_path / "a"), tmp_path / "b")
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_saved_model_is_an_encoder_by_its_path(tmp_path):
    model = built_in_model()
    save_model(model, tmp_path / "m")
    assert get_encoder(str(tmp_path / "m")).fingerprint == model.fingerprint


def test_a_model_on_an_encoder_in_a_folder_survives_moving_both(tmp_path):
    base = tmp_path / "here"
    save_model(built_in_model(), base / "encoders/small")
    model = built_in_model(str(base / "encoders/small"))
    save_model(model, base / "ws/models/big")
    before = model.encode([GREY], modality="image").tolist()
    config = json.loads((base / "ws/models/big/config.json").read_bytes())
    assert config["encoders"]["image"][0]["spec"] == "../../../encoders/small"
    shutil.move(base, tmp_path / "there")
    moved = load_model(tmp_path / "there/ws/models/big")
    assert moved.encode([GREY], modality="image").tolist() == before


def test_a_saved_model_refuses_an_encoder_that_was_replaced(tmp_path):
    save_model(built_in_model(), tmp_path / "small")
    save_model(built_in_model(str(tmp_path / "small")), tmp_path / "big")
    shutil.rmtree(tmp_path / "small")
    save_model(replace(built_in_model(), revision="2"), tmp_path / "small")
    with pytest.raises(InputError, match="has changed since the model was trained"):
        load_model(tmp_path / "big").encode([GREY], modality="image")


def _halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _garbage(path: Path) -> None:
    path.write_bytes(b"garbage")


def _list(path: Path) -> None:
    path.write_bytes(b"[1, 2]")


def _later(path: Path) -> None:
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "format": 2}))


def _fewer_keys(path: Path) -> None:
    config = json.loads(path.read_bytes())
    del config["bridge"]["items"]["image"]["weights"]
    path.write_text(json.dumps(config))


def _no_tensor(path: Path) -> None:
    tensors = load_file(path)
    del tensors["items.image.mean"]
    save_file(tensors, path)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("config.json", Path.unlink),
        ("config.json", _halve),
        ("config.json", _garbage),
        ("config.json", _list),
        ("config.json", _later),
        ("config.json", _fewer_keys),
        ("model.safetensors", Path.unlink),
        ("model.safetensors", _halve),
        ("model.safetensors", _garbage),
        ("model.safetensors", _no_tensor),
    ],
)
def test_a_damaged_folder_is_refused_in_one_line_that_names_it(tmp_path, name, damage):
    save_model(toy_model(), tmp_path / "m")
    damage(tmp_path / "m" / name)
    with pytest.raises((InputError, SchemaMismatch)) as caught:
        load_model(tmp_path / "m")
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, PentadError)
    assert str(tmp_path / "m") in str(caught.value)


# -------------------------------------------------------------------------------------------- specs


@pytest.mark.parametrize(
    ("spec", "stored", "absolute"),
    [
        ("image-descriptor", "image-descriptor", "image-descriptor"),
        ("video=image-descriptor", "video=image-descriptor", "video=image-descriptor"),
        ("onnx:nets/small", "onnx:../nets/small", "onnx:{root}/nets/small"),
        ("video=onnx:nets/small", "video=onnx:../nets/small", "video=onnx:{root}/nets/small"),
        ("nets/small", "../nets/small", "{root}/nets/small"),
        ("image=nets/small", "image=../nets/small", "image={root}/nets/small"),
        ("./saved", "../saved", "{root}/saved"),
        ("saved", "../saved", "{root}/saved"),
        ("ws/inside", "./inside", "{root}/ws/inside"),
    ],
)
def test_paths_of_encoders_are_relative_to_the_folder_that_keeps_them(
    tmp_path, monkeypatch, spec, stored, absolute
):
    for name in ("ws/inside", "nets/small", "saved", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert relative_spec(spec, tmp_path / "ws") == stored
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = absolute_spec(stored, tmp_path / "ws")
    assert found == absolute.format(root=tmp_path)
