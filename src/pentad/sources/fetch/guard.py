"""Which addresses may be connected to: the ones that anybody on the internet can reach.

A list of a million addresses, and every redirect they lead to, is other people's input. It must not
make this machine talk to services on itself, on its network or of its cloud provider. So a host is
resolved once, its addresses are checked, and the connection goes to the very address that was
checked: a name that resolves to something else a moment later gains nothing.

No proxy is used, as that would resolve names out of sight.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.pace import paced_response

if TYPE_CHECKING:
    from urllib3 import PoolManager
    from urllib3.connection import HTTPConnection

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PLACE = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")
_PORTS = {"http": 80, "https": 443}
# Addresses that stand for other addresses, which whoever routes them may or may not let through.
_WRAPPING = tuple(
    ipaddress.ip_network(text)
    for text in (
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64 of one network
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "192.88.99.0/24",  # 6to4 relays
    )
)
# Global by their number, and yet answered by the network that this machine is in.
_LOCAL = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "168.63.129.16/32")))
# Services that would take what they are sent for something else than a request for a page; the
# list that browsers keep.
_OTHER_SERVICES = frozenset(
    (
        1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101,
        102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389,
        427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636,
        989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665,
        6666, 6667, 6668, 6669, 6679, 6697, 10080,
    )
)  # fmt: skip
_TRIED_ADDRESSES = 4


@dataclass(frozen=True)
class Url:
    """An http or https address, taken apart once.

    Attributes:
        text: The address in normal form, without its fragment.
        scheme: ``http`` or ``https``.
        host: Name or number, in lower case, IPv6 without brackets.
        port: As given, or that of the scheme.
    """

    text: str
    scheme: str
    host: str
    port: int

    @property
    def place(self) -> str:
        """``host:port``, as in the list of exempt places."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port: what credentials are bound to."""
        return f"{self.scheme}://{self.place}"


def parse_address(url: str) -> Url:
    """Take an address apart and refuse what is none, or of another kind.

    Raises:
        FetchError: ``unsupported-scheme`` or ``bad-address``.
    """
    from urllib3.exceptions import LocationParseError
    from urllib3.util import parse_url

    if any(ord(letter) < 32 or letter in "\x7f\\" for letter in url):
        raise FetchError(FetchReason.BAD_ADDRESS, f"{url!r} holds a character no address has")
    try:
        parts = parse_url(url.strip())
    except (LocationParseError, UnicodeError) as error:
        raise FetchError(FetchReason.BAD_ADDRESS, f"{url!r} is no address ({error})") from None
    if parts.scheme not in _PORTS:
        raise FetchError(FetchReason.UNSUPPORTED_SCHEME, f"{url!r} is not http or https")
    host = (parts.host or "").strip("[]").rstrip(".")
    if not host or parts.port == 0:
        raise FetchError(FetchReason.BAD_ADDRESS, f"{url!r} names no host and port")
    if parts.auth is not None:
        shown = parts._replace(auth=None).url
        raise FetchError(FetchReason.BAD_ADDRESS, f"{shown}: an address may not hold a password")
    port = parts.port or _PORTS[parts.scheme]
    return Url(parts._replace(fragment=None).url, parts.scheme, host.lower(), port)


def refusal(address: Address) -> str | None:
    """Return why an address may not be connected to, or None.

    Examples:
        >>> refusal(ipaddress.ip_address("10.0.0.1"))
        'private'
        >>> refusal(ipaddress.ip_address("93.184.215.14")) is None
        True
    """
    if any(address.version == net.version and address in net for net in _WRAPPING):
        return "loopback" if address.is_loopback else "stands for another address"
    if any(address.version == net.version and address in net for net in _LOCAL):
        return "local"
    kinds = ("loopback", "link_local", "multicast", "unspecified", "private", "reserved")
    for kind in kinds:
        if getattr(address, f"is_{kind}"):
            return kind.replace("_", "-")
    if isinstance(address, ipaddress.IPv6Address) and address.is_site_local:
        return "site-local"
    return None if address.is_global else "not global"


class Guard:
    """Resolves hosts and connects, to global addresses and exempt places only."""

    def __init__(self, allow_private: Collection[str] = ()) -> None:
        if isinstance(allow_private, str):
            allow_private = [allow_private]
        self._exempt = frozenset(map(_exempt_place, allow_private))

    def check(self, url: str) -> Url:
        """Take an address apart; an address in numbers is checked here and now.

        Raises:
            FetchError: Its kind is not supported, or it is not one to connect to.
        """
        parts = parse_address(url)
        if parts.port in _OTHER_SERVICES and not self.exempts(parts):
            raise FetchError(
                FetchReason.BLOCKED_ADDRESS, f"{parts.place}: this port is that of another service"
            )
        try:
            number = ipaddress.ip_address(parts.host)
        except ValueError:
            return parts
        self._check_number(parts, number)
        return parts

    def exempts(self, url: Url) -> bool:
        """Return whether the user named this place as one that may be private."""
        return url.place in self._exempt

    def _check_number(self, parts: Url, number: Address) -> None:
        why = refusal(number)
        if why and not self.exempts(parts):
            raise _blocked(parts.place, [(str(number), why)])

    def targets(self, host: str, port: int) -> list[tuple[Any, ...]]:
        """Resolve a host to what may be connected to, as `socket.getaddrinfo` gives it.

        Raises:
            FetchError: The host is unknown, or none of its addresses may be connected to.
        """
        bare = host.strip("[]").rstrip(".").lower()
        found = _resolve(bare, port)
        if Url("", "", bare, port).place in self._exempt:
            return found
        allowed, blocked = [], []
        for entry in found:
            number = ipaddress.ip_address(entry[4][0])
            why = refusal(number)
            if why is None:
                allowed.append(entry)
            else:
                blocked.append((str(number), why))
        if not allowed:
            raise _blocked(f"{bare}:{port}", blocked)
        return allowed

    def connect(self, connection: HTTPConnection) -> socket.socket:
        """Return a connected socket for a connection of urllib3.

        Raises:
            FetchError: See `targets`.
            OSError: No address answers.
        """
        from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

        timeout = connection.timeout
        seconds = float(timeout) if isinstance(timeout, int | float) else None
        problem: OSError = OSError("no address")
        targets = self.targets(connection.host, connection.port or 80)
        for family, kind, protocol, _, address in targets[:_TRIED_ADDRESSES]:
            try:
                return _connected(family, kind, protocol, address, seconds)
            except OSError as error:
                problem = error
        if isinstance(problem, TimeoutError):
            raise ConnectTimeoutError(connection, "connecting timed out") from problem
        raise NewConnectionError(connection, str(problem)) from problem


def guarded_manager(guard: Guard, connections: int, check: Callable[[], None]) -> PoolManager:
    """Return a pool manager of urllib3 all of whose connections go through ``guard``.

    Args:
        guard: What connects.
        connections: How many are kept open to one host.
        check: Raises if everything is to stop.
    """
    import urllib3
    from urllib3.connection import HTTPConnection, HTTPSConnection

    response = paced_response(check)

    class GuardedHTTP(HTTPConnection):
        response_class = response

        def _new_conn(self) -> socket.socket:
            return guard.connect(self)

    class GuardedHTTPS(HTTPSConnection):
        response_class = response

        def _new_conn(self) -> socket.socket:
            return guard.connect(self)

    class HTTPPool(urllib3.HTTPConnectionPool):
        ConnectionCls = GuardedHTTP

    class HTTPSPool(urllib3.HTTPSConnectionPool):
        ConnectionCls = GuardedHTTPS

    manager = urllib3.PoolManager(num_pools=64, maxsize=connections, retries=False)
    manager.pool_classes_by_scheme = {"http": HTTPPool, "https": HTTPSPool}
    return manager


def _connected(
    family: int, kind: int, protocol: int, address: Any, seconds: float | None
) -> socket.socket:
    connected = socket.socket(family, kind, protocol)
    try:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.settimeout(seconds)
        connected.connect(address)
    except BaseException:
        connected.close()
        raise
    return connected


def _resolve(host: str, port: int) -> list[tuple[Any, ...]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        again = error.errno == socket.EAI_AGAIN
        reason = FetchReason.CONNECTION if again else FetchReason.UNKNOWN_HOST
        raise FetchError(reason, f"{host}: {error.strerror}") from None
    except UnicodeError as error:
        raise FetchError(FetchReason.BAD_ADDRESS, f"{host!r} is no host ({error})") from None
    return [entry for entry in found if entry[0] in (socket.AF_INET, socket.AF_INET6)]


def _blocked(place: str, addresses: list[tuple[str, str]]) -> FetchError:
    shown = ", ".join(f"{number} ({why})" for number, why in addresses[:3]) or "no address"
    return FetchError(
        FetchReason.BLOCKED_ADDRESS,
        f"{place} is at {shown}, which is not on the open internet; "
        f"if this is a server of yours, allow {place!r} by name",
    )


def _exempt_place(text: str) -> str:
    if not _PLACE.fullmatch(text):
        raise InputError("an exempt place is written host:port", seen=text)
    try:
        return parse_address(f"http://{text}").place
    except FetchError as error:
        raise InputError(f"no exempt place: {error.detail}") from None
