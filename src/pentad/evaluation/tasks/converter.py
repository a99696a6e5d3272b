"""`Converter`: what turns a benchmark as it is published, in its own layout, into tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pentad.core.modality import Modality
from pentad.evaluation.tasks.task import Task


@dataclass(frozen=True)
class Converter:
    """One benchmark.

    Attributes:
        name: What it is asked for by, such as ``clotho``.
        title: Its name for people, such as ``Clotho v2``.
        modalities: Of its queries, then of its items.
        detect: Tells from names, and at most a header, whether it lies in a folder; never raises.
        read: Makes the tasks of a folder; `InputError` where its tables are missing or broken.
        needs: Which files the folder has to hold, in one line.
        license: Under which the data set is published, as far as it is known.
    """

    name: str
    title: str
    modalities: tuple[Modality, Modality]
    detect: Callable[[Path], bool]
    read: Callable[[Path], Sequence[Task]]
    needs: str
    license: str = ""
