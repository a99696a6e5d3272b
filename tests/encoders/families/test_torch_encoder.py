"""The frame around every network: runs, memory, devices, rows and their bits."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pentad.core.errors import InputError, PentadError
from pentad.core.modality import Modality
from pentad.encoders.card import EncoderCard
from pentad.encoders.families.batches import planned
from pentad.encoders.families.torch_encoder import TorchEncoder
from pentad.encoders.protocol import (
    Encoder,
    EncodesFrames,
    Placeable,
    PrefersBatches,
    is_row_independent,
)
from pentad.media.types import DecodeOptions, Image, Video

DIM = 5


class Colours:
    """A linear map of the mean colour; a video is one row a frame, a caption its letters."""

    family, version, normalize = "colours", 1, "l2"
    modalities = (Modality.TEXT, Modality.IMAGE, Modality.VIDEO)
    dim = DIM
    preprocessing: Mapping[str, object] = {}

    def __init__(self, *, room: int = 10**9) -> None:
        torch.manual_seed(0)
        self.module = torch.nn.Linear(3, DIM)
        self.room = room
        self.runs: list[int] = []

    def accepts(self, modality: Modality) -> type:
        return {Modality.TEXT: str, Modality.IMAGE: Image, Modality.VIDEO: Video}[modality]

    def decode_options(self, modality: Modality) -> DecodeOptions:
        return DecodeOptions(video_frames=4 if modality is Modality.VIDEO else None)

    def feeds(self, item: Any, modality: Modality) -> list[dict[str, np.ndarray]]:
        if modality is Modality.TEXT:
            letters = np.zeros((4 * (1 + len(item) // 4), 3), np.float32)
            letters[: len(item), 0] = [ord(c) % 7 for c in item]
            return [{"x": letters}]
        frames = item.frames if isinstance(item, Video) else item.pixels[None]
        return [{"x": frame.reshape(-1, 3).mean(axis=0, keepdims=True) / 255} for frame in frames]

    def forward(self, batch: Mapping[str, torch.Tensor], modality: Modality) -> torch.Tensor:
        self.runs.append(len(batch["x"]))
        if len(batch["x"]) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return self.module(batch["x"].float()).mean(dim=1)


def encoder(**options: int) -> TorchEncoder:
    network = Colours(**options)
    card = EncoderCard("colours", "1", network.modalities, DIM, "ours", "colours", "a test")
    return TorchEncoder(network, card, fingerprint="0" * 64)


def pictures(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (6, 8, 3)).astype(np.uint8) for _ in range(count)]


def test_it_is_all_that_an_encoder_can_be():
    made = encoder()
    for protocol in (Encoder, EncodesFrames, Placeable, PrefersBatches):
        assert isinstance(made, protocol)


def test_vectors_are_those_of_the_network():
    made, shown = encoder(), pictures(3)
    colours = torch.tensor(np.stack([p.reshape(-1, 3).mean(axis=0) for p in shown]) / 255)
    expected = made.network.module(colours.float()).detach().numpy()
    raw = made.encode(shown, modality="image", normalize=False)
    np.testing.assert_allclose(raw, expected, atol=1e-6)
    unit = made.encode(shown, modality="image")
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("size", [1, 3, 8, 64])
def test_every_run_has_the_rows_that_were_asked_for_and_bits_do_not_depend_on_company(size):
    made, shown = encoder(), pictures(13)
    together = made.encode(shown, modality="image", batch_size=size)
    assert set(made.network.runs) == {size}
    backwards = made.encode(shown[::-1], modality="image", batch_size=size)[::-1]
    alone = made.encode(shown[4:5], modality="image", batch_size=size)
    assert np.array_equal(together, backwards)
    assert np.array_equal(together[4:5], alone)
    assert is_row_independent(made)


def test_without_a_batch_size_one_input_is_one_row():
    made = encoder()
    made.encode(pictures(1), modality="image")
    assert made.network.runs == [1]


def test_batch_size_and_order_change_next_to_nothing():
    made, shown = encoder(), pictures(20)
    expected = made.encode(shown, modality="image")
    for size in (1, 2, 7, 20):
        found = made.encode(shown[::-1], modality="image", batch_size=size)[::-1]
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_captions_of_like_length_share_a_run():
    made = encoder()
    made.encode(["a", "bb", "a long caption", "cc", "another longer"], modality="text")
    assert sorted(made.network.runs) == [2, 3]


def test_a_video_is_the_mean_of_its_frames_before_they_are_normalised():
    made = encoder()
    video = np.stack(pictures(4))
    (rows,) = made.encode_frames([video], modality="video")
    assert rows.shape == (4, DIM)
    (raw,) = made.encode([video], modality="video", normalize=False)
    np.testing.assert_allclose(raw, rows.mean(axis=0), atol=1e-6)
    (unit,) = made.encode_frames([video], modality="video", normalize=True)
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, atol=1e-6)


def test_no_inputs_are_no_rows():
    made = encoder()
    assert made.encode([], modality="image").shape == (0, DIM)
    assert made.encode_frames([], modality="image") == []


# ------------------------------------------------------------------------------------------- memory


def test_runs_that_do_not_fit_are_halved_until_they_do(caplog):
    made, shown = encoder(room=5), pictures(40)
    with caplog.at_level(logging.WARNING):
        found = made.encode(shown, modality="image", batch_size=32)
    np.testing.assert_allclose(found, encoder().encode(shown, modality="image"), atol=1e-6)
    assert made.rows_a_run == 4
    assert [r.message for r in caplog.records] == [
        "colours: out of memory; runs have 16 rows from now on",
        "colours: out of memory; runs have 8 rows from now on",
        "colours: out of memory; runs have 4 rows from now on",
    ]


def test_what_did_not_fit_once_is_not_tried_again():
    made = encoder(room=5)
    made.encode(pictures(40), modality="image")
    made.network.runs.clear()
    made.encode(pictures(40), modality="image")
    assert max(made.network.runs) <= 5


def test_one_row_that_does_not_fit_is_told_in_one_line():
    made = encoder(room=0)
    with pytest.raises(PentadError, match="too little memory for one image row of 'colours'"):
        made.encode(pictures(2), modality="image")


def test_another_error_of_a_network_is_not_taken_for_lack_of_memory():
    made = encoder()
    made.network.forward = lambda batch, modality: torch.zeros(2, 3) @ torch.zeros(2, 3)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        made.encode(pictures(2), modality="image")


# ------------------------------------------------------------------------------------------ devices


def test_mixed_precision_is_close_and_can_be_left_again():
    made, shown = encoder(), pictures(6)
    expected = made.encode(shown, modality="image")
    mixed = made.encode(shown, modality="image", dtype="bfloat16")
    assert 0 < np.abs(mixed - expected).max() < 0.02
    assert made.placement.dtype == "bfloat16"
    again = made.encode(shown, modality="image", dtype=str(torch.float32))
    assert np.array_equal(again, expected)


def test_the_best_device_here_can_be_asked_for():
    assert encoder().place("auto").placement.device


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"device": "abacus"}, "device 'abacus' cannot be used"),
        ({"dtype": "float8"}, "wrong dtype; expected float32, bfloat16, float16, got 'float8'"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
    ],
)
def test_wrong_arguments_are_told(words, said):
    with pytest.raises(InputError, match=said):
        encoder().encode(pictures(1), modality="image", **words)


def test_a_device_that_is_not_there_is_told():
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(InputError, match="device 'cuda' cannot be used"):
        encoder().place("cuda")


def test_threads_of_torch_are_as_they_were():
    before = torch.get_num_threads()
    encoder().encode(pictures(30), modality="image")
    assert torch.get_num_threads() == before


def test_a_file_that_is_no_picture_is_refused_by_encode(tmp_path: Path):
    from pentad.core.errors import DecodeError

    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(DecodeError, match=r"a\.png"):
        encoder().encode([tmp_path / "a.png"], modality="image")


def test_runs_hold_rows_of_one_shape():
    feeds = [{"x": np.zeros(n)} for n in (1, 2, 1, 1, 2)]
    found = [(run.rows, run.filled) for run in planned(feeds, 2, filled=False)]
    assert found == [((0, 2), 2), ((3,), 1), ((1, 4), 2)]
    filled = [(run.rows, run.filled) for run in planned(feeds, 2, filled=True)]
    assert filled == [((0, 2), 2), ((3,), 2), ((1, 4), 2)]
