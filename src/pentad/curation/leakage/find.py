"""`find_leaks`: compare two sets by every kind that was asked for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.curation.leakage.by_caption import pairs_by_caption
from pentad.curation.leakage.by_content import CONTENT_THRESHOLDS, pairs_by_content
from pentad.curation.leakage.by_embedding import pairs_by_embedding
from pentad.curation.leakage.by_hash import pairs_by_hash
from pentad.curation.leakage.by_id import pairs_by_id
from pentad.curation.leakage.kinds import ALL_KINDS, Kind, as_kinds, no_pairs
from pentad.curation.leakage.report import LeakageReport, Unchecked, match_schema
from pentad.curation.leakage.side import Side, open_side
from pentad.curation.leakage.threshold import Threshold
from pentad.curation.leakage.vectors import EmbeddingCheck, VectorSource
from pentad.store.items import Catalog

if TYPE_CHECKING:
    import polars as pl

Given = str | Path | Catalog | Side


def find_leaks(
    train: Given,
    evaluation: Given,
    *,
    by: Iterable[str] = ALL_KINDS,
    embedding: EmbeddingCheck | None = None,
    id_tables: tuple[Path | None, Path | None] = (None, None),
    cache: Path | None = None,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> LeakageReport:
    """Return what an evaluation set shares with a training set.

    Args:
        train: A workspace, a folder or table of captioned files, or a catalog.
        evaluation: The same, of the evaluation set.
        by: ``id`` (ids of YouTube and others, in any modality), ``hash`` (the bytes of files),
            ``content`` (near copies of pictures, videos, sounds and clouds), ``caption``
            (captions of one key), ``embedding`` (neighbors that are too near for chance).
        embedding: Whose vectors are compared and how; without it ``embedding`` is not checked.
        id_tables: For each side a table with columns of files and of ids, or None.
        cache: Folder in which what was made of files is kept for the next time.
        workers: Decoder processes; default one a processor.
        progress: Where to report. A file that cannot be used is listed and nothing else.

    Raises:
        InputError: A side has no items, or an argument is out of range.
        UnknownName: There is no such kind, encoder or space.
        StoreError: A workspace is damaged.
    """
    kinds = as_kinds(by)
    check = embedding or EmbeddingCheck()
    vectors = VectorSource(check, workers, progress) if Kind.EMBEDDING in kinds else None
    sides = open_side(train, progress=progress), open_side(evaluation, progress=progress)
    if vectors is not None:
        vectors.require_space(*sides)
    run = _Run(*sides)
    if Kind.ID in kinds:
        run.add(Kind.ID, pairs_by_id(*sides, id_tables))
    if Kind.HASH in kinds:
        run.add(Kind.HASH, pairs_by_hash(*sides))
    if Kind.CONTENT in kinds:
        for modality in run.shared(Kind.CONTENT, sides[0].media, sides[1].media):
            found, unchecked = pairs_by_content(
                *sides, modality, cache=cache, workers=workers, progress=progress
            )
            run.add(Kind.CONTENT, found)
            run.unchecked += unchecked
    if Kind.CAPTION in kinds:
        run.add(Kind.CAPTION, pairs_by_caption(*sides))
    if vectors is not None:
        run.by_embedding(check, vectors)
    return run.report(kinds)


class _Run:
    """What has been found so far."""

    def __init__(self, train: Side, evaluation: Side) -> None:
        self._train, self._eval = train, evaluation
        self._tables: list[pl.DataFrame] = []
        self.unchecked = _unreadable("train", train) + _unreadable("eval", evaluation)
        self._calibrations: dict[str, Threshold] = {}
        self._content: dict[str, dict[str, float]] = {}
        self._space = ""

    def add(self, kind: Kind, pairs: pl.DataFrame) -> None:
        """Take the pairs of one kind."""
        import polars as pl

        self._tables.append(pairs.select(pl.lit(kind.value).alias("kind"), pl.all()))

    def shared(
        self, kind: Kind, train: Iterable[Modality], evaluation: Iterable[Modality]
    ) -> list[Modality]:
        """Return the modalities of both sides; those of one side are noted as not checked."""
        ours, theirs = set(train), set(evaluation)
        for modality in (m for m in Modality if m in theirs - ours):
            why = "the training set has none"
            self.unchecked.append(Unchecked(kind.value, modality.value, "eval", 0, why))
        both = [m for m in Modality if m in ours & theirs]
        self._content = {m.value: CONTENT_THRESHOLDS[m.value] for m in both}
        return both

    def by_embedding(self, check: EmbeddingCheck, vectors: VectorSource) -> None:
        """Compare vectors of every modality that has them."""
        kind = Kind.EMBEDDING.value
        if not check.asked:
            self.unchecked.append(Unchecked(kind, "", "", 0, "no encoder or space was named"))
            return
        compared = vectors.modalities(self._train, self._eval)
        for modality in self._eval.catalog.modalities:
            if modality not in compared:
                why = "no vectors on both sides"
                self.unchecked.append(Unchecked(kind, modality.value, "eval", 0, why))
        for modality in compared:
            try:
                pair = vectors.pair(self._train, self._eval, modality)
                found, threshold = pairs_by_embedding(self._train, pair, check, modality)
            except InputError as error:
                self.unchecked.append(Unchecked(kind, modality.value, "", 0, str(error)))
                continue
            self._space = pair[0].space
            self._calibrations[modality.value] = threshold
            self.add(Kind.EMBEDDING, found)
            for name, side, own in zip(
                ("train", "eval"), (self._train, self._eval), pair, strict=True
            ):
                if missing := len(side.catalog.items(modality)) - len(own):
                    self.unchecked.append(
                        Unchecked(kind, modality.value, name, missing, "no vector")
                    )

    def report(self, kinds: tuple[Kind, ...]) -> LeakageReport:
        """Return everything that was found."""
        return LeakageReport(
            self._train.name,
            self._eval.name,
            tuple(kind.value for kind in kinds),
            {"train": self._train.counts, "eval": self._eval.counts},
            self._matches(),
            {Kind.CONTENT.value: self._content} if self._content else {},
            self._calibrations,
            tuple(self.unchecked),
            self._space,
        )

    def _matches(self) -> pl.DataFrame:
        import polars as pl

        empty = no_pairs().select(pl.lit("").alias("kind"), pl.all())
        found = pl.concat([empty, *self._tables])
        for prefix, side in (("eval", self._eval), ("train", self._train)):
            on = [f"{prefix}_modality", f"{prefix}_id"]
            found = found.join(_named(prefix, side), on=on, how="left", maintain_order="left")
        kinds = {kind.value: place for place, kind in enumerate(Kind)}
        modalities = {m.value: place for place, m in enumerate(Modality)}
        order = [
            pl.col("kind").replace_strict(kinds, return_dtype=pl.UInt8),
            pl.col("eval_modality").replace_strict(modalities, return_dtype=pl.UInt8),
            pl.col("eval_id"),
            -pl.col("strength"),
            pl.col("train_modality").replace_strict(modalities, return_dtype=pl.UInt8),
            pl.col("train_id"),
        ]
        return found.sort(order).select(*match_schema())


def _named(prefix: str, side: Side) -> pl.DataFrame:
    """Return source and key of every item of a side."""
    import polars as pl

    schema = {"modality": pl.String, "id": pl.UInt32, "source": pl.String, "key": pl.String}
    tables = [pl.DataFrame(schema=schema)]
    for modality in side.catalog.modalities:
        frame = side.catalog.items(modality).frame
        key = "caption" if modality is Modality.TEXT else "file"
        tables.append(
            frame.select(
                pl.lit(modality.value).alias("modality"),
                pl.col(modality.id_column).alias("id"),
                "source",
                pl.col(key).alias("key"),
            )
        )
    return pl.concat(tables).rename({name: f"{prefix}_{name}" for name in schema})


def _unreadable(name: str, side: Side) -> list[Unchecked]:
    if not side.rejections:
        return []
    names = tuple(str(rejection) for rejection in side.rejections)
    return [Unchecked("all", "", name, len(names), "cannot be read", names)]
