"""COCO captions by the split of Karpathy and Fei-Fei: 5,000 pictures for testing.

    DIR/dataset_coco.json      see `pentad.evaluation.tasks.captions.karpathy`
    DIR/val2014/COCO_val2014_000000391895.jpg

The pictures are those of https://cocodataset.org/#download, "2014 Val images"; the folder may also
lie in ``images/``.
"""

from __future__ import annotations

from pathlib import Path

from pentad.core.modality import Modality
from pentad.evaluation.tasks.captions.captioned import (
    Published,
    caption_task,
    find_first,
    needed,
)
from pentad.evaluation.tasks.captions.karpathy import FOLDERS, KarpathySplit
from pentad.evaluation.tasks.converter import Converter
from pentad.evaluation.tasks.files import MediaFiles
from pentad.evaluation.tasks.task import Task

TABLE = "dataset_coco.json"
_TABLES = tuple(f"{folder}/{TABLE}".lstrip("/") for folder in FOLDERS)
_LICENSE = (
    "captions CC BY 4.0 (COCO); pictures under the licences that their photographers chose on "
    "Flickr; the file of the split states none"
)
_PUBLISHED = Published(
    name="coco-karpathy",
    split="test",
    modality=Modality.IMAGE,
    clips=5000,
    source="https://cocodataset.org, split of https://cs.stanford.edu/people/karpathy/deepimagesent",
    license=_LICENSE,
    notes=(
        "all captions are used; some publications take the first five of each picture, and "
        "some average over five parts of 1,000 pictures",
    ),
)


def detect(root: Path) -> bool:
    """Return whether the table of the split is there."""
    return find_first(root, _TABLES) is not None


def read(root: Path) -> tuple[Task, ...]:
    """Return the task.

    Raises:
        InputError: The table is missing or broken, or no picture is there.
    """
    split = KarpathySplit(needed(root, _TABLES))
    files = MediaFiles(root, ("", "images"))
    return (caption_task(_PUBLISHED, split.clips, split.find(files.find), root=root),)


CONVERTER = Converter(
    name="coco-karpathy",
    title="COCO captions, split of Karpathy",
    modalities=(Modality.TEXT, Modality.IMAGE),
    detect=detect,
    read=read,
    needs=f"{TABLE}, val2014/",
    license=_LICENSE,
)
