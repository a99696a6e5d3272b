"""Small jobs and clips, and what the handlers make of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from pentad.sources.fetch.errors import FetchError
from pentad.sources.fetch.jobs import Batch, Got, Job, Lot, Outcome, Task

JPEG = b"\xff\xd8\xff\xe0"


def picture(name: object, size: int = 300) -> bytes:
    """Something that begins like a picture and is different for each name."""
    return JPEG + f"{name};".encode() * (size // 4)


def job(number: int, source: str = "COCO", modality: str = "image", **fields: str) -> Job:
    name = fields.pop("file_name", f"{number}.jpg")
    target = Path(fields.pop("target", f"shared/{modality}/{name}"))
    return Job("1m", modality, number, source, name, target, fields)


def task(root: Path, *jobs: Job) -> Task:
    return Task(root / jobs[0].target, jobs)


class Outcomes:
    """What became of each item."""

    def __init__(self) -> None:
        self.of: dict[int, Outcome] = {}

    def __call__(self, task: Task, outcome: Outcome) -> None:
        for each in task.jobs:
            assert each.id not in self.of, "reported twice"
            self.of[each.id] = outcome

    def reasons(self) -> dict[int, str]:
        return {
            number: "got" if isinstance(outcome, Got) else outcome.reason.value
            for number, outcome in sorted(self.of.items())
        }

    def error(self, number: int) -> FetchError:
        outcome = self.of[number]
        assert isinstance(outcome, FetchError)
        return outcome


def run_batch(batch: Batch) -> Outcomes:
    """Do all of a batch's work in this thread."""
    outcomes = Outcomes()
    waiting: list[Iterator[Lot]] = [batch.lots()]
    while waiting:
        for lot in waiting.pop():
            waiting.append(iter(list(lot(outcomes))))
    batch.close(outcomes)
    return outcomes


def files(root: Path) -> dict[str, bytes]:
    """Every file beneath a folder, hidden ones too."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def write_clip(path: Path, seconds: float, *, video: bool = True, audio: bool = True) -> Path:
    """A tiny MPEG-4 clip with a tone."""
    with av.open(str(path), "w", format="mp4") as container:
        if video:
            stream = container.add_stream("mpeg4", rate=8)
            stream.width = stream.height = 16
            stream.pix_fmt = "yuv420p"
        if audio:
            sound = container.add_stream("aac", rate=8000, layout="mono")
        for i in range(round(seconds * 8) if video else 0):
            pixels = np.full((16, 16, 3), i * 7 % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        if video:
            container.mux(stream.encode(None))
        if audio:
            _write_tone(container, sound, seconds)
    return path


def _write_tone(container: av.container.OutputContainer, stream: object, seconds: float) -> None:
    wave = np.sin(np.arange(int(seconds * 8000)) / 5).astype(np.float32)
    for start in range(0, len(wave), 1024):
        part = wave[None, start : start + 1024]
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 8000, start
        container.mux(stream.encode(frame))  # type: ignore[attr-defined]
    container.mux(stream.encode(None))  # type: ignore[attr-defined]
