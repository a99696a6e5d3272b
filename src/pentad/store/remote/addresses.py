"""Addresses of folders and objects on a store, and what may not be in one."""

from __future__ import annotations

import re

from pentad.core.errors import InputError

PROTOCOLS = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory")
"""What an address may begin with. ``memory`` is a store within the process, for trying out."""

_ADDRESS = re.compile(r"(?s)([A-Za-z][A-Za-z0-9+.-]*)://(.*)")
_AZURE = ("abfs", "abfss")


def is_address(path: object) -> bool:
    """Return whether what a user named is an address, and not a path of this machine.

    Examples:
        >>> is_address("s3://bucket/folder"), is_address("folder/s3")
        (True, False)
    """
    return isinstance(path, str) and _ADDRESS.match(path) is not None


def checked_address(text: str) -> str:
    """Return an address as it is kept: without a final slash, its protocol in lower case.

    Raises:
        InputError: It is of no store, holds a password or a signature, or names no bucket.

    Examples:
        >>> checked_address("S3://bucket/photos/")
        's3://bucket/photos'
    """
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise InputError(f"{text!r} is no address of a store", expected="s3://BUCKET/FOLDER")
    protocol, rest = found[1].lower(), found[2].rstrip("/")
    _check_protocol(protocol)
    parts = rest.split("/")
    _check_secrets(protocol, parts[0], rest)
    if any(part in ("", ".", "..") for part in parts):
        expected = f"{protocol}://BUCKET/FOLDER without empty parts, '.' or '..'"
        raise InputError(f"{text!r} is no address of a store", expected=expected)
    if not rest.isprintable():
        raise InputError(f"{text!r} has characters that cannot be shown; name the objects anew")
    return f"{protocol}://{rest}"


def protocol_of(address: str) -> str:
    """Return what an address begins with."""
    return address.partition("://")[0]


def bucket_and_key(address: str) -> tuple[str, str]:
    """Return the first part of an address and the rest, which is empty for a whole bucket.

    Examples:
        >>> bucket_and_key("s3://bucket/a/b.png")
        ('bucket', 'a/b.png')
    """
    bucket, _, key = address.partition("://")[2].partition("/")
    return bucket, key


def _check_protocol(protocol: str) -> None:
    if protocol in PROTOCOLS:
        return
    known = ", ".join(f"{name}://" for name in PROTOCOLS[:-1])
    hint = "; name the folder itself" if protocol in ("file", "local") else ""
    if protocol in ("http", "https"):
        hint = "; files at such addresses are fetched from a table with a column 'url'"
    raise InputError(f"{protocol}:// is not read{hint}", expected=known)


def _check_secrets(protocol: str, host: str, rest: str) -> None:
    """Raise for what must not be kept; the message does not repeat it."""
    if ":" in host or ("@" in host and protocol not in _AZURE):
        raise InputError(
            f"the {protocol}:// address holds a name, a password or a port before its folder; "
            "leave them out and give them in the environment"
        )
    if "?" in rest and "=" in rest.partition("?")[2]:
        raise InputError(
            f"the {protocol}:// address holds a query, which may be a signature; leave out what "
            "follows '?' and give keys in the environment"
        )
