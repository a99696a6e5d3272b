"""Where the content behind Git LFS pointers is asked for, and who may see the token.

A token goes to the one host that was meant, over https, and nowhere else: a clone's tracked file
``.lfsconfig`` may name any host, so whoever pushes to the repository could collect tokens with it.
"""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from pentad.core.errors import InputError
from pentad.sources.emm1.git_config import Clone, find_clone

_SCP_LIKE = re.compile(r"(?:[^@/\s]+@)?([A-Za-z0-9][\w.-]+):(?!//)(\S+)")
_OVER_HTTPS = {"ssh": "https", "git+ssh": "https", "git": "https", "https": "https", "http": "http"}
_SSH_ALIASES = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}
_DEFAULT_TOKEN, _DEFAULT_HOST = "GITHUB_TOKEN", "github.com"


@dataclass(frozen=True)
class Endpoint:
    """A Git LFS server.

    Attributes:
        url: Address that ``/objects/batch`` is added to.
        authorization: Value of the header for this very server, None without a token.
    """

    url: str
    authorization: str | None = field(default=None, repr=False)

    @property
    def batch(self) -> str:
        """Address of the batch API."""
        return f"{self.url}/objects/batch"

    def headers_for(self, href: str) -> dict[str, str]:
        """Return our own authorization where ``href`` is on this server, else nothing."""
        if self.authorization is None or origin(href) != origin(self.url):
            return {}
        return {"Authorization": self.authorization}


def find_endpoint(
    root: Path, *, remote: str | None = None, token_env: str | None = None
) -> Endpoint:
    """Return the server that a clone's Git LFS objects come from.

    Args:
        root: The clone, or a folder in it.
        remote: Address of the repository, in place of what the clone says.
        token_env: Environment variable that holds a token for the server. By default
            ``GITHUB_TOKEN``, which then goes to github.com alone.

    Raises:
        InputError: ``root`` is in no clone and ``remote`` is not given; the address cannot be
            reached over http; the token is missing or would go where it must not.
    """
    if remote is not None:
        return _endpoint(_server(remote), remote, token_env, trusted=True)
    clone = find_clone(root)
    if clone is None:
        raise InputError(
            "not a clone of the data set's repository (no .git here or above), so say where its "
            "tables come from: --remote URL",
            file=root,
        )
    return _endpoint_of(clone, token_env)


def http_address(remote: str) -> str:
    """Return a remote in any of git's spellings as an http(s) address without credentials.

    Raises:
        InputError: It is a folder, or of a kind that has no such address.
    """
    try:
        parts = _split(remote.strip())
        port = parts.port if parts.scheme.startswith("http") else None
    except ValueError:  # its text may be a piece of a password
        raise InputError("not an address", seen=_shown(remote)) from None
    scheme = _OVER_HTTPS.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise InputError(
            "a remote that is not on a server; give its address with --remote URL",
            seen=_shown(remote),
        )
    host = _SSH_ALIASES.get(parts.hostname, parts.hostname)
    host = f"[{host}]" if ":" in host else host
    place = host if port is None else f"{host}:{port}"
    return urlunsplit((scheme, place, parts.path.rstrip("/"), "", ""))


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", parts.port or default


def _split(remote: str) -> SplitResult:
    if "://" not in remote and (scp := _SCP_LIKE.fullmatch(remote)):
        return SplitResult("ssh", scp[1], "/" + scp[2].lstrip("/"), "", "")
    return urlsplit(remote)


def _shown(remote: str) -> str:
    """Return a remote without what may be a password; one with a slash in it is none of a URL."""
    return re.sub(r"^([\w+.-]+://)?.*@", r"\1", remote, flags=re.DOTALL)


def _endpoint_of(clone: Clone, token_env: str | None) -> Endpoint:
    name = _remote_name(clone)
    remote = clone.config.get(("remote", name, "url"))
    keys = (("lfs", "", "url"), ("remote", name, "lfsurl"))
    for settings, own in ((clone.config, True), (clone.lfsconfig, False)):
        for address in filter(None, map(settings.get, keys)):
            server = http_address(address)
            trusted = own or (remote is not None and _same_host(server, remote))
            return _endpoint(server, address, token_env, trusted=trusted)
    if remote is None:
        raise InputError("names no remote; give its address with --remote URL", file=clone.top)
    return _endpoint(_server(remote), remote, token_env, trusted=True)


def _remote_name(clone: Clone) -> str:
    names = {sub for section, sub, key in clone.config if (section, key) == ("remote", "url")}
    return next(iter(names)) if len(names) == 1 else "origin"


def _server(remote: str) -> str:
    """Return the address that git-lfs derives from a repository's own."""
    address = http_address(remote)
    if address.endswith("/info/lfs"):
        return address
    return address + ("/info/lfs" if address.endswith(".git") else ".git/info/lfs")


def _same_host(server: str, remote: str) -> bool:
    return origin(server) == origin(http_address(remote))


def _endpoint(server: str, given: str, token_env: str | None, *, trusted: bool) -> Endpoint:
    scheme, host, _ = origin(server)
    if token_env is not None:
        return Endpoint(server, _basic("x-access-token", _token(token_env, server, trusted)))
    if scheme != "https" or not trusted:
        return Endpoint(server)
    parts = urlsplit(given)
    if parts.username and parts.password and parts.scheme == "https":
        return Endpoint(server, _basic(unquote(parts.username), unquote(parts.password)))
    token = os.environ.get(_DEFAULT_TOKEN, "").strip()
    if token and host == _DEFAULT_HOST:
        return Endpoint(server, _basic("x-access-token", token))
    return Endpoint(server)


def _token(name: str, server: str, trusted: bool) -> str:
    token = os.environ.get(name, "").strip()
    if not token:
        raise InputError("--token-env names an environment variable that is not set", seen=name)
    if origin(server)[0] != "https":
        raise InputError("a token is sent over https only; drop --token-env", seen=server)
    if not trusted:
        raise InputError(
            "the clone's .lfsconfig sends to another host than its remote, which gets no token; "
            "give the address that you trust with --remote URL",
            seen=server,
        )
    return token


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
