"""A small PointNet from a folder: for tests, laptops, and weights of your own.

The folder holds ``config.json`` with ``{"model_type": "pointnet"}`` and a ``model.safetensors``
with ``points.0.weight``, ``points.0.bias`` and so on for the layers that every point goes through,
six numbers (place and colour) into the first, and ``head.0.weight`` and so on for those after the
maximum. Their shapes say how large it is. Further keys of ``config.json``: ``points`` (2048),
``grey`` (0.4, of clouds without colours) and ``normalize`` (``l2`` or ``none``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.families.folder import CONFIG
from pentad.encoders.families.network import Feed
from pentad.encoders.points.architecture import POINT_VALUES
from pentad.encoders.points.cloud import CloudSettings, prepared
from pentad.encoders.points.config import Config
from pentad.encoders.points.pointnet_module import PointNet
from pentad.encoders.points.tensors import WEIGHTS, Shape, TensorFile, placed
from pentad.media.types import DecodeOptions, Points

MODEL_TYPE = "pointnet"
WIDTHS = (POINT_VALUES, 64, 128, 256, 1024)
"""Widths of an untrained PointNet up to the maximum; about a million numbers with its head."""
_HEAD = 512
_POINTS = 2048
_MOST_LAYERS = 32


class PointNetNetwork:
    """A `Network` of point clouds. Made by `load_pointnet`.

    Attributes:
        cloud: How clouds are prepared.
    """

    family = MODEL_TYPE
    version = 1
    modalities: tuple[Modality, ...] = (Modality.POINTS,)

    def __init__(self, module: PointNet, dim: int, cloud: CloudSettings, normalize: str) -> None:
        self.module: torch.nn.Module = module
        self.dim = dim
        self.normalize = normalize
        self.cloud = cloud
        self.preprocessing: Mapping[str, object] = cloud.described()

    def accepts(self, modality: Modality) -> type:
        """Return the type of one decoded input."""
        return Points

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file."""
        return DecodeOptions(points=self.cloud.points)

    def feeds(self, item: Any, modality: Modality) -> list[Feed]:
        """Return one row: ``points`` (points, 6).

        Raises:
            InputError: The cloud has no points, or infinite ones.
        """
        cloud = prepared(item, self.cloud)
        return [{"points": np.concatenate([cloud.xyz, cloud.rgb], axis=1)}]

    def forward(self, batch: Mapping[str, torch.Tensor], modality: Modality) -> torch.Tensor:
        """Return (rows, dim), not normalised."""
        vectors: torch.Tensor = self.module(batch["points"])
        return vectors


def load_pointnet(folder: Path) -> PointNetNetwork:
    """Return the PointNet in a folder; see this module's text for what lies in it.

    Raises:
        InputError: A file is missing or damaged, a key of ``config.json`` is wrong or unknown, or
            the tensors are not those of a PointNet.
    """
    config = Config(folder, MODEL_TYPE)
    cloud, normalize = config.cloud(_POINTS), config.normalize()
    config.finish()
    file = TensorFile(folder)
    points = _widths(file, "points", POINT_VALUES)
    head = _widths(file, "head", points[-1])
    file.check(
        {**_shapes("points", points), **_shapes("head", head)}, {name: name for name in file.shapes}
    )
    with torch.device("meta"):
        module = PointNet(points, head)
    placed(module, {name: file.read(name) for name in file.shapes})
    return PointNetNetwork(module, head[-1], cloud, normalize)


def untrained_pointnet(folder: Path, *, dim: int = 256, seed: int = 0) -> None:
    """Write a PointNet of random numbers, about a million of them, to a folder.

    Its vectors tell clouds apart by their form, but have learned nothing.

    Args:
        folder: Made if need be; what it holds under the same names is replaced.
        dim: Length of a vector.
        seed: The same seed gives the same numbers.
    """
    from safetensors.torch import save_file

    random = torch.Generator().manual_seed(seed)
    tensors = {}
    head = [WIDTHS[-1], _HEAD, dim]
    for name, shape in {**_shapes("points", list(WIDTHS)), **_shapes("head", head)}.items():
        scale = (2 / shape[-1]) ** 0.5 if len(shape) == 2 else 0.1
        tensors[name] = torch.randn(shape, generator=random) * scale
    config = json.dumps({"model_type": MODEL_TYPE}) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    _replaced(folder / WEIGHTS, lambda coming: save_file(tensors, coming))
    _replaced(folder / CONFIG, lambda coming: coming.write_text(config, encoding="utf-8"))


def _replaced(path: Path, write: Callable[[Path], object]) -> None:
    coming = path.with_name(f".{path.name}.next")
    try:
        write(coming)
        coming.replace(path)
    finally:
        coming.unlink(missing_ok=True)


def _widths(file: TensorFile, part: str, into: int) -> list[int]:
    """Return the widths of layers, as their shapes tell them, that of what goes in first."""
    out = [into]
    while len(out) <= _MOST_LAYERS:
        shape = file.shapes.get(f"{part}.{len(out) - 1}.weight")
        if shape is None:
            break
        out.append((*shape, 0)[0])
    if len(out) == 1 or not all(out):
        raise InputError(
            f"has no layers {part!r}, or empty ones", file=file.path, expected=f"{part}.0.weight"
        )
    return out


def _shapes(part: str, widths: list[int]) -> dict[str, Shape]:
    out: dict[str, Shape] = {}
    for number, (before, after) in enumerate(pairwise(widths)):
        out |= {f"{part}.{number}.weight": (after, before), f"{part}.{number}.bias": (after,)}
    return out
