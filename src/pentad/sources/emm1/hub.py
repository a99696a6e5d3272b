"""Groups as a hub publishes them: ``data/nn_01.parquet`` .., file names in the place of ids."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError, UnknownName
from pentad.core.licenses import license_matches
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.sources.emm1.csv_table import header_of, require_columns
from pentad.sources.emm1.filters import same_source
from pentad.sources.emm1.groups import GroupQuery
from pentad.sources.emm1.info_tables import read_infos
from pentad.sources.emm1.layout import Places
from pentad.sources.emm1.lfs import refuse_pointer
from pentad.sources.emm1.media_paths import MediaFolders, default_folder
from pentad.sources.emm1.shape import README, Column

if TYPE_CHECKING:
    import polars as pl


def hub_modalities(places: Places) -> list[Modality]:
    """Return the modalities that the hub's groups have."""
    names = scan_parquet(next(iter(places.hub_ranks().values()), [])).collect_schema().names()
    return [m for m in MEDIA_MODALITIES if f"file_name_{m}" in names]


def hub_groups(
    places: Places,
    query: GroupQuery,
    media: MediaFolders,
    *,
    licenses: Collection[str] | None,
    sources: Collection[str] | None,
) -> pl.LazyFrame:
    """Return the hub's groups under the columns that are asked for.

    Ids are null unless ``infos/`` lies beside the files: then the item that has the file name, and
    the one caption that has the text, give theirs.

    Raises:
        InputError: A column is missing.
    """
    import polars as pl

    files = places.hub_ranks()
    modalities = query.modalities
    frame = pl.concat([scan_parquet(files[rank]) for rank in query.ranks], how="diagonal")
    frame = _with_columns(frame, modalities)
    _check_names(frame, "licence", "dataset_license", modalities, licenses, license_matches)
    _check_names(frame, "source", "source_dataset", modalities, sources, _is_source)
    for modality in modalities:
        if licenses:
            frame = _kept(frame, f"dataset_license_{modality}", lambda t: _licensed(t, licenses))
        if sources and _any_source(frame, modality, sources):
            frame = _kept(frame, f"source_dataset_{modality}", lambda t: same_source(t, sources))
        if query.only_present:
            frame = frame.filter(_present(modality, media))
    infos = infos_beside(places)
    if infos is not None:
        frame = _with_ids(frame, infos, modalities)
    return frame.select(
        _column(c, media, query.names, known=infos is not None) for c in query.columns
    )


def infos_beside(places: Places) -> Path | None:
    """Return the folder of infos tables beside the hub's files, if there is one."""
    folders = (places.root / "infos", places.root / "data" / "infos")
    return next((f for f in folders if f.is_dir()), None)


def scan_parquet(files: list[Path]) -> pl.LazyFrame:
    """Return a lazy frame over Parquet files.

    Raises:
        InputError: There are none, or one of them is something else, such as a Git LFS pointer.
    """
    import polars as pl

    if not files:
        raise InputError("the hub's Parquet files have no groups")
    for path in files:
        refuse_pointer(path)
        try:
            pl.scan_parquet(path).collect_schema()
        except (pl.exceptions.PolarsError, OSError) as error:
            first = " ".join(str(error).split())[:200]
            raise InputError(f"cannot be read as Parquet ({first})", file=path) from None
    return pl.scan_parquet(files)


def _with_columns(frame: pl.LazyFrame, modalities: list[Modality]) -> pl.LazyFrame:
    import polars as pl

    names = frame.collect_schema().names()
    for name in ["caption", "nn_index", *(f"file_name_{m}" for m in modalities)]:
        if name not in names:
            raise InputError("the hub's groups lack a column", column=name, seen=", ".join(names))
    missing = [f"save_folder_{m}" for m in modalities if f"save_folder_{m}" not in names]
    return frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in missing)


def _column(column: Column, media: MediaFolders, names: str, *, known: bool) -> pl.Expr:
    import polars as pl

    number = pl.Int64 if names == README else pl.UInt32
    if column.role == "caption":
        return pl.col("caption").alias(column.name)
    if column.role == "rank":
        kind = pl.Int64 if names == README else pl.UInt16
        return pl.col("nn_index").cast(kind).alias(column.name)
    if column.role == "path" and column.modality is not None:
        return _path(column.modality, media).alias(column.name)
    found = pl.col(f"encord_{column.modality or 'text'}_id") if known else pl.lit(None)
    return found.cast(number).alias(column.name)


def _path(modality: Modality, media: MediaFolders) -> pl.Expr:
    import polars as pl

    def of_rows(rows: Any) -> Any:
        pairs = zip(rows.struct[0], rows.struct[1], strict=True)
        made = [_one_path(media, modality, folder, name) for folder, name in pairs]
        return pl.Series(made, dtype=pl.String)

    both = pl.struct(f"save_folder_{modality}", f"file_name_{modality}")
    return both.map_batches(of_rows, return_dtype=pl.String)


def _one_path(
    media: MediaFolders, modality: Modality, folder: str | None, name: str | None
) -> str | None:
    if name is None or folder is None:
        return None
    place = media.folder(folder, modality, name) or default_folder(modality)
    return media.prefix(folder, place) + name


def _present(modality: Modality, media: MediaFolders) -> pl.Expr:
    import polars as pl

    def of_rows(rows: Any) -> Any:
        pairs = zip(rows.struct[0], rows.struct[1], strict=True)
        found = [
            folder is not None
            and name is not None
            and bool(media.present(folder, modality, [name])[0])
            for folder, name in pairs
        ]
        return pl.Series(found, dtype=pl.Boolean)

    both = pl.struct(f"save_folder_{modality}", f"file_name_{modality}")
    return both.map_batches(of_rows, return_dtype=pl.Boolean)


def _kept(frame: pl.LazyFrame, column: str, wanted: Any) -> pl.LazyFrame:
    import polars as pl

    kept = [name for name in _values(frame, column) if wanted(name)]
    return frame.filter(pl.col(column).is_in(kept))


def _values(frame: pl.LazyFrame, column: str) -> list[str]:
    import polars as pl

    if column not in frame.collect_schema().names():
        raise InputError("the hub's groups lack a column that this filter needs", column=column)
    return frame.select(pl.col(column).unique()).collect().to_series().drop_nulls().to_list()


def _any_source(frame: pl.LazyFrame, modality: Modality, sources: Collection[str]) -> bool:
    return any(same_source(name, sources) for name in _values(frame, f"source_dataset_{modality}"))


def _is_source(name: str, wanted: str) -> bool:
    return same_source(name, [wanted])


def _check_names(
    frame: pl.LazyFrame,
    kind: str,
    column: str,
    modalities: list[Modality],
    wanted: Collection[str] | None,
    matches: Callable[[str, str], bool],
) -> None:
    """Raise where a name that is asked for is nowhere."""
    if not wanted:
        return
    known = {name for m in modalities for name in _values(frame, f"{column}_{m}")}
    for name in wanted:
        if not any(matches(given, name) for given in known):
            raise UnknownName(kind, name, known)


def _licensed(text: str, licenses: Collection[str]) -> bool:
    return any(license_matches(text, wanted) for wanted in licenses)


def _with_ids(frame: pl.LazyFrame, infos: Path, modalities: list[Modality]) -> pl.LazyFrame:
    import polars as pl

    for modality in modalities:
        table = _read_infos(infos, modality, ("file_name", "save_folder"))
        place = [f"save_folder_{modality}", f"file_name_{modality}"]
        known = table.select(
            pl.col("save_folder").alias(place[0]),
            pl.col("file_name").alias(place[1]),
            f"encord_{modality}_id",
        ).unique(place, keep="none")
        frame = frame.join(known.lazy(), on=place, how="left", maintain_order="left")
    texts = _read_infos(infos, Modality.TEXT, ("caption",)).select("caption", "encord_text_id")
    known_texts = texts.unique("caption", keep="none").lazy()
    return frame.join(known_texts, on="caption", how="left", maintain_order="left")


def _read_infos(infos: Path, modality: Modality, needed: Sequence[str]) -> pl.DataFrame:
    path = infos / f"{modality}.csv"
    require_columns(path, header_of(path), needed)
    return read_infos(path, modality)
