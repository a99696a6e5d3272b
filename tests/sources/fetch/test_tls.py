from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pentad.sources.fetch.errors import FetchError, FetchReason
from tests.sources.fetch.conftest import MakeClient, serving
from tests.sources.fetch.server import Site, redirect

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


@pytest.fixture
def secure(certificate: tuple[Path, Path]) -> Iterator[Site]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with serving(context) as site:
        yield site


def test_a_certificate_that_nobody_vouches_for_is_refused(
    make_client: MakeClient, secure: Site, tmp_path: Path
) -> None:
    secure.add("/x", b"content")
    client = make_client(allow_private={f"localhost:{secure.port}"}, respect_robots=False)
    with pytest.raises(FetchError) as error:
        client.fetch(f"https://localhost:{secure.port}/x", tmp_path / "x")
    assert error.value.reason is FetchReason.TLS
    assert not secure.asked


def test_a_secure_site_is_fetched_from_and_does_not_lead_to_a_plain_one(
    make_client: MakeClient,
    secure: Site,
    site: Site,
    tmp_path: Path,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    place = f"localhost:{secure.port}"
    secure.add("/x", b"content")
    secure.add("/plain", redirect(site.add("/x", b"content")))
    client = make_client(allow_private={place, site.place})
    client.fetch(f"https://{place}/x", tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"content"
    with pytest.raises(FetchError, match="sent on to plain") as error:
        client.fetch(f"https://{place}/plain", tmp_path / "y")
    assert error.value.reason is FetchReason.REDIRECTS
    assert not site.asked


def test_a_certificate_of_another_name_is_refused(
    make_client: MakeClient,
    secure: Site,
    tmp_path: Path,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    client = make_client(allow_private={secure.place}, respect_robots=False)
    with pytest.raises(FetchError) as error:
        client.fetch(f"https://{secure.place}/x", tmp_path / "x")
    assert error.value.reason is FetchReason.TLS
