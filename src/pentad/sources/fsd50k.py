"""FSD50K: sound events of Freesound, as its README lays them out.

    DIR/FSD50K.ground_truth/dev.csv       fname, labels, mids, split
    DIR/FSD50K.ground_truth/eval.csv      fname, labels, mids
    DIR/FSD50K.dev_audio/64760.wav        DIR/FSD50K.eval_audio/37199.wav
    DIR/FSD50K.metadata/dev_clips_info_FSD50K.json    per clip: title, tags, license, uploader

``labels`` are separated by commas and lead up the hierarchy: the classes that were annotated come
first, those that follow from them after. The concept is the first label, and the others are not
kept. There are no captions, titles and tags being the uploaders' own; splits are not kept.

Every clip has its own licence, which the clip info gives as an address; it is kept as it stands.
Without the clip info the licence is not known: that of the data set as a whole is not the clips'.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from pentad.core.errors import InputError, Reason
from pentad.core.modality import Modality
from pentad.sources.collect import Collector, Entry
from pentad.sources.locate import Locator
from pentad.sources.published import only, published_json, published_rows
from pentad.sources.refusal import Refused
from pentad.store.listing import Listing

_PARTS = ("dev", "eval")
_COLUMNS = ("fname", "labels")
_log = logging.getLogger(__name__)


def is_fsd50k(folder: Path) -> bool:
    """Return whether a folder is laid out as FSD50K is."""
    return any((folder / _table(part)).is_file() for part in _PARTS)


def list_fsd50k(root: Path, *, modality: Modality | None, name: str) -> Listing:
    """Return the clips of FSD50K, of the parts that are there.

    Args:
        root: The folder.
        modality: None or ``audio``.
        name: Name of the source.

    Raises:
        InputError: No table is there, clip info cannot be read, or another modality is asked for.
    """
    only(modality, Modality.AUDIO, "FSD50K", root)
    parts = [part for part in _PARTS if (root / _table(part)).is_file()]
    if not parts:
        raise InputError(f"neither {_table('dev')} nor {_table('eval')} in it", file=root)
    collector = Collector(name, root)
    for part in parts:
        _collect(collector, part, _licenses(root, part))
    return collector.listing()


def _collect(collector: Collector, part: str, licenses: Mapping[str, str]) -> None:
    table, folder = _table(part), f"FSD50K.{part}_audio"
    locator = Locator(collector.root, (folder,))
    for line, cells in published_rows(collector, table, _COLUMNS, Modality.AUDIO):
        try:
            if not cells["fname"]:
                raise Refused(Reason.BAD_ROW, "the file name is empty", column="fname")
            try:
                file = locator.find(f"{cells['fname']}.wav")
            except Refused as refused:
                refused.column = "fname"
                raise
            concept = cells["labels"].partition(",")[0].strip()
            if not concept:
                raise Refused(Reason.BAD_ROW, "there is no label", column="labels")
            facts = (concept, "FSD50K", licenses.get(cells["fname"]))
            collector.add(Entry(Modality.AUDIO, file, None, facts, f"{table}, line {line}"))
        except Refused as refused:
            collector.refuse(table, refused, modality=Modality.AUDIO, line=line)


def _licenses(root: Path, part: str) -> dict[str, str]:
    """Return clip -> its licence; a clip without one is not in it."""
    path = root / "FSD50K.metadata" / f"{part}_clips_info_FSD50K.json"
    if not path.is_file():
        _log.warning("%s is not there, so the licences of its clips are not known", path)
        return {}
    found = {}
    for clip, info in published_json(path).items():
        license_ = info.get("license") if isinstance(info, dict) else None
        if isinstance(license_, str) and license_.strip():
            found[clip] = license_.strip()
    return found


def _table(part: str) -> str:
    return f"FSD50K.ground_truth/{part}.csv"
