"""VGGSound: clips of ten seconds from YouTube, each with one of 309 kinds of sound; the test part.

    DIR/vggsound.csv         no header; id of the video, second of the start, label, train or test
    any folder               <id>_<start, six digits>.mp4, .wav ..., or other names

Described in the README of https://github.com/hche11/VGGSound and in Chen et al., "VGGSound: A
Large-scale Audio-Visual Dataset" (arXiv 2004.14368); the table is also at
https://www.robots.ox.ac.uk/~vgg/data/vggsound/. Names with six digits are those of that
repository's ``data/test.csv``; for the others see `pentad.evaluation.tasks.labels.youtube`.

There are two editions of the table. That of the paper has 15,446 test clips. The repository's has
some hundred rows more, in which clips stand in both parts or twice, as issue 19 there says. A clip
that is listed twice is one clip here, with the labels of all its test rows, and the notes say so.

Licence, from LICENCE.txt in an early state of that repository: CC BY 4.0. The videos are not part
of it and stay their owners'.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.tasks.converter import Converter
from pentad.evaluation.tasks.labels.labelled import Benchmark, Listed, joined
from pentad.evaluation.tasks.labels.prompts import SOUND, readable
from pentad.evaluation.tasks.labels.tables import first_file, has_file, read_cells
from pentad.evaluation.tasks.labels.youtube import (
    Clip,
    checked_second,
    checked_video,
    clip_stems,
    clip_tasks,
)
from pentad.evaluation.tasks.task import Task

_TABLES = ("vggsound.csv", "data/vggsound.csv", "metadata/vggsound.csv")
_SECONDS = 10
_SPLITS = ("train", "test")
_LICENSE = "CC BY 4.0; the videos are their owners'"


def is_vggsound(folder: Path) -> bool:
    """Return whether a folder has VGGSound's table."""
    return has_file(folder, *_TABLES)


def read_vggsound(root: Path) -> tuple[Task, ...]:
    """Return the tasks of the test part: sounds, and where they are there, videos and both.

    Raises:
        InputError: The table is missing or broken, or no clip is there.
    """
    table = first_file(root, _TABLES)
    rows = list(_rows(table))
    clips = {(row[1].video, row[1].start) for row in rows}
    videos = Counter(video for video, _ in clips)
    tests = [(number, _listed(clip, label, alone=videos[clip.video] == 1))
             for number, clip, label, split in rows if split == "test"]  # fmt: skip
    listed, notes = joined(tests, table)
    labels = sorted({label for _, _, label, _ in rows})
    benchmark = Benchmark(
        name="vggsound",
        split="test",
        modality=Modality.AUDIO,
        classes={label: readable(label) for label in labels},
        templates=SOUND,
        source="https://www.robots.ox.ac.uk/~vgg/data/vggsound/",
        license=_LICENSE,
        notes=notes,
    )
    return clip_tasks(benchmark, listed, root=root)


def _rows(table: Path) -> list[tuple[int, Clip, str, str]]:
    rows = []
    for number, (video, second, label, split) in read_cells(table, width=4):
        if number == 1 and split not in _SPLITS and not second.replace(".", "").isdigit():
            continue  # a header, which some copies have
        start = checked_second(second, file=table, row=number)
        if not label or split not in _SPLITS:
            what = "the label is blank" if not label else "neither train nor test"
            raise InputError(what, file=table, row=number, seen=repr(label and split))
        clip = Clip(checked_video(video, file=table, row=number), start, start + _SECONDS)
        rows.append((number, clip, label, split))
    return rows


def _listed(clip: Clip, label: str, *, alone: bool) -> Listed:
    whole = clip.start == int(clip.start)
    start = f"{int(clip.start):06d}" if whole else f"{clip.start}"
    return Listed(f"{clip.video}_{start}", (label,), clip_stems(clip, alone=alone), clip.video)


CONVERTER = Converter(
    name="vggsound",
    title="VGGSound",
    modalities=(Modality.TEXT, Modality.AUDIO),
    detect=is_vggsound,
    read=read_vggsound,
    needs="vggsound.csv and, in any folder, files such as <id>_<start, six digits>.mp4 or .wav",
    license=_LICENSE,
)
