"""What a search may be told besides what is compared; every setting has a default."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from pentad.core.engine import Engine
from pentad.core.errors import InputError

MEMORY = 1 << 29
_LEAST_MEMORY = 1 << 20


class Options(TypedDict, total=False):
    """The settings of a search as keywords; `Settings` says what each means."""

    recall: float
    memory: int
    device: str
    engine: Engine | None
    seed: int
    neighborhood: int | None
    scratch: Path | None


@dataclass(frozen=True)
class Settings:
    """How a search goes about its work.

    Attributes:
        recall: Which share of the exact neighbors an approximate search is to find, measured on a
            sample of the queries.
        memory: Bytes that prepared rows may take. It bounds what a search holds beyond the stored
            vectors, which may stay mapped, and its result.
        device: ``cpu``, or a device of torch such as ``cuda``, for exact search; what is free there
            is used.
        engine: Where exact search runs; None is this process.
        seed: Of everything random: samples, the lists of an index.
        neighborhood: For CSLS, how many queries an item's mean is taken over; None for as many as
            `fair_neighborhood` says.
        scratch: Folder for what is large or worth keeping while a search goes on: adjusted rows,
            finished pairs of shards, the index. A search that was cut short goes on from there.
            None keeps nothing.
    """

    recall: float = 0.95
    memory: int = MEMORY
    device: str = "cpu"
    engine: Engine | None = None
    seed: int = 0
    neighborhood: int | None = None
    scratch: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if self.scratch is not None:
            object.__setattr__(self, "scratch", Path(self.scratch))
        if not 0 < self.recall <= 1:
            raise InputError("recall must be above 0 and at most 1", seen=self.recall)
        if self.memory < _LEAST_MEMORY:
            raise InputError("memory must be at least 1 MiB", seen=f"{self.memory} bytes")
        if self.neighborhood is not None and self.neighborhood < 1:
            raise InputError("neighborhood must be at least 1", seen=self.neighborhood)
