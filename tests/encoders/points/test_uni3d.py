"""Checkpoints under published names, loaded as users load them, against a restatement in numpy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.points.patch_cache import PatchCache
from pentad.encoders.points.uni3d import Uni3dNetwork, load_uni3d
from pentad.media.types import Points
from tests.encoders.points import tiny_uni3d
from tests.encoders.points.tiny_uni3d import BASE, GIANT, KINDS, SMALL, cloud, published, write

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

Array = np.ndarray[Any, Any]


def vectors(network: Uni3dNetwork, items: list[Points]) -> Array:
    rows = [network.feeds(item, Modality.POINTS)[0] for item in items]
    batch = {name: torch.from_numpy(np.stack([r[name] for r in rows])) for name in rows[0]}
    with torch.inference_mode():
        return network.forward(batch, Modality.POINTS).numpy()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def network(tmp_path: Path) -> Uni3dNetwork:
    return load_uni3d(write(tmp_path / "model", published(SMALL)))


def test_computes_what_the_architecture_says(tmp_path: Path, kind: str) -> None:
    tensors = published(kind)
    network = load_uni3d(write(tmp_path, tensors))
    items = [cloud(0), cloud(1), cloud(2, colors=False)]
    expected = np.stack([tiny_uni3d.restated(tensors, item) for item in items])
    assert network.dim == tiny_uni3d.DIM
    assert np.abs(expected).max() > 0.5
    assert vectors(network, items) == pytest.approx(expected, abs=2e-5)


def test_the_last_norm_may_have_its_other_name(tmp_path: Path) -> None:
    tensors = published(GIANT, last_norm="norm")
    network = load_uni3d(write(tmp_path, tensors))
    assert vectors(network, [cloud()])[0] == pytest.approx(
        tiny_uni3d.restated(tensors, cloud()), abs=2e-5
    )


def test_settings_of_patches_are_taken(tmp_path: Path) -> None:
    tensors = published(SMALL)
    told: dict[str, Any] = {"groups": 9, "group_size": 30, "skip_norm2": 0}
    network = load_uni3d(write(tmp_path, tensors, **told))
    expected = tiny_uni3d.restated(tensors, cloud(), **told)
    assert vectors(network, [cloud()])[0] == pytest.approx(expected, abs=2e-5)
    [feed] = network.feeds(cloud(), Modality.POINTS)
    assert {name: (a.shape, a.dtype.str) for name, a in feed.items()} == {
        "patches": ((9, 30, 6), "<f4"),
        "centers": ((9, 3), "<f4"),
    }


def test_company_and_order_change_nothing(tmp_path: Path, kind: str) -> None:
    network = load_uni3d(write(tmp_path, published(kind)))
    items = [cloud(seed) for seed in range(7)]
    together = vectors(network, items)
    alone = np.concatenate([vectors(network, [item]) for item in items])
    assert together == pytest.approx(alone, abs=1e-5)
    assert vectors(network, items[::-1])[::-1] == pytest.approx(alone, abs=1e-5)
    assert np.array_equal(vectors(network, items), together)


def test_the_order_of_points_after_the_first_does_not_matter(network: Uni3dNetwork) -> None:
    item = cloud()
    assert item.rgb is not None
    order = np.concatenate([[0], 1 + np.random.default_rng(1).permutation(len(item.xyz) - 1)])
    shuffled = Points(item.xyz[order], item.rgb[order])
    assert vectors(network, [shuffled]) == pytest.approx(vectors(network, [item]), abs=1e-4)


def test_place_and_size_do_not_matter(network: Uni3dNetwork) -> None:
    item = cloud()
    moved = Points((item.xyz * 64 + 128).astype(np.float32), item.rgb)
    assert vectors(network, [moved]) == pytest.approx(vectors(network, [item]), abs=1e-3)


def test_patches_formed_on_the_device_are_the_same(network: Uni3dNetwork) -> None:
    items = [cloud(0), cloud(1, colors=False), cloud(2)]
    before = vectors(network, items)
    network.group_on_device = True
    assert list(network.feeds(items[0], Modality.POINTS)[0]) == ["points"]
    assert np.array_equal(vectors(network, items), before)


def test_cached_patches_are_the_same(network: Uni3dNetwork, tmp_path: Path) -> None:
    before = network.feeds(cloud(), Modality.POINTS)[0]
    network.patch_cache = PatchCache(tmp_path / "patches")
    for _ in range(2):
        again = network.feeds(cloud(), Modality.POINTS)[0]
        assert all(np.array_equal(again[name], before[name]) for name in before)
    assert len(list((tmp_path / "patches").rglob("*.npy"))) == 1


@pytest.mark.parametrize("prefix", ["module.", "module.point_encoder.", ""])
def test_prefixes_of_names_are_taken_off(tmp_path: Path, prefix: str) -> None:
    tensors = published(BASE)
    bare = {name.removeprefix("point_encoder."): tensor for name, tensor in tensors.items()}
    outer = prefix.removesuffix("point_encoder.")
    scale = bare.pop("logit_scale")
    renamed = {f"{prefix}{name}": tensor for name, tensor in bare.items()}
    renamed[f"{outer}logit_scale"] = scale
    one = load_uni3d(write(tmp_path / "one", tensors))
    other = load_uni3d(write(tmp_path / "other", renamed))
    assert np.array_equal(vectors(one, [cloud()]), vectors(other, [cloud()]))


def test_towers_beside_the_network_are_left_alone(tmp_path: Path) -> None:
    tensors = published(SMALL)
    more = {
        "visual.conv1.weight": np.zeros((2, 2), np.float32),
        "text_encoder.token_embedding.weight": np.zeros((2, 2), np.float32),
    }
    load_uni3d(write(tmp_path, tensors | more))


def test_half_precision_weights_are_loaded_as_float32(
    tmp_path: Path, network: Uni3dNetwork
) -> None:
    folder = write(tmp_path / "half", published(SMALL))
    halves = {
        name: torch.from_numpy(np.asarray(t)).to(torch.bfloat16 if "mlp" in name else torch.float16)
        for name, t in published(SMALL).items()
        if t.dtype == np.float32
    }
    save_file(halves, folder / "model.safetensors")
    half = load_uni3d(folder)
    assert {p.dtype for p in half.module.parameters()} == {torch.float32}
    assert vectors(half, [cloud()]) == pytest.approx(vectors(network, [cloud()]), abs=0.1)


def test_a_loaded_network_is_ready_to_run_and_leaves_random_numbers_alone(tmp_path: Path) -> None:
    folder = write(tmp_path, published(SMALL))
    before = torch.get_rng_state()
    network = load_uni3d(folder)
    assert torch.equal(torch.get_rng_state(), before)
    assert not network.module.training
    assert not any(p.requires_grad for p in network.module.parameters())
    assert network.decode_options(Modality.POINTS).points == 200
    assert network.accepts(Modality.POINTS) is Points
    assert network.normalize == "l2"
    assert json.loads(json.dumps(network.preprocessing)) == network.preprocessing
    assert network.preprocessing["up"] == "y"


def test_defaults_are_those_of_the_published_networks(tmp_path: Path) -> None:
    folder = write(tmp_path, published(SMALL), points=None, groups=None, group_size=None)
    network = load_uni3d(folder)
    told = {k: network.preprocessing[k] for k in ("points", "groups", "size", "skip_norm2", "grey")}
    assert told == {"points": 10_000, "groups": 512, "size": 64, "skip_norm2": 0.001, "grey": 0.4}


def test_mixed_precision_stays_near(network: Uni3dNetwork) -> None:
    [feed] = network.feeds(cloud(), Modality.POINTS)
    batch = {name: torch.from_numpy(array[None]) for name, array in feed.items()}
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        mixed = network.forward(batch, Modality.POINTS).float().numpy()
    assert mixed == pytest.approx(vectors(network, [cloud()]), abs=0.15)


# ------------------------------------------------------------------------------------ bad folders


def refused(folder: Path, *parts: str) -> None:
    with pytest.raises(InputError) as caught:
        load_uni3d(folder)
    text = str(caught.value)
    assert "\n" not in text
    for part in parts:
        assert part in text, text


def test_missing_files(tmp_path: Path) -> None:
    refused(tmp_path, "config.json")
    (tmp_path / "config.json").write_text('{"model_type": "uni3d"}')
    refused(tmp_path, "model.safetensors", "model.pt")


@pytest.mark.parametrize("name", ["encoder2trans.weight", "visual.blocks.1.norm2.bias", "cls_pos"])
def test_missing_tensors(tmp_path: Path, name: str) -> None:
    tensors = published(GIANT)
    del tensors[f"point_encoder.{name}"]
    refused(write(tmp_path, tensors), f"1 missing: {name}")


def test_unknown_and_wrongly_shaped_tensors_in_one_error(tmp_path: Path) -> None:
    tensors = published(BASE)
    for number in range(5):
        tensors[f"point_encoder.visual.blocks.0.extra{number}"] = np.zeros(3, np.float32)
    tensors["point_encoder.cls_token"] = np.zeros((1, 1, 5), np.float32)
    del tensors["point_encoder.pos_embed.2.bias"]
    refused(
        write(tmp_path, tensors),
        "1 missing: pos_embed.2.bias",
        "5 of an unknown name: point_encoder.visual.blocks.0.extra0",
        "and 2 more",
        "1 of a wrong shape: point_encoder.cls_token [1, 1, 5], not [1, 1, 32]",
    )


def test_blocks_with_a_gap_are_missing(tmp_path: Path) -> None:
    tensors = {
        name.replace("blocks.2.", "blocks.999999999."): tensor
        for name, tensor in published(SMALL).items()
    }
    refused(write(tmp_path, tensors), "missing: visual.blocks.2.attn", "unknown name")


def test_not_a_network_at_all(tmp_path: Path) -> None:
    refused(write(tmp_path, {"weight": np.zeros(3, np.float32)}), "8 missing: encoder.first_conv")


def test_empty_tensors(tmp_path: Path) -> None:
    tensors = published(SMALL)
    for part in ("weight", "bias"):
        name = f"point_encoder.trans2embed.{part}"
        tensors[name] = tensors[name][:0]
    refused(write(tmp_path, tensors), "empty")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none(tmp_path: Path, value: float) -> None:
    tensors = published(SMALL)
    tensors["point_encoder.pos_embed.0.bias"][3] = value
    refused(write(tmp_path, tensors), "point_encoder.pos_embed.0.bias", "infinite numbers or NaN")


def test_whole_numbers_for_floats(tmp_path: Path) -> None:
    tensors = published(SMALL)
    tensors["point_encoder.pos_embed.0.bias"] = np.arange(tiny_uni3d.POSITION)
    refused(write(tmp_path, tensors), "holds no floats")


def test_a_variance_below_zero(tmp_path: Path) -> None:
    tensors = published(SMALL)
    tensors["point_encoder.encoder.first_conv.1.running_var"][0] = -1
    refused(write(tmp_path, tensors), "running_var", "below 0")


def test_a_damaged_file(tmp_path: Path) -> None:
    folder = write(tmp_path, published(SMALL))
    whole = (folder / "model.safetensors").read_bytes()
    for damaged in (b"", b"x" * 100, whole[: len(whole) // 2]):
        (folder / "model.safetensors").write_bytes(damaged)
        refused(folder, "model.safetensors: cannot be read")


@pytest.mark.parametrize(
    ("key", "value", "parts"),
    [
        ("model_type", "clip", ("model_type", "'uni3d'")),
        ("points", 0, ("points", "1..1000000")),
        ("points", 2.5, ("points", "2.5")),
        ("points", True, ("points", "True")),
        ("groups", 300, ("groups", "1..200", "300")),
        ("group_size", 201, ("group_size", "201")),
        ("heads", 3, ("3 heads do not divide the width 32", "heads")),
        ("heads", None, ("do not tell the heads", "width 32")),
        ("grey", 2, ("grey", "0 to 1")),
        ("grey", "x", ("grey", "'x'")),
        ("skip_norm2", -1, ("skip_norm2",)),
        ("normalize", "l1", ("normalize", "l2 or none")),
        ("normalise", "l2", ("unknown key", "normalise")),
    ],
)
def test_wrong_settings(tmp_path: Path, key: str, value: object, parts: tuple[str, ...]) -> None:
    refused(write(tmp_path, published(SMALL), **{key: value}), "config.json", *parts)


def test_remarks_are_no_settings(tmp_path: Path) -> None:
    load_uni3d(write(tmp_path, published(SMALL), licence="MIT", architectures=["Uni3D"]))
