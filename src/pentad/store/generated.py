"""Captions that a model wrote: who wrote which, and the same catalog without them.

They are captions like any other, native to the item that the model saw, of a source of their own.
Beside them stands a table that says by which model, in answer to what, about which content. A
caption that people have written too is theirs: it counts as generated only while no other source
lists it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pentad.core.fingerprint import fingerprint_bytes
from pentad.core.modality import Modality
from pentad.store.items import Catalog, Pairs, generated_schema, pair_schema

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

_PAIR = ("modality", "item_id", "text_id", "source")


@dataclass(frozen=True)
class Origin:
    """Who wrote some captions.

    Attributes:
        source: Name of their source in the workspace.
        model: The model as it was named.
        revision: Which version of it.
        prompt: What it was asked.
        generator: Fingerprint of model, revision, prompt and all settings that decide what it
            writes.
    """

    source: str
    model: str
    revision: str
    prompt: str
    generator: str

    @property
    def prompt_fingerprint(self) -> str:
        """SHA-256 of the prompt."""
        return fingerprint_bytes(self.prompt.encode())


@dataclass(frozen=True, eq=False)
class Written:
    """All captions of one modality that a model has written for a workspace.

    Attributes:
        origin: Who wrote them.
        root: The folder they are kept in.
        modality: What they describe.
        rows: ``item_id, item_fingerprint, caption``; captions are cleaned.
    """

    origin: Origin
    root: Path
    modality: Modality
    rows: pl.DataFrame


def still_true(generated: pl.DataFrame, frames: Mapping[Modality, pl.DataFrame]) -> pl.DataFrame:
    """Return the rows whose item is there with the content that was described."""
    import polars as pl

    if generated.is_empty():
        return generated
    there = [
        frame.filter(~pl.col("removed")).select(
            pl.lit(m.value).alias("modality"),
            pl.col(m.id_column).alias("item_id"),
            pl.col("fingerprint").alias("item_fingerprint"),
        )
        for m, frame in frames.items()
        if m is not Modality.TEXT
    ]
    keys = ["modality", "item_id", "item_fingerprint"]
    none = pl.DataFrame(schema={k: generated_schema()[k] for k in keys})
    return generated.join(pl.concat([none, *there]), on=keys, how="semi", maintain_order="left")


def with_generated(
    pairs: pl.DataFrame, before: pl.DataFrame, generated: pl.DataFrame
) -> pl.DataFrame:
    """Return pairs with those that models wrote ``before`` replaced by those of ``generated``."""
    import polars as pl

    if before.is_empty() and generated.is_empty():
        return pairs
    human = pairs.filter(~pl.col("source").is_in(before["source"].unique().implode()))
    return pl.concat([human, generated.select(*pair_schema())]).unique(_PAIR).sort(_PAIR)


def table_of(written: Written, texts: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of ``items/generated.parquet`` for captions that have their ids."""
    import polars as pl

    origin = written.origin
    words = {
        "modality": written.modality.value,
        "source": origin.source,
        "model": origin.model,
        "revision": origin.revision,
        "prompt": origin.prompt,
        "prompt_fingerprint": origin.prompt_fingerprint,
        "generator": origin.generator,
    }
    named = written.rows.join(texts.select("caption", "text_id"), on="caption")
    told = named.with_columns(pl.lit(value).alias(name) for name, value in words.items())
    return told.select(*generated_schema()).cast(pl.Schema(generated_schema()))


def generated_texts(catalog: Catalog) -> list[int]:
    """Return the ids of captions that only models have written, ascending."""
    import polars as pl

    if catalog.generated.is_empty():
        return []
    mine = pl.col("source").is_in(catalog.generated["source"].unique().implode())
    listed = catalog.pairs.frame.group_by("text_id").agg(mine.all().alias("generated"))
    return listed.filter("generated")["text_id"].sort().to_list()


def count_generated(catalog: Catalog) -> dict[str, dict[str, int]]:
    """Return model -> modality -> how many items have a caption that it wrote."""
    found: dict[str, dict[str, int]] = {}
    items = catalog.generated.unique(["model", "modality", "item_id"])
    counts = items.group_by("model", "modality").len().sort("model", "modality")
    for model, modality, count in counts.iter_rows():
        found.setdefault(model, {})[modality] = count
    return found


def without_generated(catalog: Catalog) -> Catalog:
    """Return the catalog as it would be had no model written anything; ids stay."""
    import polars as pl

    if catalog.generated.is_empty():
        return catalog
    none = catalog.generated.clear()
    pairs = with_generated(catalog.pairs.frame, catalog.generated, none)
    listed = pl.col("text_id").is_in(pairs["text_id"].unique().implode())
    texts = catalog.frames[Modality.TEXT]
    texts = texts.with_columns((pl.col("removed") | ~listed).alias("removed"))
    frames = {**catalog.frames, Modality.TEXT: texts}
    return replace(catalog, frames=frames, pairs=Pairs(pairs), generated=none)
