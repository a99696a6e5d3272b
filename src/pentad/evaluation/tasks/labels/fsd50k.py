"""FSD50K: sound events of Freesound, several classes a clip; the part for evaluation.

    DIR/FSD50K.ground_truth/eval.csv         fname, labels, mids
    DIR/FSD50K.ground_truth/vocabulary.csv   no header; index, label, mid
    DIR/FSD50K.eval_audio/37199.wav

Described at https://zenodo.org/record/4060432 and in Fonseca et al., "FSD50K: an Open Dataset of
Human-Labeled Sound Events" (arXiv 2010.00475). Labels stand in quotes with commas between them, and
lead up the hierarchy: a clip of ``Electric_guitar`` is one of ``Guitar`` too. All of them count.

Licences, from the same page: the data set as a whole CC BY 4.0; each clip has a Creative Commons
licence of its own, some for non-commercial use only, which the clip info of the data set tells.
"""

from __future__ import annotations

from pathlib import Path

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.tasks.converter import Converter
from pentad.evaluation.tasks.files import MediaFiles
from pentad.evaluation.tasks.labels.labelled import (
    Benchmark,
    Listed,
    gathered,
    joined,
    label_task,
)
from pentad.evaluation.tasks.labels.prompts import SOUND, readable
from pentad.evaluation.tasks.labels.tables import has_file, read_cells, whole_number
from pentad.evaluation.tasks.table import TableRow, csv_rows
from pentad.evaluation.tasks.task import Task

_TABLE = "FSD50K.ground_truth/eval.csv"
_VOCABULARY = "FSD50K.ground_truth/vocabulary.csv"
_AUDIO = "FSD50K.eval_audio"
_LICENSE = "CC BY 4.0; each clip a Creative Commons licence of its own"


def is_fsd50k(folder: Path) -> bool:
    """Return whether a folder is laid out as FSD50K is."""
    return has_file(folder, _TABLE, _VOCABULARY)


def read_fsd50k(root: Path) -> tuple[Task, ...]:
    """Return the task of the part for evaluation.

    Raises:
        InputError: A table is missing or broken, a label is not in the vocabulary, or no clip is
            there.
    """
    classes = {label: readable(label) for label in _vocabulary(root / _VOCABULARY)}
    table = root / _TABLE
    rows = [(row.number, _listed(row, classes)) for row in csv_rows(table, ("fname", "labels"))]
    listed, notes = joined(rows, table)
    files = MediaFiles(root, (_AUDIO,))
    items = gathered(listed, Modality.AUDIO, lambda item: files.find(*item.names), root=root)
    benchmark = Benchmark(
        name="fsd50k",
        split="eval",
        modality=Modality.AUDIO,
        classes=classes,
        templates=SOUND,
        several=True,
        source="https://zenodo.org/record/4060432",
        license=_LICENSE,
        notes=notes,
    )
    return (label_task(benchmark, listed, items, root=root),)


def _vocabulary(path: Path) -> list[str]:
    """Return the labels in the order of their index."""
    found: dict[int, str] = {}
    for row, cells in read_cells(path, width=3):
        index = whole_number(cells[0], file=path, row=row, column="index")
        if not cells[1] or index in found or cells[1] in found.values():
            raise InputError("an index or a label is blank or there twice", file=path, row=row)
        found[index] = cells[1]
    return [found[index] for index in sorted(found)]


def _listed(row: TableRow, classes: dict[str, str]) -> Listed:
    name = row.text("fname")
    labels = tuple(label.strip() for label in row.text("labels").split(","))
    unknown = next((label for label in labels if label not in classes), None)
    if unknown is not None:
        raise row.wrong(f"not in {_VOCABULARY}", "labels", repr(unknown))
    return Listed(name, labels, (f"{name}.wav",))


CONVERTER = Converter(
    name="fsd50k",
    title="FSD50K",
    modalities=(Modality.TEXT, Modality.AUDIO),
    detect=is_fsd50k,
    read=read_fsd50k,
    needs=f"{_TABLE}, {_VOCABULARY} and {_AUDIO}/*.wav",
    license=_LICENSE,
)
