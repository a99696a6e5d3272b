"""The sizes that were published: what their tensors are, told from names and shapes alone."""

from __future__ import annotations

import math

import pytest

from pentad.encoders.points.architecture import Architecture, Shape, architecture_of
from pentad.encoders.points.published import published_shapes, used_names

# Name: width, depth, heads, width within the MLP, all numbers of the published state dict.
SIZES = {
    "tiny": (192, 12, 3, 512, 6_384_449),
    "small": (384, 12, 6, 1024, 22_823_681),
    "base": (768, 12, 12, 2048, 88_960_617),
    "large": (1024, 24, 16, 2730, 307_350_313),
    "giant": (1408, 40, 16, 6144, 1_017_358_057),
}
# Side of the picture in patches and number of classes of the image transformer behind each.
IMAGE_SIDE = {"tiny": (16, 0), "small": (16, 0), "base": (32, 1000), "large": (32, 1000)}
IMAGE_SIDE["giant"] = (40, 1000)


def architecture(size: str) -> Architecture:
    width, depth, heads, hidden, _ = SIZES[size]
    split = size in ("base", "large")
    return Architecture(
        lift=128,
        local=256,
        mixed=512,
        patch=512,
        position=128,
        width=width,
        depth=depth,
        heads=heads,
        hidden=hidden,
        gated=size != "giant",
        inner_norm=split,
        split_gate=split,
        split_qkv=split,
        last_norm="fc_norm",
        dim=1024,
    )


def image_side(size: str) -> dict[str, Shape]:
    width = SIZES[size][0]
    side, classes = IMAGE_SIDE[size]
    out: dict[str, Shape] = {
        "visual.cls_token": (1, 1, width),
        "visual.pos_embed": (1, side * side + 1, width),
        "visual.patch_embed.proj.weight": (width, 3, 14, 14),
        "visual.patch_embed.proj.bias": (width,),
        "logit_scale": (),
    }
    if classes:
        out |= {"visual.head.weight": (classes, width), "visual.head.bias": (classes,)}
    return out


@pytest.mark.parametrize("size", SIZES)
def test_used_and_unused_tensors_make_up_the_published_count(size: str) -> None:
    used = published_shapes(architecture(size))
    shapes = used | image_side(size)
    numbers = sum(math.prod(shape) for name, shape in shapes.items() if "running_" not in name)
    assert numbers == SIZES[size][-1]


@pytest.mark.parametrize("size", SIZES)
def test_names_and_shapes_tell_the_architecture(size: str) -> None:
    expected = architecture(size)
    shapes = published_shapes(expected) | image_side(size)
    names = {f"module.point_encoder.{name}": shape for name, shape in shapes.items()}
    used = used_names(names)
    assert set(used) == set(published_shapes(expected))
    assert architecture_of({name: names[stored] for name, stored in used.items()}, None) == expected


def test_given_heads_come_before_known_ones() -> None:
    shapes = published_shapes(architecture("small"))
    assert architecture_of(shapes, 12).heads == 12
