"""Requests for decoders, the files among them that lie on a store fetched ahead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pentad.core.ahead import ahead
from pentad.core.errors import DecodeError
from pentad.core.modality import Modality
from pentad.media.types import DecodeOptions
from pentad.media.wire import DecodeRequest
from pentad.store.places import Loaded, locate, place_error
from pentad.store.remote.files import FilePath, RemoteFile

Source = str | FilePath
"""A caption, or the path of a file."""


def requests_ahead(
    paths: Iterable[Source | None], modality: Modality, options: DecodeOptions
) -> Iterator[DecodeRequest | DecodeError | None]:
    """Yield what to ask decoders for, in order; a refusal for what cannot be located.

    Args:
        paths: Of the files; None stays None. It is read ahead only for what lies on a store.
        modality: What they are.
        options: How they are decoded.

    Raises:
        InputError: A store does not answer.
        StoreError: There is no room on the disk for what is fetched.
    """

    def request(path: Source | None) -> DecodeRequest | DecodeError | None:
        return None if path is None else _request(path, modality, options)

    return ahead(request, paths, waits=_is_remote, size=_loaded)


def _request(
    path: Source, modality: Modality, options: DecodeOptions
) -> DecodeRequest | DecodeError:
    try:
        found = locate(path)
    except OSError as error:
        return place_error(error)
    return DecodeRequest(found.place, modality, options, start=found.start, end=found.end)


def _is_remote(path: Source | None) -> bool:
    return isinstance(path, RemoteFile)


def _loaded(request: DecodeRequest | DecodeError | None) -> int:
    """Return how many bytes of a file a request holds."""
    place = request.path if isinstance(request, DecodeRequest) else None
    return len(place.data) if isinstance(place, Loaded) else 0
