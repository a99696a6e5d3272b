"""What must hold for every encoder, whatever is inside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.core.modality import MODALITIES, Modality
from pentad.encoders.protocol import ChoosesDecoding, Encoder, EncodesFrames
from pentad.media.types import DecodeOptions, Media
from tests.encoders.samples import BUILTIN_NAMES, TINY_NAMES, encoder, inputs, kind_of

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

SERVES = {
    "hashed-text": ("text",),
    "image-descriptor": ("image", "video", "points"),
    "audio-descriptor": ("audio",),
    "video-descriptor": ("video",),
    "points-descriptor": ("points",),
    "tiny-text": ("text",),
    "tiny-image": ("image", "video", "points"),
    "tiny-audio": ("audio",),
    "wrapped": ("text",),
}
CASES = [(name, modality) for name, modalities in SERVES.items() for modality in modalities]


@dataclass
class Case:
    encoder: Encoder
    modality: str
    inputs: list[Media]
    vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]]

    def encode(self, items: list[Media], batch_size: int | None = None) -> np.ndarray:
        return self.encoder.encode(items, modality=self.modality, batch_size=batch_size)


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    name, modality = request.param
    made = encoder(name, tmp_path_factory.mktemp(name))
    items = inputs(kind_of(made, modality))
    return Case(made, modality, items, made.encode(items, modality=modality))


def test_serves_what_it_says(case: Case) -> None:
    assert isinstance(case.encoder, Encoder)
    assert Modality(case.modality) in case.encoder.modalities


def test_gives_one_finite_float32_row_per_input(case: Case) -> None:
    assert case.vectors.shape == (len(case.inputs), case.encoder.dim)
    assert case.vectors.dtype == np.float32
    assert np.isfinite(case.vectors).all()


def test_rows_have_length_one_unless_the_object_is_a_strangers(case: Case) -> None:
    assert case.encoder.name == "lengths" or np.allclose(
        np.linalg.norm(case.vectors, axis=1), 1, atol=1e-6
    )


def test_the_same_input_gives_the_same_bits(case: Case) -> None:
    assert np.array_equal(case.encode(case.inputs), case.vectors)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 100])
def test_batch_size_changes_no_bit(case: Case, batch_size: int) -> None:
    assert np.array_equal(case.encode(case.inputs, batch_size), case.vectors)


def test_company_and_order_change_no_bit(case: Case) -> None:
    order = [3, 0, 0, 4, 2, 1, 3]
    assert np.array_equal(case.encode([case.inputs[i] for i in order]), case.vectors[order])
    for row, item in enumerate(case.inputs):
        assert np.array_equal(case.encode([item])[0], case.vectors[row])


def test_different_content_gives_different_vectors(case: Case) -> None:
    assert len(np.unique(case.vectors.round(5), axis=0)) == len(case.inputs)


def test_no_input_gives_no_row(case: Case) -> None:
    empty = case.encode([])
    assert empty.shape == (0, case.encoder.dim)
    assert empty.dtype == np.float32


def test_refuses_a_modality_it_does_not_serve(case: Case) -> None:
    for modality in set(MODALITIES) - set(case.encoder.modalities):
        with pytest.raises(InputError, match=f"does not encode '{modality}'"):
            case.encoder.encode([], modality=modality)
    with pytest.raises(InputError, match="does not encode 'smell'"):
        case.encoder.encode([], modality="smell")


def test_refuses_media_of_another_type(case: Case) -> None:
    other = inputs("audio" if case.modality != "audio" else "image")[0]
    with pytest.raises(InputError, match="cannot take input 1") as caught:
        case.encode([case.inputs[0], other])
    assert caught.value.seen == type(other).__name__


def test_refuses_one_string_in_place_of_a_list(case: Case) -> None:
    with pytest.raises(InputError, match="not one string"):
        case.encoder.encode("red ball", modality=case.modality)


def test_refuses_a_batch_size_below_one(case: Case) -> None:
    with pytest.raises(InputError, match="batch_size"):
        case.encode(case.inputs, 0)


def test_raw_vectors_are_those_before_normalisation_or_there_are_none(case: Case) -> None:
    encode: Any = case.encoder.encode
    assert np.array_equal(encode(case.inputs, modality=case.modality, normalize=None), case.vectors)
    if case.encoder.name not in ("lengths", *TINY_NAMES):
        assert np.array_equal(
            encode(case.inputs, modality=case.modality, normalize=True), case.vectors
        )
        with pytest.raises(InputError, match="always have length 1"):
            encode(case.inputs, modality=case.modality, normalize=False)
        return
    raw = encode(case.inputs, modality=case.modality, normalize=False)
    unit = encode(case.inputs, modality=case.modality, normalize=True)
    lengths = np.linalg.norm(raw.astype(np.float64), axis=1, keepdims=True)
    assert raw.dtype == unit.dtype == np.float32
    assert not np.allclose(lengths, 1)
    assert np.allclose(raw / lengths, unit, atol=1e-6)


def test_frames_are_what_a_vector_is_the_mean_of(case: Case) -> None:
    if not isinstance(case.encoder, EncodesFrames):
        assert case.encoder.name in {"lengths", *BUILTIN_NAMES} - {"image-descriptor"}
        return
    found = case.encoder.encode_frames(case.inputs, modality=case.modality)
    assert len(found) == len(case.inputs)
    rows = {"video": {"tiny-image": 2, "image-descriptor": 8}}.get(case.modality, {})
    for frames, item, vector in zip(found, case.inputs, case.vectors, strict=True):
        views = getattr(item, "images", [0])
        wanted = rows.get(case.encoder.name, len(views))
        assert frames.dtype == np.float32
        assert frames.shape[1] == case.encoder.dim
        assert len(frames) == wanted or case.modality == "audio"
        mean = frames.astype(np.float64).mean(axis=0)
        assert np.allclose(mean / np.linalg.norm(mean), vector, atol=1e-6)
    unit = case.encoder.encode_frames(case.inputs, modality=case.modality, normalize=True)
    for frames, rows_ in zip(found, unit, strict=True):
        lengths = np.linalg.norm(frames, axis=1, keepdims=True)
        assert np.allclose(frames / np.where(lengths > 0, lengths, 1), rows_, atol=1e-6)
    assert case.encoder.encode_frames([], modality=case.modality) == []


@pytest.mark.parametrize("said", [{"device": "cpu"}, {"device": "auto"}, {"dtype": "float32"}])
def test_a_place_it_has_anyway_changes_no_bit(case: Case, said: dict[str, str]) -> None:
    encode: Any = case.encoder.encode
    assert np.array_equal(encode(case.inputs, modality=case.modality, **said), case.vectors)


@pytest.mark.parametrize("said", [{"device": "tpu"}, {"dtype": "bfloat16"}, {"device": "cuda:x"}])
def test_a_place_it_cannot_have_is_refused(case: Case, said: dict[str, str]) -> None:
    encode: Any = case.encoder.encode
    with pytest.raises(InputError, match=r"CPU only|float32|wrong device") as caught:
        encode(case.inputs, modality=case.modality, **said)
    assert "\n" not in str(caught.value)
    assert next(iter(said.values())) in str(caught.value)
    assert np.array_equal(case.encode(case.inputs), case.vectors)


def test_has_a_fingerprint_of_64_hex_digits(case: Case) -> None:
    assert len(case.encoder.fingerprint) == 64
    assert set(case.encoder.fingerprint) <= set("0123456789abcdef")


@pytest.mark.parametrize("name", [*BUILTIN_NAMES, *TINY_NAMES])
def test_says_what_it_needs_of_a_file(name: str, tmp_path: Path) -> None:
    made = encoder(name, tmp_path)
    assert isinstance(made, ChoosesDecoding)
    for modality in made.modalities:
        options = made.decode_options(modality)
        assert (options != DecodeOptions()) == (modality is not Modality.TEXT)
    with pytest.raises(InputError, match="does not encode"):
        made.decode_options("smell")


@pytest.mark.parametrize("name", [*BUILTIN_NAMES, *TINY_NAMES])
def test_card_is_complete_and_true(name: str, tmp_path: Path) -> None:
    made = encoder(name, tmp_path)
    card = made.card  # type: ignore[attr-defined]
    for attribute in ("name", "revision", "modalities", "dim"):
        assert getattr(card, attribute) == getattr(made, attribute)
    assert card.licence
    assert card.source
    assert card.description
    assert card.semantic == name.startswith("tiny")
    assert card.classes == len(getattr(made, "classes", ()))
