"""The vectors of a workspace with captions and concepts beside them: of a model, or of a space."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.core.modality import Modality
from pentad.embeddings.embed import load_embeddings
from pentad.embeddings.embeddings import Embeddings
from pentad.evaluation.labelled import LabelledVectors
from pentad.pipeline.judge import captions_of
from pentad.pipeline.models import find_model
from pentad.pipeline.placed import open_placed
from pentad.pipeline.policies import considered
from pentad.pipeline.stored import is_called
from pentad.store.captions import caption_key
from pentad.store.items import Catalog
from pentad.store.workspace import Workspace


def workspace_vectors(
    workspace: str | Path, *, model: str | None = None, space: str | None = None
) -> tuple[str, dict[Modality, LabelledVectors]]:
    """Return the name of a space and the vectors of all items that are in it.

    Args:
        workspace: Folder of the workspace.
        model: A saved model; default the final one, unless a space is named.
        space: A space in ``embeddings/``; the fingerprint that ends its name may be left out.

    Raises:
        StoreError: There is no workspace, no model, or no vector.
        UnknownName: There is no model or space of that name.
        InputError: Both a model and a space are named.
    """
    if model is not None and space is not None:
        raise InputError("name a model or a space, not both", seen=f"{model} and {space}")
    opened = Workspace.open(workspace)
    catalog = considered(opened, opened.catalog())
    if space is None:
        found = open_placed(opened, catalog, find_model(opened, model))
    else:
        found = _of_space(opened, catalog, space)
    if not found:
        raise StoreError(f"{opened.root}: no vectors here yet; run 'pentad embed'")
    name = next(iter(found.values())).space
    return name, labelled_embeddings(catalog, found)


def labelled_embeddings(
    catalog: Catalog, embeddings: Mapping[Modality, Embeddings]
) -> dict[Modality, LabelledVectors]:
    """Return vectors by modality with the captions and concepts that the catalog knows.

    Vectors of captions that are equal but for case, punctuation or an article are one, that of the
    lowest id.
    """
    return {m: _labelled(catalog, part) for m, part in embeddings.items()}


def _labelled(catalog: Catalog, part: Embeddings) -> LabelledVectors:
    ids = part.ids.tolist()
    vectors = np.asarray(part.vectors, dtype=np.float32)
    if part.modality is Modality.TEXT:
        keys = [caption_key(c) for c in catalog.items(Modality.TEXT).take(part.ids).captions]
        return LabelledVectors.of_captions(keys, vectors, ids=part.ids, space=part.space)
    captions = captions_of(catalog, part.modality)
    return LabelledVectors.of_items(
        part.modality,
        vectors,
        captions=[captions.get(i, ()) for i in ids],
        concepts=catalog.items(part.modality).take(part.ids).frame["concept"].to_list(),
        ids=part.ids.astype(np.int64),
        space=part.space,
    )


def _of_space(workspace: Workspace, catalog: Catalog, name: str) -> dict[Modality, Embeddings]:
    root = workspace.root / "embeddings"
    known = sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    full = [space for space in known if is_called(space, name)]
    if not full:
        raise UnknownName("space", name, known)
    if len(full) > 1:
        raise InputError("the name means several spaces", expected=" or ".join(full), seen=name)
    found = {}
    for modality in Modality:
        if (root / full[0] / modality.value).is_dir():
            part = load_embeddings(workspace, full[0], modality.value)
            part = part.take(catalog.items(modality).ids)
            if len(part):
                found[modality] = part
    return found
