"""Buckets through obstore, which speaks to S3, Google Cloud Storage and Azure.

Keys, region and endpoint come from the environment (``AWS_ACCESS_KEY_ID``, ``AWS_REGION``,
``AWS_ENDPOINT_URL`` and so on), or from the machine's own role.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from pentad.store.remote.files import Version
from pentad.store.remote.objects import Listed, Trouble, no_access, no_object

_BLOCK = 1 << 20
_PAGE = 1000
_CONNECT, _READ = timedelta(seconds=5), timedelta(seconds=20)
_WHOLE = timedelta(hours=12)  # a large object may take its time as long as bytes come in
_RETRIES = {
    "max_retries": 2,
    "retry_timeout": timedelta(seconds=20),
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=1),
        "base": 2,
    },
}
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_SAME = {"gcs": "gs", "s3a": "s3"}
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_ROLE = re.compile(r"/latest/(?:api|meta-data)|/computeMetadata/|/metadata/identity")
_FOR_NOW = (408, 429)


class ObstoreObjects:
    """The objects of one bucket."""

    def __init__(self, protocol: str, bucket: str) -> None:
        from obstore.exceptions import BaseError
        from obstore.store import from_url

        self._address = f"{protocol}://{bucket}"
        self._errors = (BaseError, ValueError)
        options: dict[str, Any] = {
            "client_options": {
                "connect_timeout": _CONNECT,
                "read_timeout": _READ,
                "timeout": _WHOLE,
            },
            "retry_config": _RETRIES,
        }
        endpoint = next((os.environ[n] for n in _ENDPOINTS if os.environ.get(n)), "")
        if _SAME.get(protocol, protocol) == "s3" and endpoint:
            options["endpoint"] = endpoint
            if endpoint.startswith("http://"):  # who says so means it: a server nearby
                options["client_options"]["allow_http"] = True
        with self._told():
            self._store = from_url(f"{_SAME.get(protocol, protocol)}://{bucket}", **options)

    def listed(self, prefix: str) -> Iterator[Listed]:
        """Yield all objects below a folder."""
        import obstore

        with self._told(prefix):
            for page in obstore.list(self._store, prefix or None, chunk_size=_PAGE):
                yield from (Listed(entry["path"], _version(entry)) for entry in page)

    def head(self, key: str) -> Version:
        """Return what the store says of one object."""
        import obstore

        with self._told(key):
            return _version(obstore.head(self._store, key))

    def open(self, key: str) -> tuple[Version, Iterator[bytes]]:
        """Return what the store says of one object, and its bytes in blocks."""
        import obstore

        with self._told(key):
            found = obstore.get(self._store, key)
            return _version(found.meta), self._blocks(key, found)

    def _blocks(self, key: str, found: Any) -> Iterator[bytes]:
        with self._told(key):
            for block in found.stream(min_chunk_size=_BLOCK):
                yield bytes(block)

    @contextmanager
    def _told(self, key: str = "") -> Iterator[None]:
        """Raise what obstore says in the words of this package."""
        address = f"{self._address}/{key}" if key else self._address
        try:
            yield
        except FileNotFoundError:
            raise no_object(address) from None
        except self._errors as error:
            raise _error(address, str(error), type(error).__name__) from None


def _version(entry: Mapping[str, Any]) -> Version:
    tag = ""
    if entry.get("e_tag"):
        tag = f"etag:{str(entry['e_tag']).strip(chr(34))}"
    elif entry.get("version"):
        tag = f"version:{entry['version']}"
    elif entry.get("last_modified"):
        tag = f"mtime:{int(entry['last_modified'].timestamp())}"
    return Version(int(entry["size"]), tag)


def _error(address: str, text: str, kind: str) -> OSError:
    if _ROLE.search(text.partition("\n")[0]):  # asked as nothing else gives keys
        return Trouble("no keys for it are in the environment", again=False)
    status = _STATUS.search(text)
    code = _CODE.search(text)
    number = int(status[1]) if status else 0
    said = f"{number} {code[1]}" if status and code else str(number)
    if kind == "PermissionDeniedError" or number == 403:
        return no_access(address, said if number else "")
    if number == 404:
        return no_object(address)
    if number:
        lasting = 400 <= number < 500 and number not in _FOR_NOW
        return Trouble(f"the store answers {said}", again=not lasting)
    if "timed out" in text or "TimedOut" in text:
        return Trouble("the store does not answer in time")
    line = text.partition("Debug source")[0].rpartition(" - ")[2]
    detail = " ".join(line.split())[:200] or kind
    if "sending request" in detail:
        detail = "the connection fails"
    return Trouble(detail, again=kind == "GenericError")
