from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.encoders.protocol import EncodesFrames, space_of
from pentad.encoders.wrap import as_encoder
from pentad.media.types import Image
from tests.encoders.samples import Lengths


class Returns:
    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def encode(self, inputs: list[Any]) -> Any:
        return self.rows


def test_the_dimension_is_found_by_asking_or_trying() -> None:
    assert as_encoder(Lengths(), name="a", modality="text").dim == 2
    bare = Lengths()
    bare.dim = 2  # type: ignore[attr-defined]
    assert as_encoder(bare, name="a", modality="image").dim == 2
    with pytest.raises(InputError, match="how long a vector"):
        as_encoder(Lengths(), name="a", modality="image")


def test_the_fingerprint_follows_name_and_revision() -> None:
    one = as_encoder(Lengths(), name="a", modality="text")
    assert (
        one.fingerprint
        == as_encoder(Returns([[0, 1]]), name="a", modality="text", dim=2).fingerprint
    )
    other = as_encoder(Lengths(), name="a", modality="text", revision="1")
    assert space_of(one) != space_of(other)
    assert space_of(one).startswith("a-")


def test_batches_reach_the_object_in_order() -> None:
    encoder = as_encoder(Lengths(), name="a", modality="text")
    assert encoder.encode(["e", "ab", "abc"], modality="text", batch_size=2).tolist() == [
        [1, 2],
        [2, 1],
        [3, 1],
    ]


def test_tensors_are_taken() -> None:
    import torch

    encoder = as_encoder(Returns(torch.ones(1, 2)), name="a", modality="text")
    assert encoder.encode(["x"], modality="text").dtype == np.float32


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1, 2, 3]], "wrong shape"),
        ([1, 2], "wrong shape"),
        ([["x", "y"]], "rows of numbers"),
        ([[1], [2, 3]], "rows of numbers"),
    ],
)
def test_wrong_results_are_refused(rows: Any, message: str) -> None:
    encoder = as_encoder(Returns(rows), name="a", modality="text", dim=2)
    with pytest.raises(InputError, match=message):
        encoder.encode(["x"], modality="text")


def test_wrong_objects_names_and_modalities_are_refused() -> None:
    with pytest.raises(InputError, match="needs a method encode"):
        as_encoder(object(), name="a", modality="text")
    with pytest.raises(InputError, match="wrong encoder name"):
        as_encoder(Lengths(), name="a b", modality="text")
    with pytest.raises(UnknownName, match="did you mean 'text'"):
        as_encoder(Lengths(), name="a", modality="txt")
    with pytest.raises(InputError, match="expected str, got Image"):
        as_encoder(Lengths(), name="a", modality="text").encode(
            [Image(np.zeros((1, 1, 3), np.uint8))], modality="text"
        )


class Framed(Lengths):
    """Also says how long each word is."""

    def encode_frames(self, texts: list[str]) -> list[Any]:
        return [[[len(word), 0] for word in text.split()] for text in texts]


def test_frames_are_passed_through_where_the_object_has_them() -> None:
    assert not isinstance(as_encoder(Lengths(), name="a", modality="text"), EncodesFrames)
    encoder = as_encoder(Framed(), name="a", modality="text")
    assert isinstance(encoder, EncodesFrames)
    found = encoder.encode_frames(["a red ball", "sea", "the sea"], modality="text", batch_size=2)
    assert [rows.tolist() for rows in found] == [
        [[1, 0], [3, 0], [4, 0]],
        [[3, 0]],
        [[3, 0], [3, 0]],
    ]
    assert all(rows.dtype == np.float32 for rows in found)
    unit = encoder.encode_frames(["a red ball"], modality="text", normalize=True)
    assert unit[0].tolist() == [[1, 0], [1, 0], [1, 0]]
    assert encoder.encode_frames([], modality="text") == []
    with pytest.raises(InputError, match=r"wrong shape; expected \(inputs, dim\), got \(0,\)"):
        encoder.encode_frames([""], modality="text")
    bare = Framed()
    bare.encode_frames = lambda texts: [[[1, 2, 3]]]  # type: ignore[method-assign]
    with pytest.raises(InputError, match=r"wrong shape; expected \(rows, 2\), got \(1, 3\)"):
        as_encoder(bare, name="a", modality="text").encode_frames(["x"], modality="text")  # type: ignore[attr-defined]


def test_frames_of_another_number_of_inputs_are_refused() -> None:
    bare = Framed()
    bare.encode_frames = lambda texts: [[[1, 2]]]  # type: ignore[method-assign]
    encoder: Any = as_encoder(bare, name="a", modality="text")
    with pytest.raises(InputError, match="another number of inputs; expected 2, got 1"):
        encoder.encode_frames(["x", "y"], modality="text")


def test_rows_are_normalised_on_request_only() -> None:
    encoder: Any = as_encoder(Returns([[3, 4]]), name="a", modality="text", dim=2)
    assert encoder.encode(["x"], modality="text").tolist() == [[3, 4]]
    assert encoder.encode(["x"], modality="text", normalize=False).tolist() == [[3, 4]]
    assert encoder.encode(["x"], modality="text", normalize=True)[0] == pytest.approx([0.6, 0.8])
