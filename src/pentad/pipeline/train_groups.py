"""`train_on_groups`: a model from named groups and ratings of a workspace, on stored vectors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import MODALITIES, Modality
from pentad.core.progress import SILENT, Progress
from pentad.embeddings.embed import load_embeddings
from pentad.embeddings.embeddings import Embeddings
from pentad.encoders.model_file import load_model
from pentad.encoders.projection import ProjectionModel
from pentad.groups.groups import Groups
from pentad.pipeline.models import model_names, saved_space
from pentad.ratings.triplets import Triplets
from pentad.store.workspace import Workspace
from pentad.training.fit import train
from pentad.training.projection_settings import FitSettings

DEFAULT_NAME = "projection"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def train_on_groups(
    workspace: str | Path,
    groups: Sequence[str] = (),
    *,
    ratings: Sequence[str] = (),
    init: str | None = None,
    name: str = DEFAULT_NAME,
    dim: int | None = None,
    epochs: int | None = None,
    seed: int = 0,
    settings: FitSettings | None = None,
    progress: Progress = SILENT,
) -> ProjectionModel:
    """Pre-train on groups, post-train on ratings, and save the model under ``models/<name>``.

    Vectors are those that are stored: where a modality has several spaces, they stand side by side.

    Args:
        workspace: A workspace with embeddings.
        groups: Folders below ``groups/``, one after another.
        ratings: Folders below ``ratings/``, after the groups.
        init: A model to go on from: a name in ``models/`` or a path.
        name: What the model is called.
        dim: Length of a vector; default that of ``init``, else 512.
        epochs: How often each set of rows is gone through.
        seed: Decides the start and the order of rows.
        settings: Everything else that may be chosen.
        progress: Where progress is shown.

    Raises:
        InputError: There is nothing to train on, no vectors, another kind of model in ``init``, or
            the name cannot be that of a folder.
        UnknownName: There are no such groups, ratings or model.
        StoreError: A file is damaged, or another process is writing to the workspace.
    """
    opened = Workspace.open(workspace)
    if not groups and not ratings:
        raise InputError("name groups or ratings to train on")
    if not _NAME.fullmatch(name):
        raise InputError(
            "wrong name of a model",
            expected="letters, digits, '.', '_' and '-', beginning with a letter or digit",
            seen=repr(name),
        )
    data: list[Groups | Triplets] = [Groups.load(_folder(opened, "groups", n)) for n in groups]
    data += [Triplets.load(_folder(opened, "ratings", n)) for n in ratings]
    model = None if init is None else _init(opened, init)
    features = stored_features(opened)
    with opened.writing():
        for rows in data:
            model = train(
                rows,
                features=features,
                init=model,
                dim=None if model is not None else dim,
                epochs=epochs,
                seed=seed,
                settings=settings,
                name=name,
                progress=progress,
            )
        if model is None:
            raise InputError("there was nothing to train on")
        model.save(opened.root / "models" / name)
    return model


def stored_features(workspace: Workspace) -> dict[str, list[Embeddings]]:
    """Return the stored frozen vectors by modality; those of trained models are left out.

    Raises:
        InputError: There are none of captions, or of nothing but captions.
    """
    trained = {saved_space(workspace.root / "models" / name) for name in model_names(workspace)}
    found: dict[str, list[Embeddings]] = {}
    for modality in MODALITIES:
        folders = sorted(workspace.root.glob(f"embeddings/*/{modality.value}"))
        spaces = [path.parent.name for path in folders if path.parent.name not in trained]
        vectors = [load_embeddings(workspace, space, modality) for space in spaces]
        if vectors:
            found[modality.value] = vectors
    if Modality.TEXT not in found or len(found) < 2:
        raise InputError(
            "there are no vectors of captions and items to train on; run 'pentad embed' first",
            file=workspace.root,
        )
    return found


def _folder(workspace: Workspace, kind: str, name: str) -> Path:
    known = [path.parent.name for path in workspace.root.glob(f"{kind}/*/manifest.json")]
    if name not in known:
        raise UnknownName(kind.removesuffix("s") if kind == "groups" else kind, name, known)
    return workspace.root / kind / name


def _init(workspace: Workspace, name: str) -> ProjectionModel:
    names = model_names(workspace)
    folder = workspace.root / "models" / name if name in names else Path(name)
    if name not in names and not folder.is_dir():
        raise UnknownName("model", name, names)
    model = load_model(folder)
    if not isinstance(model, ProjectionModel):
        raise InputError(
            "this model has a bridge, on which heads were trained with 'pentad train' alone; "
            "name one that was trained on groups",
            file=folder,
        )
    return model
