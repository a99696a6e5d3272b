"""What `convert` wrote, opened by mapping files: nothing is parsed and little is read.

    OUT/emm1.json                       what was converted from what; ``complete`` when all is there
        100m/infos/<modality>/          the items in id order: ids, file names, labels
        100m/infos/<modality>.parquet   all columns of the published table, in file order
        100m/infos/text/                the captions in id order
        100m/nn/text.npy                u32 (groups,): the captions of the groups
        100m/nn/nn_<k>.npy              u32 (modalities, groups): the items of rank k
        1m/infos/..., 1m/triplets.parquet, eshot/ (as published)

A missing id is 2 ** 32 - 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, StoreError
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.sources.emm1.captions import CaptionCursor
from pentad.sources.emm1.groups import IdBlock
from pentad.sources.emm1.items import FACTS, ItemTable, Labels
from pentad.sources.emm1.lookup import IdLookup
from pentad.sources.emm1.strings import MappedStrings, open_strings
from pentad.store.records import Record, read_record

if TYPE_CHECKING:
    import polars as pl

RECORD = "record.json"
_AGAIN = "run the conversion again"
Ids = NDArray[np.uint32]


@dataclass(eq=False)
class ConvertedTables:
    """The converted 100m split.

    Attributes:
        folder: Its folder.
        ranks: Rank -> the mapped file of its ids.
        modalities: Those that all of them have.
        rows: Rank -> the modalities of its file, in the order of its rows.
    """

    folder: Path
    ranks: Mapping[int, Path]
    modalities: tuple[Modality, ...]
    rows: Mapping[int, tuple[Modality, ...]] = field(default_factory=dict)
    _items: dict[Modality, ItemTable] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> ConvertedTables:
        """Open what is there.

        Raises:
            StoreError: A record or file is missing or damaged.
        """
        records = {p: _record(p) for p in sorted((folder / "nn").glob("nn_*.json"))}
        ranks = {int(r.fields["rank"]): p.with_suffix(".npy") for p, r in records.items()}
        rows = {
            int(r.fields["rank"]): tuple(Modality(m) for m in r.fields["modalities"])
            for r in records.values()
        }
        shared = tuple(
            m for m in MEDIA_MODALITIES if rows and all(m in named for named in rows.values())
        )
        return cls(folder, dict(sorted(ranks.items())), shared, rows)

    def group_modalities(self, ranks: Sequence[int], *, tell: bool = True) -> list[Modality]:
        """Return the modalities that the groups of all these ranks have."""
        return [m for m in MEDIA_MODALITIES if all(m in self.rows[rank] for rank in ranks)]

    def items(self, modality: Modality) -> ItemTable:
        """Return the items of a modality."""
        if modality not in self._items:
            self._items[modality] = read_item_folder(self.folder / "infos" / modality, modality)
        return self._items[modality]

    def captions(self) -> CaptionCursor:
        """Return the captions."""
        return self._captions

    def caption_facts(self) -> ItemTable:
        """Return source and licence of captions, as items without files."""
        return self.items(Modality.TEXT)

    @cached_property
    def _captions(self) -> MappedCaptions:
        return open_captions(self.folder / "infos" / "text")

    def columns(self, rank: int) -> tuple[Ids, dict[Modality, Ids]]:
        """Return the mapped ids of a rank: captions, and items by modality."""
        table = _array(self.ranks[rank])
        own = self.folder / "nn" / f"nn_{rank}.text.npy"
        shared = self.folder / "nn" / "text.npy"
        if not own.exists():
            _record(shared.with_suffix(".json"))
        captions = _array(own if own.exists() else shared)
        named = self.rows[rank]
        if table.shape != (len(named), len(captions)) or table.dtype != np.uint32:
            raise StoreError(f"{self.ranks[rank]}: does not fit its captions; {_AGAIN}")
        return captions, {m: table[row] for row, m in enumerate(named)}

    def blocks(self, rank: int, modalities: Sequence[Modality], rows: int) -> Iterator[IdBlock]:
        """Yield the ids of a rank in file order."""
        text, items = self.columns(rank)
        for start in range(0, len(text), rows):
            part = slice(start, start + rows)
            yield IdBlock(np.array(text[part]), {m: np.array(items[m][part]) for m in modalities})


@dataclass(frozen=True, eq=False)
class MappedCaptions:
    """Captions on disk.

    Attributes:
        ids: u32 (captions,), ascending.
        strings: The captions.
    """

    ids: Ids
    strings: MappedStrings

    @cached_property
    def _lookup(self) -> IdLookup:
        return IdLookup.of(self.ids)

    def take(self, ids: Ids) -> Any:
        """Return a string for each id, null where the id is unknown."""
        return self.strings.take(self._lookup.rows(ids))


def open_captions(folder: Path) -> MappedCaptions:
    """Open converted captions."""
    _record(folder / RECORD)
    return MappedCaptions(_array(folder / "ids.npy"), _strings(folder))


def read_item_folder(folder: Path, modality: Modality) -> ItemTable:
    """Open the converted items of one modality; captions have no files.

    Raises:
        InputError: They were not converted.
        StoreError: A file is missing or damaged.
    """
    import pyarrow as pa

    if not (folder / RECORD).exists():
        raise InputError(f"there are no {modality} items here; convert them too", file=folder)
    labels: Mapping[str, Sequence[str]] = _record(folder / RECORD).fields["labels"]
    columns = {
        name: Labels(_array(folder / f"{name}.npy"), tuple(names)) for name, names in labels.items()
    }
    ids = _array(folder / "ids.npy")
    if modality is Modality.TEXT:
        names, folders = (
            pa.nulls(len(ids), pa.string()),
            Labels(np.zeros(len(ids), np.uint16), ("",)),
        )
    else:
        names, folders = _strings(folder, whole=True).array, columns.pop("save_folder")
    facts = {name: column for name, column in columns.items() if name in FACTS}
    return ItemTable(modality, folder, ids, names, folders, facts)


def read_converted_triplets(folder: Path) -> pl.DataFrame:
    """Return the converted ratings, columns as `read_triplets` has them.

    Raises:
        StoreError: A file is missing or damaged.
    """
    return _parquet(folder / "triplets.parquet")


def read_converted_infos(folder: Path, modality: Modality) -> pl.DataFrame:
    """Return all columns of a converted infos table.

    Raises:
        InputError: It was not converted.
        StoreError: A file is missing or damaged.
    """
    import polars as pl

    if modality is not Modality.TEXT:
        path = folder / f"{modality}.parquet"
        if not path.exists() and not path.with_suffix(".json").exists():
            raise InputError("there is no such table", file=path)
        return _parquet(path)
    facts = read_item_folder(folder / "text", modality)
    captions: Any = pl.from_arrow(open_captions(folder / "text").strings.array)
    columns = [pl.Series("encord_text_id", np.array(facts.ids))]
    for name in (name for name in FACTS if name in facts.facts):
        labels = facts.facts[name]
        columns.append(pl.Series(labels.names, dtype=pl.String).gather(labels.codes).alias(name))
    return pl.DataFrame([*columns, captions.alias("caption")])


def _strings(folder: Path, *, whole: bool = False) -> MappedStrings:
    return open_strings(folder / "strings.offsets.npy", folder / "strings.bin", whole=whole)


def _array(path: Path) -> Any:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: cannot be read ({error}); {_AGAIN}") from None


def _parquet(path: Path) -> pl.DataFrame:
    import polars as pl

    _record(path.with_suffix(".json"))
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        text = str(error).splitlines()[0]
        raise StoreError(f"{path}: cannot be read ({text}); {_AGAIN}") from None


def _record(path: Path) -> Record:
    record = read_record(path)
    if record is None:
        raise StoreError(f"{path}: missing or damaged; {_AGAIN}")
    for name, size in ((n, info["bytes"]) for n, info in record.files.items()):
        file = path.parent / name
        if not file.is_file() or file.stat().st_size != size:
            raise StoreError(f"{file}: missing or not whole; {_AGAIN}")
    return record
