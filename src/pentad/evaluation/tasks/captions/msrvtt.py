"""MSR-VTT by the split 1k-A of JSFusion: 1,000 clips with one caption each.

    DIR/MSRVTT_JSFUSION_test.csv    key, vid_key, video_id, sentence
    DIR/MSRVTT_Videos/video7020.mp4

The table is in ``msrvtt_data.zip`` of https://github.com/ArrowLuo/CLIP4Clip/releases; the split is
told at https://github.com/albanie/collaborative-experts/tree/master/misc/datasets/msrvtt. The clips
may lie in ``MSRVTT_Videos/``, ``videos/``, ``videos/all/``, ``TestVideo/``, ``TrainValVideo/`` or
beside the table.
"""

from __future__ import annotations

from pathlib import Path

from pentad.core.modality import Modality
from pentad.evaluation.tasks.captions.captioned import (
    Clips,
    Published,
    caption_task,
    find_first,
    needed,
    safe_name,
)
from pentad.evaluation.tasks.converter import Converter
from pentad.evaluation.tasks.files import MediaFiles
from pentad.evaluation.tasks.table import csv_rows
from pentad.evaluation.tasks.task import Task

TABLE = "MSRVTT_JSFUSION_test.csv"
COLUMNS = ("key", "video_id", "sentence")
_TABLES = tuple(f"{base}{TABLE}" for base in ("", "msrvtt_data/", "annotation/"))
_FOLDERS = (
    "MSRVTT_Videos", "videos", "videos/all", "TestVideo", "TrainValVideo",
    "test_1k_compress", "video", "",
)  # fmt: skip
_LICENSE = "no licence is known; the clips are their owners', from YouTube"
_PUBLISHED = Published(
    name="msrvtt-1ka",
    split="1k-A",
    modality=Modality.VIDEO,
    clips=1000,
    source="https://github.com/ArrowLuo/CLIP4Clip, split of JSFusion",
    license=_LICENSE,
    notes=("captions that several clips share count for their own clip only",),
)


def detect(root: Path) -> bool:
    """Return whether the table of the split is there."""
    return find_first(root, _TABLES) is not None


def read(root: Path) -> tuple[Task, ...]:
    """Return the task.

    Raises:
        InputError: The table is missing or broken, or no clip is there.
    """
    table = needed(root, _TABLES)
    clips = Clips(table)
    for row in csv_rows(table, COLUMNS):
        clip = clips.clip(safe_name(row, "video_id"), row=row.number)
        clip.captions.append((row.text("key"), row.text("sentence")))
    files = MediaFiles(root, _FOLDERS)
    task = caption_task(
        _PUBLISHED, clips, lambda clip: files.find_stem([clip.id], Modality.VIDEO), root=root
    )
    return (task,)


CONVERTER = Converter(
    name="msrvtt-1ka",
    title="MSR-VTT, split 1k-A",
    modalities=(Modality.TEXT, Modality.VIDEO),
    detect=detect,
    read=read,
    needs=f"{TABLE}, MSRVTT_Videos/",
    license=_LICENSE,
)
