"""AudioSet: clips of ten seconds from YouTube, with several of 527 classes each: its eval part.

    DIR/eval_segments.csv          YTID, start_seconds, end_seconds, positive_labels
    DIR/class_labels_indices.csv   index, mid, display_name
    any folder                     <id>.wav, Y<id>.wav, <id>_<start>.flac, <id>_30000_40000.mp4 ...

Described at https://research.google.com/audioset/download.html and in Gemmeke et al., "Audio Set:
An ontology and human-labeled dataset for audio events" (ICASSP 2017). The segments begin with lines
of comments, the last of which names the columns; the labels are codes such as ``/m/0k4j``, in
quotes, with commas between them. A clip's id here is ``<YTID>_<start in ms>``, as in the data set's
own strong labels. For the names of files see `pentad.evaluation.tasks.labels.youtube`.

Two classes of the same display name would be told apart by their code.

Licence, from the same page: CC BY 4.0, the ontology CC BY-SA 4.0; the videos stay their owners'.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.tasks.converter import Converter
from pentad.evaluation.tasks.labels.labelled import Benchmark, Listed, joined
from pentad.evaluation.tasks.labels.prompts import SOUND, readable
from pentad.evaluation.tasks.labels.tables import first_file, has_file, read_cells, whole_number
from pentad.evaluation.tasks.labels.youtube import (
    Clip,
    checked_second,
    checked_video,
    clip_stems,
    clip_tasks,
)
from pentad.evaluation.tasks.table import csv_rows
from pentad.evaluation.tasks.task import Task

_FOLDERS = ("", "metadata/", "csv/")
_SEGMENTS = tuple(f"{folder}eval_segments.csv" for folder in _FOLDERS)
_CLASSES = tuple(f"{folder}class_labels_indices.csv" for folder in _FOLDERS)
_LICENSE = "CC BY 4.0, its ontology CC BY-SA 4.0; the videos are their owners'"


def is_audioset(folder: Path) -> bool:
    """Return whether a folder has AudioSet's evaluation segments."""
    return has_file(folder, *_SEGMENTS)


def read_audioset(root: Path) -> tuple[Task, ...]:
    """Return the tasks of the evaluation part: sounds, and where they are there, videos and both.

    Raises:
        InputError: A table is missing or broken, a label is not among the classes, or no clip is
            there.
    """
    table, classes = first_file(root, _SEGMENTS), first_file(root, _CLASSES)
    names = _names(classes)
    rows = [_segment(table, number, cells, names) for number, cells in
            read_cells(table, width=4, comment="#")]  # fmt: skip
    videos = Counter(video for video, _, _ in {clip for _, clip, _ in rows})
    listed, notes = joined(
        [(number, _listed(clip, labels, alone=videos[clip.video] == 1))
         for number, clip, labels in rows],
        table,
    )  # fmt: skip
    benchmark = Benchmark(
        name="audioset",
        split="eval",
        modality=Modality.AUDIO,
        classes=dict(names.values()),
        templates=SOUND,
        several=True,
        source="https://research.google.com/audioset/",
        license=_LICENSE,
        notes=notes,
    )
    return clip_tasks(benchmark, listed, root=root)


def _names(path: Path) -> dict[str, tuple[str, str]]:
    """Return code -> id and readable name of each class, in the order of their index."""
    rows = [(whole_number(row.text("index"), file=path, row=row.number, column="index"), row)
            for row in csv_rows(path, ("index", "mid", "display_name"))]  # fmt: skip
    times = Counter(row.text("display_name") for _, row in rows)
    found: dict[str, tuple[str, str]] = {}
    seen: set[int] = set()
    for index, row in sorted(rows, key=lambda pair: pair[0]):
        code, name = row.text("mid"), row.text("display_name")
        if code in found or index in seen:
            raise row.wrong("an index or a code is there twice", "mid", repr(code))
        seen.add(index)
        found[code] = (name if times[name] == 1 else f"{name} ({code})", readable(name))
    if not found:
        raise InputError("the table has no rows", file=path)
    return found


def _segment(
    table: Path, number: int, cells: list[str], names: Mapping[str, tuple[str, str]]
) -> tuple[int, Clip, tuple[str, ...]]:
    video = checked_video(cells[0], file=table, row=number)
    start, end = (checked_second(cell, file=table, row=number) for cell in cells[1:3])
    if end <= start:
        raise InputError("the segment ends before it begins", file=table, row=number)
    codes = [code.strip() for code in cells[3].split(",")]
    unknown = next((code for code in codes if code not in names), None)
    if unknown is not None:
        raise InputError("not among the codes of class_labels_indices.csv", file=table, row=number,
                         column="positive_labels", seen=repr(unknown[:80]))  # fmt: skip
    return number, Clip(video, start, end), tuple(names[code][0] for code in codes)


def _listed(clip: Clip, labels: tuple[str, ...], *, alone: bool) -> Listed:
    id_ = f"{clip.video}_{round(clip.start * 1000)}"
    return Listed(id_, labels, clip_stems(clip, alone=alone), clip.video)


CONVERTER = Converter(
    name="audioset",
    title="AudioSet",
    modalities=(Modality.TEXT, Modality.AUDIO),
    detect=is_audioset,
    read=read_audioset,
    needs="eval_segments.csv, class_labels_indices.csv and, in any folder, files such as <id>.wav",
    license=_LICENSE,
)
