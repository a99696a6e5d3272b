"""Clips of YouTube videos: what their files are called, and the tasks that they make.

Neither VGGSound nor AudioSet publishes files, so everybody's are named in their own way: by the
video alone, by the video and the second where the clip begins, with or without six digits, with its
end, in seconds or in milliseconds, with a ``Y`` before it all (so that no name begins with a dash).
All of these are looked for, in any folder. The name of the video alone is taken for the clip only
where the table has no other clip of that video.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.tasks.build import Description, Gathered, build_task
from pentad.evaluation.tasks.labels.labelled import (
    Benchmark,
    Listed,
    collected,
    count_notes,
    gathered,
    label_task,
)
from pentad.evaluation.tasks.labels.prompts import VIDEO
from pentad.evaluation.tasks.labels.stems import sound_files, video_files
from pentad.evaluation.tasks.task import Direction, Kind, Task
from pentad.media.formats import modality_of

_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,9})?")
_RETRIEVAL = ("hit@1", "hit@5", "hit@10", "medr")


class Clip(NamedTuple):
    """A part of a video.

    Attributes:
        video: Id of the video.
        start: Second where it begins.
        end: Second where it ends.
    """

    video: str
    start: float
    end: float


def checked_video(video: str, *, file: Path, row: int) -> str:
    """Return the id of a video.

    Raises:
        InputError: It has characters that no such id has.
    """
    if not _VIDEO_ID.fullmatch(video):
        raise InputError("not the id of a video", file=file, row=row, seen=repr(video[:80]))
    return video


def checked_second(text: str, *, file: Path, row: int) -> float:
    """Return a cell as seconds from 0.

    Raises:
        InputError: It is no such number.
    """
    if not _SECONDS.fullmatch(text):
        raise InputError("not a number of seconds", file=file, row=row, seen=repr(text[:80]))
    return float(text)


def clip_stems(clip: Clip, *, alone: bool) -> tuple[str, ...]:
    """Return what the file of a clip may be called, the most telling names first.

    Args:
        clip: The clip.
        alone: Whether it is the only clip of its video, so that the video's id may be its name.
    """
    ends = [*_times(clip), ""] if alone else _times(clip)
    bare = [f"{clip.video}{end}" for end in ends]
    return tuple(dict.fromkeys([*bare, *(f"Y{name}" for name in bare)]))


def _times(clip: Clip) -> list[str]:
    starts, ends = _spelled(clip.start), _spelled(clip.end)
    both = [f"_{starts[way]}_{ends[way]}" for way in starts if way in ends]
    return [*both, *(f"_{start}" for start in starts.values())]


def _spelled(second: float) -> dict[str, str]:
    """Return the ways to write a time; whole seconds have all of them."""
    ways = {"ms": f"{round(second * 1000)}", "fixed": f"{second:.3f}", "short": f"{second}"}
    if second == int(second):
        ways |= {"padded": f"{int(second):06d}", "whole": f"{int(second)}"}
    return ways


def clip_tasks(benchmark: Benchmark, listed: Sequence[Listed], *, root: Path) -> tuple[Task, ...]:
    """Return the tasks of a set of clips, as far as its files are there.

    Args:
        benchmark: That of the sounds; ``-video`` and ``-av`` are added to its name for the others.
        listed: The clips of its split.
        root: Folder of the data set.

    Returns:
        Classes of the sounds; and where there are videos, classes of the videos, and the search
        from video to sound and back.

    Raises:
        InputError: No file is there.
    """
    sounds, videos = sound_files(root), video_files(root)
    heard = gathered(listed, Modality.AUDIO, lambda item: sounds.find(item.names), root=root)
    notes = (*benchmark.notes, *_track_notes(heard), *sounds.notes(heard))
    spoken = replace(benchmark, notes=notes)
    tasks = [label_task(spoken, listed, heard, root=root)]
    seen = collected(listed, Modality.VIDEO, lambda item: videos.find(item.names))
    if len(seen):
        shown = replace(benchmark, name=f"{benchmark.name}-video", modality=Modality.VIDEO,
                        templates=VIDEO)  # fmt: skip
        tasks.append(label_task(shown, listed, seen, root=root))
        tasks += _both(spoken, listed, seen, heard, root=root)
    return tuple(tasks)


def _both(
    benchmark: Benchmark, listed: Sequence[Listed], seen: Gathered, heard: Gathered, *, root: Path
) -> list[Task]:
    """Return the search between video and sound of the clips that have both, if there are any."""
    sides = [Gathered(Modality.VIDEO), Gathered(Modality.AUDIO)]
    units = {item.id: item.unit for item in listed}
    for side, found in zip(sides, (seen, heard), strict=True):
        entries = found.entries()
        for id_, file in zip(entries.ids, entries.files or (), strict=True):
            if id_ in seen and id_ in heard:
                side.add(id_, file, unit=units[id_])
    if not len(sides[0]):
        return []
    for item in listed:
        if item.id not in sides[0]:
            sides[0].leave_out(item.id, "its video or its sound is not there")
    plain = replace(benchmark, classes={})
    description = Description(
        name=f"{benchmark.name}-av",
        kind=Kind.retrieval,
        split=benchmark.split,
        directions=(Direction.forward, Direction.reverse),
        metrics=(_RETRIEVAL, _RETRIEVAL),
        source=benchmark.source,
        license=benchmark.license,
        notes=(*benchmark.notes, *count_notes(plain, listed, sides[0])),
    )
    pairs = [(id_, id_) for id_ in sides[0].entries().ids]
    return [build_task(description, sides[0], sides[1], pairs, root=root)]


def _track_notes(heard: Gathered) -> tuple[str, ...]:
    files = heard.entries().files or ()
    tracks = sum(modality_of(file) is Modality.VIDEO for file in files)
    return (f"sound tracks of video files: {tracks:,}",) if tracks else ()
