"""Rated triplets: a caption, the item it is native to, and an item that a person rated for it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.sources.emm1.csv_table import header_of, read_table, require_columns
from pentad.sources.emm1.early_triplets import is_early, read_early

if TYPE_CHECKING:
    import polars as pl

TRIPLETS, MAPPING = "triplets.csv", "annotation_mapping.csv"
LABELS = {1: "Good Match", 2: "Partial Match", 3: "Bad Match"}
COLUMNS = (
    "encord_text_id",
    "paired_modality",
    "annotated_modality",
    "encord_paired_id",
    "encord_annotated_id",
    "annotation",
)
_EARLY = {
    "encord_modality_1_id": "encord_paired_id",
    "encord_modality_2_id": "encord_annotated_id",
    "encord_id_1": "encord_paired_id",
    "encord_id_2": "encord_annotated_id",
}
_KINDS = dict(zip(COLUMNS, ("id", "label", "label", "id", "id", "text"), strict=True))
_log = logging.getLogger("pentad.sources.emm1")


def read_triplets(folder: Path) -> pl.DataFrame:
    """Read ``triplets.csv``, with the final or the early header, in file order.

    Returns:
        `COLUMNS`: ids u32, modalities as strings, ``annotation`` u8: 1 Good, 2 Partial, 3 Bad.

    Raises:
        InputError: A column is missing or a row does not fit.
    """
    import polars as pl

    path = folder / TRIPLETS
    names = header_of(path)
    frame = read_early(path, names) if is_early(names) else _read_final(path, names)
    frame = frame.select(
        pl.col(name).cast(pl.String) if kind != "id" else pl.col(name)
        for name, kind in _KINDS.items()
    )
    _check_modalities(path, frame)
    _check_ids(path, frame)
    return frame.with_columns(_annotations(folder, frame["annotation"]))


def _read_final(path: Path, names: Sequence[str]) -> pl.DataFrame:
    import polars as pl

    ours = {early: final for early, final in _EARLY.items() if early in names}
    ours = {early: final for early, final in ours.items() if final not in names}
    require_columns(path, [ours.get(name, name) for name in names], COLUMNS)
    theirs = {name: key for key, name in ours.items()}
    kinds = {theirs.get(name, name): kind for name, kind in _KINDS.items()}
    raw: Any = pl.from_arrow(read_table(path, kinds))
    return raw.rename(ours, strict=False)  # type: ignore[no-any-return]


def read_labels(folder: Path) -> dict[int, str]:
    """Return code -> label. The table's two columns are read by position; it may be missing.

    Raises:
        InputError: A code is no number from 1 to 3, or a label means another code.
    """
    path = folder / MAPPING
    if not path.exists():
        return dict(LABELS)
    names = header_of(path)
    if len(names) < 2:
        raise InputError("two columns are needed: code and label", file=path, column=names[0])
    table = read_table(path, {names[0]: "id", names[1]: "text"})
    found: dict[int, str] = {}
    for code, label in zip(*(column.to_pylist() for column in table.columns), strict=True):
        if code not in LABELS:
            raise InputError(
                "no code of an annotation",
                file=path,
                column=names[0],
                expected="1, 2 or 3",
                seen=code,
            )
        if code_of(label) not in (None, code):
            raise InputError(
                f"code {code} would be {LABELS[code]}", file=path, column=names[1], seen=repr(label)
            )
        if found.setdefault(code, label) != label:
            raise InputError(
                f"code {code} stands in rows that disagree ({found[code]!r} and {label!r})",
                file=path, column=names[1],
            )  # fmt: skip
    # An early text calls 3 "No Match"; it is one label under two names.
    return LABELS | {c: LABELS[c] if code_of(t) == c else t for c, t in found.items()}


def wanted_codes(names: Collection[str]) -> set[int]:
    """Return the codes of annotations by name, such as ``good``, ``Bad Match`` or ``3``.

    Raises:
        UnknownName: There is no such annotation.
    """
    codes = set()
    for name in names:
        code = code_of(str(name))
        if code is None:
            raise UnknownName("annotation", str(name), ("good", "partial", "bad"))
        codes.add(code)
    return codes


def existing_pairs(frame: pl.DataFrame) -> dict[tuple[str, str], int]:
    """Return (paired, annotated) -> rows, most common first."""
    pairs = frame.group_by("paired_modality", "annotated_modality").len()
    pairs = pairs.sort(
        ["len", "paired_modality", "annotated_modality"], descending=[True, False, False]
    )
    return {(paired, annotated): n for paired, annotated, n in pairs.iter_rows()}


def select_pairs(frame: pl.DataFrame, modalities: Sequence[Modality]) -> pl.DataFrame:
    """Return the rows between these modalities, both directions, in file order.

    Pairs that nobody rated are told in the log.

    Raises:
        InputError: Fewer than two modalities are named.
    """
    import polars as pl

    if len(set(modalities)) < 2:
        raise InputError(
            "a triplet joins two modalities; name two different ones at least",
            seen=", ".join(modalities) or "none",
        )
    if Modality.TEXT in modalities:
        raise InputError("text is in every triplet; name modalities of the items", seen="text")
    there = existing_pairs(frame)
    ordered = list(dict.fromkeys(modalities))
    for place, first in enumerate(ordered):
        for second in ordered[place + 1 :]:
            if (first, second) not in there and (second, first) not in there:
                _log.warning(
                    "no triplets of %s and %s are here; nobody rated that pair", first, second
                )
    names = [m.value for m in ordered]
    return frame.filter(
        pl.col("paired_modality").is_in(names) & pl.col("annotated_modality").is_in(names)
    )


def _check_ids(path: Path, frame: pl.DataFrame) -> None:
    for name in ("encord_text_id", "encord_paired_id", "encord_annotated_id"):
        if frame[name].null_count():
            row = frame[name].is_null().arg_max() or 0
            raise InputError(f"the id of data row {row + 1} is empty", file=path, column=name)


def _check_modalities(path: Path, frame: pl.DataFrame) -> None:
    known = [m.value for m in MEDIA_MODALITIES]
    for name in ("paired_modality", "annotated_modality"):
        wrong = ~frame[name].is_in(known)
        if wrong.any():
            row = wrong.arg_max() or 0
            raise InputError(
                f"no modality in data row {row + 1}", file=path, column=name,
                expected=", ".join(known), seen=repr(frame[name][row]),
            )  # fmt: skip


def _annotations(folder: Path, cells: pl.Series) -> pl.Series:
    """Return u8 codes for cells that hold a code or a label."""
    found = {text: code_of(text) for text in cells.unique(maintain_order=True).to_list()}
    if None in found.values():  # only then is the other table needed
        codes = {text: code for code, text in read_labels(folder).items()}
        found = {text: code or codes.get(text) for text, code in found.items()}
    for text, code in found.items():
        if code is None:
            row = (cells == text).arg_max() or 0
            raise InputError(
                f"no annotation in data row {row + 1}", file=folder / TRIPLETS, column="annotation",
                expected="1, 2, 3 or a label", seen=repr(text),
            )  # fmt: skip
    return codes_for(cells, found)


def codes_for(cells: pl.Series, found: Mapping[Any, int | None]) -> pl.Series:
    """Return the u8 codes of cells, by a mapping that has all of them."""
    import polars as pl

    if cells.is_empty():  # replacing by nothing would leave the type as it is
        return pl.Series("annotation", [], dtype=pl.UInt8)
    return cells.replace_strict(found, return_dtype=pl.UInt8).alias("annotation")


def code_of(text: str) -> int | None:
    """Return 1, 2 or 3 for an annotation by code or label, None for anything else."""
    words = text.strip().casefold().replace("_", " ").removesuffix("match").strip()
    return {
        "1": 1, "good": 1, "2": 2, "partial": 2, "3": 3, "bad": 3, "no": 3,
    }.get(words)  # fmt: skip
