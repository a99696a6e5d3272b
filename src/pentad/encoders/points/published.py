"""Tensors of Uni3D as they are published: their names, their shapes, and what we make of them.

The published state dicts have ``point_encoder.`` before every name, at times ``module.`` before
that. The trunk is an image transformer of timm of which the image side (patches of pixels, their
positions, its own class token and its classes) is stored and never used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from pentad.encoders.points.architecture import POINT_VALUES, Architecture, Shape

_OUTER, _NETWORK = "module.", "point_encoder."
_UNUSED = re.compile(
    r"logit_scale|.*\.num_batches_tracked"
    r"|visual\.(cls_token|pos_embed|mask_token|(patch_embed|head|rope)\..*)"
)
# Beside a network that is marked as such, all else belongs to what it was trained against.
_BESIDE = re.compile(
    r"logit_scale|(visual|text|transformer|clip|clip_model|text_encoder|image_encoder)\..*"
    r"|token_embedding\..*|ln_final\..*|positional_embedding|text_projection"
)
_BATCH_NORM_EPS = 1e-5


def used_names(names: Iterable[str]) -> dict[str, str]:
    """Return name without prefixes -> name in the file, of all but what is known to be unused."""
    bare = {name.removeprefix(_OUTER): name for name in sorted(names)}
    marked = any(name.startswith(_NETWORK) for name in bare)
    out = {}
    for name, stored in bare.items():
        inside = name.startswith(_NETWORK)
        unused = _BESIDE if marked and not inside else _UNUSED
        inner = name.removeprefix(_NETWORK)
        if not unused.fullmatch(inner):
            out[inner if inside or not marked else name] = stored
    return out


def published_shapes(a: Architecture) -> dict[str, Shape]:
    """Return name -> shape of every tensor that a network of this architecture uses."""
    out: dict[str, Shape] = {
        "cls_token": (1, 1, a.width),
        "cls_pos": (1, 1, a.width),
        **_linear("encoder.first_conv.0", a.lift, POINT_VALUES, 1),
        **_batch_norm("encoder.first_conv.1", a.lift),
        **_linear("encoder.first_conv.3", a.local, a.lift, 1),
        **_linear("encoder.second_conv.0", a.mixed, 2 * a.local, 1),
        **_batch_norm("encoder.second_conv.1", a.mixed),
        **_linear("encoder.second_conv.3", a.patch, a.mixed, 1),
        **_linear("encoder2trans", a.width, a.patch),
        **_linear("pos_embed.0", a.position, 3),
        **_linear("pos_embed.2", a.width, a.position),
        **_norm(f"visual.{a.last_norm}", a.width),
        **_linear("trans2embed", a.dim, a.width),
    }
    for number in range(a.depth):
        out |= _block(f"visual.blocks.{number}.", a)
    return out


def our_tensors(a: Architecture, get: Callable[[str], Tensor]) -> dict[str, Tensor]:
    """Return the numbers of a `Uni3dModule`, by its names.

    Args:
        a: The architecture.
        get: Gives the tensor of a published name, once for each of `published_shapes`.

    Raises:
        ValueError: A variance is below 0.
    """
    out = {
        "patches.lift": _folded(get, "encoder.first_conv.0", "encoder.first_conv.1"),
        "patches.local": _flat(get, "encoder.first_conv.3"),
        "patches.last": _flat(get, "encoder.second_conv.3"),
        "to_width": _plain(get, "encoder2trans"),
        "place.0": _plain(get, "pos_embed.0"),
        "place.2": _plain(get, "pos_embed.2"),
        "norm": _plain(get, f"visual.{a.last_norm}"),
        "head": _plain(get, "trans2embed"),
    }
    weight, bias = _folded(get, "encoder.second_conv.0", "encoder.second_conv.1")
    out["patches.from_patch"] = weight[:, : a.local].clone(), bias
    for number in range(a.depth):
        theirs, ours = f"visual.blocks.{number}.", f"blocks.{number}."
        out |= {ours + name: pair for name, pair in _our_block(a, get, theirs).items()}
    flat = {
        f"{name}.{part}": tensor
        for name, pair in out.items()
        for part, tensor in zip(("weight", "bias"), pair, strict=True)
    }
    flat["patches.from_point.weight"] = weight[:, a.local :].clone()
    return flat | {"class_token": get("cls_token"), "class_place": get("cls_pos")}


Pair = tuple[Tensor, Tensor]


def _our_block(a: Architecture, get: Callable[[str], Tensor], at: str) -> dict[str, Pair]:
    """Queries, keys and values become one matrix, and so do gate and value."""
    if a.split_qkv:
        names = ("q_proj", "k_proj", "v_proj")
        weight = torch.cat([get(f"{at}attn.{name}.weight") for name in names])
        query, value = get(f"{at}attn.q_proj.bias"), get(f"{at}attn.v_proj.bias")
    else:
        weight = get(f"{at}attn.qkv.weight")
        query, value = get(f"{at}attn.q_bias"), get(f"{at}attn.v_bias")
    up = _plain(get, f"{at}mlp.fc1_g" if a.split_gate else f"{at}mlp.fc1")
    if a.split_gate:
        other = _plain(get, f"{at}mlp.fc1_x")
        up = torch.cat([up[0], other[0]]), torch.cat([up[1], other[1]])
    out = {
        "norm1": _plain(get, f"{at}norm1"),
        "attention.qkv": (weight, torch.cat([query, torch.zeros_like(query), value])),
        "attention.out": _plain(get, f"{at}attn.proj"),
        "norm2": _plain(get, f"{at}norm2"),
        "mlp.up": up,
        "mlp.down": _plain(get, f"{at}mlp.fc2"),
    }
    return out | ({"mlp.norm": _plain(get, f"{at}mlp.norm")} if a.inner_norm else {})


def _plain(get: Callable[[str], Tensor], name: str) -> Pair:
    return get(f"{name}.weight"), get(f"{name}.bias")


def _flat(get: Callable[[str], Tensor], name: str) -> Pair:
    """A convolution over single points is a matrix."""
    return get(f"{name}.weight").squeeze(-1), get(f"{name}.bias")


def _folded(get: Callable[[str], Tensor], name: str, norm: str) -> Pair:
    """Return a layer with the batch normalisation that follows it, which is linear in use."""
    weight, bias = (tensor.double() for tensor in _flat(get, name))
    scale, shift = (tensor.double() for tensor in _plain(get, norm))
    mean = get(f"{norm}.running_mean").double()
    variance = get(f"{norm}.running_var").double()
    if bool((variance < 0).any()):
        raise ValueError(f"{norm}.running_var: a variance is below 0")
    scale = scale / torch.sqrt(variance + _BATCH_NORM_EPS)
    return (weight * scale[:, None]).float(), ((bias - mean) * scale + shift).float()


def _block(at: str, a: Architecture) -> dict[str, Shape]:
    if a.split_qkv:
        out = _linear(f"{at}attn.q_proj", a.width, a.width)
        out |= {f"{at}attn.k_proj.weight": (a.width, a.width)}
        out |= _linear(f"{at}attn.v_proj", a.width, a.width)
    else:
        out = {f"{at}attn.qkv.weight": (3 * a.width, a.width)}
        out |= {f"{at}attn.q_bias": (a.width,), f"{at}attn.v_bias": (a.width,)}
    if a.split_gate:
        out |= _linear(f"{at}mlp.fc1_g", a.hidden, a.width)
        out |= _linear(f"{at}mlp.fc1_x", a.hidden, a.width)
    else:
        out |= _linear(f"{at}mlp.fc1", 2 * a.hidden if a.gated else a.hidden, a.width)
    return {
        **out,
        **_norm(f"{at}norm1", a.width),
        **_linear(f"{at}attn.proj", a.width, a.width),
        **_norm(f"{at}norm2", a.width),
        **(_norm(f"{at}mlp.norm", a.hidden) if a.inner_norm else {}),
        **_linear(f"{at}mlp.fc2", a.width, a.hidden),
    }


def _linear(name: str, out: int, into: int, *more: int) -> dict[str, Shape]:
    return {f"{name}.weight": (out, into, *more), f"{name}.bias": (out,)}


def _norm(name: str, width: int) -> dict[str, Shape]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _batch_norm(name: str, width: int) -> dict[str, Shape]:
    running = {f"{name}.{part}": (width,) for part in ("running_mean", "running_var")}
    return {**_norm(name, width), **running}
