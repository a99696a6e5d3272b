"""`extract`: the vectors of a folder's files, or of one file, kept in a small workspace."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import Modality, as_modality
from pentad.core.progress import SILENT, Progress
from pentad.embeddings.work import EmbedOptions
from pentad.encoders.protocol import EncodesFrames
from pentad.evaluation.similarity.truth_files import read_names
from pentad.media.formats import modality_of
from pentad.pipeline.plan import load_encoders
from pentad.pipeline.verbs import embed_step
from pentad.sources.folder import list_folder
from pentad.store.listing import Listing
from pentad.store.workspace import Workspace

_TOLD = 5
_SOURCE = "files"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Extracted:
    """What a run did.

    Attributes:
        out: The workspace.
        modality: Of what.
        space: Name of the space.
        frames: Whether an item has one vector for each of its frames.
        encoded: Items encoded now.
        kept: Items that were there already.
        rejected: Items that cannot be encoded; they are listed in logs/rejected.parquet.
    """

    out: str
    modality: str
    space: str
    frames: bool
    encoded: int
    kept: int
    rejected: int

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


def extract(
    source: str | Path,
    out: str | Path,
    *,
    models: Sequence[str],
    modality: str | None = None,
    names: str | Path | None = None,
    options: EmbedOptions | None = None,
    device: str | None = None,
    progress: Progress = SILENT,
) -> Extracted:
    """Encode files frame by frame; a run that was cut short goes on where it was.

    The workspace has the files that the last call took: what an earlier call took besides is no
    longer among its items, though its vectors are kept for the call that takes it again.

    Args:
        source: A folder of files, or one file.
        out: Folder of a workspace; it is made where it is not there.
        models: The encoder; one that gives no frames gives one vector an item.
        modality: Of which files, where a folder has several; by default of the most.
        names: CSV whose first known column names the files to take, as in ``fname``.
        options: How embedding is done.
        device: Where the encoder runs.
        progress: Where to report.

    Raises:
        InputError: There are no such files, or the encoder does not fit.
        StoreError: The workspace is used by somebody else.
    """
    listing = _listed(Path(source), modality)
    kind = as_modality(str(listing.rows["modality"][0]))
    frames = _gives_frames(models, kind)
    if names is not None:
        listing = _only(listing, read_names(names), Path(names))
    folder = Path(out)
    opened = (
        Workspace.open(folder) if (folder / "pentad.toml").is_file() else Workspace.create(folder)
    )
    with opened.writing():
        opened.add(listing)
    if not frames:
        _log.warning("%s gives one vector an item, no frames", models[0])
    rows = embed_step(
        folder,
        models=models,
        modalities=[kind],
        options=replace(options or EmbedOptions(), frames=frames),
        device=device,
        progress=progress,
    )
    row = rows[0]
    return Extracted(
        str(out), kind.value, row["space"], frames, row["encoded"], row["kept"], row["rejected"]
    )


def _gives_frames(models: Sequence[str], kind: Modality) -> bool:
    """Return whether the one encoder gives several vectors of an item.

    Raises:
        InputError: There are several, or it does not encode this modality.
    """
    named = load_encoders(models)
    if len(named) != 1:
        raise InputError("one encoder", expected="-m ENCODER once", seen=" ".join(models))
    only, chosen = named[0]
    able = chosen.encoder.modalities if only is None else (only,)
    if kind not in able:
        raise InputError(f"{chosen.spec} does not encode {kind}", expected=", ".join(able))
    return kind is not Modality.IMAGE and isinstance(chosen.encoder, EncodesFrames)


def _listed(source: Path, modality: str | None) -> Listing:
    if not source.exists():
        raise InputError("there is no such file or folder", file=source)
    kind = None if modality is None else as_modality(modality)
    if source.is_dir():
        listing = list_folder(source, modality=kind, name=_SOURCE)
        return _of_one_modality(listing, kind, source)
    kind = kind or modality_of(source)
    if kind is None:
        raise InputError("is of no kind that can be encoded", file=source)
    listing = list_folder(source.parent, modality=kind, name=_SOURCE)
    rows = listing.rows.filter(listing.rows["file"] == source.name)
    if rows.is_empty():
        raise InputError(f"cannot be taken as {kind}", file=source)
    return replace(listing, rows=rows, rejections=())


def _of_one_modality(listing: Listing, kind: Modality | None, source: Path) -> Listing:
    """Return the files without captions, of the modality that has the most."""
    import polars as pl

    files = listing.rows.filter(pl.col("file") != "")
    if files.is_empty():
        raise InputError("no files that can be encoded", file=source)
    counts = files.group_by("modality").len().sort("len", "modality", descending=[True, False])
    name = counts["modality"][0] if kind is None else kind.value
    others = counts.filter(pl.col("modality") != name)
    if not others.is_empty():
        told = ", ".join(f"{n} {m}" for m, n in others.rows())
        _log.warning("only the %s files are taken, not %s", name, told)
    kept = files.filter(pl.col("modality") == name).unique("file", maintain_order=True)
    if kept.is_empty():
        raise UnknownName("modality among these files", name, counts["modality"].to_list())
    return replace(listing, rows=kept.with_columns(pl.lit(None, pl.String).alias("caption")))


def _only(listing: Listing, names: Sequence[str], file: Path) -> Listing:
    import polars as pl

    wanted = set(names)
    stems = [PurePosixPath(name).stem for name in listing.rows["file"].to_list()]
    known = [
        stem in wanted or PurePosixPath(name).name in wanted or name in wanted
        for stem, name in zip(stems, listing.rows["file"].to_list(), strict=True)
    ]
    kept = listing.rows.filter(pl.Series(known, dtype=pl.Boolean))
    if kept.is_empty():
        raise InputError(
            "none of the names is a file here", file=file, expected=stems[0], seen=names[0]
        )
    missing = len(wanted) - kept.height
    if missing > 0:
        _log.warning("%d of %d names of %s have no file here", missing, len(wanted), file.name)
    return replace(listing, rows=kept)
