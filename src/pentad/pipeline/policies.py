"""What a workspace leaves out of neighbors, groups, training and scores, as ``pentad.toml`` says.

    [policies]
    generated = "exclude"      captions that only models have written

Everything stays in the workspace and is embedded; whoever goes on from the embeddings reads the
catalog through `considered`, so that a change of policy makes anew exactly what it must.
"""

from __future__ import annotations

from pentad.core.errors import InputError
from pentad.store.generated import without_generated
from pentad.store.items import Catalog
from pentad.store.workspace import Workspace

SETTING = "policies"
_GENERATED = "generated"
_CHOICES = ("keep", "exclude")


def remember_generated(workspace: Workspace, keep: bool | None) -> None:
    """Remember whether captions of models are kept; None leaves it as it is.

    The caller holds the writer lock.
    """
    if keep is None or keep == keeps_generated(workspace):
        return
    others = {k: v for k, v in workspace.setting(SETTING, {}).items() if k != _GENERATED}
    workspace.set(SETTING, others if keep else {**others, _GENERATED: "exclude"})


def keeps_generated(workspace: Workspace) -> bool:
    """Return whether captions that only models have written count.

    Raises:
        InputError: The setting is none of the two words.
    """
    chosen = workspace.setting(SETTING, {}).get(_GENERATED, "keep")
    if chosen not in _CHOICES:
        wanted = " or ".join(_CHOICES)
        raise InputError("pentad.toml: [policies] generated", expected=wanted, seen=repr(chosen))
    return bool(chosen == "keep")


def considered(workspace: Workspace, catalog: Catalog) -> Catalog:
    """Return what of a catalog counts for neighbors, groups, training, scores and searches."""
    return catalog if keeps_generated(workspace) else without_generated(catalog)
