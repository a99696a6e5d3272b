"""The CSV layout that E-MM1 is published in, and what it lacks: the scores, in a file beside.

    infos/<modality>.csv      one row an item; all five are written, absent ones as a bare header
    nn_<rank>/data_groups.csv one row a caption; absent modalities leave their column empty
    nn_<rank>/scores.csv      the same rows with scores in place of ids, and what else there is:
                              adjusted scores, retrieval ranks, agreement

The tables of a catalog need these columns, others are left alone:

    text            text_id, caption, source_dataset, dataset_license
    other modality  <modality>_id, source, file, source_dataset, dataset_license

``file`` becomes ``file_name`` and ``source`` becomes ``save_folder``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pentad.core.errors import InputError
from pentad.core.modality import Modality, as_modality
from pentad.store.records import Commit

if TYPE_CHECKING:
    import polars as pl
    from polars.datatypes import DataTypeClass

GROUP_ORDER = (Modality.VIDEO, Modality.AUDIO, Modality.IMAGE, Modality.POINTS)
"""The order of E-MM1's columns."""

AGREEMENT = "agreement"
_ORIGIN = ("source_dataset", "dataset_license")


def write_infos(
    commit: Commit, groups: pl.DataFrame, catalog: Mapping[Modality, pl.DataFrame]
) -> None:
    """Write ``infos/*.csv`` in id order: every item of the catalog, used in a group or not.

    Raises:
        InputError: A column is missing, or a group names an item that the catalog does not have.
    """
    tables = {as_modality(name): table for name, table in catalog.items()}
    for modality in (Modality.TEXT, *GROUP_ORDER):
        infos = _infos(modality, tables.get(modality))
        if modality.id_column in groups.columns:
            _require_known(modality, groups[modality.id_column], infos.to_series(0))
        infos.write_csv(commit.path(f"infos/{modality}.csv"))


def write_groups(commit: Commit, groups: pl.DataFrame, rank: int) -> None:
    """Write ``data_groups.csv`` and ``scores.csv`` of one rank.

    Args:
        commit: Where files are written.
        groups: The rows of that rank, columns as in `Groups`.
        rank: From 1.
    """
    import polars as pl

    text = pl.col("text_id").alias("encord_text_id")
    last = pl.col("rank").alias("nn_index")
    ids = [_or_null(groups, m.id_column).alias(f"encord_{m}_id") for m in GROUP_ORDER]
    scores = [_or_null(groups, f"{m}_score").alias(f"{m}_score") for m in GROUP_ORDER]
    more = [name for name in groups.columns if name in _further()]
    groups.select(text, *ids, last).write_csv(commit.path(f"nn_{rank}/data_groups.csv"))
    groups.select(text, *scores, *more, last).write_csv(commit.path(f"nn_{rank}/scores.csv"))


def read_groups(folder: Path, rank: int, modalities: Sequence[Modality]) -> pl.DataFrame:
    """Read back the groups of one rank, columns as in `Groups`."""
    import polars as pl

    place = folder / f"nn_{rank}"
    schema = {f"encord_{m}_id": pl.UInt64 for m in (Modality.TEXT, *GROUP_ORDER)}
    ids = pl.read_csv(place / "data_groups.csv", schema_overrides=schema)
    kinds = {f"{m}_score": pl.Float32 for m in GROUP_ORDER} | _further()
    scores = pl.read_csv(place / "scores.csv", schema_overrides=kinds)
    columns = [
        _as_ids(ids["encord_text_id"], "text_id"),
        pl.Series("rank", ids["nn_index"], pl.UInt16),
    ]
    for modality in modalities:
        columns.append(_as_ids(ids[f"encord_{modality}_id"], modality.id_column))
        own = (f"{modality}_score", *_further_of(modality))
        columns += [scores[name] for name in own if name in scores.columns]
    columns += [scores[name] for name in (AGREEMENT,) if name in scores.columns]
    return pl.DataFrame(columns)


def _further_of(modality: Modality) -> dict[str, DataTypeClass]:
    """Return the columns that may follow the score of a modality, in order, and their types."""
    import polars as pl

    return {f"{modality}_adjusted_score": pl.Float32, f"neighbor_rank_{modality}": pl.UInt16}


def _further() -> dict[str, DataTypeClass]:
    import polars as pl

    each = (column for m in GROUP_ORDER for column in _further_of(m).items())
    return {**dict(each), AGREEMENT: pl.Float32}


def _infos(modality: Modality, table: pl.DataFrame | None) -> pl.DataFrame:
    import polars as pl

    own = f"encord_{modality}_id"
    if modality is Modality.TEXT:
        names = {"text_id": own, **{name: name for name in _ORIGIN}, "caption": "caption"}
    else:
        names = {modality.id_column: own, **{name: name for name in _ORIGIN}}
        names |= {"file": "file_name", "source": "save_folder"}
    if table is None:
        return pl.DataFrame(schema=dict.fromkeys(names.values(), pl.String))
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise InputError(f"the {modality} items lack {', '.join(missing)}", seen=table.columns)
    return table.select(pl.col(name).alias(alias) for name, alias in names.items()).sort(own)


def _require_known(modality: Modality, used: pl.Series, known: pl.Series) -> None:
    ids = used.drop_nulls().unique()
    unknown = ids.filter(~ids.is_in(known.cast(ids.dtype).implode())).sort()
    if len(unknown):
        raise InputError(
            f"{len(unknown)} {modality} ids of the groups are not in the catalog; "
            f"the first is {unknown[0]}"
        )


def _or_null(groups: pl.DataFrame, name: str) -> pl.Expr:
    import polars as pl

    return pl.col(name) if name in groups.columns else pl.lit(None)


def _as_ids(numbers: pl.Series, name: str) -> pl.Series:
    import polars as pl

    wide = (numbers > 0xFFFFFFFF).any()
    return numbers.cast(pl.UInt64 if wide else pl.UInt32).alias(name)
