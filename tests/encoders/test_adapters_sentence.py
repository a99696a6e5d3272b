from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import InputError, MissingExtra
from pentad.encoders.adapters.sentence_transformers import to_sentence_transformer
from pentad.encoders.registry import get_encoder
from pentad.encoders.wrap import as_encoder
from pentad.media.types import Audio, Image, Points, Video
from tests.encoders.families.test_bert import CAPTIONS
from tests.encoders.samples import Lengths, inputs

RNG = np.random.default_rng(0)
PICTURE = RNG.integers(0, 256, (40, 30, 3)).astype(np.uint8)


def direct(name: str, media: list[Any], modality: str) -> np.ndarray:
    return get_encoder(name).encode(media, modality=modality)


def test_captions_in_every_form_of_answer() -> None:
    import torch

    model = to_sentence_transformer(get_encoder("hashed-text"))
    expected = direct("hashed-text", CAPTIONS, "text")
    assert np.array_equal(model.encode(CAPTIONS, batch_size=2), expected)
    assert np.array_equal(model.encode(CAPTIONS[0]), expected[0])
    tensor = model.encode(CAPTIONS, convert_to_tensor=True)
    assert torch.equal(tensor, torch.from_numpy(expected))
    rows = model.encode(CAPTIONS, convert_to_numpy=False)
    assert torch.equal(torch.stack(rows), tensor)
    assert model.encode(CAPTIONS, truncate_dim=7).shape == (5, 7)
    assert model.encode(CAPTIONS, precision="binary").shape == (5, 1024 // 8)
    assert model.encode([]).shape == (0,)


def test_lengths_are_kept_unless_unit_rows_are_asked_for() -> None:
    model = to_sentence_transformer(as_encoder(Lengths(), name="lengths", modality="text"))
    assert model.encode(["abc"]).tolist() == [[3, 1]]
    unit = model.encode(["abc"], normalize_embeddings=True)
    assert np.allclose(np.linalg.norm(unit, axis=1), 1)


def test_prompts_stand_before_captions() -> None:
    prompts = {"query": "find: ", "document": "text: "}
    model = to_sentence_transformer(get_encoder("hashed-text"), prompts=prompts)
    for encode, before in ((model.encode_query, "find: "), (model.encode_document, "text: ")):
        expected = direct("hashed-text", [before + caption for caption in CAPTIONS], "text")
        assert np.array_equal(encode(CAPTIONS), expected)
    assert np.array_equal(model.encode(CAPTIONS), direct("hashed-text", CAPTIONS, "text"))


def test_likeness_and_facts() -> None:
    model = to_sentence_transformer(get_encoder("hashed-text"))
    rows = model.encode(CAPTIONS)
    assert np.allclose(model.similarity(rows, rows), rows @ rows.T, atol=1e-6)
    assert np.allclose(model.similarity_pairwise(rows, rows), 1, atol=1e-6)
    assert model.get_embedding_dimension() == 1024
    with pytest.warns(FutureWarning):
        assert model.get_sentence_embedding_dimension() == 1024
    assert (model.similarity_fn_name, str(model.device)) == ("cosine", "cpu")
    assert model.model_card_data.model_name == "hashed-text"
    assert model.modalities == ["text"]


def test_pictures_as_people_have_them() -> None:
    from PIL import Image as Pillow

    model = to_sentence_transformer(get_encoder("image-descriptor"))
    plain = Pillow.fromarray(PICTURE)
    expected = direct("image-descriptor", [Image(PICTURE)], "image")
    for item in (plain, PICTURE, {"image": plain}, Image(PICTURE)):
        assert np.array_equal(model.encode([item]), expected)
    assert np.array_equal(model.encode(plain), expected[0])
    frames = RNG.integers(0, 256, (8, 16, 16, 3)).astype(np.uint8)
    expected = direct("image-descriptor", [Video(frames, 0.0)], "video")
    for video in (frames, {"array": frames, "video_metadata": {}}, Video(frames, 25.0)):
        assert np.array_equal(model.encode([video]), expected)


def test_a_file_is_a_file_where_there_are_no_captions(tmp_path: Any) -> None:
    from PIL import Image as Pillow

    Pillow.fromarray(PICTURE).save(tmp_path / "one.png")
    model = to_sentence_transformer(get_encoder("image-descriptor"))
    expected = direct("image-descriptor", [Image(PICTURE)], "image")
    for path in (tmp_path / "one.png", str(tmp_path / "one.png")):
        assert np.array_equal(model.encode([path]), expected)


def test_sounds_and_clouds_as_people_have_them() -> None:
    rate = get_encoder("audio-descriptor").decode_options("audio").sample_rate  # type: ignore[attr-defined]
    samples = RNG.normal(0, 0.1, rate).astype(np.float32)
    model = to_sentence_transformer(get_encoder("audio-descriptor"))
    expected = direct("audio-descriptor", [Audio(samples, rate)], "audio")
    for sound in ({"array": samples, "sampling_rate": rate}, Audio(samples, rate)):
        assert np.array_equal(model.encode([sound]), expected)
    [cloud] = inputs("points")[:1]
    assert isinstance(cloud, Points)
    model = to_sentence_transformer(get_encoder("points-descriptor"))
    rows = model.encode([cloud, {"xyz": cloud.xyz, "rgb": cloud.rgb}])
    assert np.allclose(rows[0], rows[1], atol=1e-6)


def test_what_cannot_be_told_is_refused() -> None:
    model = to_sentence_transformer(get_encoder("points-descriptor"))
    with pytest.raises(InputError, match="cannot take this; expected points, got image"):
        model.encode([Image(PICTURE)])
    with pytest.raises(InputError, match="expected points, got object"):
        model.encode([object()])


def test_it_is_not_saved(tmp_path: Any) -> None:
    model = to_sentence_transformer(get_encoder("hashed-text"))
    with pytest.raises(InputError, match="is not saved by it"):
        model.save(str(tmp_path / "x"))


def test_its_own_evaluators_and_search_take_it() -> None:
    from sentence_transformers.sentence_transformer.evaluation import (
        EmbeddingSimilarityEvaluator,
        InformationRetrievalEvaluator,
        TripletEvaluator,
    )
    from sentence_transformers.util import semantic_search

    model = to_sentence_transformer(get_encoder("hashed-text"))
    corpus = {str(number): caption for number, caption in enumerate(CAPTIONS)}
    queries = {
        f"q{number}": caption[: max(4, len(caption) // 2)] for number, caption in corpus.items()
    }
    relevant = {f"q{number}": {number} for number in corpus}
    scores = InformationRetrievalEvaluator(queries, corpus, relevant, name="tiny")(model)
    assert scores["tiny_cosine_ndcg@10"] > 0.8
    triplets = TripletEvaluator(["red ball"], ["a red ball"], ["loud rain"])
    assert model.evaluate(triplets)["cosine_accuracy"] == 1
    pairs = EmbeddingSimilarityEvaluator(["a b", "a", "dog"], ["a b", "b", "cat"], [1, 0.2, 0.0])
    assert np.isfinite(pairs(model)["spearman_cosine"])
    rows = model.encode(CAPTIONS, convert_to_tensor=True)
    hits = semantic_search(rows, rows, top_k=1)
    assert [hit[0]["corpus_id"] for hit in hits] == list(range(5))


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtra, match=r"pip install 'pentad\[sentence\]'"):
        to_sentence_transformer(get_encoder("hashed-text"))


def test_the_way_back_a_sentence_transformer_is_wrapped_as_it_is() -> None:
    model = to_sentence_transformer(get_encoder("hashed-text"))
    encoder = as_encoder(model, name="theirs", modality="text")
    assert encoder.dim == 1024
    rows = encoder.encode(CAPTIONS, modality="text", batch_size=2)
    assert np.array_equal(rows, direct("hashed-text", CAPTIONS, "text"))
