"""Models that take samples: sounds made ready and cut, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.encoders.onnx.encoder import OnnxEncoder, load_onnx
from pentad.media.types import Audio
from tests.encoders.tiny_onnx import AUDIO, model, node, tensor, value, write_card

READY = {"input": "samples", "sample_rate": 100, "min_samples": 4}
CUT = READY | {"patch_samples": 4, "patch_hop_samples": 3}
NO_CLASSES = {"classes": None, "class_output": None, "class_activation": None}


def encoder(folder: Path, preprocess: dict[str, Any], shape: tuple[int | str, ...]) -> OnnxEncoder:
    """A model whose vector is the sum of a patch, once and twice."""
    axis = 2 if len(shape) == 3 and shape[1] == 1 else len(shape[:2]) - 1
    if len(shape) == 1:  # two samples a row, without a batch axis
        nodes = [node("Reshape", ["audio", "pairs"], "embedding")]
        tensors = [tensor("pairs", np.array([-1, 2], np.int64))]
    else:
        nodes = [
            node("ReduceMean", ["audio"], "means", axes=[axis], keepdims=len(shape) == 2),
            node("MatMul", ["means", "weights"], "embedding"),
        ]
        tensors = [tensor("weights", np.array([[1, 2]], np.float32))]
    data = model(nodes, tensors, [value("audio", shape)], [value("embedding", ("n", 2))])
    (folder / "model.onnx").write_bytes(data)
    return load_onnx(write_card(folder, AUDIO | NO_CLASSES | {"dim": 2}, preprocess))


def rows(made: OnnxEncoder, count: int) -> list[list[float]]:
    """Vectors of the sound 1, 2, 3, ..."""
    item = Audio(np.arange(1, count + 1, dtype=np.float32), 100)
    return made.encode_frames([item], modality="audio")[0].tolist()


def means(*patches: list[int]) -> list[list[float]]:
    return [[np.mean(patch), 2 * np.mean(patch)] for patch in patches]


def test_patches_of_samples(tmp_path: Path) -> None:
    made = encoder(tmp_path, CUT, ("n", "s"))
    assert rows(made, 9) == means([1, 2, 3, 4], [4, 5, 6, 7])
    assert rows(made, 10) == means([1, 2, 3, 4], [4, 5, 6, 7], [7, 8, 9, 10])
    assert rows(made, 1) == means([1, 0, 0, 0])
    assert made.decode_options("audio").sample_rate == 100
    assert made.explain(Audio(np.ones(9, np.float32), 100), modality="audio")["patches"] == 2


@pytest.mark.parametrize(
    ("changes", "patches"),
    [
        ({"patch_end": "fill"}, [[1, 2, 3, 4], [4, 5, 6, 7], [7, 8, 9, 0]]),
        ({"patch_end": "past_end"}, [[1, 2, 3, 4], [4, 5, 6, 7], [7, 8, 9, 0], [0, 0, 0, 0]][:3]),
        ({"patch_start": "center"}, [[0, 0, 1, 2], [2, 3, 4, 5], [5, 6, 7, 8]]),
        (
            {"patch_start": "center", "patch_end": "fill"},
            [[0, 0, 1, 2], [2, 3, 4, 5], [5, 6, 7, 8], [8, 9, 0, 0]],
        ),
        (
            {"patch_start": "center", "patch_end": "past_end"},
            [[0, 0, 1, 2], [2, 3, 4, 5], [5, 6, 7, 8], [8, 9, 0, 0]],
        ),
    ],
)
def test_where_patches_begin_and_end(
    tmp_path: Path, changes: dict[str, str], patches: list[list[int]]
) -> None:
    assert rows(encoder(tmp_path, CUT | changes, ("n", "s")), 9) == means(*patches)


def test_the_last_patch_begins_within_the_sound(tmp_path: Path) -> None:
    apart = CUT | {"patch_hop_samples": 7, "patch_start": "center", "patch_end": "past_end"}
    made = encoder(tmp_path, apart, ("n", "s"))
    assert rows(made, 5) == means([0, 0, 1, 2])
    assert rows(made, 6) == means([0, 0, 1, 2], [6, 0, 0, 0])


@pytest.mark.parametrize(("shape", "axis"), [(("n", 1, "s"), "first"), (("n", "s", 1), "last")])
def test_a_channel_axis_is_added(tmp_path: Path, shape: tuple[int | str, ...], axis: str) -> None:
    made = encoder(tmp_path, CUT | {"channel_axis": axis}, shape)
    assert rows(made, 9) == means([1, 2, 3, 4], [4, 5, 6, 7])


def test_a_whole_sound_is_one_patch_where_no_length_is_said(tmp_path: Path) -> None:
    assert rows(encoder(tmp_path, READY, ("n", "s")), 6) == means([1, 2, 3, 4, 5, 6])


def test_a_graph_may_cut_a_sound_itself(tmp_path: Path) -> None:
    made = encoder(tmp_path, READY, ("s",))
    assert rows(made, 6) == [[1, 2], [3, 4], [5, 6]]
    item = Audio(np.arange(1, 7, dtype=np.float32), 100)
    assert made.encode([item], modality="audio", normalize=False).tolist() == [[3, 4]]


def test_sounds_can_be_brought_to_one_level(tmp_path: Path) -> None:
    made = encoder(tmp_path, READY | {"level": "peak", "peak_headroom": 0.5}, ("s",))
    item = Audio(np.array([1, 2, 3, 6], np.float32), 100)  # mean 3, largest 3
    found = made.encode_frames([item], modality="audio")[0].ravel()
    assert found == pytest.approx(np.array([-2, -1, 0, 3]) / 3.5)
    silence = Audio(np.zeros(4, np.float32), 100)
    plain = encoder(tmp_path, READY | {"level": "peak"}, ("s",))
    assert not plain.encode_frames([silence], modality="audio")[0].any()


WRONG = [
    ({"patch_samples": 4}, "patch_hop_samples", "missing beside"),
    ({"patch_hop_samples": 4}, "patch_samples", "missing beside"),
    ({"patch_start": "center"}, "patch_start", "'center' goes with patch_samples only"),
    ({"patch_end": "past_end"}, "patch_end", "'past_end' goes with patch_samples only"),
    ({"peak_headroom": 0.1}, "peak_headroom", "goes with level = 'peak' only"),
    ({"patch_samples": 5, "patch_hop_samples": 1}, "min_samples", "one patch of 5 samples"),
    ({"mel_bands": 3}, "mel_bands", "unknown key"),
    ({"level": "loud"}, "level", "'as_is' or 'peak'"),
]


@pytest.mark.parametrize(("changes", "key", "message"), WRONG, ids=[w[1] + w[2][:9] for w in WRONG])
def test_a_wrong_card_is_refused(
    tmp_path: Path, changes: dict[str, Any], key: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        encoder(tmp_path, READY | changes, ("n", "s"))
    assert caught.value.column == f"preprocess.{key}"
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
