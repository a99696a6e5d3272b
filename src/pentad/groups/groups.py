"""`Groups`: n-tuples of a caption and one item of each modality, with their manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.core.modality import Modality
from pentad.store.records import Commit, Record, committing, read_record

if TYPE_CHECKING:
    import polars as pl

    Catalog = Mapping[Modality, pl.DataFrame]

FORMATS = ("parquet", "csv")
CARD = "README.md"
_MANIFEST = "manifest.json"


@dataclass(frozen=True, eq=False)
class Groups:
    """One group for each caption and rank.

    Attributes:
        table: ``text_id, rank`` (u16, from 1), then for each modality ``<modality>_id`` and
            ``<modality>_score`` (f32), null where it has no item left; by rank, then text id.
            Behind a score may stand ``<modality>_adjusted_score`` (f32), which decides the order,
            and ``neighbor_rank_<modality>`` (u16, from 1), the rank that the search gave the item;
            last ``agreement`` (f32), how much the items are alike, null where none can be compared.
            Groups from a table have no scores.
        manifest: What `build_groups` did, as plain values: ``k``, ``max_uses``, ``threshold``,
            ``modalities``, ``embeddings`` (space, metric and both locations for each modality),
            ``encoders``, ``search`` (what each search says of itself), ``assignment`` (how limits
            were kept to), ``compose`` (what was compared, and the mean agreement by rank and now),
            ``counts`` (captions, groups, complete, empty; by modality edges, nulls, drops by
            reason, captions that are short and places they lack by reason, and the captions' own
            items) and ``uses`` (how unevenly items are used). Of groups from a table it says what
            was given (such as ``namespace``), and ``embeddings`` is empty: there are no vectors
            behind them.
    """

    table: pl.DataFrame
    manifest: Mapping[str, Any]

    def __len__(self) -> int:
        """Return how many groups there are."""
        return self.table.height

    @classmethod
    def from_frame(
        cls, frame: pl.DataFrame | pl.LazyFrame, *, manifest: Mapping[str, Any] | None = None
    ) -> Groups:
        """Take groups from a table; ids stay as they are, other columns are passed over.

        Args:
            frame: Either ``text_id, rank`` and ``image_id``, ``audio_id`` .., or the published
                ``encord_text_id, nn_index`` and ``encord_image_id`` ..; an item may be null.
            manifest: What to remember about them, best ``{"namespace": ...}``: which ids these are,
                such as ``emm1-100m``. What `Groups` says itself takes precedence.

        Raises:
            InputError: A column is missing or of another kind, a caption or rank is null, or there
                are two groups of one caption and rank.
        """
        from pentad.groups.from_frame import groups_table

        return cls(*groups_table(frame, manifest))

    @property
    def k(self) -> int:
        """How many groups a caption has; of groups from a table, their highest rank."""
        return int(self.manifest["k"])

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """The modalities of the items, text left out, in the usual order."""
        return tuple(Modality(m) for m in self.manifest["modalities"])

    def frame(self) -> pl.DataFrame:
        """Return the table, one row a group, by rank, then text id."""
        return self.table

    def save(
        self,
        folder: str | Path,
        *,
        format: str = "parquet",
        catalog: Catalog | None = None,
        card: str | None = None,
    ) -> None:
        """Write the groups; the manifest is their record.

        ``parquet`` writes ``nn_1.parquet`` .. ``nn_k.parquet``. ``csv`` writes the layout of E-MM1
        (``infos/``, ``nn_1/data_groups.csv`` ..) and, beside it, ``nn_1/scores.csv`` ...

        Args:
            folder: Where to; best one of its own.
            format: ``parquet`` or ``csv``.
            catalog: For ``csv``, the items behind the ids, as `pentad.groups.emm1_csv` says.
            card: Markdown that describes them, for ``README.md``.

        Raises:
            UnknownName: There is no such format.
            InputError: ``csv`` without a catalog, or an id that the catalog does not have.
        """
        if format not in FORMATS:
            raise UnknownName("format", format, FORMATS)
        with committing(Path(folder) / _MANIFEST) as commit:
            if format == "parquet":
                self._write_parquet(commit)
            else:
                self._write_csv(commit, catalog)
            if card is not None:
                commit.path(CARD).write_text(card, encoding="utf-8", newline="\n")
            commit.finish({**self.manifest, "format": format})

    @classmethod
    def load(cls, folder: str | Path) -> Groups:
        """Read what `save` wrote, in either format.

        Raises:
            StoreError: There are no complete groups, or a file has another size than recorded.
        """
        root = Path(folder)
        record = read_record(root / _MANIFEST)
        if record is None or not record.intact() or record.fields.get("kind") != "groups":
            raise StoreError(f"{root}: no complete groups here; build them again")
        return cls(_read(record), {k: v for k, v in record.fields.items() if k != "format"})

    def _write_parquet(self, commit: Commit) -> None:
        for rank in range(1, self.k + 1):
            self._of_rank(rank).write_parquet(commit.path(f"nn_{rank}.parquet"))

    def _write_csv(self, commit: Commit, catalog: Catalog | None) -> None:
        from pentad.groups.emm1_csv import write_groups, write_infos

        if catalog is None:
            raise InputError("format 'csv' needs the items behind the ids; pass catalog=")
        write_infos(commit, self.table, catalog)
        for rank in range(1, self.k + 1):
            write_groups(commit, self._of_rank(rank), rank)

    def _of_rank(self, rank: int) -> pl.DataFrame:
        return self.table.filter(self.table["rank"] == rank)


def _read(record: Record) -> pl.DataFrame:
    import polars as pl

    from pentad.groups.emm1_csv import read_groups

    folder, ranks = record.path.parent, range(1, record.fields["k"] + 1)
    if record.fields["format"] == "parquet":
        return pl.concat([pl.read_parquet(folder / f"nn_{rank}.parquet") for rank in ranks])
    modalities = [Modality(m) for m in record.fields["modalities"]]
    table = pl.concat([read_groups(folder, rank, modalities) for rank in ranks])
    if record.fields.get("scores", True):
        return table
    return table.drop(f"{m}_score" for m in modalities)
