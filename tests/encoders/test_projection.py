"""A projection model: in memory, as an encoder, and as a folder."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pentad.core.errors import InputError, SchemaMismatch, SpaceMismatch
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.embeddings.embeddings import Embeddings
from pentad.encoders.frozen_source import FrozenSource
from pentad.encoders.model_file import load_bridged, load_model
from pentad.encoders.projection import ProjectionModel
from pentad.encoders.projection_head import ProjectionHead
from pentad.encoders.protocol import ChoosesDecoding, Encoder, space_of
from pentad.encoders.registry import get_encoder
from pentad.media.types import Image
from pentad.store.records import read_record
from tests.embeddings.toy import Toy

TEXT, IMAGE, AUDIO = Modality.TEXT, Modality.IMAGE, Modality.AUDIO
TOY, OTHER = Toy(), Toy("other")
GREY = Image(np.full((2, 2, 3), 127, np.uint8))


def head(width: int, dim: int, seed: int = 0) -> ProjectionHead:
    rng = np.random.default_rng(seed)
    shapes = ((width, 5), (5,), (5, dim), (dim,))
    return ProjectionHead(*(rng.normal(size=shape).astype(np.float32) for shape in shapes))


@pytest.fixture
def model():
    """Text by two encoders, pictures by one, sounds of which only the vectors are known."""
    toy, other = (FrozenSource(space_of(e), 3) for e in (TOY, OTHER))
    return ProjectionModel(
        name="tri",
        sources={TEXT: (toy, other), IMAGE: (toy,), AUDIO: (FrozenSource("published", 4),)},
        heads={TEXT: head(6, 4), IMAGE: head(3, 4, seed=1)},
        dim=4,
        notes={"runs": []},
        metrics=[{"step": 1, "loss": 0.5}],
    )


@pytest.fixture
def whole(model):
    return model.with_encoders({"text": [TOY, OTHER], "image": TOY})


def embeddings(modality, space, width, ids=(1, 4, 9), dtype=np.float16):
    rows = np.random.default_rng(width).normal(size=(len(ids), width)).astype(dtype)
    return Embeddings.from_array(rows, modality=modality, space=space, ids=list(ids))


def by_hand(model, modality, parts):
    unit = [p / np.linalg.norm(p, axis=1, keepdims=True) for p in parts]
    found = model.heads[modality]
    hidden = np.maximum(np.hstack(unit) @ found.inner + found.inner_bias, 0)
    rows = hidden @ found.outer + found.outer_bias
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_it_is_an_encoder(whole):
    assert isinstance(whole, Encoder)
    assert isinstance(whole, ChoosesDecoding)
    assert whole.modalities == (TEXT, IMAGE, AUDIO)
    assert whole.anchors == (AUDIO,)
    assert whole.space == space_of(whole) == f"tri-{whole.fingerprint[:8]}"
    rows = whole.encode(["a red ball", "the sea"], modality="text")
    assert (rows.dtype, rows.shape) == (np.float32, (2, 4))
    captions = [e.encode(["a red ball", "the sea"], modality="text") for e in (TOY, OTHER)]
    np.testing.assert_allclose(rows, by_hand(whole, TEXT, captions), atol=1e-5)
    assert whole.encode([GREY], modality="image").shape == (1, 4)
    assert whole.encode([], modality="image").shape == (0, 4)
    assert whole.decode_options("image") == whole.decode_options("text")


def test_frozen_vectors_are_projected_and_an_anchor_is_left_as_it_is(model):
    rows = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    wanted = by_hand(model, TEXT, [rows[:, :3], rows[:, 3:]])
    np.testing.assert_allclose(model.project("text", rows), wanted, atol=1e-5)
    sounds = np.array([[0, 3, 0, 4], [0, 0, 0, 0]], np.float32)
    assert model.project("audio", sounds).tolist() == [
        pytest.approx([0, 0.6, 0, 0.8]), [0, 0, 0, 0],
    ]  # fmt: skip
    assert not model.project("image", np.zeros((1, 3), np.float32)).any()
    with pytest.raises(InputError, match=r"expected \(items, 6\), got \(5, 4\)"):
        model.project("text", rows[:, :4])
    with pytest.raises(InputError, match="does not encode 'points'; expected text, image, audio"):
        model.project("points", rows)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_embeddings_come_back_in_the_space_of_the_model(model, dtype):
    given = embeddings("image", space_of(TOY), 3, dtype=dtype)
    placed = model.embed(given)
    assert type(placed) is Embeddings
    assert placed.space == model.space
    assert placed.vectors.dtype == dtype
    assert placed.ids.tolist() == [1, 4, 9]
    wanted = model.project("image", given.vectors)
    np.testing.assert_allclose(placed.vectors, wanted, atol=1e-3)
    assert given.space == space_of(TOY)


def test_several_spaces_are_put_in_order_and_common_ids_kept(model):
    one, two = (
        embeddings("text", space_of(TOY), 3, (1, 4, 9)),
        embeddings("text", space_of(OTHER), 3, (4, 5, 9)),
    )
    placed = model.embed([two, one])
    assert placed.ids.tolist() == [4, 9]
    both = np.hstack([one.vectors[[1, 2]], two.vectors[[0, 2]]])
    np.testing.assert_allclose(placed.vectors, model.project("text", both), atol=1e-3)


def test_blocks_do_not_show(model, monkeypatch):
    given = embeddings("image", space_of(TOY), 3, tuple(range(11)), np.float32)
    before = model.embed(given).vectors
    monkeypatch.setattr("pentad.encoders.projection.BLOCK", 4)
    np.testing.assert_allclose(model.embed(given).vectors, before, atol=1e-6)
    np.testing.assert_allclose(model.project("image", given.vectors), before, atol=1e-6)


def test_other_spaces_are_refused(model):
    with pytest.raises(SpaceMismatch, match="'else'"):
        model.embed(embeddings("audio", "else", 4))
    with pytest.raises(InputError, match=f"needs text embeddings of {space_of(OTHER)} too"):
        model.embed(embeddings("text", space_of(TOY), 3))
    with pytest.raises(InputError, match="does not encode 'points'"):
        model.embed(embeddings("points", "published", 4))
    with pytest.raises(InputError, match="no embeddings"):
        model.embed([])


def test_a_missing_encoder_is_named(model):
    with pytest.raises(InputError, match="space 'published' is not known, only its vectors"):
        model.encode(["bang"], modality="audio")
    with pytest.raises(InputError, match=f"space '{space_of(TOY)}' is not known"):
        model.encode(["a"], modality="text")


def test_an_encoder_that_is_not_the_one_is_refused(model):
    with pytest.raises(InputError, match="not the one that the model was trained on"):
        model.with_encoders({"image": OTHER})
    changed = Toy()
    changed.fingerprint = fingerprint_value("toy, changed")
    with pytest.raises(InputError, match="has changed; put the old one back or train again"):
        model.with_encoders({"image": changed})


def test_registered_encoders_are_found_by_their_space():
    hashed = get_encoder("hashed-text")
    source = FrozenSource(space_of(hashed), hashed.dim)
    model = ProjectionModel("one", {TEXT: (source,)}, {TEXT: head(hashed.dim, 4)}, 4)
    assert model.encode(["a red ball"], modality="text").shape == (1, 4)
    stale = FrozenSource("hashed-text-00000000", hashed.dim)
    with pytest.raises(InputError, match="expected hashed-text-00000000"):
        replace(model, sources={TEXT: (stale,)}).encode(["a"], modality="text")


def test_the_space_depends_on_what_makes_the_vectors_and_on_nothing_else(model, whole):
    assert whole.fingerprint == model.fingerprint
    assert replace(model, notes={}, metrics=[], log_scale=3.0).fingerprint == model.fingerprint
    other = {**model.heads, IMAGE: head(3, 4, seed=9)}
    assert replace(model, heads=other).fingerprint != model.fingerprint
    renamed = {**model.sources, AUDIO: (FrozenSource("unpublished", 4),)}
    assert replace(model, sources=renamed).fingerprint != model.fingerprint


def test_parts_that_do_not_fit_are_refused(model):
    with pytest.raises(InputError, match=r"head of image does not fit; expected \(3, 4\), got \(4"):
        replace(model, heads={**model.heads, IMAGE: head(4, 4)})
    with pytest.raises(InputError, match=r"head of image does not fit; expected \(3, 4\), got \(3"):
        replace(model, heads={TEXT: model.heads[TEXT]})


def test_save_then_load_is_identity_and_the_same_bytes(model, tmp_path):
    for name in ("a", "b"):
        model.save(tmp_path / name)
    loaded = load_model(tmp_path / "a")
    assert isinstance(loaded, ProjectionModel)
    assert loaded.fingerprint == model.fingerprint
    assert loaded.sources == model.sources
    assert (loaded.notes, loaded.metrics) == (model.notes, model.metrics)
    rows = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    np.testing.assert_array_equal(loaded.project("text", rows), model.project("text", rows))
    loaded.save(tmp_path / "c")
    files = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert files == ["README.md", "config.json", "metrics.jsonl", "model.safetensors"]
    for name in files:
        assert len({(tmp_path / each / name).read_bytes() for each in "abc"}) == 1
    record = read_record(tmp_path / "a/config.json")
    assert record.intact()
    assert not record.damaged()


def test_the_card_states_what_there_is(model, tmp_path):
    model.save(tmp_path)
    card = (tmp_path / "README.md").read_text()
    assert f"One space of 4 dimensions, `{model.space}`" in card
    assert "- audio: `published` (4); anchor, left as it is" in card
    assert "head of 44 numbers (3 to 5, ReLU, 5 to 4, length 1)" in card


def test_a_named_encoder_is_saved_and_a_changed_one_refused(model, tmp_path):
    found = {"toy": TOY, "other": OTHER}
    named = replace(model, find=found.__getitem__).with_encoders({"text": ["toy", "other"]})
    assert [s.spec for s in named.sources[TEXT]] == ["toy", "other"]
    assert named.fingerprint == model.fingerprint
    named.save(tmp_path)
    loaded = replace(load_model(tmp_path), find=found.__getitem__)
    assert loaded.encode(["a"], modality="text").shape == (1, 4)
    other = Toy("other")
    other.fingerprint = OTHER.fingerprint[:8] + "0" * 56
    found["other"] = other
    again = replace(load_model(tmp_path), find=found.__getitem__)
    with pytest.raises(InputError, match="encoder 'other' is not the one"):
        again.encode(["a"], modality="text")


def test_paths_of_encoders_move_with_the_folder(model, tmp_path):
    source = FrozenSource("published", 4, spec=f"onnx:{tmp_path}/clip", fingerprint="0" * 64)
    replace(model, sources={**model.sources, AUDIO: (source,)}).save(tmp_path / "m")
    saved = json.loads((tmp_path / "m/config.json").read_text())["sources"]["audio"][0]["spec"]
    assert saved == "onnx:../clip"
    (tmp_path / "there").mkdir()
    (tmp_path / "m").rename(tmp_path / "there/m")
    loaded = load_model(tmp_path / "there/m").sources[AUDIO][0]
    assert loaded.spec == f"onnx:{tmp_path}/there/clip"


def test_damaged_folders_are_refused_in_one_line(model, tmp_path):
    model.save(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    spoilt = {k: v + 1 if "image.inner" in k else v for k, v in tensors.items()}
    save_file(spoilt, tmp_path / "model.safetensors")
    with pytest.raises(InputError, match="numbers are not those that were saved"):
        load_model(tmp_path)
    save_file(
        {k: v for k, v in tensors.items() if "image" not in k}, tmp_path / "model.safetensors"
    )
    with pytest.raises(InputError, match="damaged or of another version"):
        load_model(tmp_path)
    short = {k: v[:2] if k.endswith("image.outer_bias") else v for k, v in tensors.items()}
    save_file(short, tmp_path / "model.safetensors")
    with pytest.raises(InputError, match="do not fit together"):
        load_model(tmp_path)
    save_file(tensors, tmp_path / "model.safetensors")
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "format": 9}))
    with pytest.raises(SchemaMismatch, match="format 9"):
        load_model(tmp_path)


def test_it_is_found_as_an_encoder_and_refused_where_a_bridge_is_needed(model, tmp_path):
    model.save(tmp_path)
    assert get_encoder(str(tmp_path)).fingerprint == model.fingerprint
    with pytest.raises(InputError, match="no bridge, which is not enough here"):
        load_bridged(tmp_path)
