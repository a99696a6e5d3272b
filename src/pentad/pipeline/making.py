"""`Making`: how neighbors and groups are made, alike for every model and part of the items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.core.progress import SILENT, Progress
from pentad.embeddings.embeddings import Embeddings
from pentad.encoders.model import Model
from pentad.groups.build import build_groups
from pentad.groups.concepts import concept_match, concepts_of
from pentad.groups.groups import Groups
from pentad.neighbors.backends import MANY_QUERIES, PRODUCTS, get_backend, require_possible
from pentad.neighbors.find import find_neighbors
from pentad.neighbors.grid.finished import remove_products
from pentad.neighbors.native import Native
from pentad.neighbors.neighbors import Neighbors
from pentad.neighbors.update import is_updatable, update_neighbors
from pentad.pipeline.frozen import Frozen
from pentad.pipeline.learned import placed
from pentad.pipeline.options import GroupOptions, Machine, NeighborOptions
from pentad.store.items import Catalog, Pairs


@dataclass(frozen=True)
class Making:
    """How neighbors are found and lined up, and where.

    Attributes:
        neighbors: How they are found.
        groups: How they are lined up.
        machine: Where they are found.
        seed: Of everything random in it.
    """

    neighbors: NeighborOptions = field(default_factory=NeighborOptions)
    groups: GroupOptions = field(default_factory=GroupOptions)
    machine: Machine = field(default_factory=Machine)
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be together, before anything is computed."""
        require_possible(self.neighbors.backend, self.machine.device, self.machine.engine)

    def make(self, model: Model, frozen: Frozen) -> Groups:
        """Return the groups of all captions in ``frozen``, a part of everything, keeping nothing.

        What holds for everything may not be possible for a part: of too few captions no recall can
        be measured, and a caption may be native to all items that are left. Then the search is
        exact, and native items are kept.
        """
        embeddings = placed(model, frozen)
        few = len(embeddings[Modality.TEXT]) < MANY_QUERIES
        backend = "exact" if few else self.neighbors.backend
        passing = replace(
            self,
            neighbors=replace(self.neighbors, backend=backend),
            machine=replace(self.machine, scratch=None),
        )
        found = passing.find(embeddings, frozen.catalog.pairs, whole=False)
        return self.line_up(found, embeddings)

    def keeping(self, scratch: Path) -> Making:
        """Return the same, with a folder for what is kept while a search goes on."""
        return replace(self, machine=replace(self.machine, scratch=scratch))

    def find(
        self,
        embeddings: Mapping[Modality, Embeddings],
        pairs: Pairs,
        *,
        previous: Mapping[Modality, Neighbors] | None = None,
        compare: bool = False,
        whole: bool = True,
        progress: Progress = SILENT,
    ) -> tuple[Neighbors, ...]:
        """Return, for every caption, its nearest items of each modality.

        Args:
            embeddings: By modality, all in one space.
            pairs: Native pairs.
            previous: What was found before, to be brought up to date where that can be done.
            compare: Where hubs are adjusted for, search without that too, and note the figures.
            whole: Whether captions that are native to all items are an error; else they keep them.
            progress: Where progress is shown.

        Raises:
            InputError: Native items are excluded, and a caption would have none left.
        """
        captions, found = embeddings[Modality.TEXT], []
        for modality in (m for m in MEDIA_MODALITIES if m in embeddings):
            sides = captions, embeddings[modality], pairs.of(modality)
            before = (previous or {}).get(modality)
            if before is not None and self._follows_from(before, sides[1]):
                near = self._updated(before, *sides, progress)
            else:
                way = self if whole or self._leaves_some(*sides) else self._with(native="keep")
                k = way._available(*sides, progress)
                near = way._nearest(*sides, k, progress)
                if compare and self.neighbors.hubness != "none":
                    plain = way._with(hubness="none")
                    hubs = plain._nearest(*sides, k, progress, "plain").how["hubs"]
                    near = replace(near, how={**near.how, "hubs_before": hubs})
            found.append(near)
        return tuple(found)

    def _updated(
        self,
        before: Neighbors,
        captions: Embeddings,
        items: Embeddings,
        own: NDArray[np.uint32],
        progress: Progress,
    ) -> Neighbors:
        return update_neighbors(
            before,
            captions,
            items,
            pairs=own,
            progress=progress,
            memory=self.machine.memory,
            scratch=self._scratch_of(items),
        )

    def _scratch_of(self, items: Embeddings, folder: str = "") -> Path | None:
        scratch = self.machine.scratch
        return scratch and scratch / items.modality.value / folder

    def _follows_from(self, previous: Neighbors, items: Embeddings) -> bool:
        """Return whether neighbors found before are of the same search of the same space."""
        asked, machine = self.neighbors, self.machine
        return (
            is_updatable(previous)
            and (previous.space, previous.metric, previous.k) == (items.space, "cosine", asked.k)
            and get_backend(asked.backend, len(previous), len(items)) is get_backend("exact")
            and (asked.hubness, asked.native) == ("none", "keep")
            and (machine.device, machine.engine) == ("cpu", None)
        )

    def forget(self) -> None:
        """Remove what was kept for a search that might have been cut short."""
        for folder in () if self.machine.scratch is None else self.machine.scratch.glob("**/"):
            if folder.name == PRODUCTS:
                remove_products(folder)

    def line_up(
        self,
        neighbors: tuple[Neighbors, ...],
        embeddings: Mapping[Modality, Embeddings],
        *,
        encoders: Mapping[str, Sequence[str]] | None = None,
    ) -> Groups:
        """Return the groups of all captions.

        Args:
            neighbors: Of each modality.
            embeddings: By modality; looked at only where `needs_vectors`.
            encoders: Names of the encoders by modality, for the manifest.
        """
        chosen = self.groups
        return build_groups(
            neighbors,
            k=chosen.k,
            max_uses=chosen.max_uses,
            method=chosen.method,
            threshold=chosen.threshold,
            compose=chosen.compose,
            features={m.value: e for m, e in embeddings.items()} if self.needs_vectors else None,
            encoders=encoders,
        )

    def with_concept_match(
        self, groups: Groups, neighbors: tuple[Neighbors, ...], catalog: Catalog
    ) -> Groups:
        """Return groups with the shares of equal concepts in their manifest.

        Where members were put together by agreement, those of the zip by rank stand beside.
        """
        concepts = {m.value: table for m, table in concepts_of(catalog).items()}
        found = {"now": concept_match(groups, concepts).to_json()}
        if self.groups.compose != "rank":
            chosen = replace(self.groups, compose="rank", agreement=False)
            zipped = replace(self, groups=chosen).line_up(neighbors, {})
            found["by_rank"] = concept_match(zipped, concepts).to_json()
        return replace(groups, manifest={**groups.manifest, "concept_match": found})

    @property
    def needs_vectors(self) -> bool:
        """Whether lining up looks at how alike items are."""
        return self.groups.compose == "agreement" or self.groups.agreement

    def _nearest(
        self,
        captions: Embeddings,
        items: Embeddings,
        own: NDArray[np.uint32],
        k: int,
        progress: Progress,
        folder: str = "",
    ) -> Neighbors:
        options, machine = self.neighbors, self.machine
        found = find_neighbors(
            captions,
            items,
            k,
            backend=options.backend,
            hubness=options.hubness,
            pairs=own,
            native=options.native,
            progress=progress,
            recall=options.recall,
            memory=machine.memory,
            device=machine.device,
            engine=machine.engine,
            seed=self.seed,
            scratch=self._scratch_of(items, folder),
        )
        return replace(found, k=options.k)

    def _available(
        self, captions: Embeddings, items: Embeddings, own: NDArray[np.uint32], progress: Progress
    ) -> int:
        """Return how many neighbors every caption can have, and say so where that is less than k.

        Raises:
            InputError: Without its own items a caption would have none.
        """
        k, name, most = self.neighbors.k, items.modality, self._excluded(captions, items, own)
        there = len(items) - most
        if there < 1:
            raise InputError(
                f"a caption is native to all {len(items)} {name} items, so that excluding its own "
                "leaves none; keep them, or put them first"
            )
        if k > there:
            less = f" and {most} of them are one caption's own" if most else ""
            progress.notice(
                f"{name}: {k} neighbors were asked for and there are {len(items)} items{less}; "
                f"each text gets {there}"
            )
        return min(k, there)

    def _leaves_some(
        self, captions: Embeddings, items: Embeddings, own: NDArray[np.uint32]
    ) -> bool:
        return self._excluded(captions, items, own) < len(items)

    def _excluded(self, captions: Embeddings, items: Embeddings, own: NDArray[np.uint32]) -> int:
        """Return how many items are excluded for the caption that has the most of its own."""
        if self.neighbors.native != "exclude":
            return 0
        return int(Native.of(own, captions, items).counts.max(initial=0))

    def _with(self, **changes: Any) -> Making:
        return replace(self, neighbors=replace(self.neighbors, **changes))
