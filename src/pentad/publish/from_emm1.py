"""One split of the published E-MM1 data set as a bundle."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pentad.core.errors import InputError, UnknownName
from pentad.core.fingerprint import fingerprint_file
from pentad.core.modality import Modality, as_modality
from pentad.groups.emm1_csv import GROUP_ORDER
from pentad.publish.bundle import BLOCK_ROWS, MAPPING, RANK, Bundle
from pentad.publish.info_rows import captions_of, rows_of
from pentad.sources.emm1.csv_table import ID_LIMIT, header_of
from pentad.sources.emm1.groups import IdBlock
from pentad.sources.emm1.triplets import MAPPING as MAPPING_FILE
from pentad.sources.emm1.triplets import read_labels

if TYPE_CHECKING:
    import polars as pl

    from pentad.sources.emm1.dataset import Emm1

GROUPS, RATED = "100m", "1m"
SPLITS = (GROUPS, RATED)
_TITLES = {GROUPS: "E-MM1:100M", RATED: "E-MM1:1M"}
_log = logging.getLogger(__name__)


def emm1_bundle(
    ds: Emm1,
    *,
    split: str | None = None,
    nn: Sequence[int] | None = None,
    modalities: Sequence[str] | None = None,
) -> Bundle:
    """Return one split of the data set, ready to be written.

    Args:
        ds: The data set; tables of items are needed, the hub's Parquet files are not enough.
        split: ``100m`` or ``1m``; default the first that is here.
        nn: Which ranks of ``100m``; default all that are here.
        modalities: Which media; default all that are here.

    Raises:
        InputError: The split, a rank or a modality is not here.
        UnknownName: There is no such split or modality.
    """
    chosen = _split(ds, split)
    media = _media(ds, chosen, modalities)
    folder = ds.places.of(chosen)
    ranks = _ranks(ds, nn) if chosen == GROUPS else ()
    if nn and chosen == RATED:
        raise InputError(
            "triplets have no ranks; leave --nn out, or take split 100m", seen=list(nn)
        )
    rated = chosen == RATED
    if ranks:
        ds.groups(ranks, [m.value for m in media], captions=False)  # says what is missing
    infos = folder / "infos"
    return Bundle(
        name=f"e-mm1_{chosen}",
        title=_TITLES[chosen],
        modalities=media,
        infos=lambda modality: rows_of(infos, modality, converted=ds.places.converted),
        captions=lambda: captions_of(infos, converted=ds.places.converted),
        ranks=ranks,
        groups=None if rated else lambda rank: _groups(ds, rank, media),
        triplets=(lambda: _triplets(ds, media)) if rated else None,
        mapping=_mapping(folder) if rated else MAPPING,
        mapping_header=_mapping_header(folder) if rated else ("annotation", "annotation_string"),
        media=ds.media,
        inputs=_inputs(folder, media, ranks, rated),
    )


def _split(ds: Emm1, split: str | None) -> str:
    if split is None:
        found = next((name for name in SPLITS if name in ds.splits), None)
        if found is None:
            raise InputError(
                "neither split is here as tables of items and groups", file=ds.root,
                expected=" or ".join(SPLITS), seen=", ".join(ds.splits) or "none",
            )  # fmt: skip
        return found
    if split not in SPLITS:
        raise UnknownName("split", split, SPLITS)
    ds.places.of(split)
    return split


def _media(ds: Emm1, split: str, names: Sequence[str] | None) -> tuple[Modality, ...]:
    there = ds.modalities(split)
    if split == GROUPS and not names:
        _tell_unlisted(ds, there)
    asked = set(there) if not names else {as_modality(name) for name in names} - {Modality.TEXT}
    for modality in sorted(asked - set(there)):
        raise InputError(
            f"no {modality} items are listed in split {split}", file=ds.root,
            expected=", ".join(there) or "none",
        )  # fmt: skip
    least = 2 if split == RATED else 1
    if len(asked) < least:
        raise InputError(
            f"split {split} needs {'two modalities' if least > 1 else 'a modality'} besides text",
            file=ds.root,
            seen=", ".join(sorted(asked)) or "none",
        )
    return tuple(m for m in GROUP_ORDER if m in asked)


def _tell_unlisted(ds: Emm1, listed: Sequence[Modality]) -> None:
    for modality in ds.tables.group_modalities(ds.ranks, tell=False) if ds.ranks else ():
        if modality not in listed:
            _log.warning(
                "%s: there is no table of %s items; they are left out of the groups",
                ds.places.of(GROUPS) / "infos", modality,
            )  # fmt: skip


def _ranks(ds: Emm1, nn: Sequence[int] | None) -> tuple[int, ...]:
    for rank in nn or ():
        if rank not in ds.ranks:
            there = ", ".join(f"nn_{k}" for k in ds.ranks) or "none"
            raise InputError(f"there is no nn_{rank} here; there is: {there}", file=ds.root)
    return tuple(sorted(set(nn))) if nn else tuple(ds.ranks)


def _groups(ds: Emm1, rank: int, media: Sequence[Modality]) -> Iterator[pl.DataFrame]:
    """Yield the ids of a rank; at least one frame, empty where there are no groups."""
    seen = False
    for block in ds.tables.blocks(rank, media, BLOCK_ROWS):
        seen = True
        yield _frame(block, rank)
    if not seen:
        none = np.empty(0, np.uint32)
        yield _frame(IdBlock(none, dict.fromkeys(media, none)), rank)


def _frame(block: IdBlock, rank: int) -> pl.DataFrame:
    import polars as pl

    ids = {Modality.TEXT: block.text, **block.items}
    columns = [pl.Series(f"encord_{m}_id", numbers) for m, numbers in ids.items()]
    for place, numbers in enumerate(ids.values()):
        missing = numbers == ID_LIMIT
        if missing.any():
            columns[place] = columns[place].set(pl.Series(missing), None)
    ranks = pl.Series(RANK, np.full(len(block.text), rank, np.uint16))
    return pl.DataFrame([*columns, ranks])


def _triplets(ds: Emm1, media: Sequence[Modality]) -> Iterator[pl.DataFrame]:
    # Naming all of them would warn of the pairs that nobody rated.
    names = None if set(media) == set(ds.modalities(RATED)) else [m.value for m in media]
    yield from ds.triplets(names).collect().iter_slices(1 << 17)


def _mapping(folder: Path) -> tuple[tuple[int, str], ...]:
    return tuple(sorted(read_labels(folder).items()))


def _mapping_header(folder: Path) -> tuple[str, str]:
    path = folder / MAPPING_FILE
    names: list[Any] = header_of(path) if path.exists() else ["annotation", "annotation_string"]
    return names[0], names[1]


def _inputs(
    folder: Path, media: Sequence[Modality], ranks: Sequence[int], rated: bool
) -> dict[str, str]:
    names = [f"infos/{m}" for m in (Modality.TEXT, *media)]
    names += [f"nn_{rank}" for rank in ranks] + (
        ["triplets", "annotation_mapping"] if rated else []
    )
    files = {path for name in names for path in _files(folder, name)}
    return {p.relative_to(folder).as_posix(): fingerprint_file(p) for p in sorted(files)}


def _files(folder: Path, name: str) -> Iterator[Path]:
    """Yield the files of a table, whether it is a CSV, a Parquet file or a folder of them."""
    place = folder / name
    for suffix in (".csv", ".parquet"):
        file = place.with_name(place.name + suffix)
        if file.is_file():
            yield file
    if place.is_dir():
        yield from (p for p in place.rglob("*") if p.is_file() and not p.name.startswith("."))
