"""Where an archive or table lies: at an address, in a repository of a hub, or in a local file."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pentad.core.errors import InputError
from pentad.sources.fetch.client import Client
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.hub import Hub
from pentad.sources.fetch.rangefile import RangeFile

_HUB = "hub://"
_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".parquet")


@dataclass(frozen=True)
class Place:
    """One archive or table.

    Attributes:
        name: Address or path, for messages and the ledger.
        path: The local file, None where it is remote.
        headers: To send along to its origin.
    """

    name: str
    path: Path | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Places:
    """Finds and opens them.

    Args:
        client: What asks servers.
        hub: Where ``hub://`` leads.
    """

    def __init__(self, client: Client, hub: Hub) -> None:
        self._client = client
        self._hub = hub

    def find(self, locations: Sequence[str]) -> list[Place]:
        """Return the archives and tables that locations stand for.

        A location is an http(s) address; ``hub://owner/name[@revision]/path``, where the path may
        hold ``*``; or a local file, a folder of archives, or a pattern with ``*`` in its
        last part.

        Raises:
            FetchError: A list of files cannot be had, or nothing is there.
        """
        found: dict[str, Place] = {}
        for location in locations:
            for place in self._places(location):
                found.setdefault(place.name, place)
        if not found:
            shown = ", ".join(locations) or "no location is given"
            raise FetchError(FetchReason.NO_LOCATION, f"nothing there: {shown}")
        return list(found.values())

    def _places(self, location: str) -> list[Place]:
        if location.startswith(_HUB):
            return self._hub_places(location)
        if "://" in location:
            return [Place(location)]
        return [Place(str(path), path) for path in _local(Path(location).expanduser())]

    def _hub_places(self, location: str) -> list[Place]:
        repo, revision, path = split_hub(location)
        if any(letter in path for letter in "*?["):
            folder = path.partition("*")[0].rpartition("/")[0]
            files = self._hub.listing(repo, folder, revision, pattern=path)
            paths = [file.path for file in files]
        else:
            paths = [path]
        urls = [self._hub.resolve_url(repo, each, revision) for each in paths]
        return [Place(url, headers=self._hub.headers(url)) for url in urls]

    @contextmanager
    def reading(
        self, place: Place, start: int | None = None, end: int | None = None
    ) -> Iterator[io.BufferedReader]:
        """Yield a place's content, or a part of it, as a file to read forward.

        Raises:
            FetchError: It cannot be had.
        """
        if place.path is None:
            with self._client.open(
                place.name, start=start, end=end, headers=place.headers
            ) as stream:
                yield stream
            return
        with _opened(place.path) as file:
            file.seek(start or 0)
            yield file

    @contextmanager
    def seeking(self, place: Place, longest: int) -> Iterator[io.BufferedReader | RangeFile]:
        """Yield a place as a file to read anywhere; no single read may ask for more than `longest`.

        Raises:
            FetchError: It cannot be had, or not in parts.
        """
        if place.path is not None:
            with _opened(place.path) as file:
                yield file
            return
        with RangeFile(self._client, place.name, place.headers, longest=longest) as remote:
            yield remote


def split_hub(location: str) -> tuple[str, str, str]:
    """Return repository, revision and path of a ``hub://`` location.

    Raises:
        InputError: It is not written like that.

    Examples:
        >>> split_hub("hub://owner/name@v1/data/*.zip")
        ('owner/name', 'v1', 'data/*.zip')
    """
    parts = location.removeprefix(_HUB).split("/", 2)
    if len(parts) < 3 or not all(parts):
        raise InputError("a place on the hub is written hub://owner/name/path", seen=location)
    name, _, revision = parts[1].partition("@")
    return f"{parts[0]}/{name}", revision or "main", parts[2]


def _local(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(p for p in path.iterdir() if p.name.endswith(_SUFFIXES) and p.is_file())
    if path.is_file():
        return [path]
    if any(letter in path.name for letter in "*?[") and path.parent.is_dir():
        return sorted(p for p in path.parent.glob(path.name) if p.is_file())
    return []


@contextmanager
def _opened(path: Path) -> Iterator[io.BufferedReader]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise FetchError(FetchReason.NO_LOCATION, f"{path}: {error.strerror}") from error
    with file:
        yield file
