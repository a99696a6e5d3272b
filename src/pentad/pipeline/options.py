"""What may be chosen about neighbors and groups, as a workspace remembers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self, get_type_hints

from pentad.core.engine import Engine, get_engine
from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import MEDIA_MODALITIES
from pentad.groups.build import COMPOSITIONS
from pentad.groups.limits import limits_of
from pentad.neighbors.backends import get_backend
from pentad.neighbors.hubness import require_method
from pentad.neighbors.native import require_treatment
from pentad.neighbors.settings import MEMORY, Settings


class _Remembered:
    """Options that go into ``pentad.toml`` and come back."""

    def to_setting(self) -> dict[str, Any]:
        """Return what differs from the defaults."""
        chosen = asdict(self)  # type: ignore[call-overload]
        standard = asdict(type(self)())  # type: ignore[call-overload]
        return {name: value for name, value in chosen.items() if value != standard[name]}

    @classmethod
    def from_setting(cls, setting: Mapping[str, Any]) -> Self:
        """Read what `to_setting` gave; what is not known is passed over.

        Raises:
            InputError: A value is of another type than it can be, or out of range.
        """
        types = get_type_hints(cls)
        known = {name: _as(types[name], name, v) for name, v in setting.items() if name in types}
        try:
            return cls(**known)
        except (InputError, UnknownName) as error:
            raise InputError(f"pentad.toml: {error}") from None


def _as(wanted: Any, name: str, value: Any) -> Any:
    """Return a value of ``pentad.toml`` as the type it has to be; 1 will do for 1.0."""
    if isinstance(value, bool):
        fits = wanted is bool
    elif isinstance(value, int) and not isinstance(value, wanted) and isinstance(0.0, wanted):
        return float(value)
    else:
        fits = isinstance(value, wanted)
    if not fits:
        expected = str(getattr(wanted, "__name__", wanted)).removesuffix(" | None")
        said = f"pentad.toml: {name!r} cannot be that"
        raise InputError(said, expected=expected, seen=repr(value))
    return value


def seed_of(setting: Mapping[str, Any]) -> int:
    """Return the seed of earlier steps, 0 where none was said.

    Raises:
        InputError: It is no whole number.
    """
    return int(_as(int, "seed", setting.get("seed", 0)))


@dataclass(frozen=True)
class NeighborOptions(_Remembered):
    """How neighbors are found.

    Attributes:
        k: How many of each modality.
        backend: ``auto``, ``exact``, ``ivf``, ``hnsw`` or ``hnsw-flat``.
        recall: What an approximate backend has to reach.
        hubness: ``none``, ``center``, ``csls`` or ``center+csls``.
        native: Whether a caption's own items are kept, excluded, or put first.
    """

    k: int = 16
    backend: str = "auto"
    recall: float = 0.95
    hubness: str = "none"
    native: str = "keep"

    def __post_init__(self) -> None:
        """Refuse what cannot be, before anything is computed."""
        if self.k < 1:
            raise InputError("k must be at least 1", seen=self.k)
        get_backend(self.backend)
        require_method(self.hubness)
        require_treatment(self.native)
        Settings(recall=self.recall)


@dataclass(frozen=True)
class GroupOptions(_Remembered):
    """How neighbors are lined up.

    Attributes:
        k: Groups a caption; None for as many as there are neighbors.
        max_uses: How often an item may be used; None for any number.
        method: ``greedy``, ``auction`` or ``exact``: who gets an item that is used up.
        threshold: The least score of an item in a group; None for any.
        compose: ``rank`` or ``agreement``: which items stand in one group.
        agreement: Whether to write how alike the members of a group are.
    """

    k: int | None = None
    max_uses: int | None = None
    method: str = "greedy"
    threshold: float | None = None
    compose: str = "rank"
    agreement: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be, before anything is computed."""
        if self.k is not None and self.k < 1:
            raise InputError("k must be at least 1", seen=self.k)
        limits_of(MEDIA_MODALITIES, self.max_uses, self.threshold, self.method)
        if self.compose not in COMPOSITIONS:
            raise UnknownName("composition", self.compose, COMPOSITIONS)


@dataclass(frozen=True)
class Machine:
    """Where the search for neighbors runs; the result does not depend on it.

    Attributes:
        memory: Bytes that a search may hold beyond stored vectors and its result.
        device: ``cpu``, or a device of torch.
        engine: Where shards are searched; None is this process.
        scratch: Folder for what is kept while a search goes on.
    """

    memory: int = MEMORY
    device: str = "cpu"
    engine: Engine | None = None
    scratch: Path | None = None


def make_machine(memory: str, device: str, engine: str, address: str | None) -> Machine:
    """Return where a search runs, as the command line says it.

    Raises:
        InputError: ``memory`` is no size, or too little; the cluster cannot be reached.
        UnknownName: There is no such engine.
    """
    size = parse_bytes(memory)
    Settings(memory=size)
    return Machine(size, device, remote_engine(engine, address))


def remote_engine(engine: str, address: str | None) -> Engine | None:
    """Return the engine that the command line names; None for this process.

    Raises:
        InputError: The cluster cannot be reached, or there is none to have an address.
        UnknownName: There is no such engine.
    """
    if engine == "local" and address is not None:
        raise InputError("an address is of a cluster; add --engine ray", seen=address)
    return None if engine == "local" else get_engine(engine, address=address)


def parse_bytes(text: str) -> int:
    """Return how many bytes ``512M``, ``2G`` or ``1048576`` are (powers of 1024).

    Raises:
        InputError: It is none of these.
    """
    units = {"K": 10, "M": 20, "G": 30, "T": 40}
    plain = text.strip().upper().removesuffix("B").removesuffix("I")
    number, shift = (plain[:-1], units[plain[-1]]) if plain[-1:] in units else (plain, 0)
    try:
        size = float(number) * (1 << shift)
    except ValueError:
        size = -1.0
    if not 0 < size < 1 << 62:
        raise InputError("not a size in bytes", expected="such as 512M or 2G", seen=repr(text))
    return int(size)
