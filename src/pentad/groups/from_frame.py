"""Groups from a table that somebody else made, such as the published ones of E-MM1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.groups.uses import use_figures

if TYPE_CHECKING:
    import polars as pl

_OWN = {"text_id": "text_id", "rank": "rank"} | {m.id_column: m.id_column for m in MEDIA_MODALITIES}
_PUBLISHED = {"text_id": "encord_text_id", "rank": "nn_index"} | {
    m.id_column: f"encord_{m}_id" for m in MEDIA_MODALITIES
}
_KEY = ("text_id", "rank")
_MAX_RANK = 0xFFFF


def groups_table(
    frame: pl.DataFrame | pl.LazyFrame, manifest: Mapping[str, Any] | None
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Return the table and the manifest of `Groups.from_frame`, which says what may be given."""
    lazy = frame.lazy()
    names = column_names(lazy.collect_schema().names(), (_OWN, _PUBLISHED), _KEY, "groups")
    if len(names) == len(_KEY):
        raise InputError(
            "groups need the ids of at least one modality", expected="such as image_id"
        )
    table = _collected(lazy, names)
    require_unique(table, _KEY)
    table = table.sort("rank", "text_id")
    modalities = [m for m in MEDIA_MODALITIES if m.id_column in names]
    return table, {**(manifest or {}), **_manifest(table, modalities)}


def column_names(
    present: Sequence[str],
    layouts: Sequence[Mapping[str, str]],
    needed: Sequence[str],
    what: str,
) -> dict[str, str]:
    """Return which of the columns that are ``present`` hold what: our name -> theirs.

    Args:
        present: Names of the table's columns; what no layout knows is passed over.
        layouts: Sets of names, each our name -> theirs; the first that fits is taken.
        needed: Our names of columns without which a layout does not fit.
        what: What the rows are, for the message.

    Raises:
        InputError: No layout fits.
    """
    for layout in layouts:
        if all(layout[name] in present for name in needed):
            return {ours: theirs for ours, theirs in layout.items() if theirs in present}
    wanted = " or ".join(", ".join(layout[name] for name in needed) for layout in layouts)
    raise InputError(f"a table of {what} lacks columns", expected=wanted, seen=", ".join(present))


def as_ids(column: pl.Series) -> pl.Series:
    """Return a column of ids as u32, or as u64 where one is too large for that.

    Raises:
        InputError: They are not whole numbers, or one is negative.
    """
    import polars as pl

    if not column.dtype.is_integer() and column.dtype != pl.Null:
        raise InputError("ids must be whole numbers", column=column.name, seen=str(column.dtype))
    least, most = column.min(), column.max()
    if isinstance(least, int) and least < 0:
        raise InputError("ids must not be negative", column=column.name, seen=least)
    wide = isinstance(most, int) and most > 0xFFFFFFFF
    return column.cast(pl.UInt64 if wide else pl.UInt32)


def require_present(table: pl.DataFrame, names: Sequence[str]) -> None:
    """Refuse nulls in these columns."""
    for name in names:
        missing = table[name].null_count()
        if missing:
            alone = name.endswith("_id") and missing == table.height
            more = "; E-MM1's Parquet files have no ids, its CSV tables do" if alone else ""
            raise InputError(f"{missing} rows have none{more}", column=name)


def require_unique(table: pl.DataFrame, names: Sequence[str]) -> None:
    """Refuse two rows that agree in all of these columns."""
    keys = table.select(names)
    twice = keys.filter(keys.is_duplicated())
    if twice.height:
        seen = ", ".join(f"{name} {value}" for name, value in twice.row(0, named=True).items())
        raise InputError("two groups of one caption and rank", seen=seen)


def _collected(lazy: pl.LazyFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """Return only what is needed, under our names, ids as unsigned numbers."""
    import polars as pl

    table = lazy.select(pl.col(theirs).alias(ours) for ours, theirs in names.items()).collect()
    require_present(table, _KEY)
    columns = {name: as_ids(table[name]) for name in table.columns}
    wrong = columns["rank"].filter(~columns["rank"].is_between(1, _MAX_RANK))
    if len(wrong):
        raise InputError("ranks count from 1", column=names["rank"], seen=wrong[0])
    return pl.DataFrame({**columns, "rank": columns["rank"].cast(pl.UInt16)})


def _manifest(table: pl.DataFrame, modalities: Sequence[Modality]) -> dict[str, Any]:
    import polars as pl

    absent = table.select(pl.col(m.id_column).is_null() for m in modalities)
    return {
        "kind": "groups",
        "k": max(table["rank"].unique().to_list(), default=1),
        "max_uses": None,
        "scores": False,
        "query_modality": Modality.TEXT.value,
        "modalities": [m.value for m in modalities],
        "embeddings": {},
        "counts": {
            "captions": table["text_id"].n_unique(),
            "groups": table.height,
            "complete": table.height - absent.select(pl.any_horizontal(pl.all()).sum()).item(),
            "empty": absent.select(pl.all_horizontal(pl.all()).sum()).item(),
            "nulls": {m.value: table[m.id_column].null_count() for m in modalities},
        },
        "uses": {
            m.value: use_figures(table[m.id_column].drop_nulls().to_numpy(), 0) for m in modalities
        },
    }
