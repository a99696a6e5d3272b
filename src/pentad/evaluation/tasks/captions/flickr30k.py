"""Flickr30k: 1,000 test pictures with five captions each.

One of these tables tells the captions, the first that is there:

    DIR/dataset_flickr30k.json       see `pentad.evaluation.tasks.captions.karpathy`
    DIR/flickr_annotations_30k.csv   raw (a JSON list), sentids, split, filename, img_id: the same
                                     split at https://huggingface.co/datasets/nlphuji/flickr30k
    DIR/results_20130124.token       1000092795.jpg#0<TAB>Two young guys ...
    DIR/results.csv                  image_name| comment_number| comment

The last two are of the data set itself, https://shannon.cs.illinois.edu/DenotationGraph/, and know
no split: ``test.txt`` or ``flickr30k_test.txt`` then lists the test pictures, one a line, with or
without ``.jpg``, as https://github.com/BryanPlummer/flickr30k_entities does. One row of
``results.csv`` lacks its second bar, which is put up with. The pictures lie in
``flickr30k-images/``, ``flickr30k_images/``, ``images/`` or beside the table.
"""

from __future__ import annotations

import json
import re
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
)
from pentad.evaluation.tasks.captions.karpathy import FOLDERS, KarpathySplit
from pentad.evaluation.tasks.converter import Converter
from pentad.evaluation.tasks.files import MediaFiles
from pentad.evaluation.tasks.table import TableRow, csv_rows, text_lines
from pentad.evaluation.tasks.task import Task

JSON, TABLE, TOKEN, RESULTS = (
    "dataset_flickr30k.json",
    "flickr_annotations_30k.csv",
    "results_20130124.token",
    "results.csv",
)
LISTS = ("test.txt", "flickr30k_test.txt")
_JSONS = tuple(f"{folder}/{JSON}".lstrip("/") for folder in FOLDERS)
_TOKENS = (TOKEN,)
_RESULTS = (RESULTS, f"flickr30k_images/{RESULTS}")
_IMAGES = (
    "flickr30k-images", "flickr30k_images", "flickr30k_images/flickr30k_images", "images", "",
)  # fmt: skip
_TOKEN_LINE = re.compile(r"(?P<file>[^#\t]+)#(?P<number>[0-9]+)\t(?P<text>.*)")
_RESULTS_LINE = re.compile(r"(?P<file>[^|]+?)\s*\|\s*(?P<number>[0-9]+)\s*[|\s](?P<text>.*)")
_LICENSE = (
    "pictures under the terms of Flickr, given out for non-commercial research and education; "
    "no licence of the captions is known"
)
_PUBLISHED = Published(
    name="flickr30k",
    split="test",
    modality=Modality.IMAGE,
    clips=1000,
    source="https://shannon.cs.illinois.edu/DenotationGraph/",
    license=_LICENSE,
)


def detect(root: Path) -> bool:
    """Return whether a table is there, with the list of test pictures where it needs one."""
    if find_first(root, (*_JSONS, TABLE)) is not None:
        return True
    with_list = find_first(root, LISTS) is not None
    token, results = find_first(root, _TOKENS), find_first(root, _RESULTS)
    return with_list and (token is not None or (results is not None and _is_results(results)))


def read(root: Path) -> tuple[Task, ...]:
    """Return the task.

    Raises:
        InputError: The tables are missing or broken, or no picture is there.
    """
    files = MediaFiles(root, _IMAGES)
    table = find_first(root, _JSONS)
    if table is not None:
        split = KarpathySplit(table)
        return (caption_task(_PUBLISHED, split.clips, split.find(files.find), root=root),)
    if (root / TABLE).is_file():
        clips, notes = _read_table(root / TABLE), []
    else:
        lines = needed(root, (*_TOKENS, *_RESULTS))
        chosen = needed(root, LISTS)
        clips, notes = _read_lines(lines, chosen), [_by_list(chosen)]
    task = caption_task(_PUBLISHED, clips, lambda clip: files.find(clip.id), root=root, notes=notes)
    return (task,)


def _by_list(path: Path) -> str:
    return f"the test pictures are those of {path.name}, perhaps not those of Karpathy's split"


def _read_table(table: Path) -> Clips:
    clips = Clips(table)
    for row in csv_rows(table, ("raw", "split", "filename")):
        if row.text("split") == "test":
            name = row.text("filename")
            clip = clips.clip(name, row=row.number)
            if clip.captions:
                raise row.wrong("this picture is there already", "filename", repr(name))
            captions = enumerate(_captions(row))
            clip.captions.extend((f"{name}#{number}", text) for number, text in captions)
    return clips


def _captions(row: TableRow) -> list[str]:
    try:
        listed = json.loads(row.text("raw"))
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list) or not all(isinstance(c, str) and c.strip() for c in listed):
        raise row.wrong("not a JSON list of captions", "raw", repr(row.cells["raw"]))
    if not listed:
        raise row.wrong("no caption is in it", "raw")
    return [caption.strip() for caption in listed]


def _read_lines(table: Path, chosen: Path) -> Clips:
    clips = Clips(table)
    captions: dict[str, list[tuple[str, str]]] = {}
    for number, match in _matches(table):
        name, id_ = match["file"], f"{match['file']}#{match['number']}"
        known = captions.setdefault(name, [])
        if any(id_ == other for other, _ in known):
            raise InputError("this caption is there already", file=table, row=number, seen=id_)
        known.append((id_, match["text"].strip()))
    for number, line in text_lines(chosen):
        name = line.strip() if line.strip() in captions else f"{line.strip()}.jpg"
        if name not in captions:
            raise InputError(f"{table.name} has no captions of this picture", file=chosen,
                             row=number, seen=repr(line.strip()))  # fmt: skip
        clips.clip(name, row=number).captions[:] = captions[name]
    return clips


def _matches(table: Path) -> Iterator[tuple[int, re.Match[str]]]:
    is_results = table.name == RESULTS
    pattern = _RESULTS_LINE if is_results else _TOKEN_LINE
    for number, line in text_lines(table):
        if is_results and number == 1 and line.startswith("image_name"):
            continue
        match = pattern.fullmatch(line)
        if match is None or not match["text"].strip():
            form = "image| number| caption" if is_results else "image#number<TAB>caption"
            raise InputError("not a caption of a picture", file=table, row=number, expected=form,
                             seen=repr(line[:60]))  # fmt: skip
        yield number, match


def _is_results(table: Path) -> bool:
    try:
        return next(text_lines(table), (0, ""))[1].startswith("image_name|")
    except InputError:
        return False


CONVERTER = Converter(
    name="flickr30k",
    title="Flickr30k",
    modalities=(Modality.TEXT, Modality.IMAGE),
    detect=detect,
    read=read,
    needs=f"{JSON}, or {TABLE}, or {TOKEN} or {RESULTS} with test.txt; flickr30k-images/",
    license=_LICENSE,
)
