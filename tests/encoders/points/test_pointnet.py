"""The small PointNet, from a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.points.pointnet import PointNetNetwork, load_pointnet, untrained_pointnet
from pentad.media.types import Points
from tests.encoders.points.tiny_uni3d import cloud

Array = np.ndarray[Any, Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    untrained_pointnet(tmp_path / "model", dim=24)
    (tmp_path / "model" / "config.json").write_text('{"model_type": "pointnet", "points": 200}')
    return tmp_path / "model"


def vectors(network: PointNetNetwork, items: list[Points]) -> Array:
    rows = [network.feeds(item, Modality.POINTS)[0]["points"] for item in items]
    with torch.inference_mode():
        batch = {"points": torch.from_numpy(np.stack(rows))}
        return network.forward(batch, Modality.POINTS).numpy()


def test_computes_what_a_pointnet_does(folder: Path) -> None:
    network, item = load_pointnet(folder), cloud()
    tensors = {
        name: t.astype(np.float64) for name, t in load_file(folder / "model.safetensors").items()
    }
    x: Array = network.feeds(item, Modality.POINTS)[0]["points"].astype(np.float64)
    assert x.shape == (200, 6)
    for number in range(4):
        x = np.maximum(
            x @ tensors[f"points.{number}.weight"].T + tensors[f"points.{number}.bias"], 0
        )
    x = np.maximum(x.max(axis=0) @ tensors["head.0.weight"].T + tensors["head.0.bias"], 0)
    expected = x @ tensors["head.1.weight"].T + tensors["head.1.bias"]
    assert network.dim == 24
    assert vectors(network, [item])[0] == pytest.approx(expected, abs=1e-5)


def test_company_changes_nothing_and_order_of_points_neither(folder: Path) -> None:
    network = load_pointnet(folder)
    items = [cloud(seed) for seed in range(60)]
    together = vectors(network, items)
    alone = np.concatenate([vectors(network, [item]) for item in items])
    assert together == pytest.approx(alone, abs=1e-5)
    item = items[0]
    assert item.rgb is not None
    turned = Points(item.xyz[::-1].copy(), item.rgb[::-1].copy())
    assert vectors(network, [turned])[0] == pytest.approx(alone[0], abs=1e-5)
    assert np.abs(alone[0] - alone[1]).max() > 1e-3


def test_an_untrained_one_has_a_million_numbers_and_is_always_the_same(tmp_path: Path) -> None:
    for name in ("one", "other"):
        untrained_pointnet(tmp_path / name, seed=3)
    network = load_pointnet(tmp_path / "one")
    count = sum(parameter.numel() for parameter in network.module.parameters())
    assert 0.8e6 < count < 1.2e6
    assert (network.dim, network.decode_options(Modality.POINTS).points) == (256, 2048)
    assert {p.name for p in (tmp_path / "one").iterdir()} == {"config.json", "model.safetensors"}
    assert network.preprocessing == json.loads(json.dumps(network.preprocessing))
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "other"))
    assert all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"points.2.bias": None}, "1 missing: points.2.bias"),
        ({"points.0.weight": None}, "no layers 'points'"),
        ({"head.0.weight": None}, "no layers 'head'"),
        (
            {"points.9.weight": np.zeros((2, 2), np.float32)},
            "1 of an unknown name: points.9.weight",
        ),
        ({"head.1.bias": np.zeros(3, np.float32)}, "1 of a wrong shape: head.1.bias [3], not [24]"),
        ({"head.1.bias": np.full(24, np.nan, np.float32)}, "infinite numbers or NaN"),
    ],
)
def test_other_tensors(folder: Path, change: dict[str, Array | None], text: str) -> None:
    tensors = {**load_file(folder / "model.safetensors"), **change}
    kept = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    save_file(kept, folder / "model.safetensors")
    with pytest.raises(InputError) as caught:
        load_pointnet(folder)
    assert text in str(caught.value)


def test_settings_of_another_network(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "pointnet", "groups": 3}')
    with pytest.raises(InputError, match="unknown key; expected grey, normalize, points"):
        load_pointnet(folder)
