from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.encoders.protocol import space_of
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
