"""Clotho v2: 1,045 sounds for evaluation, of 15 to 30 seconds, five captions each.

    DIR/clotho_captions_evaluation.csv    file_name, caption_1, ..., caption_5
    DIR/evaluation/Santa Motor.wav

as https://zenodo.org/records/4783391 gives them; the archive of sounds unpacks to ``evaluation/``.
The layout of https://aac-datasets.readthedocs.io is read too: ``clotho_csv_files/`` and
``clotho_audio_files/evaluation/``. Ids are the names of the files with ``_`` for blanks.
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

TABLE = "clotho_captions_evaluation.csv"
CAPTIONS = tuple(f"caption_{number}" for number in range(1, 6))
_TABLES = (TABLE, f"clotho_csv_files/{TABLE}")
_FOLDERS = (
    "evaluation", "clotho_audio_evaluation", "clotho_audio_files/evaluation", "audio/evaluation",
    "clotho_audio_evaluation/evaluation",
)  # fmt: skip
_LICENSE = (
    "sounds each under the licence of Freesound that the metadata names; captions under that of "
    "Tampere University, non-commercial with attribution"
)
_PUBLISHED = Published(
    name="clotho",
    split="evaluation",
    modality=Modality.AUDIO,
    clips=1045,
    source="https://zenodo.org/records/4783391",
    license=_LICENSE,
)


def detect(root: Path) -> bool:
    """Return whether the table of captions is there."""
    return find_first(root, _TABLES) is not None


def read(root: Path) -> tuple[Task, ...]:
    """Return the task.

    Raises:
        InputError: The table is missing or broken, or no sound is there.
    """
    table = needed(root, _TABLES)
    clips = Clips(table)
    for row in csv_rows(table, ("file_name", *CAPTIONS)):
        name = safe_name(row, "file_name")
        clip = clips.clip(name, row=row.number)
        if clip.captions:
            raise row.wrong("this file is there already", "file_name", repr(name))
        texts = enumerate((row.text(column) for column in CAPTIONS), start=1)
        clip.captions.extend((f"{name}#{number}", text) for number, text in texts)
    files = MediaFiles(root, _FOLDERS)
    return (caption_task(_PUBLISHED, clips, lambda clip: files.find(clip.id), root=root),)


CONVERTER = Converter(
    name="clotho",
    title="Clotho v2",
    modalities=(Modality.TEXT, Modality.AUDIO),
    detect=detect,
    read=read,
    needs=f"{TABLE}, evaluation/",
    license=_LICENSE,
)
