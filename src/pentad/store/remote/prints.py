"""Fingerprints of remote files without reading them, from what their store says of the content."""

from __future__ import annotations

import re

from pentad.core.fingerprint import fingerprint_bytes, fingerprint_file, fingerprint_value
from pentad.store.places import Loaded, Member, Place
from pentad.store.remote.asking import version_of
from pentad.store.remote.files import RemoteFile, Version
from pentad.store.remote.locating import locate_remote
from pentad.store.segments import segment_fingerprint, segment_of

_OF_CONTENT = re.compile(r"etag:[0-9a-f]{32}(-\d+)?", re.IGNORECASE)


def describe_remote(file: RemoteFile) -> tuple[str, int]:
    """Return the fingerprint and the size of an object, or of a segment of one.

    The store is asked unless it said what is needed when the folder was listed. The object is read
    only if the store has no mark of its content.

    Raises:
        FileNotFoundError: There is no such object.
        OSError: It cannot be read.
        InputError: The store does not answer.
    """
    segment = segment_of(file.file)
    whole = RemoteFile(file.folder, segment.file, file.cache, file.version)
    version = whole.version or version_of(whole)
    if version.tag:
        content = version_print(whole.file, version)
    else:
        content = _read(locate_remote(whole).place)
    return segment_fingerprint(content, segment), version.size


def version_print(file: str, version: Version) -> str:
    """Return the fingerprint of an object whose store has a mark of its content.

    Equal ETags of the common form mean equal bytes. Any other mark, such as a time, says so of one
    object only, and goes together with its name.
    """
    if _OF_CONTENT.fullmatch(version.tag):
        return fingerprint_value(["remote", version.tag.removeprefix("etag:"), version.size])
    return fingerprint_value(["remote", version.tag, version.size, file])


def version_number(version: Version) -> int:
    """Return a number that is another one for another content, as a time of change would be."""
    return int(fingerprint_value(version.tag)[:15], 16)


def _read(place: Place) -> str:
    if isinstance(place, Loaded):
        return fingerprint_bytes(place.data)
    return fingerprint_file(place.file if isinstance(place, Member) else place)
