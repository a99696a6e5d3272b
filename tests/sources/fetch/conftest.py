from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from pentad.sources.fetch.client import Client
from tests.sources.fetch.server import Server, Site

MakeClient = Callable[..., Client]


@contextmanager
def serving(secure: ssl.SSLContext | None = None) -> Iterator[Site]:
    site = Site()
    server = Server(site)
    if secure is not None:
        server.socket = secure.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def other_site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def make_client(site: Site) -> Iterator[MakeClient]:
    """Clients that may talk to the tests' own site, wait little and are closed afterwards."""
    with ExitStack() as stack:

        def make(**options: object) -> Client:
            known = {"timeout": 5.0, "backoff": 0.01, "allow_private": {site.place}}
            return stack.enter_context(Client(**(known | options)))  # type: ignore[arg-type]

        yield make


@pytest.fixture
def client(make_client: MakeClient) -> Client:
    return make_client()
