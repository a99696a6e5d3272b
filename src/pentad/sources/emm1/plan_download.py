"""Which files of E-MM1 a download fetches, in which order, and what is to be expected of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import MEDIA_MODALITIES, Modality, as_modality
from pentad.sources.emm1.download_items import (
    Files,
    ItemFiles,
    Judge,
    Standing,
    find_item_files,
    item_table,
)
from pentad.sources.emm1.download_uses import Uses, rank_uses, used_ids
from pentad.sources.emm1.layout import SPLITS
from pentad.sources.fetch.catalog import SourcePlan, plan_for, source_key
from pentad.sources.fetch.jobs import Job
from pentad.sources.fetch.ledger import Known, Retry, State

if TYPE_CHECKING:
    import polars as pl

    from pentad.sources.emm1.dataset import Emm1

_BLOCK = 1 << 14
_ESHOT = (Modality.AUDIO, Modality.POINTS)


@dataclass(frozen=True)
class Choice:
    """What is asked for, checked; made by `choose`.

    Attributes:
        split: ``100m``, ``1m`` or ``eshot``.
        modalities: Whose files are wanted.
        nn: Ranks of groups that must use an item; empty for all items.
        pair: Modalities of rated triplets that must use an item, None for all items.
        sources: Source data sets asked for, however spelled, None for all.
        limit: At most so many files.
        limit_groups: Only what the first so many groups or triplets need.
    """

    split: str
    modalities: tuple[Modality, ...]
    nn: tuple[int, ...] = ()
    pair: tuple[Modality, ...] | None = None
    sources: tuple[str, ...] | None = None
    limit: int | None = None
    limit_groups: int | None = None

    @property
    def by_use(self) -> bool:
        """Whether only what groups or triplets use is wanted, or is wanted first."""
        return bool(self.nn) or self.pair is not None or self.limit_groups is not None


@dataclass(frozen=True, eq=False)
class DownloadPlan:
    """The files to fetch, in order.

    Attributes:
        choice: What was asked for.
        files: The items of each modality.
        kinds: i8 (files,), the modality of each file as its position in ``files``.
        rows: i64 (files,), its item's row.
        uses: The groups or triplets behind it, None where all items are wanted.
    """

    choice: Choice
    files: Files
    kinds: NDArray[np.int8]
    rows: NDArray[np.int64]
    uses: Uses | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def jobs(self) -> Iterator[Job]:
        """Return the work in order; jobs are made as they are asked for."""
        for start in range(0, len(self), _BLOCK):
            kinds, rows = self.kinds[start : start + _BLOCK], self.rows[start : start + _BLOCK]
            made = [
                items.jobs(rows[kinds == place]) for place, items in enumerate(self.files.values())
            ]
            for kind in kinds.tolist():
                yield next(made[kind])

    def at(self, places: NDArray[np.int64] | slice) -> DownloadPlan:
        """Return a part of it."""
        return replace(self, kinds=self.kinds[places], rows=self.rows[places])

    def of_sources(self, keys: Collection[str]) -> NDArray[np.bool_]:
        """Return whether each file is of one of these sources, named by `source_key`."""
        found = np.zeros(len(self), dtype=np.bool_)
        for place, items in enumerate(self.files.values()):
            mine = self.kinds == place
            sources = items.frame["source_dataset"].gather(self.rows[mine])
            names = [name for name in sources.unique() if source_key(name) in keys]
            found[mine] = sources.is_in(names).to_numpy()
        return found

    def counts(self) -> dict[tuple[Modality, str], int]:
        """Return (modality, source) -> how many files."""
        found: dict[tuple[Modality, str], int] = {}
        for place, (modality, items) in enumerate(self.files.items()):
            rows = self.rows[self.kinds == place]
            sources = Counter(items.frame["source_dataset"].gather(rows).to_list())
            found |= {(modality, source): n for source, n in sorted(sources.items())}
        return found

    def standing(self) -> dict[Standing, int]:
        """Return how many items are how far, over all items of these modalities."""
        every = np.concatenate([items.standing for items in self.files.values()])
        return {each: int((every == each).sum()) for each in Standing}


def choose(
    ds: Emm1,
    *,
    split: str | None = None,
    nn: Sequence[int] = (),
    pair: Sequence[str] | None = None,
    modalities: Sequence[str] | None = None,
    sources: Sequence[str] | None = None,
    limit: int | None = None,
    limit_groups: int | None = None,
) -> Choice:
    """Check what is asked for against what is there.

    Raises:
        InputError: Options do not go together, or a part or rank is not there.
        UnknownName: There is no such split or modality.
    """
    split = _split(ds, split, nn, pair)
    if nn and split != "100m":
        raise InputError("only the split 100m has neighbors; drop --nn or --split", seen=split)
    if pair is not None and split != "1m":
        raise InputError("only the split 1m has rated pairs; drop --pair or --split", seen=split)
    if limit_groups is not None and split == "eshot":
        raise InputError("EShot has no groups; use --limit in place of --limit-groups")
    for name, number in (("--limit", limit), ("--limit-groups", limit_groups)):
        if number is not None and number < 1:
            raise InputError(f"{name} must be at least 1", seen=number)
    two = None if pair is None else tuple(dict.fromkeys(map(as_modality, pair)))
    ranks = tuple(dict.fromkeys(nn)) or ((1,) if limit_groups and split == "100m" else ())
    return Choice(
        split=split,
        modalities=_modalities(ds, split, two, modalities),
        nn=ranks,
        pair=two,
        sources=tuple(sources) if sources else None,
        limit=limit,
        limit_groups=limit_groups,
    )


class Planner:
    """Makes plans of one choice, reading the tables once.

    Args:
        ds: The data set.
        choice: What is asked for.

    Raises:
        InputError: A table is missing or cannot be read.
        UnknownName: No item is of a source that was asked for.
    """

    def __init__(self, ds: Emm1, choice: Choice) -> None:
        self.choice = choice
        self.media_root = ds.media_root
        self._ds = ds
        self._tables = {m: item_table(ds, choice.split, m) for m in choice.modalities}
        _check_sources(choice, self._tables)
        self._ids: dict[Modality, pl.Series] = {}
        if choice.by_use:
            self._ids = used_ids(
                ds, choice.split, choice.modalities, nn=choice.nn, pair=choice.pair
            )

    def plan(
        self,
        plans: Mapping[str, SourcePlan],
        *,
        ledger: pl.DataFrame | None = None,
        retry: Retry = None,
        given_up: Mapping[Modality, Collection[int]] | None = None,
    ) -> DownloadPlan:
        """Return what is to be fetched now.

        Files that are there, and items that earlier runs are done with, are left out. Where groups
        or triplets are asked for, their files come group by group: those that are complete need
        none, those that lack least come first, those that cannot become complete come last or,
        with ``limit_groups``, not at all.

        Args:
            plans: Where the sources lie.
            ledger: What earlier runs made of the items, None where there were none.
            retry: Which earlier failures are tried again.
            given_up: Items not to be tried, by modality.

        Raises:
            InputError: A folder cannot be read.
        """
        judge = self._judge(plans, ledger, retry)
        files: dict[Modality, ItemFiles] = {}
        for modality, table in self._tables.items():
            items = find_item_files(self._ds, self.choice.split, modality, table, judge)
            left = (given_up or {}).get(modality, ())
            files[modality] = items.without(left) if left else items
        plan = self._by_use(files) if self.choice.by_use else _plan_all(self.choice, files)
        return plan.at(slice(self.choice.limit))

    def _judge(
        self, plans: Mapping[str, SourcePlan], ledger: pl.DataFrame | None, retry: Retry
    ) -> Judge:
        sources = None if self.choice.sources is None else set(map(source_key, self.choice.sources))
        return Judge(
            again=lambda state, reason: Known(State(state), reason).again(retry),
            planned=lambda name: plan_for(plans, name) is not None,
            chosen=lambda name: sources is None or source_key(name) in sources,
            ledger=ledger,
        )

    def _by_use(self, files: Files) -> DownloadPlan:
        uses = rank_uses(self._ids, files)
        if self.choice.limit_groups is not None:
            uses = uses.first(self.choice.limit_groups)
        return DownloadPlan(self.choice, files, *uses.ranked(files), uses)


def _plan_all(choice: Choice, files: Files) -> DownloadPlan:
    rows = [np.flatnonzero(items.todo) for items in files.values()]
    kinds = np.repeat(np.arange(len(rows), dtype=np.int8), [len(each) for each in rows])
    every = np.concatenate(rows)
    order = np.lexsort((kinds, np.concatenate([np.arange(len(each)) for each in rows])))
    return DownloadPlan(choice, files, kinds[order], every[order])


def _split(ds: Emm1, split: str | None, nn: Sequence[int], pair: Sequence[str] | None) -> str:
    if split is not None and split not in SPLITS:
        raise UnknownName("split", split, SPLITS)
    if split is None and nn and pair:
        raise InputError("--nn is of the split 100m and --pair of 1m; give one of them")
    if split is None and (nn or pair):
        split = "100m" if nn else "1m"
    if not ds.splits:
        raise InputError(
            "the hub's Parquet files do not say where media come from; a download needs the CSV "
            "tables (pentad emm1 pull gets them)",
            file=ds.root,
        )
    if split is None:
        if len(ds.splits) != 1:
            there = ", ".join(ds.splits) or "none"
            raise InputError(f"which split? Name it with --split; there are: {there}")
        split = ds.splits[0]
    ds.places.of(split)
    return split


def _modalities(
    ds: Emm1, split: str, pair: tuple[Modality, ...] | None, named: Sequence[str] | None
) -> tuple[Modality, ...]:
    there = _ESHOT if split == "eshot" else ds.modalities(split)
    if pair is not None:
        if len(pair) != 2 or not set(pair) <= set(MEDIA_MODALITIES):
            raise InputError("a pair is two modalities of media, such as points-audio")
        there = pair
    wanted = tuple(dict.fromkeys(map(as_modality, named))) if named else there
    for modality in wanted:
        if modality not in there:
            raise InputError(
                f"no files of {modality} to fetch", expected=", ".join(there) or "none",
                seen=modality.value,
            )  # fmt: skip
    if not wanted:
        raise InputError("no table of items is here (infos/*.csv)", file=ds.places.of(split))
    return wanted


def _check_sources(choice: Choice, tables: Mapping[Modality, pl.DataFrame]) -> None:
    """Refuse names of sources that no item has: a spelling mistake would download nothing."""
    if choice.sources is None:
        return
    names = {name for table in tables.values() for name in table["source_dataset"].unique()}
    known = {source_key(name) for name in names}
    for name in choice.sources:
        if source_key(name) not in known:
            raise UnknownName("source of these items", name, filter(None, names))
