"""`quickstart`: a generated world through the whole chain, in a minute, without downloads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pentad.core.engine import get_engine
from pentad.core.modality import MEDIA_MODALITIES
from pentad.core.progress import SILENT, Progress
from pentad.groups.groups import Groups
from pentad.pipeline.build import BuildResult, build
from pentad.pipeline.models import find_model
from pentad.pipeline.search import encode_query, open_index
from pentad.pipeline.sheet import draw_sheet
from pentad.pipeline.world.generate import generate_world
from pentad.serving.index import Hit
from pentad.store.workspace import Workspace

QUERIES = ("three small bells", "a large frog", "two medium sized drums")


@dataclass(frozen=True)
class Search:
    """One query and what it found.

    Attributes:
        query: The text.
        hits: Of every modality, best first.
    """

    query: str
    hits: Sequence[Hit]


@dataclass(frozen=True)
class QuickstartResult:
    """What a newcomer is shown.

    Attributes:
        world: Folder of the generated files.
        built: What the chain did.
        searches: A few queries with their hits.
        picture: A few groups side by side.
        next_command: What to type next.
    """

    world: Path
    built: BuildResult
    searches: Sequence[Search]
    picture: Path
    next_command: str

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain values."""
        found = [{"query": s.query, "hits": [asdict(hit) for hit in s.hits]} for s in self.searches]
        return {
            **self.built.to_json(),
            "world": str(self.world),
            "searches": found,
            "picture": str(self.picture),
        }


def quickstart(
    folder: str | Path, *, seed: int = 0, k: int = 16, progress: Progress = SILENT
) -> QuickstartResult:
    """Generate a world and run everything on it; a second run finds it all done.

    Args:
        folder: Gets ``world/`` (files and captions) and ``workspace/``.
        seed: Seed of the world and of the chain.
        k: Groups a caption.
        progress: Where to report.

    Raises:
        InputError: The folder holds something else.
    """
    root = Path(folder)
    engine = get_engine(workers=os.cpu_count() or 1)
    world = generate_world(root / "world", seed=seed, engine=engine, progress=progress).root
    place = root / "workspace"
    built = build(world, place, k=k, seed=seed, progress=progress)
    opened = Workspace.open(place)
    groups = Groups.load(place / "groups" / "default")
    picture = draw_sheet(opened.catalog(), groups, place / "reports" / "groups.png", seed=seed)
    searches = _searches(opened)
    command = f'pentad search {place} "a small horn" --modality audio'
    return QuickstartResult(Path(world), built, searches, picture, command)


def _searches(workspace: Workspace) -> list[Search]:
    model = find_model(workspace)
    index = open_index(workspace, model)
    found = []
    for query in QUERIES:
        vector, _ = encode_query(model, query)
        hits = [hit for m in MEDIA_MODALITIES for hit in index.search(vector, modality=m, k=1)]
        found.append(Search(query, hits))
    return found
