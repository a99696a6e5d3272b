"""The key of an endpoint: from the environment alone, and only to where it may go."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable

from pentad.core.errors import InputError
from pentad.sources.fetch.guard import Url

OWN = "PENTAD_API_KEY"
COMMON = "OPENAI_API_KEY"


def find_key(url: Url, notice: Callable[[str], None]) -> str | None:
    """Return the key to send to an address, if there is one.

    `OWN` is for whatever endpoint was named. `COMMON` is often set for another service than that,
    so it goes only over an encrypted connection or to this machine itself.

    Raises:
        InputError: The variable holds something that cannot be a key; it is not shown.
    """
    safe = url.scheme == "https" or _is_here(url.host)
    own, common = os.environ.get(OWN, "").strip(), os.environ.get(COMMON, "").strip()
    if own:
        if not safe:
            notice(f"the key in {OWN} goes to {url.place} unencrypted; prefer https")
        return _checked(OWN, own)
    if common and not safe:
        notice(f"{COMMON} is not sent to {url.place} unencrypted; set {OWN} if it is meant for it")
        return None
    return _checked(COMMON, common) if common else None


def _checked(name: str, key: str) -> str:
    if not key.isascii() or not key.isprintable() or " " in key or len(key) > 4096:
        raise InputError(f"{name} holds no key: a key is one word of ASCII letters and digits")
    return key


def _is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
