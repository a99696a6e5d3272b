"""MSVD: 670 test clips from YouTube with about forty captions each.

    DIR/test_list.txt                      mv89psg6zh4_33_46, a clip a line
    DIR/AllVideoDescriptions.txt           mv89psg6zh4_33_46 A bird is bathing in a sink.
       or DIR/MSR Video Description Corpus.csv   VideoID, Start, End, ..., Language, Description
       or DIR/video_corpus.csv             the same
    DIR/YouTubeClips/mv89psg6zh4_33_46.avi

The list is that of https://github.com/albanie/collaborative-experts/tree/master/misc/datasets/msvd;
clips and captions are at https://www.cs.utexas.edu/users/ml/clamp/videoDescription/. In the text
file lines that begin with ``#`` are remarks; of the table the rows in English are taken. A pickled
file of captions, ``raw-captions.pkl``, is never read: unpickling runs what is in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pentad.core.errors import InputError
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
from pentad.evaluation.tasks.table import csv_rows, text_lines
from pentad.evaluation.tasks.task import Task

LIST, TEXT = "test_list.txt", "AllVideoDescriptions.txt"
TABLES = ("MSR Video Description Corpus.csv", "video_corpus.csv")
PICKLED = "raw-captions.pkl"
COLUMNS = ("VideoID", "Start", "End", "Language", "Description")
_BASES = ("", "msvd_data/")
_FOLDERS = ("YouTubeClips", "MSVD_Videos", "videos", "video", "")
_LICENSE = "no licence is known; the clips are their owners', from YouTube"
_PUBLISHED = Published(
    name="msvd",
    split="test",
    modality=Modality.VIDEO,
    clips=670,
    source="https://www.cs.utexas.edu/users/ml/clamp/videoDescription/",
    license=_LICENSE,
)


def detect(root: Path) -> bool:
    """Return whether the list and the captions are there."""
    captions = find_first(root, _in_bases(TEXT, *TABLES, PICKLED))
    return captions is not None and find_first(root, _in_bases(LIST)) is not None


def read(root: Path) -> tuple[Task, ...]:
    """Return the task.

    Raises:
        InputError: The list or the captions are missing or broken, or no clip is there.
    """
    listed = needed(root, _in_bases(LIST))
    clips = Clips(listed)
    for number, line in text_lines(listed):
        name = line.strip()
        if "/" in name or "\\" in name:
            raise InputError("a name with slashes leads elsewhere", file=listed, row=number,
                             seen=repr(name))  # fmt: skip
        clips.clip(name, unit=_video(name), row=number)
    table = _captions_file(root)
    notes = _add_captions(clips, table)
    files = MediaFiles(root, _FOLDERS)
    task = caption_task(
        _PUBLISHED,
        clips,
        lambda clip: files.find_stem([clip.id], Modality.VIDEO),
        root=root,
        notes=notes,
    )
    return (task,)


def _captions_file(root: Path) -> Path:
    if find_first(root, _in_bases(TEXT, *TABLES)) is None and find_first(root, _in_bases(PICKLED)):
        raise InputError(f"pickled captions are not read; put {TEXT} or {TABLES[1]} beside them",
                         file=root / PICKLED)  # fmt: skip
    return needed(root, _in_bases(TEXT, *TABLES))


def _add_captions(clips: Clips, table: Path) -> list[str]:
    wanted = {clip.id: clip for clip in clips}
    for name, text in _text_captions(table) if table.name == TEXT else _table_captions(table):
        clip = wanted.get(name)
        if clip is not None:
            clip.captions.append((f"{name}#{len(clip.captions)}", text))
    bare = sum(not clip.captions for clip in clips)
    notes = (
        [f"{bare:,} clips have no caption in {table.name}; they are found by none"] if bare else []
    )
    if table.name != TEXT:
        notes.append(f"captions are those in English of {table.name}; {TEXT} has other numbers")
    return notes


def _text_captions(table: Path) -> Iterator[tuple[str, str]]:
    for number, line in text_lines(table):
        if line.startswith("#"):
            continue
        name, _, text = line.strip().partition(" ")
        if not text.strip():
            raise InputError("not a clip and its caption", file=table, row=number,
                             seen=repr(line[:60]))  # fmt: skip
        yield name, text.strip()


def _table_captions(table: Path) -> Iterator[tuple[str, str]]:
    """Yield the captions in English; some rows of the published table have none."""
    for row in csv_rows(table, COLUMNS):
        text = row.optional_text("Description")
        if row.optional_text("Language") == "English" and text is not None:
            parts = (safe_name(row, column) for column in ("VideoID", "Start", "End"))
            yield "_".join(parts), text


def _video(name: str) -> str:
    """Return the video that a clip was cut from: several clips of one are resampled together."""
    return name.rsplit("_", 2)[0]


def _in_bases(*names: str) -> list[str]:
    return [f"{base}{name}" for name in names for base in _BASES]


CONVERTER = Converter(
    name="msvd",
    title="MSVD",
    modalities=(Modality.TEXT, Modality.VIDEO),
    detect=detect,
    read=read,
    needs=f"{LIST}, {TEXT} or {TABLES[1]}, YouTubeClips/",
    license=_LICENSE,
)
