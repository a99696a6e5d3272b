"""One side of a comparison: the items of a workspace, or of captioned files anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pentad.core.errors import InputError
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.core.progress import SILENT, Progress
from pentad.sources.read import read_source
from pentad.store.items import Catalog, empty_catalog
from pentad.store.registry import register
from pentad.store.rejections import Rejection
from pentad.store.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Side:
    """The items of one side.

    Attributes:
        name: What it is called in reports.
        catalog: Its items.
        path: Where it was read from; None for a catalog that was handed over.
        workspace: The workspace, where it is one.
        rejections: Files and rows that could not be read at all.
    """

    name: str
    catalog: Catalog
    path: Path | None = None
    workspace: Workspace | None = None
    rejections: tuple[Rejection, ...] = field(default_factory=tuple)

    @property
    def counts(self) -> dict[str, int]:
        """How many items of each modality there are."""
        return {m.value: len(self.catalog.items(m)) for m in self.catalog.modalities}

    @property
    def media(self) -> tuple[Modality, ...]:
        """Modalities of the files that there are."""
        return tuple(m for m in MEDIA_MODALITIES if len(self.catalog.items(m)))

    def keys(self, modality: Modality) -> list[str]:
        """Return the key of every item in id order: its file, or the caption itself."""
        column = "caption" if modality is Modality.TEXT else "file"
        return self.catalog.items(modality).frame[column].to_list()


def open_side(what: str | Path | Catalog | Side, *, progress: Progress = SILENT) -> Side:
    """Return one side of a comparison.

    Args:
        what: A workspace, a folder or table of captioned files as `pentad.read_source` takes them,
            or a catalog. The files of a folder are hashed; nothing is decoded.
        progress: Told about what is refused.

    Raises:
        InputError: There is nothing to read in it.
        StoreError: It is a workspace, and damaged.
    """
    if isinstance(what, Side):
        return what
    if isinstance(what, Catalog):
        return Side("catalog", what, rejections=tuple(what.rejections))
    path = Path(what)
    if (path / "pentad.toml").is_file():
        workspace = Workspace.open(path)
        side = Side(str(what), workspace.catalog(), path, workspace)
    else:
        catalog = register(empty_catalog(), read_source(what))
        side = Side(str(what), catalog, path, rejections=tuple(catalog.rejections))
        for rejection in side.rejections:
            progress.notice(str(rejection))
    if not side.catalog.modalities:
        raise InputError("it has no items to compare", file=what)
    return side
