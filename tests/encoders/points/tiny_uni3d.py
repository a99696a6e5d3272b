"""Small Uni3D checkpoints under the published names, and what they compute, restated in numpy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from pentad.media.types import Points

Tensors = dict[str, np.ndarray[Any, Any]]
WIDTH, HEADS, DEPTH, HIDDEN, DIM = 32, 2, 3, 24, 12
LIFT, LOCAL, MIXED, PATCH, POSITION = 8, 16, 24, 20, 10
CONFIG = {"model_type": "uni3d", "points": 200, "groups": 16, "group_size": 8, "heads": HEADS}
KINDS = ("tiny-small", "base-large", "giant")
SMALL, BASE, GIANT = KINDS


def published(kind: str, seed: int = 0, last_norm: str = "fc_norm") -> Tensors:
    """Return random tensors of the kind of transformer that a published size has."""
    rng = np.random.default_rng(seed)

    def numbers(*shape: int, scale: float | None = None) -> np.ndarray[Any, Any]:
        spread = scale or 1 / np.sqrt(shape[1] if len(shape) > 1 else 4)
        return (rng.normal(size=shape) * spread).astype(np.float32)

    def layer(name: str, out: int, into: int, *more: int) -> Tensors:
        return {f"{name}.weight": numbers(out, into, *more), f"{name}.bias": numbers(out)}

    def norm(name: str, width: int) -> Tensors:
        return {f"{name}.weight": 1 + numbers(width), f"{name}.bias": numbers(width)}

    def batch_norm(name: str, width: int) -> Tensors:
        return {
            **norm(name, width),
            f"{name}.running_mean": numbers(width),
            f"{name}.running_var": rng.uniform(0.2, 3, width).astype(np.float32),
            f"{name}.num_batches_tracked": np.array(7, dtype=np.int64),
        }

    out: Tensors = {
        "cls_token": numbers(1, 1, WIDTH, scale=1),
        "cls_pos": numbers(1, 1, WIDTH, scale=1),
        **layer("encoder.first_conv.0", LIFT, 6, 1),
        **batch_norm("encoder.first_conv.1", LIFT),
        **layer("encoder.first_conv.3", LOCAL, LIFT, 1),
        **layer("encoder.second_conv.0", MIXED, 2 * LOCAL, 1),
        **batch_norm("encoder.second_conv.1", MIXED),
        **layer("encoder.second_conv.3", PATCH, MIXED, 1),
        **layer("encoder2trans", WIDTH, PATCH),
        **layer("pos_embed.0", POSITION, 3),
        **layer("pos_embed.2", WIDTH, POSITION),
        **norm(f"visual.{last_norm}", WIDTH),
        **layer("trans2embed", DIM, WIDTH),
        "visual.cls_token": numbers(1, 1, WIDTH),
        "visual.pos_embed": numbers(1, 17, WIDTH),
        **layer("visual.patch_embed.proj", WIDTH, 3, 14, 14),
    }
    if kind != SMALL:
        out |= layer("visual.head", 10, WIDTH)
    for number in range(DEPTH):
        at = f"visual.blocks.{number}."
        out |= {**norm(f"{at}norm1", WIDTH), **norm(f"{at}norm2", WIDTH)}
        out |= layer(f"{at}attn.proj", WIDTH, WIDTH)
        if kind == BASE:
            out |= layer(f"{at}attn.q_proj", WIDTH, WIDTH) | layer(f"{at}attn.v_proj", WIDTH, WIDTH)
            out[f"{at}attn.k_proj.weight"] = numbers(WIDTH, WIDTH)
            out |= layer(f"{at}mlp.fc1_g", HIDDEN, WIDTH) | layer(f"{at}mlp.fc1_x", HIDDEN, WIDTH)
            out |= norm(f"{at}mlp.norm", HIDDEN)
        else:
            out[f"{at}attn.qkv.weight"] = numbers(3 * WIDTH, WIDTH)
            out |= {f"{at}attn.q_bias": numbers(WIDTH), f"{at}attn.v_bias": numbers(WIDTH)}
            out |= layer(f"{at}mlp.fc1", 2 * HIDDEN if kind == SMALL else HIDDEN, WIDTH)
        out |= layer(f"{at}mlp.fc2", WIDTH, HIDDEN)
    named = {f"point_encoder.{name}": tensor for name, tensor in out.items()}
    return named | {"logit_scale": np.array(2.6, dtype=np.float32)}


def write(folder: Path, tensors: Tensors, **config: object) -> Path:
    """Write a checkpoint; settings given as None are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "model.safetensors")
    said = {key: value for key, value in {**CONFIG, **config}.items() if value is not None}
    (folder / "config.json").write_text(json.dumps(said))
    return folder


def cloud(seed: int = 0, points: int = 200, *, colors: bool = True) -> Points:
    """Return an ellipsoid with a bump, off the middle."""
    rng = np.random.default_rng(seed)
    xyz = rng.normal(size=(points, 3))
    xyz *= np.array([1.0, 2.0, 0.5 + seed / 10]) / np.linalg.norm(xyz, axis=1, keepdims=True)
    xyz += [3.0, -1.0, 0.5]
    rgb = rng.integers(256, size=(points, 3), dtype=np.uint8) if colors else None
    return Points(xyz.astype(np.float32), rgb)


def restated(tensors: Tensors, item: Points, **config: Any) -> np.ndarray[Any, Any]:
    """Return the vector of one cloud of exactly as many points as the network takes."""
    told = {**CONFIG, "skip_norm2": 0.001, **config}
    t = {
        name.removeprefix("point_encoder."): tensor.astype(np.float64)
        for name, tensor in tensors.items()
    }
    xyz = item.xyz.astype(np.float64)
    xyz = xyz - xyz.mean(axis=0)
    xyz = xyz / np.linalg.norm(xyz, axis=1).max()
    rgb = np.full(xyz.shape, 0.4) if item.rgb is None else item.rgb / 255
    centers = _centers(xyz, told["groups"], told["skip_norm2"])
    tokens = np.stack([_token(t, xyz, rgb, center, told["group_size"]) for center in centers])
    places = _gelu(xyz[centers] @ t["pos_embed.0.weight"].T + t["pos_embed.0.bias"])
    places = places @ t["pos_embed.2.weight"].T + t["pos_embed.2.bias"]
    x = np.concatenate([t["cls_token"][0] + t["cls_pos"][0], tokens + places])
    for number in range(DEPTH):
        at = f"visual.blocks.{number}."
        x = x + _attention(t, f"{at}attn.", _layer_norm(t, f"{at}norm1", x))
        x = x + _mlp(t, f"{at}mlp.", _layer_norm(t, f"{at}norm2", x))
    last = "visual.norm" if "visual.norm.weight" in t else "visual.fc_norm"
    return np.asarray(
        _layer_norm(t, last, x[0]) @ t["trans2embed.weight"].T + t["trans2embed.bias"]
    )


def _centers(xyz: Any, count: int, skip: float) -> list[int]:
    allowed = (xyz**2).sum(axis=1) > skip
    found = [0]
    while len(found) < count:
        apart = np.linalg.norm(xyz[:, None] - xyz[found], axis=2).min(axis=1)
        found.append(int(np.where(allowed, apart, -1).argmax()))
    return found


def _token(t: Any, xyz: Any, rgb: Any, center: int, size: int) -> Any:
    offsets = xyz - xyz[center]
    near = np.argsort(np.linalg.norm(offsets, axis=1), kind="stable")[:size]
    points = np.concatenate([offsets[near], rgb[near]], axis=1)
    for conv in ("first", "second"):
        name = f"encoder.{conv}_conv"
        points = points @ t[f"{name}.0.weight"][..., 0].T + t[f"{name}.0.bias"]
        spread = np.sqrt(t[f"{name}.1.running_var"] + 1e-5)
        points = (points - t[f"{name}.1.running_mean"]) / spread
        points = np.maximum(points * t[f"{name}.1.weight"] + t[f"{name}.1.bias"], 0)
        points = points @ t[f"{name}.3.weight"][..., 0].T + t[f"{name}.3.bias"]
        if conv == "first":
            highest = np.broadcast_to(points.max(axis=0), points.shape)
            points = np.concatenate([highest, points], axis=1)
    return points.max(axis=0) @ t["encoder2trans.weight"].T + t["encoder2trans.bias"]


def _attention(t: Any, at: str, x: Any) -> Any:
    if f"{at}qkv.weight" in t:
        q, k, v = np.split(x @ t[f"{at}qkv.weight"].T, 3, axis=1)
        q, v = q + t[f"{at}q_bias"], v + t[f"{at}v_bias"]
    else:
        q = x @ t[f"{at}q_proj.weight"].T + t[f"{at}q_proj.bias"]
        k = x @ t[f"{at}k_proj.weight"].T
        v = x @ t[f"{at}v_proj.weight"].T + t[f"{at}v_proj.bias"]
    out = []
    for head in np.split(np.arange(WIDTH), HEADS):
        scores = q[:, head] @ k[:, head].T / np.sqrt(WIDTH / HEADS)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        out.append(powers / powers.sum(axis=1, keepdims=True) @ v[:, head])
    return np.concatenate(out, axis=1) @ t[f"{at}proj.weight"].T + t[f"{at}proj.bias"]


def _mlp(t: Any, at: str, x: Any) -> Any:
    if f"{at}fc1_g.weight" in t:
        gate = x @ t[f"{at}fc1_g.weight"].T + t[f"{at}fc1_g.bias"]
        inner = _silu(gate) * (x @ t[f"{at}fc1_x.weight"].T + t[f"{at}fc1_x.bias"])
    else:
        inner = x @ t[f"{at}fc1.weight"].T + t[f"{at}fc1.bias"]
        if inner.shape[1] == 2 * HIDDEN:
            inner = _silu(inner[:, :HIDDEN]) * inner[:, HIDDEN:]
        else:
            inner = _gelu(inner)
    if f"{at}norm.weight" in t:
        inner = _layer_norm(t, f"{at}norm", inner)
    return inner @ t[f"{at}fc2.weight"].T + t[f"{at}fc2.bias"]


def _layer_norm(t: Any, name: str, x: Any) -> Any:
    middle = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt((middle**2).mean(axis=-1, keepdims=True) + 1e-6)
    return middle / spread * t[f"{name}.weight"] + t[f"{name}.bias"]


def _silu(x: Any) -> Any:
    return x / (1 + np.exp(-x))


def _gelu(x: Any) -> Any:
    from scipy.special import erf

    return 0.5 * x * (1 + erf(x / np.sqrt(2)))
