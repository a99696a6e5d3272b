"""Which source data set of E-MM1 is fetched how, and from where.

Where the files lie is taken from the publisher's own download guide: the repositories of VidGen-1M,
ImageNet, Flickr30k and OpenShape, the names of OpenShape's archives, and the address of COCO. None
of these was contacted when this list was made, so none is verified: repositories move, are cleared
up, or ask for an account, as ImageNet's does. That all clips of WavCaps are on YouTube is the
guide's word too; EShot, which is no source, stands here since its clips are. A file of your own may
say otherwise, see `pentad.sources.fetch.plans`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Method(StrEnum):
    """How the files of a source are had."""

    WEB = "web"
    YOUTUBE = "youtube"
    ZIP = "zip"
    TAR = "tar"
    PARQUET = "parquet"
    FOLDER = "folder"


@dataclass(frozen=True)
class SourcePlan:
    """How the files of one source are had.

    Attributes:
        name: The source data set.
        method: How.
        locations: Archives, tables or folders; see `pentad.sources.fetch.places.Places.find`.
        member: Name of an item's file in there, with ``{column}`` for columns of its row. Without a
            slash only the last part of a member's name counts, and ``.*`` stands for any ending.
        url: For ``web``: the address, with ``{column}``.
        name_column: For ``parquet``: where names are compared with ``member``.
        bytes_column: For ``parquet``: where the file's content is.
        kind: What the first bytes must be of, None to take anything.
    """

    name: str
    method: Method
    locations: tuple[str, ...] = ()
    member: str = "{file_id}.*"
    url: str = "{file_id}"
    name_column: str = "image.path"
    bytes_column: str = "image.bytes"
    kind: str | None = None


_OPENSHAPE = "hub://OpenShape/openshape-training-data"
_YOUTUBE = (
    "AudioCaps", "AudioSet", "VGGSound", "WavCaps", "InternVid", "VALOR", "VideoRefer", "EShot",
)  # fmt: skip


def _cloud(name: str, *paths: str) -> SourcePlan:
    places = tuple(f"{_OPENSHAPE}/{path}" for path in paths)
    return SourcePlan(name, Method.TAR, places, member="{file_id}.npy", kind="points")


_PLANS = (
    *(SourcePlan(name, Method.YOUTUBE, kind="video") for name in _YOUTUBE),
    SourcePlan("VidGen-1M", Method.ZIP, ("hub://Fudan-FUXI/VIDGEN-1M/*.zip",), kind="video"),
    SourcePlan(
        "COCO",
        Method.ZIP,
        # As published; the host offers no https under this name.
        ("http://images.cocodataset.org/zips/train2017.zip",),
        member="train2017/{file_id:012d}.jpg",
        kind="image",
    ),
    SourcePlan(
        "Flickr30k",
        Method.ZIP,
        ("hub://nlphuji/flickr30k/flickr30k-images.zip",),
        member="{file_id}.jpg",
        kind="image",
    ),
    SourcePlan(
        "ImageNet",
        Method.PARQUET,
        ("hub://ILSVRC/imagenet-1k/data/train-*.parquet",),
        kind="image",
    ),
    SourcePlan("Google Conceptual Captions", Method.WEB, kind="image"),
    _cloud("3D-FUTURE", "3D-FUTURE.tar.gz"),
    _cloud("ABO", "ABO.tar.gz"),
    _cloud("ShapeNet", "ShapeNet.tar.gz"),
    _cloud("Objaverse", "Objaverse/*.tar.gz"),
    _cloud("OpenShape", "3D-FUTURE.tar.gz", "ABO.tar.gz", "ShapeNet.tar.gz", "Objaverse/*.tar.gz"),
)

_ALIASES = {
    "gcc": "googleconceptualcaptions",
    "cc3m": "googleconceptualcaptions",
    "conceptualcaptions": "googleconceptualcaptions",
    "vidgen": "vidgen1m",
    "coco2017": "coco",
    "imagenet1k": "imagenet",
    "internvid10m": "internvid",
    "valor32k": "valor",
    "valor1m": "valor",
    "objaverselvis": "objaverse",
}


def source_key(name: str) -> str:
    """Return what names of a source are compared by: letters and digits, in lower case.

    Examples:
        >>> source_key("VidGen-1M") == source_key("vidgen_1m")
        True
    """
    key = re.sub(r"[\W_]+", "", name.casefold())
    return _ALIASES.get(key, key)


def default_plans() -> dict[str, SourcePlan]:
    """Return the plans of all source data sets that E-MM1 and EShot name, by `source_key`."""
    return {source_key(plan.name): plan for plan in _PLANS}


def plan_for(plans: Mapping[str, SourcePlan], source: str) -> SourcePlan | None:
    """Return the plan of a source, however its name is spelled, or None."""
    return plans.get(source_key(source))
