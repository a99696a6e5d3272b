"""Puts the tables of E-MM1 in the place of their Git LFS pointers, without git and git-lfs.

A clone made with ``GIT_LFS_SKIP_SMUDGE=1`` has small pointer files where the tables belong; they
say how many bytes the table has and their SHA-256. A table is downloaded beside its pointer, is
checked against it, and takes its place in one step: whenever the process ends, there is either the
pointer or the whole table. Running again goes on where it stopped.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.core.progress import SILENT, Progress
from pentad.sources.emm1.layout import SPLITS, Places, find_emm1
from pentad.sources.emm1.lfs import REPOSITORY, Pointer, read_pointer
from pentad.sources.emm1.lfs_batch import Action, Answer, Refusal, ask
from pentad.sources.emm1.lfs_remote import Endpoint, find_endpoint
from pentad.sources.fetch.client import Client
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.partial import hidden_beside

_ESHOT = (
    "eshot_audio_info.csv",
    "eshot_points_info.csv",
    "category_to_audio_ids.json",
    "category_to_point_ids.json",
)
_SIGNATURE = re.compile(r"\?[^\s:]*")
_NO_RIGHT = frozenset(
    {FetchReason.FORBIDDEN, FetchReason.NOT_FOUND, FetchReason.GONE, FetchReason.REFUSED}
)


class State(StrEnum):
    """What became of one table."""

    THERE = "there"
    FETCHED = "fetched"
    FAILED = "failed"


@dataclass(frozen=True)
class Pulled:
    """One table and what became of it.

    Attributes:
        file: Its path below the root.
        bytes: Its size, or the size it should have.
        state: Whether it was there already, was fetched, or could not be.
        reason: Why it could not be.
    """

    file: str
    bytes: int
    state: State
    reason: str = ""


def pull(
    root: str | Path,
    *,
    splits: Sequence[str] = ("100m",),
    nn: Sequence[int] | None = None,
    remote: str | None = None,
    token_env: str | None = None,
    allow_private: Collection[str] = (),
    progress: Progress = SILENT,
) -> list[Pulled]:
    """Fetch the tables whose place is taken by Git LFS pointers.

    Args:
        root: A clone of the data set's repository.
        splits: Of ``100m``, ``1m`` and ``eshot``.
        nn: Which of the folders ``nn_1`` ... ``nn_16`` of the split 100m; default the first.
        remote: Address of the repository, where ``root`` has no ``.git`` or another is meant.
        token_env: Environment variable that holds a token; see `find_endpoint`.
        allow_private: Places ``host:port`` that may be on a private network.
        progress: Told about every table.

    Returns:
        A row for every table that was asked for. What one table fails for stops no other.

    Raises:
        InputError: The clone, or a table that was asked for, is not there; or no remote is known.
        StoreError: The disk is too small for what is missing, or cannot be written.
        FetchError: The server does not answer, or refuses as a whole.
    """
    top = Path(root)
    tables = _wanted(top, splits, nn)
    pointers = {path: found for path in tables if (found := read_pointer(path)) is not None}
    failed: dict[Path, str] = {}
    if pointers:
        endpoint = find_endpoint(top, remote=remote, token_env=token_env)
        _require_space(pointers)
        failed = _fetch_all(pointers, endpoint, allow_private, progress)
    return [_row(path, top, pointers.get(path), failed.get(path)) for path in tables]


def _row(path: Path, top: Path, pointer: Pointer | None, failure: str | None) -> Pulled:
    name = path.relative_to(top).as_posix()
    if pointer is None:
        return Pulled(name, path.stat().st_size, State.THERE)
    if failure is None:
        return Pulled(name, pointer.size, State.FETCHED)
    return Pulled(name, pointer.size, State.FAILED, failure)


def _wanted(root: Path, splits: Sequence[str], nn: Sequence[int] | None) -> list[Path]:
    for split in splits:
        if split not in SPLITS:
            raise UnknownName("split", split, SPLITS)
    if nn is not None and "100m" not in splits:
        raise InputError("only the split 100m has folders nn_1, nn_2, ...; drop --nn or name it")
    places = _places(root)
    found: list[Path] = []
    for split in dict.fromkeys(splits):
        found += _tables(places, split, sorted({1} if nn is None else set(nn)))
    return found


def _places(root: Path) -> Places:
    if not root.is_dir() or not any(root.iterdir()):
        raise InputError(
            "there is no clone of the data set's repository here, and its pointers come with it; "
            f"run: GIT_LFS_SKIP_SMUDGE=1 git clone {REPOSITORY} {root}",
            file=root,
        )
    return find_emm1(root)


def _tables(places: Places, split: str, nn: Sequence[int]) -> Iterator[Path]:
    folder = places.of(split)
    if split == "eshot":
        yield from (folder / name for name in _ESHOT if (folder / name).exists())
        return
    yield from sorted((folder / "infos").glob("*.csv"))
    if split == "1m":
        yield from map(_required, (folder / "triplets.csv", folder / "annotation_mapping.csv"))
        return
    ranks = places.ranks()
    for rank in nn:
        if rank not in ranks:
            there = ", ".join(map(str, ranks)) or "none"
            raise InputError(f"nn_{rank} is not in this clone", file=folder, seen=f"{there} there")
        yield ranks[rank]


def _required(path: Path) -> Path:
    if not path.is_file():
        raise InputError("this table is not in the clone; check it out again", file=path)
    return path


def _require_space(pointers: Mapping[Path, Pointer]) -> None:
    needed: dict[int, int] = {}
    for path, pointer in pointers.items():
        device = path.parent.stat().st_dev
        needed[device] = needed.get(device, 0) + max(0, pointer.size - _arrived(path))
    for path in pointers:
        wanted = needed.pop(path.parent.stat().st_dev, 0)
        free = shutil.disk_usage(path.parent).free
        if wanted > free:
            raise StoreError(
                f"{path.parent}: the tables need {wanted / 1e9:.2f} GB and {free / 1e9:.2f} GB are "
                "free; make room, or ask for less (--split, --nn), then run again"
            )


def _arrived(path: Path) -> int:
    """Return how much of a table an earlier run has left beside its pointer."""
    try:
        return hidden_beside(path, "part").stat().st_size
    except OSError:
        return 0


def _fetch_all(
    pointers: Mapping[Path, Pointer],
    endpoint: Endpoint,
    allow_private: Collection[str],
    progress: Progress,
) -> dict[Path, str]:
    """Fetch every table and return why, for those that could not be."""
    failed: dict[Path, str] = {}
    with Client(respect_robots=False, allow_private=allow_private) as client:
        answers = _ask(client, endpoint, list(pointers.values()))
        with progress.task("tables", len(pointers)) as task:
            for path, pointer in pointers.items():
                failure = _fetch(client, endpoint, path, pointer, answers[pointer.oid])
                if failure is not None:
                    failed[path] = failure
                task.advance()
    return failed


def _ask(client: Client, endpoint: Endpoint, pointers: Sequence[Pointer]) -> dict[str, Answer]:
    try:
        return ask(client, endpoint, pointers)
    except FetchError as error:
        if error.reason in _NO_RIGHT:
            raise StoreError(
                f"{endpoint.url}: gives nothing to us ({error.reason}); is the address right "
                "(--remote URL)? If it needs a token, put one in GITHUB_TOKEN or name --token-env"
            ) from error
        raise


def _fetch(
    client: Client, endpoint: Endpoint, path: Path, pointer: Pointer, answer: Answer
) -> str | None:
    """Put one table in the place of its pointer; return why that failed, or None."""
    for last in (False, True):
        if isinstance(answer, Refusal):
            return str(answer)
        try:
            _download(client, answer, path, pointer)
            return None
        except FetchError as error:
            if last or error.reason not in _NO_RIGHT:
                return _SIGNATURE.sub("", str(error))
        # The address was good for some time only, and tables before this one have taken longer.
        answer = _ask(client, endpoint, [pointer])[pointer.oid]
    return None


def _download(client: Client, action: Action, path: Path, pointer: Pointer) -> None:
    client.fetch(
        action.href,
        path,
        size=pointer.size,
        sha256=pointer.oid,
        headers=action.headers,
        max_bytes=pointer.size,
    )
