"""How large a Uni3D-shaped network is and of what kind, read off the shapes of its tensors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

Shape = tuple[int, ...]
NORM_EPS = 1e-6
POINT_VALUES = 6
"""Numbers of one point of a patch: its place and its colour."""
MOST_BLOCKS = 256
_BLOCK = re.compile(r"visual\.blocks\.(\d+)\.")
# Heads of the published sizes (tiny, small, base, large, giant): shapes do not tell them.
_HEADS = {192: 3, 384: 6, 768: 12, 1024: 16, 1408: 16}


@dataclass(frozen=True)
class Architecture:
    """Sizes and kinds of everything that has numbers.

    Attributes:
        lift: Width of the first layer of a point.
        local: Width of a point's features.
        mixed: Width after a point's features met those of its patch.
        patch: Width of a patch.
        position: Width within the network that places a center.
        width: Width of the transformer.
        depth: Its blocks.
        heads: Its heads.
        hidden: Width within a block's MLP.
        gated: Whether that MLP is a SwiGLU; else it has one GELU layer.
        inner_norm: Whether it normalises before its last layer.
        split_gate: Whether gate and value are tensors of their own in the file.
        split_qkv: Likewise queries, keys and values.
        last_norm: How the file calls the last normalisation, ``norm`` or ``fc_norm``.
        dim: Length of a vector.
    """

    lift: int
    local: int
    mixed: int
    patch: int
    position: int
    width: int
    depth: int
    heads: int
    hidden: int
    gated: bool
    inner_norm: bool
    split_gate: bool
    split_qkv: bool
    last_norm: str
    dim: int


SIZED_BY = (
    "encoder.first_conv.0.weight",
    "encoder.first_conv.3.weight",
    "encoder.second_conv.0.weight",
    "encoder.second_conv.3.weight",
    "encoder2trans.weight",
    "pos_embed.0.weight",
    "trans2embed.weight",
    "visual.blocks.0.mlp.fc2.weight",
)
"""Tensors without which the sizes cannot be told."""


def architecture_of(shapes: Mapping[str, Shape], heads: int | None) -> Architecture:
    """Return the architecture that published tensors are of.

    Args:
        shapes: Name -> shape, names as `pentad.encoders.points.published` makes them; those of
            `SIZED_BY` are there.
        heads: Heads of the transformer; None for those of the published network of that width.

    Raises:
        ValueError: A tensor is empty, or the heads are not known or do not fit the width.
    """
    first = {name: (*shapes[name], 0)[0] for name in SIZED_BY}
    width = first["encoder2trans.weight"]
    hidden = (*shapes["visual.blocks.0.mlp.fc2.weight"], 0, 0)[1]
    if not hidden or not all(first.values()):
        raise ValueError("a tensor that tells the size of the network is empty")
    split_gate = "visual.blocks.0.mlp.fc1_g.weight" in shapes
    packed = (*shapes.get("visual.blocks.0.mlp.fc1.weight", ()), 0)[0] == 2 * hidden
    return Architecture(
        lift=first["encoder.first_conv.0.weight"],
        local=first["encoder.first_conv.3.weight"],
        mixed=first["encoder.second_conv.0.weight"],
        patch=first["encoder.second_conv.3.weight"],
        position=first["pos_embed.0.weight"],
        width=width,
        depth=min(MOST_BLOCKS, len({m[1] for name in shapes if (m := _BLOCK.match(name))})),
        heads=_heads(width, heads),
        hidden=hidden,
        gated=split_gate or packed,
        inner_norm="visual.blocks.0.mlp.norm.weight" in shapes,
        split_gate=split_gate,
        split_qkv="visual.blocks.0.attn.q_proj.weight" in shapes,
        last_norm="norm" if "visual.norm.weight" in shapes else "fc_norm",
        dim=first["trans2embed.weight"],
    )


def _heads(width: int, given: int | None) -> int:
    heads = given or _HEADS.get(width)
    if heads is None:
        raise ValueError(f"the shapes do not tell the heads of a network of width {width}")
    if width % heads:
        raise ValueError(f"{heads} heads do not divide the width {width}")
    return heads
