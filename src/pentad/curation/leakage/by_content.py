"""Pairs of files of one modality that show or sound the same, whatever their bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.curation.leakage.copies.clouds import MOST_APART, cloud_copies
from pentad.curation.leakage.copies.found import Copy
from pentad.curation.leakage.copies.pictures import LEAST_LIKENESS, MOST_BITS, picture_copies
from pentad.curation.leakage.copies.sounds import MOST_WRONG, sound_copies
from pentad.curation.leakage.copies.videos import LEAST_SHARE, video_copies
from pentad.curation.leakage.kinds import Kind, What, pair_frame
from pentad.curation.leakage.prints.collect import Prints, collect_prints
from pentad.curation.leakage.report import Unchecked
from pentad.curation.leakage.side import Side

if TYPE_CHECKING:
    import polars as pl

_COPIES: dict[Modality, Callable[[Prints, Prints], list[Copy]]] = {
    Modality.IMAGE: picture_copies,
    Modality.AUDIO: sound_copies,
    Modality.VIDEO: video_copies,
    Modality.POINTS: cloud_copies,
}
CONTENT_THRESHOLDS: dict[str, dict[str, float]] = {
    "image": {"most_bits_of_64": MOST_BITS, "least_likeness": LEAST_LIKENESS},
    "audio": {"most_wrong_bits": MOST_WRONG},
    "video": {"most_bits_of_64": MOST_BITS, "least_share_of_frames": LEAST_SHARE},
    "points": {"most_apart": MOST_APART},
}
"""What a pair must reach, by modality."""


def pairs_by_content(
    train: Side,
    evaluation: Side,
    modality: Modality,
    *,
    cache: Path | None = None,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> tuple[pl.DataFrame, list[Unchecked]]:
    """Return the near copies among the files of a modality, and what could not be compared.

    Args:
        train: The training side.
        evaluation: The evaluation side.
        modality: What is compared: files of it on both sides.
        cache: Folder in which prints are kept; None for none.
        workers: Decoder processes; default one a processor.
        progress: Where to report.

    Returns:
        Columns as `pair_schema` says, and one entry for each reason on each side.
    """
    prints = []
    unchecked: list[Unchecked] = []
    for name, side in (("train", train), ("eval", evaluation)):
        found = collect_prints(
            side.catalog.items(modality), cache=cache, workers=workers, progress=progress
        )
        prints.append(found)
        unchecked += _unchecked(name, found)
    copies = _COPIES[modality](*prints)
    pairs = (
        (int(prints[1].ids[c.evaluation]), int(prints[0].ids[c.train]), *c[2:]) for c in copies
    )
    return pair_frame(What.NEAR_COPY, (modality, modality), pairs), unchecked


def _unchecked(side: str, prints: Prints) -> list[Unchecked]:
    place = Kind.CONTENT.value, prints.modality.value, side
    out = []
    if prints.blank:
        why = "nothing to compare (one color, silence or no extent)"
        out.append(Unchecked(*place, prints.blank, why))
    if prints.refused:
        names = tuple(f"{file}: {why}" for file, why in prints.refused)
        out.append(Unchecked(*place, len(names), "cannot be decoded", names))
    return out
