"""Uni3D: point clouds in the space of a CLIP model, from weights under their published names.

The folder holds ``config.json`` and ``model.safetensors``. The published weights come as a
``model.pt``, which Pentad does not open: unpickling can run code. Turn it into safetensors once, in
a shell of your own, where torch reads nothing but numbers from it::

    import torch
    from safetensors.torch import save_file

    found = torch.load("model.pt", map_location="cpu", weights_only=True)
    tensors = {name: tensor.clone() for name, tensor in found.get("module", found).items()}
    save_file(tensors, "uni3d-small/model.safetensors")

and write ``{"model_type": "uni3d"}`` to ``uni3d-small/config.json``. The tiny, small, base, large
and giant networks differ in the shapes of their tensors alone, and those say what they are. Keys of
``config.json``, all with the published values as defaults: ``points`` (10000), ``groups`` (512),
``group_size`` (64), ``heads`` (by the width), ``grey`` (0.4, of clouds without colours),
``skip_norm2`` (0.001) and ``normalize`` (``l2`` or ``none``).

Centers are farthest points, the first point of the cloud first. The published code takes no point
within a squared distance of 0.001 from the middle for a center, other than the first, and so does
this; set ``skip_norm2`` to 0 for farthest points without exception.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.families.network import Feed
from pentad.encoders.points.architecture import NORM_EPS, SIZED_BY, Architecture, architecture_of
from pentad.encoders.points.cloud import CloudSettings, prepared
from pentad.encoders.points.config import MOST_POINTS, Config
from pentad.encoders.points.grouping import Grouping, patches
from pentad.encoders.points.on_device import farthest_points, nearest_points
from pentad.encoders.points.patch_cache import PatchCache
from pentad.encoders.points.published import our_tensors, published_shapes, used_names
from pentad.encoders.points.tensors import TensorFile, placed
from pentad.encoders.points.uni3d_module import Uni3dModule
from pentad.media.types import DecodeOptions, Points

MODEL_TYPE = "uni3d"
_POINTS, _GROUPS, _GROUP_SIZE = 10_000, 512, 64
_SKIP_NORM2 = 0.001
_WAY_OUT = "; turn the published model.pt into safetensors, see the documentation of Uni3D"


class Uni3dNetwork:
    """A `Network` of point clouds. Made by `load_uni3d`.

    Attributes:
        cloud: How clouds are prepared.
        grouping: How they are cut into patches.
        patch_cache: Keeps which points form the patches of a cloud; None computes it every time.
        group_on_device: Whether patches are formed where the network runs, by torch, and not on the
            threads that prepare inputs. They are the same ones.
    """

    family = MODEL_TYPE
    version = 1
    modalities: tuple[Modality, ...] = (Modality.POINTS,)

    def __init__(
        self,
        module: Uni3dModule,
        architecture: Architecture,
        cloud: CloudSettings,
        grouping: Grouping,
        normalize: str,
    ) -> None:
        self.module: torch.nn.Module = module
        self.dim = architecture.dim
        self.normalize = normalize
        self.cloud = cloud
        self.grouping = grouping
        self.patch_cache: PatchCache | None = None
        self.group_on_device = False
        self.preprocessing: Mapping[str, object] = {
            **cloud.described(),
            "centers": "farthest points from the first, ties by order",
            "patches": "nearest points, ties by order",
            **vars(grouping),
            "heads": architecture.heads,
            "norm_eps": NORM_EPS,
        }

    def accepts(self, modality: Modality) -> type:
        """Return the type of one decoded input."""
        return Points

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file."""
        return DecodeOptions(points=self.cloud.points)

    def feeds(self, item: Any, modality: Modality) -> list[Feed]:
        """Return one row: ``patches`` (groups, size, 6) and ``centers`` (groups, 3).

        With `group_on_device` it is ``points`` (points, 6) instead.

        Raises:
            InputError: The cloud has no points, or infinite ones.
        """
        cloud = prepared(item, self.cloud)
        if self.group_on_device:
            return [{"points": np.concatenate([cloud.xyz, cloud.rgb], axis=1)}]
        if self.patch_cache is None:
            table = self.grouping.table(cloud.xyz)
        else:
            table = self.patch_cache.table(cloud.xyz, self.grouping)
        values, centers = patches(cloud.xyz, cloud.rgb, table)
        return [{"patches": values, "centers": centers}]

    def forward(self, batch: Mapping[str, torch.Tensor], modality: Modality) -> torch.Tensor:
        """Return (rows, dim), not normalised."""
        if "points" in batch:
            batch = self._grouped(batch["points"])
        vectors: torch.Tensor = self.module(batch["patches"], batch["centers"])
        return vectors

    def _grouped(self, points: torch.Tensor) -> Mapping[str, torch.Tensor]:
        """Do what `feeds` does without the threads, for a batch of whole clouds."""
        xyz, g = points[..., :3], self.grouping
        found = farthest_points(xyz, g.groups, skip_norm2=g.skip_norm2)
        members = nearest_points(xyz, found, g.size)
        rows = torch.arange(len(points), device=points.device)[:, None]
        centers = xyz[rows, found]
        values = points[rows[..., None], members]
        values[..., :3] -= centers[:, :, None]
        return {"patches": values, "centers": centers}


def load_uni3d(folder: Path) -> Uni3dNetwork:
    """Return the Uni3D network in a folder; see this module's text for what lies in it.

    Raises:
        InputError: A file is missing or damaged, a key of ``config.json`` is wrong or unknown, or
            the tensors are not those of such a network: all of them are accounted for.
    """
    config = Config(folder, MODEL_TYPE)
    cloud = config.cloud(_POINTS)
    grouping = _grouping(config, cloud.points)
    heads = config.whole("heads", None, 1024)
    normalize = config.normalize()
    config.finish()
    file = TensorFile(folder, way_out=_WAY_OUT)
    names = used_names(file.shapes)
    architecture = _architecture(file, names, heads, config)
    file.check(published_shapes(architecture), names)
    with torch.device("meta"):
        module = Uni3dModule(architecture)
    try:
        tensors = our_tensors(architecture, lambda name: file.read(names[name]))
    except ValueError as error:
        raise InputError(str(error), file=file.path) from None
    placed(module, tensors)
    return Uni3dNetwork(module, architecture, cloud, grouping, normalize)


def _grouping(config: Config, points: int) -> Grouping:
    groups = config.whole("groups", min(_GROUPS, points), MOST_POINTS) or 1
    size = config.whole("group_size", min(_GROUP_SIZE, points), MOST_POINTS) or 1
    for key, value in (("groups", groups), ("group_size", size)):
        if value > points:
            raise config.error(
                "more than there are points", key, expected=f"1..{points}", seen=value
            )
    return Grouping(groups, size, config.share("skip_norm2", _SKIP_NORM2))


def _architecture(
    file: TensorFile, names: Mapping[str, str], heads: int | None, config: Config
) -> Architecture:
    """Read sizes off the shapes; where a tensor that tells one is missing, say so as for others."""
    file.check({name: () for name in SIZED_BY if name not in names}, {})
    shapes = {name: file.shapes[stored] for name, stored in names.items()}
    try:
        return architecture_of(shapes, heads)
    except ValueError as error:
        raise InputError(f"{error}", file=config.file, column="heads") from None
