"""The vectors that a workspace already has of its items under any model."""

from __future__ import annotations

from pentad.core.modality import Modality
from pentad.embeddings.embed import load_embeddings
from pentad.embeddings.embeddings import Embeddings
from pentad.encoders.model import Model
from pentad.encoders.projection import ProjectionModel
from pentad.encoders.protocol import Encoder, space_of
from pentad.pipeline.placed import open_placed
from pentad.store.items import Catalog
from pentad.store.workspace import Workspace


def stored_vectors(
    workspace: Workspace, catalog: Catalog, encoder: Encoder, modality: Modality
) -> Embeddings | None:
    """Return what is stored of one modality in an encoder's space, or follows from what is.

    Args:
        workspace: Where to look.
        catalog: The items that count; vectors of others are left out.
        encoder: An encoder, whose own vectors are looked for; or a saved model, which may also
            stand on frozen vectors that are stored.
        modality: Of the items.

    Returns:
        None where the items have to be encoded.
    """

    def stored(space: str) -> bool:
        return any((workspace.root / "embeddings" / space / modality.value).glob("*.json"))

    found = None
    if stored(space_of(encoder)):
        found = load_embeddings(workspace, space_of(encoder), modality.value)
    elif isinstance(encoder, Model) and all(map(stored, _frozen_spaces(encoder, modality))):
        return open_placed(workspace, catalog, encoder, modality).get(modality)
    elif isinstance(encoder, ProjectionModel):
        spaces = [source.space for source in encoder.sources[modality]]
        if all(map(stored, spaces)):
            parts = [load_embeddings(workspace, space, modality.value) for space in spaces]
            found = encoder.embed(parts)
    return None if found is None else found.take(catalog.items(modality).ids)


def _frozen_spaces(model: Model, modality: Modality) -> list[str]:
    return [entry.space for entry in model.encoders[modality]]
