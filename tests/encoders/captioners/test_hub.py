"""Models of a hub: a small one on 127.0.0.1 that speaks as the real one does."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.encoders.captioners.tiny import idefics_folder
from tests.sources.fetch.conftest import serving
from tests.sources.fetch.server import Handler, Site, send

pytestmark = pytest.mark.slow

REPO, COMMIT = "maker/tiny", "0123456789abcdef0123456789abcdef01234567"
LOAD = """
import sys
from pentad.core.errors import PentadError
from pentad.encoders.captioners.load import load_captioner
try:
    found = load_captioner(sys.argv[1], notice=print)
    print(found.name, found.model, found.revision, found.licence)
except PentadError as error:
    print("error:", error)
"""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(Handler, "do_HEAD", Handler._answer, raising=False)
    with serving() as site:
        yield site


def publish(site: Site, folder: Path) -> None:
    """Serve the files of a folder as a repository of the hub."""
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    known = {name: hashlib.sha1(data).hexdigest() for name, data in files.items()}
    siblings = [{"rfilename": n, "size": len(d), "blobId": known[n]} for n, d in files.items()]
    facts: dict[str, Any] = {"id": REPO, "sha": COMMIT, "siblings": siblings}
    facts |= {"cardData": {"license": "mit"}, "tags": [], "private": False, "gated": False}
    tree = [{"type": "file", "path": n, "size": len(d), "oid": known[n]} for n, d in files.items()]
    api = f"/api/models/{REPO}"
    for path in (api, f"{api}/revision/main", f"{api}/revision/{COMMIT}"):
        site.routes[path] = answering(json.dumps(facts).encode(), Content_Type="application/json")
    site.routes[f"{api}/tree/{COMMIT}"] = answering(
        json.dumps(tree).encode(), Content_Type="application/json"
    )
    for name, data in files.items():
        marked = {"ETag": f'"{known[name]}"', "X_Repo_Commit": COMMIT}
        for revision in ("main", COMMIT):
            site.routes[f"/{REPO}/resolve/{revision}/{name}"] = answering(data, **marked)


def answering(data: bytes, **headers: str) -> Any:
    def answer(handler: Handler) -> None:
        body = b"" if handler.command == "HEAD" else data
        send(handler, 200, body, Content_Length=str(len(data)), **headers)

    return answer


def load(site: Site, home: Path, spec: str = f"hf:{REPO}") -> list[str]:
    """Load a captioner in a process that knows no other hub; return what it prints."""
    ours = {"HF_ENDPOINT": site.url(""), "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
    environment = {k: v for k, v in os.environ.items() if k != "HF_HUB_OFFLINE"}
    done = subprocess.run(
        [sys.executable, "-c", LOAD, spec],
        env={**environment, **ours, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def fetched(site: Site) -> set[str]:
    return {
        a.path.rpartition("/")[2] for a in site.asked if a.method == "GET" and "resolve" in a.path
    }


def test_a_model_is_fetched_once_after_its_terms_were_shown(site: Site, tmp_path: Path) -> None:
    folder = idefics_folder(tmp_path / "model")
    (folder / "modeling_own.py").write_text("raise SystemExit('run')")
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    publish(site, folder)
    known = f"tiny {REPO} {COMMIT} mit"
    terms = f"hf:{REPO}: licence mit; fetching 0.0 GB to this machine"
    assert load(site, tmp_path / "home") == [terms, known.replace("mit", "not stated")]
    assert "model.safetensors" in fetched(site)
    assert not fetched(site) & {"modeling_own.py", "pytorch_model.bin"}
    site.asked.clear()
    assert load(site, tmp_path / "home") == [known.replace("mit", "not stated")]
    assert fetched(site) == set()


def test_a_model_with_code_of_its_own_is_refused_before_its_weights_come(
    site: Site, tmp_path: Path
) -> None:
    folder = idefics_folder(tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "minicpmv", "auto_map": {"AutoModel": "modeling_minicpmv.MiniCPMV"}}
    (folder / "config.json").write_text(json.dumps(config))
    publish(site, folder)
    (line,) = load(site, tmp_path / "home")
    assert line.startswith(f"error: hf:{REPO} needs Python code of its own")
    assert "-m minicpm-v" in line
    assert fetched(site) == {"config.json"}
