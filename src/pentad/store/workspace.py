"""The workspace folder: where everything lies, and the one way in."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError, SchemaMismatch, StoreError
from pentad.core.modality import Modality
from pentad.store.atomic import NEXT_SUFFIX, replacing, store_error, write_bytes
from pentad.store.generated import Written
from pentad.store.items import (
    Catalog,
    Pairs,
    empty_catalog,
    generated_schema,
    item_schema,
    pair_schema,
)
from pentad.store.listing import Listing
from pentad.store.lock import writer_lock
from pentad.store.records import committing, is_pending, read_record, recover
from pentad.store.registry import register, register_written
from pentad.store.rejections import Rejection, read_rejections, rejection_frame
from pentad.store.remote.addresses import is_address
from pentad.store.remote.files import RemoteFolder, Root, same_root
from pentad.store.stat_cache import StatCache
from pentad.store.toml import dump_toml

if TYPE_CHECKING:
    import polars as pl

    from pentad.store.items import Schema

FORMAT = 1
VERSION = version("pentad")
_CONFIG = "pentad.toml"
_GENERATED = "generated.parquet"


class Workspace:
    """One folder that holds items, embeddings, neighbors, groups, models and reports."""

    def __init__(self, root: Path, config: dict[str, Any]) -> None:
        self.root = root
        self._config = config

    @classmethod
    def create(cls, root: str | Path, *, name: str | None = None) -> Workspace:
        """Make a new workspace, or open the one that is there.

        Raises:
            StoreError: The folder holds something else.
        """
        folder = Path(root)
        if (folder / _CONFIG).exists():
            return cls.open(folder)
        if folder.exists() and not _is_vacant(folder):
            raise StoreError(f"{folder}: not empty and not a workspace; name a new folder")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise store_error(folder, error) from error
        config = {
            "format": FORMAT,
            "name": name or folder.resolve().name,
            "created_by": f"pentad {VERSION}",
            "sources": {},
        }
        write_bytes(folder / _CONFIG, dump_toml(config).encode())
        return cls(folder, config)

    @classmethod
    def open(cls, root: str | Path) -> Workspace:
        """Open an existing workspace.

        Raises:
            StoreError: There is none, or its ``pentad.toml`` cannot be read.
            SchemaMismatch: It was made by a later version.
        """
        folder = Path(root)
        path = folder / _CONFIG
        try:
            config = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise StoreError(
                f"{folder}: not a workspace (no {_CONFIG}); 'pentad init' makes one"
            ) from None
        except (OSError, ValueError) as error:
            raise StoreError(f"{path}: cannot be read ({error})") from None
        if config.get("format") != FORMAT:
            raise SchemaMismatch(path, f"format = {FORMAT}", f"format = {config.get('format')}")
        _check_settings(path, config)
        return cls(folder, config)

    @property
    def name(self) -> str:
        """The workspace's name."""
        return str(self._config.get("name", self.root.resolve().name))

    @property
    def roots(self) -> dict[str, Root]:
        """Source name -> its folder, of this machine or of a store."""
        sources = self._config.get("sources", {})
        return {name: self._root(entry["root"]) for name, entry in sources.items()}

    @property
    def objects(self) -> Path:
        """Where objects fetched from stores are kept."""
        return self.root / "cache" / "objects"

    def _root(self, text: str) -> Root:
        if is_address(text):
            return RemoteFolder(text, self.objects)
        return Path(os.path.normpath(self.root / text))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the writer lock; first finish or undo what a killed process left."""
        with writer_lock(self.root / ".lock"):
            recover(self.root)
            self._config = Workspace.open(self.root)._config
            yield

    def add(self, listing: Listing) -> Catalog:
        """Register the rows of one source; the caller holds the writer lock.

        Returns:
            The whole catalog, the source's rejections included.
        """
        self._remember_source(listing.name, listing.root)
        cache = StatCache(self.root / "cache" / "fingerprints.parquet")
        before = self.catalog(hashed=True)
        catalog = register(before, listing, cache)
        cache.save()
        if not _same_tables(before, catalog):
            self._write_catalog(catalog)
        refused = [r for r in catalog.rejections if r.source == listing.name]
        self.reject(refused, stage="source", source=listing.name)
        return catalog

    def add_written(self, written: Written) -> Catalog:
        """Register captions of a model; the caller holds the writer lock.

        Raises:
            InputError: The source is one of other captions.
        """
        self._remember_source(written.origin.source, written.root)
        before = self.catalog(hashed=True)
        catalog = register_written(before, written)
        if not _same_tables(before, catalog):
            self._write_catalog(catalog)
        return catalog

    def catalog(self, *, hashed: bool = False) -> Catalog:
        """Read all items and pairs.

        Args:
            hashed: Compare the files with their hashes first, as is done before they are replaced.

        Raises:
            StoreError: A file is missing or is not as recorded.
        """
        folder = self.root / "items"
        record = read_record(folder / "items.json")
        if record is None:
            if is_pending(folder / "items.json"):
                raise StoreError(
                    f"{folder}: a write is going on or was cut short; wait for it, "
                    "or run the command that writes again"
                )
            if any(folder.glob("*.parquet")):
                raise StoreError(
                    f"{folder}: its record items.json is missing; restore it from a copy"
                )
            return empty_catalog()
        if not record.intact() or (hashed and record.damaged()):
            raise StoreError(f"{folder}: damaged; 'pentad verify {self.root}' names the files")
        frames = {
            m: _read_table(folder / f"{m.value}.parquet", item_schema(m))
            for m in Modality
            if f"{m.value}.parquet" in record.files
        }
        pairs = Pairs(_read_table(folder / "pairs.parquet", pair_schema()))
        if _GENERATED not in record.files:
            return Catalog(frames, pairs, self.roots)
        generated = _read_table(folder / _GENERATED, generated_schema())
        return Catalog(frames, pairs, self.roots, generated=generated)

    def reject(
        self, rejections: Iterable[Rejection], *, stage: str, source: str = "", modality: str = ""
    ) -> None:
        """Put rejections in place of what this stage refused here before."""
        kept = [
            r
            for r in self.rejections()
            if r.stage != stage
            or (source and r.source != source)
            or (modality and r.modality != modality)
        ]
        with replacing(self.root / "logs" / "rejected.parquet") as coming:
            rejection_frame([*kept, *rejections]).write_parquet(coming)

    def rejections(self) -> list[Rejection]:
        """Return everything that is refused at present; a damaged list counts as empty."""
        import polars as pl

        path = self.root / "logs" / "rejected.parquet"
        if not path.exists():
            return []
        try:
            return list(read_rejections(pl.read_parquet(path)))
        except (pl.exceptions.PolarsError, OSError, KeyError, TypeError, ValueError):
            return []

    def setting(self, name: str, default: Any = None) -> Any:
        """Return a remembered setting of ``pentad.toml``."""
        return self._config.get(name, default)

    def set(self, name: str, value: object) -> None:
        """Remember a setting in ``pentad.toml``; the caller holds the writer lock."""
        if self._config.get(name) != value:
            self._config = {**self._config, name: value}
            write_bytes(self.root / _CONFIG, dump_toml(self._config).encode())

    def _remember_source(self, name: str, folder: Root) -> None:
        known = self.roots.get(name)
        gone = isinstance(known, Path) and not known.exists()
        if known is not None and not gone and not same_root(known, folder):
            raise InputError(
                f"source {name!r} of this workspace is {known}; "
                f"give {folder} another name, or use another workspace"
            )
        if isinstance(folder, RemoteFolder):
            root = folder.address
        else:
            root = Path(os.path.relpath(folder.resolve(), self.root.resolve())).as_posix()
        sources = self._config.get("sources", {})
        self.set("sources", {**sources, name: {"root": root}})

    def _write_catalog(self, catalog: Catalog) -> None:
        with committing(self.root / "items" / "items.json") as commit:
            for modality, frame in catalog.frames.items():
                frame.write_parquet(commit.path(f"{modality.value}.parquet"))
            catalog.pairs.frame.write_parquet(commit.path("pairs.parquet"))
            fields: dict[str, object] = {
                "rows": {m.value: f.height for m, f in catalog.frames.items()},
                "pairs": catalog.pairs.native.height,
            }
            if not catalog.generated.is_empty():
                catalog.generated.write_parquet(commit.path(_GENERATED))
                fields["generated"] = catalog.generated.height
            commit.finish(fields)


def _check_settings(path: Path, config: dict[str, Any]) -> None:
    """Raise `StoreError` where a setting is not of the form that it is written in."""
    sources = config.get("sources", {})
    well = {
        "sources": isinstance(sources, dict)
        and all(isinstance(s, dict) and isinstance(s.get("root"), str) for s in sources.values()),
        "encoders": isinstance(config.get("encoders", []), list)
        and all(isinstance(spec, str) for spec in config.get("encoders", [])),
        "neighbors": isinstance(config.get("neighbors", {}), dict),
        "groups": isinstance(config.get("groups", {}), dict),
        "policies": isinstance(config.get("policies", {}), dict),
    }
    for name, is_well in well.items():
        if not is_well:
            raise StoreError(f"{path}: {name!r} cannot be understood; restore it from a copy")


def _is_vacant(folder: Path) -> bool:
    return folder.is_dir() and all(p.name.endswith(NEXT_SUFFIX) for p in folder.iterdir())


def _same_tables(left: Catalog, right: Catalog) -> bool:
    return (
        left.frames.keys() == right.frames.keys()
        and all(left.frames[m].equals(right.frames[m]) for m in left.frames)
        and left.pairs.frame.equals(right.pairs.frame)
        and left.generated.equals(right.generated)
    )


def _read_table(path: Path, schema: Schema) -> pl.DataFrame:
    import polars as pl

    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StoreError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from None
    if dict(frame.schema) != schema:
        raise SchemaMismatch(path, list(schema), list(frame.columns))
    return frame
