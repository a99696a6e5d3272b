"""AudioCaps: 975 test clips of ten seconds from YouTube, five captions each.

    DIR/test.csv     audiocap_id, youtube_id, start_time, caption: a row a caption

as in https://github.com/cdjkim/audiocaps/tree/master/dataset; it may lie in ``dataset/``, or in
``csv_files_v1/`` as https://aac-datasets.readthedocs.io puts it. Everybody cut the sounds
themselves, so they are looked up under the names that are met: ``<youtube_id>``, ``Y<youtube_id>``,
``<youtube_id>_<start>``, ``Y<youtube_id>_<start>``, ``<youtube_id>_<start>_<end>``,
``<audiocap_id>``, with any ending of a sound, else of a video; beside the table, in ``test/``,
``audio/``, ``audio/test/`` and the like. Clips that have gone from YouTube are missing in most
copies: 957 and fewer are published with results.
"""

from __future__ import annotations

from pathlib import Path

from pentad.core.modality import Modality
from pentad.evaluation.tasks.captions.captioned import (
    Clip,
    Clips,
    Published,
    caption_task,
    find_first,
    has_words,
    needed,
    safe_name,
)
from pentad.evaluation.tasks.converter import Converter
from pentad.evaluation.tasks.files import MediaFiles
from pentad.evaluation.tasks.table import TableRow, csv_rows
from pentad.evaluation.tasks.task import Task

COLUMNS = ("audiocap_id", "youtube_id", "start_time", "caption")
SECONDS = 10
_TABLES = ("test.csv", "dataset/test.csv", "csv_files_v1/test.csv", "audiocaps_test.csv")
_BASES = ("", "audio", "audios", "wav", "wavs", "waveforms", "audio_32000Hz", "clips")
_FOLDERS = tuple(f"{base}/{part}".strip("/") for base in _BASES for part in ("test", ""))
_LICENSE = (
    "captions for academic purposes only, say the authors; sounds their owners', from YouTube"
)
_PUBLISHED = Published(
    name="audiocaps",
    split="test",
    modality=Modality.AUDIO,
    clips=975,
    source="https://github.com/cdjkim/audiocaps",
    license=_LICENSE,
)


def detect(root: Path) -> bool:
    """Return whether the table is there, which its header tells."""
    return has_words(find_first(root, _TABLES), COLUMNS)


def read(root: Path) -> tuple[Task, ...]:
    """Return the task.

    Raises:
        InputError: The table is missing or broken, or no sound is there.
    """
    table = needed(root, _TABLES)
    clips = Clips(table)
    stems: dict[str, list[str]] = {}
    for row in csv_rows(table, COLUMNS):
        youtube, start = safe_name(row, "youtube_id"), _start(row)
        id_ = f"{youtube}_{start}"
        caption = safe_name(row, "audiocap_id")
        clips.clip(id_, unit=youtube, row=row.number).captions.append(
            (caption, row.text("caption"))
        )
        stems.setdefault(id_, _stems(youtube, start)).append(caption)
    files = MediaFiles(root, _FOLDERS)

    def find(clip: Clip) -> Path:
        return files.find_stem(stems[clip.id], Modality.AUDIO, Modality.VIDEO)

    return (caption_task(_PUBLISHED, clips, find, root=root),)


def _start(row: TableRow) -> int:
    text = row.text("start_time")
    if not text.isascii() or not text.isdigit():
        raise row.wrong("not a whole number of seconds", "start_time", repr(text))
    return int(text)


def _stems(youtube: str, start: int) -> list[str]:
    plain = [youtube, f"{youtube}_{start}", f"{youtube}_{start}_{start + SECONDS}"]
    return [*plain, *(f"Y{stem}" for stem in plain)]


CONVERTER = Converter(
    name="audiocaps",
    title="AudioCaps",
    modalities=(Modality.TEXT, Modality.AUDIO),
    detect=detect,
    read=read,
    needs="test.csv, and the sounds in test/, audio/ or beside it",
    license=_LICENSE,
)
