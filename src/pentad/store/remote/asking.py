"""Requests that are tried again, and told from a store that does not answer at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Lock
from typing import TypeVar

from pentad.core.errors import InputError
from pentad.store.remote.files import RemoteFile, Version
from pentad.store.remote.objects import Trouble, objects_of

WAITS = (0.2, 1.0, 3.0)
"""Seconds before each further try."""

_FRESH = 300.0
_KEPT = 4096
_NOWHERE = "pentad-asks-whether-anyone-answers"
_T = TypeVar("_T")
_Known = tuple[float, Version | None]
_known: dict[str, _Known] = {}
_lock = Lock()


def asked(address: str, question: Callable[[], _T]) -> _T:
    """Return the answer to a question about one object, asked again after trouble.

    Raises:
        FileNotFoundError: The object is not there.
        PermissionError: It may not be read.
        OSError: It cannot be read although its store answers.
        InputError: The store does not answer, or refuses everything.
    """
    waits = iter(WAITS)
    while True:
        try:
            return question()
        except Trouble as error:
            wait = next(waits, None) if error.again else None
            if wait is None:
                _check_answers(address, error)
                raise
        time.sleep(wait)


def opened(address: str, take: Callable[[Version, Iterator[bytes]], _T]) -> _T:
    """Return what ``take`` makes of an object's version and blocks; raises as `asked` does."""

    def question() -> _T:
        objects, key = objects_of(address)
        return take(*objects.open(key))

    return asked(address, question)


def version_of(file: RemoteFile) -> Version:
    """Return what the store says of a whole object now, or said within the last minutes.

    Raises:
        FileNotFoundError: It is not there.
        OSError: It cannot be told.
        InputError: The store does not answer.
    """
    address = str(file)
    known = _known.get(address)
    if known is None or time.monotonic() - known[0] > _FRESH:
        known = remember(address, _head(address))
    if known[1] is None:
        raise FileNotFoundError(2, "there is no such object", address)
    return known[1]


def remember(address: str, version: Version | None) -> _Known:
    """Keep in mind what was learnt of an object; None for one that is not there."""
    known = (time.monotonic(), version)
    with _lock:
        if len(_known) >= _KEPT:
            _known.clear()
        _known[address] = known
    return known


def _head(address: str) -> Version | None:
    def question() -> Version:
        objects, key = objects_of(address)
        return objects.head(key)

    try:
        return asked(address, question)
    except FileNotFoundError:
        return None


def _check_answers(address: str, trouble: Trouble) -> None:
    """Raise `InputError` unless the store answers a question about something else."""
    protocol, _, rest = address.partition("://")
    bucket = f"{protocol}://{rest.partition('/')[0]}"
    try:
        objects, _ = objects_of(bucket)
        objects.head(_NOWHERE)
    except (FileNotFoundError, PermissionError):
        return
    except Trouble:
        raise InputError(
            f"the store gives no answer ({trouble.strerror}); what is done is kept, so run the "
            "same command again when it does",
            file=bucket,
        ) from None
