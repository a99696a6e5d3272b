"""Pictures on their way into a model, pixel by pixel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pentad.encoders.onnx.encoder import load_onnx
from tests.encoders.tiny_onnx import image_folder

PLAIN = {"mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0]}
NO_PAD = {"pad": None, "pad_value": None}
SHORTEST = {"resize": "shortest", "crop": "center", **NO_PAD}


def prepared(folder: Path, pixels: NDArray[np.uint8], **preprocess: Any) -> NDArray[np.float32]:
    """What the model is fed, channels last."""
    layout = preprocess.get("layout", "NCHW")
    encoder = load_onnx(image_folder(folder, **(PLAIN | preprocess)))
    array: NDArray[np.float32] = encoder._front.prepared(pixels)  # type: ignore[attr-defined]
    assert array.flags["C_CONTIGUOUS"]
    assert array.dtype == np.float32
    return array.transpose(1, 2, 0) if layout == "NCHW" else array


def grey(*rows: list[int]) -> NDArray[np.uint8]:
    return np.repeat(np.array(rows, dtype=np.uint8)[..., None], 3, axis=2)


WIDE = grey([10, 20, 30, 40], [50, 60, 70, 80])


def test_fit_keeps_the_whole_picture_between_bars(tmp_path: Path) -> None:
    out = prepared(tmp_path, WIDE)[..., 0]
    assert out.tolist() == [[255] * 4, [10, 20, 30, 40], [50, 60, 70, 80], [255] * 4]


def test_fit_can_pad_at_the_far_end_only(tmp_path: Path) -> None:
    out = prepared(tmp_path, WIDE, pad="corner", pad_value=7)[..., 0]
    assert out.tolist() == [[10, 20, 30, 40], [50, 60, 70, 80], [7] * 4, [7] * 4]


def test_fit_scales_down_and_leaves_at_least_one_pixel(tmp_path: Path) -> None:
    line = np.full((1, 40, 3), 9, dtype=np.uint8)
    out = prepared(tmp_path, line)[..., 0]
    assert out.tolist() == [[255] * 4, [9] * 4, [255] * 4, [255] * 4]


def test_the_odd_pixel_of_padding_goes_below_and_right(tmp_path: Path) -> None:
    out = prepared(tmp_path, np.full((4, 3, 3), 9, dtype=np.uint8))[..., 0]
    assert out[0].tolist() == [9, 9, 9, 255]


def test_shortest_crops_the_middle(tmp_path: Path) -> None:
    wide = grey(*[[1, 2, 3, 4, 5, 6]] * 4)
    out = prepared(tmp_path, wide, **SHORTEST)[..., 0]
    assert out.tolist() == [[2, 3, 4, 5]] * 4


def test_shortest_can_be_larger_than_the_crop(tmp_path: Path) -> None:
    rows = [[y * 10 + x for x in range(8)] for y in range(8)]
    out = prepared(tmp_path, grey(*rows), shortest_side=8, **SHORTEST)[..., 0]
    assert out.tolist() == [row[2:6] for row in rows[2:6]]


def test_stretch_forgets_the_proportions(tmp_path: Path) -> None:
    out = prepared(tmp_path, WIDE, resize="stretch", interpolation="nearest", **NO_PAD)[..., 0]
    assert out.tolist() == [[10, 20, 30, 40]] * 2 + [[50, 60, 70, 80]] * 2


@pytest.mark.parametrize("how", ["nearest", "bilinear", "bicubic", "lanczos"])
def test_interpolation_is_pillows(tmp_path: Path, how: str) -> None:
    from PIL import Image as Pillow

    pixels = np.random.default_rng(0).integers(0, 255, (9, 9, 3)).astype(np.uint8)
    expected = Pillow.fromarray(pixels).resize((4, 4), Pillow.Resampling[how.upper()])
    assert np.array_equal(prepared(tmp_path, pixels, interpolation=how), np.asarray(expected))


def test_scale_mean_and_std_come_in_this_order(tmp_path: Path) -> None:
    pixels = np.tile(np.array([0, 100, 200], dtype=np.uint8), (4, 4, 1))
    out = prepared(tmp_path, pixels, scale=0.01, mean=[0.5, 0.5, 1.0], std=[0.5, 0.25, 0.5])
    assert out[0, 0] == pytest.approx([-1, 2, 2])


def test_channels_can_be_reversed_and_come_last(tmp_path: Path) -> None:
    pixels = np.tile(np.array([1, 2, 3], dtype=np.uint8), (4, 4, 1))
    assert prepared(tmp_path, pixels, color="BGR")[0, 0].tolist() == [3, 2, 1]
    assert prepared(tmp_path, pixels, layout="NHWC")[0, 0].tolist() == [1, 2, 3]


def test_feature_maps_can_be_averaged_outside_the_graph(tmp_path: Path) -> None:
    from pentad.media.types import Image

    encoder = load_onnx(image_folder(tmp_path, pooled=False))
    white = Image(np.full((4, 4, 3), 255, dtype=np.uint8))
    assert encoder.explain(white, modality="image")["vector"].tolist() == [1, 1, 1]


def test_only_fitted_pictures_may_come_reduced(tmp_path: Path) -> None:
    assert load_onnx(image_folder(tmp_path)).decode_options("image").image_side == 4
    prepared(tmp_path, WIDE, **SHORTEST)
    assert load_onnx(tmp_path).decode_options("video").image_side is None
