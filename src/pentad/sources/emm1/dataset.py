"""`open_emm1`: the published data set as a value that hands out groups, triplets and items."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError
from pentad.core.modality import MEDIA_MODALITIES, Modality, as_modality
from pentad.core.progress import SILENT, Progress
from pentad.sources.emm1.arguments import names_of, ranks_of
from pentad.sources.emm1.csv_groups import CsvTables
from pentad.sources.emm1.filters import item_filters, require_modalities
from pentad.sources.emm1.frames import lazy_frame
from pentad.sources.emm1.groups import (
    GroupQuery,
    GroupTables,
    schema_of,
    stream_groups,
    tell_empty,
)
from pentad.sources.emm1.info_tables import read_infos
from pentad.sources.emm1.layout import ROOT_VARIABLE, Places, find_emm1
from pentad.sources.emm1.media_paths import MediaFolders
from pentad.sources.emm1.rated import RatedQuery, rated_frame
from pentad.sources.emm1.shape import OWN, group_columns, group_options
from pentad.sources.emm1.write import check_output, write_blocks, write_frame

if TYPE_CHECKING:
    import polars as pl

    from pentad.sources.emm1.batches import GroupBatch
    from pentad.sources.emm1.eshot import EShot

Ranks = int | Sequence[int]
Names = str | Sequence[str]


def open_emm1(root: str | Path | None = None, *, media_root: str | Path | None = None) -> Emm1:
    """Open the E-MM1 data set in whichever of its layouts it lies.

    Nothing but folders is read until something is asked for.

    Args:
        root: A git checkout, the folders of its README, a folder of the hub's Parquet files, one of
            the parts, or what ``pentad emm1 convert`` wrote; default ``$ROOT_DATA_PATH``.
        media_root: Where ``<save_folder>/<modality>/<file_name>`` lie; default ``$ROOT_DATA_PATH``,
            else the root.

    Raises:
        InputError: No part of the data set is there.
    """
    places = find_emm1(root)
    return Emm1(places, str(media_root or os.environ.get(ROOT_VARIABLE) or places.root))


class Emm1:
    """The data set: groups (100m), rated triplets (1m), the EShot benchmark.

    Ids belong to a split and a modality: image 7 of ``100m`` is another file than that of ``1m``.

    Attributes:
        places: Where its parts are.
        media: Where media are.
    """

    def __init__(self, places: Places, media_root: str) -> None:
        self.places = places
        self.media = MediaFolders(media_root)

    @property
    def root(self) -> Path:
        """What was opened."""
        return self.places.root

    @property
    def media_root(self) -> Path:
        """Where media are."""
        return Path(self.media.root)

    @property
    def splits(self) -> tuple[str, ...]:
        """The parts that are here: ``100m``, ``1m``, ``eshot``."""
        return tuple(self.places.parts)

    @cached_property
    def ranks(self) -> tuple[int, ...]:
        """The ranks of groups that are here."""
        if self._on_hub:
            return tuple(self.places.hub_ranks())
        return tuple(self.tables.ranks) if "100m" in self.splits else ()

    @cached_property
    def tables(self) -> Any:
        """The tables of the 100m split, as `GroupTables`."""
        folder = self.places.of("100m")
        if self.places.converted:
            from pentad.sources.emm1.converted import ConvertedTables

            return ConvertedTables.open(folder)
        return CsvTables(folder, self.places.ranks())

    def modalities(self, split: str = "100m") -> tuple[Modality, ...]:
        """Return the media modalities whose items are listed in a split."""
        if self._on_hub and split == "100m" and self.ranks:
            from pentad.sources.emm1.hub import hub_modalities

            return tuple(hub_modalities(self.places))
        infos = self.places.of(split) / "infos"
        suffixes = ("", ".parquet") if self.places.converted else (".csv",)
        return tuple(
            m for m in MEDIA_MODALITIES if any((infos / f"{m}{s}").exists() for s in suffixes)
        )

    def infos(self, modality: str, *, split: str = "100m") -> pl.DataFrame:
        """Return the items of a modality with all their columns, in file order.

        Returns:
            ``encord_<modality>_id`` u32, ``start_time`` and ``end_time`` f64, all others strings.

        Raises:
            InputError: The table is missing or cannot be read.
        """
        kind = as_modality(modality)
        folder = self.places.of(split) / "infos"
        if self.places.converted:
            from pentad.sources.emm1.converted import read_converted_infos

            return read_converted_infos(folder, kind)
        return read_infos(folder / f"{kind}.csv", kind)

    def groups(
        self,
        nn: Ranks = 1,
        modalities: Names | None = None,
        *,
        captions: bool = True,
        paths: bool = False,
        licenses: Collection[str] | None = None,
        sources: Collection[str] | None = None,
        only_present: bool = False,
        names: str = OWN,
    ) -> pl.LazyFrame:
        """Return groups, one row a caption and rank.

        Args:
            nn: Rank or ranks, from 1; rows come rank by rank as asked for, then in file order.
            modalities: Which items; default all that are there. With ``text`` among them, the
                filters judge captions too.
            captions: Whether to add the caption.
            paths: Whether to add the path of each item, whether or not the file exists.
            licenses: Keep rows whose items all have one of these licences, such as ``CC-BY``.
            sources: Keep rows whose items are from these sources; a modality that none of them
                belongs to is left alone.
            only_present: Keep rows whose files all exist.
            names: ``pentad``, or ``readme`` for columns and order of the data set's own example.

        Returns:
            ``encord_text_id, nn_index, caption, encord_<m>_id .., <m>_path ..``

        Raises:
            InputError: A rank, table or column is missing, or a row does not fit.
            UnknownName: A licence, source, modality or naming that does not exist.
        """
        query = self._group_query(
            nn, modalities, captions, paths, licenses, sources, only_present, names
        )
        if self._on_hub:
            from pentad.sources.emm1.hub import hub_groups

            return hub_groups(self.places, query, self.media, licenses=licenses, sources=sources)
        schema = schema_of(query)

        def stream(columns: Sequence[str] | None) -> Iterator[Any]:
            return stream_groups(self.tables, query.only(columns), self.media)

        return lazy_frame(schema, stream)

    def write_groups(self, out: str | Path, nn: Ranks = 1, **options: Any) -> int:
        """Write groups as Parquet or CSV, with little memory, and return how many rows there are.

        Args:
            out: A name that ends in ``.parquet`` or ``.csv``.
            nn: As for `groups`.
            options: As for `groups`.

        Raises:
            InputError: As for `groups`; no file is left behind.
        """
        check_output(Path(out), self.places)
        if self._on_hub:
            rows = write_frame(self.groups(nn, **options), Path(out))
            if not rows:
                tell_empty()
            return rows
        query = self._group_query(nn, **group_options(options))
        return write_blocks(
            stream_groups(self.tables, query, self.media), schema_of(query), Path(out)
        )

    def triplets(
        self,
        modalities: Names | None = None,
        *,
        captions: bool = False,
        paths: bool = False,
        labels: bool = False,
        annotations: Collection[str] | None = None,
        vote: bool = False,
        fix_roles: bool = False,
        only_present: bool = False,
        names: str = OWN,
    ) -> pl.LazyFrame:
        """Return rated triplets between modalities, in both directions, in file order.

        Args:
            modalities: Two or more; default all that are there.
            captions: Whether to add the caption.
            paths: Whether to add the paths of both items, whether or not the files exist.
            labels: Whether to add ``label``, the text of the annotation.
            annotations: Keep these: ``good``, ``partial``, ``bad``.
            vote: Whether repeated triplets become one row, by majority.
            fix_roles: Exchange paired and annotated where a copy has them the wrong way round.
            only_present: Keep rows both of whose files exist.
            names: ``pentad``, or ``readme`` for columns and order of the data set's own example.

        Returns:
            ``encord_text_id, caption, paired_modality, annotated_modality, encord_paired_id,
            encord_annotated_id, annotation, label, paired_path, annotated_path``; ``annotation`` is
            1 Good, 2 Partial, 3 Bad.

        Raises:
            InputError: A table or column is missing, or a row does not fit.
            UnknownName: A modality, annotation or naming that does not exist.
        """
        named, wanted = names_of(modalities), names_of(annotations)
        query = RatedQuery(
            None if named is None else tuple(as_modality(m) for m in named),
            captions=captions,
            paths=paths,
            labels=labels,
            annotations=wanted,
            vote=vote,
            fix_roles=fix_roles,
            only_present=only_present,
            names=names,
        )
        return rated_frame(self, query).lazy()

    def write_triplets(
        self, out: str | Path, modalities: Names | None = None, **options: Any
    ) -> int:
        """Write triplets as Parquet or CSV and return how many rows there are.

        Args:
            out: A name that ends in ``.parquet`` or ``.csv``.
            modalities: As for `triplets`.
            options: As for `triplets`.
        """
        check_output(Path(out), self.places)
        return write_frame(self.triplets(modalities, **options), Path(out))

    def iter_groups(
        self,
        nn: Ranks = 1,
        modalities: Names | None = None,
        *,
        batch: int = 1024,
        shuffle_blocks: int = 0,
        seed: int = 0,
        drop_last: bool = False,
    ) -> Iterator[GroupBatch]:
        """Yield batches of ids for training, each group once.

        Fast and small in memory on a converted data set; from CSV tables the ids of all ranks that
        are asked for are read first (27 bytes a group).

        Args:
            nn: Rank or ranks.
            modalities: Which items; default all that are there.
            batch: Groups in a batch; the last one may be shorter.
            shuffle_blocks: Rows are mixed among so many random blocks of 65,536; 0 keeps the order.
            seed: Decides the order; take another one for each epoch.
            drop_last: Leave a shorter last batch out.
        """
        from pentad.sources.emm1.batches import iter_batches

        query = self._group_query(nn, modalities, False, False, None, None, False, OWN)
        columns = {rank: self.tables.columns(rank) for rank in query.ranks}
        return iter_batches(
            columns, query.modalities, batch=batch, shuffle_blocks=shuffle_blocks, seed=seed,
            drop_last=drop_last,
        )  # fmt: skip

    def resolve(self, batch: GroupBatch) -> pl.DataFrame:
        """Return captions and paths of a batch, one row a group.

        Returns:
            ``encord_text_id, nn_index, caption, encord_<m>_id .., <m>_path ..``; null where an id
            is unknown.
        """
        from pentad.sources.emm1.groups import resolve_block

        return resolve_block(self.tables, batch, self.media, self._prefixed)

    @cached_property
    def _prefixed(self) -> dict[Modality, Any]:
        """What makes paths, kept from batch to batch."""
        return {}

    def info(self, *, progress: Progress = SILENT) -> dict[str, Any]:
        """Return what is here, table by table, and what is missing or only a pointer.

        Every table is read once in blocks; at full size that takes half a minute.

        Args:
            progress: Where progress is shown.

        Returns:
            ``root, media_root, layout, splits, missing, notices``, all of it plain values.
        """
        from pentad.sources.emm1.facts import describe_emm1

        return describe_emm1(self, progress=progress)

    def eshot(self) -> EShot:
        """Return the EShot benchmark.

        Raises:
            InputError: It is not here or cannot be read.
        """
        from pentad.sources.emm1.eshot import load_eshot

        return load_eshot(self.places.of("eshot"), media_root=self.media_root)

    @property
    def _on_hub(self) -> bool:
        return "100m" not in self.splits and self.places.hub is not None

    def _group_query(
        self,
        nn: Ranks,
        modalities: Names | None,
        captions: bool,
        paths: bool,
        licenses: Collection[str] | None,
        sources: Collection[str] | None,
        only_present: bool,
        names: str,
    ) -> GroupQuery:
        ranks, wanted = self._known_ranks(ranks_of(nn)), names_of(modalities)
        there = self._group_modalities(ranks, tell=wanted is None)
        named = there if wanted is None else [as_modality(name) for name in wanted]
        media = [m for m in named if m is not Modality.TEXT]
        if not self._on_hub and not self.places.converted:
            self.tables.require(media, ranks)
        require_modalities(media, there)
        if not media:
            raise InputError("name a modality besides text", expected=", ".join(there))
        if only_present:
            self.media.tell_absent()
        columns = group_columns(media, captions=captions, paths=paths, names=names, there=there)
        if self._on_hub:
            return GroupQuery(ranks, tuple(columns), names, only_present=only_present)
        filters = item_filters(
            self._items, named, licenses=names_of(licenses), sources=names_of(sources),
            media=self.media if only_present else None,
        )  # fmt: skip
        return GroupQuery(ranks, tuple(columns), names, filters)

    def _items(self, modality: Modality) -> Any:
        tables: GroupTables = self.tables
        return tables.caption_facts() if modality is Modality.TEXT else tables.items(modality)

    def _known_ranks(self, ranks: tuple[int, ...]) -> tuple[int, ...]:
        if not self._on_hub:
            self.places.of("100m")
        for rank in ranks:
            if rank not in self.ranks:
                names = ", ".join(f"nn_{k}" for k in self.ranks) or "none"
                raise InputError(f"there is no nn_{rank} here; there is: {names}", file=self.root)
        return ranks

    def _group_modalities(self, ranks: tuple[int, ...], *, tell: bool) -> list[Modality]:
        if self._on_hub:
            from pentad.sources.emm1.hub import hub_modalities

            return hub_modalities(self.places)
        tables: GroupTables = self.tables
        return tables.group_modalities(ranks, tell=tell)
