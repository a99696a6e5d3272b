"""`open_frames`: the vectors of a folder or of a workspace, each under the name of its item."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from pentad.core.errors import InputError
from pentad.core.modality import Modality, as_modality
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.exchange import clip_json
from pentad.embeddings.exchange.imported import Imported, Wanted
from pentad.embeddings.exchange.read import detect_format, read_embeddings
from pentad.embeddings.frames import FrameEmbeddings
from pentad.evaluation.similarity.frames import NamedFrames, aggregated
from pentad.evaluation.similarity.named import NamedVectors
from pentad.pipeline.stored import is_called, stored_embeddings, stored_spaces, without_removed
from pentad.store.workspace import Workspace

_TOLD = 5
_log = logging.getLogger(__name__)


def open_frames(
    path: str | Path, *, modality: str | None = None, space: str | None = None
) -> NamedFrames:
    """Return the vectors of all items, one or several of each.

    Args:
        path: A workspace; a folder that Pentad saved; a folder of JSON files with a clip each; or
            anything else that `read_embeddings` reads.
        modality: Of what; needed where a workspace has embeddings of several. Default ``audio`` for
            files that do not say it.
        space: Of a workspace, which embeddings; needed where there are several.

    Raises:
        InputError: There is nothing to read, it is not clear which embeddings are meant, or they
            are of something else.
        UnknownName: There is no such space.
    """
    root = Path(path)
    kind = None if modality is None else as_modality(modality)
    if is_workspace(root):
        return _of_workspace(root, kind, space)
    if space is not None:
        raise InputError("has no spaces to choose from, only a workspace has", file=root)
    if root.suffix == ".json" and root.is_file():
        raise InputError("is one clip; name the folder of all of them", file=root)
    if _is_prepared(root):
        return _of_one_modality(_of_folder(root), kind, root)
    if any(root.glob("[0-9]*.json")) and any(root.glob("[0-9]*.npy")):
        return _of_one_modality(_of_shards(root), kind, root)
    return _of_exchange(root, kind or Modality.AUDIO)


def open_vectors(path: str | Path) -> NamedVectors:
    """Return vectors that are ready to be searched, as they are.

    Args:
        path: What `pentad.pipeline.similarity.steps.prepare_step` wrote; or anything that
            `open_frames` opens and that has one vector an item, such as the folder of JSON files
            that the published program prepares.

    Raises:
        InputError: There is nothing to read, or an item has several vectors.
        StoreError: The folder is damaged.
    """
    root = Path(path)
    if _is_prepared(root) and not is_workspace(root):
        return NamedVectors.load(root)
    frames = open_frames(root)
    vectors = aggregated(frames, "none")
    return NamedVectors(frames.names, vectors, frames.modality, frames.space)


def is_workspace(path: str | Path) -> bool:
    """Return whether a workspace lies at ``path``."""
    return (Path(path) / "pentad.toml").is_file()


def _is_prepared(root: Path) -> bool:
    """Return whether vectors that Pentad saved lie there, damaged ones included."""
    return (root / "embeddings.json").is_file() and (root / "vectors.npy").exists()


def _of_one_modality(frames: NamedFrames, kind: Modality | None, root: Path) -> NamedFrames:
    if kind is not None and frames.modality != kind.value:
        raise InputError("holds another modality", file=root, expected=kind, seen=frames.modality)
    return frames


def _of_workspace(root: Path, modality: Modality | None, space: str | None) -> NamedFrames:
    workspace = Workspace.open(root)
    catalog = workspace.catalog()
    kind, name = _chosen(workspace, modality, space)
    stored, _ = without_removed(stored_embeddings(workspace, name, kind), catalog.items(kind))
    items = catalog.items(kind).take(stored.ids)
    if kind is Modality.TEXT:
        return NamedFrames.of(stored, tuple(items.captions))
    files = items.frame["file"].to_list()
    return NamedFrames.of(stored, item_names(files, items.frame["source"].to_list()))


def _chosen(
    workspace: Workspace, modality: Modality | None, space: str | None
) -> tuple[Modality, str]:
    """Return the one modality and space that can be meant."""
    found = [
        (kind, name)
        for kind in Modality
        if modality in (None, kind)
        for name in stored_spaces(workspace, kind)
        if space is None or is_called(name, space)
    ]
    if len(found) == 1:
        return found[0]
    there = [f"{kind}: {name}" for kind in Modality for name in stored_spaces(workspace, kind)]
    if not there:
        raise InputError("no embeddings yet; run 'pentad embed' first", file=workspace.root)
    raise InputError(
        "which embeddings?" if found else "no such embeddings",
        file=workspace.root,
        expected="--modality and --space that name one of " + "; ".join(there),
    )


def item_names(files: Sequence[str], sources: Sequence[str]) -> tuple[str, ...]:
    """Return a name for each file: its last part without extension, longer where that is not one.

    Args:
        files: Paths relative to their source.
        sources: The source of each.
    """
    plain = [PurePosixPath(file) for file in files]
    for names in (
        [path.stem for path in plain],
        [str(path.with_suffix("")) for path in plain],
        list(files),
    ):
        if len(set(names)) == len(names):
            return tuple(names)
    return tuple(f"{source}/{file}" for source, file in zip(sources, files, strict=True))


def _of_folder(root: Path) -> NamedFrames:
    vectors = NamedVectors.load(root)
    offsets = np.arange(len(vectors) + 1)
    return NamedFrames(vectors.names, vectors.vectors, offsets, vectors.modality, vectors.space)


def _of_shards(root: Path) -> NamedFrames:
    found: Embeddings | FrameEmbeddings
    found = FrameEmbeddings.load(root) if any(root.glob("*.offsets.npy")) else Embeddings.load(root)
    return NamedFrames.of(found, tuple(map(str, found.ids.tolist())))


def _read_exchange(root: Path, modality: Modality) -> Imported:
    # A clip may be called as the record of what Pentad saves is.
    clips = (root / "embeddings.json").is_file() or (
        root.is_dir() and detect_format(root) == clip_json.FORMAT
    )
    if not clips:
        return read_embeddings(root, modality=modality, space=root.name)
    try:
        # All digits are kept: results may lie closer together than float32 can tell.
        return clip_json.read(root, Wanted(modality, root.name, dtype=np.float64))
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", file=error.filename or root) from None


def _of_exchange(root: Path, modality: Modality) -> NamedFrames:
    found = _read_exchange(root, modality)
    for rejection in found.rejections[:_TOLD]:
        _log.warning("%s", rejection)
    if len(found.rejections) > _TOLD:
        _log.warning("... %d left out in all", len(found.rejections))
    names = found.names or list(map(str, found.embeddings.ids.tolist()))
    if modality is Modality.TEXT:
        return NamedFrames.of(found.embeddings, tuple(names))
    return NamedFrames.of(found.embeddings, item_names(names, [root.name] * len(names)))
