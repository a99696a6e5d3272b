from __future__ import annotations

from pathlib import Path

import pytest

from pentad.core.errors import DecodeError, Reason
from pentad.sources.fetch.client import Client
from pentad.sources.fetch.errors import FetchError
from pentad.sources.fetch.handlers.folder import FolderBatch
from pentad.sources.fetch.handlers.web import WebBatch
from pentad.sources.fetch.jobs import Task
from pentad.sources.fetch.placing import Rules
from tests.sources.fetch.server import Site, content, status, whole
from tests.sources.fetch.work import files, job, picture, run_batch, task


def page(root: Path, number: int, url: str) -> Task:
    return task(root, job(number, "Google Conceptual Captions", file_id=url))


def test_pictures_come_from_their_addresses(client: Client, site: Site, tmp_path: Path) -> None:
    good = site.add("/a b,c.jpg".replace(" ", "%20"), picture(1))
    tasks = [
        page(tmp_path, 1, good),
        page(tmp_path, 2, site.add("/gone", status(404))),
        page(tmp_path, 3, site.add("/moved", whole(b"<html>sorry", Content_Type="image/png"))),
        page(tmp_path, 4, "ftp://example.org/x.jpg"),
        page(tmp_path, 5, "http://10.0.0.1/x.jpg"),
        page(tmp_path, 6, site.add("/no", content(picture(1), X_Robots_Tag="noai"))),
        task(tmp_path, job(7, "Google Conceptual Captions")),
    ]
    batch = WebBatch("GCC", tasks, client, "{file_id}", Rules("image"))
    assert run_batch(batch).reasons() == {
        1: "got", 2: "not-found", 3: "wrong-content-type", 4: "unsupported-scheme",
        5: "blocked-address", 6: "opt-out", 7: "bad-fields",
    }  # fmt: skip
    assert files(tmp_path) == {"shared/image/1.jpg": picture(1)}


def test_a_mirror_is_asked_with_quoted_columns(client: Client, site: Site, tmp_path: Path) -> None:
    site.add("/m/a%2F..%2Fb%3Fc/1.jpg", picture(1))
    tasks = [task(tmp_path, job(1, "GCC", file_id="a/../b?c"))]
    template = site.url("/m/{file_id}/{file_name}")
    assert run_batch(WebBatch("GCC", tasks, client, template, Rules())).reasons() == {1: "got"}


def test_what_came_can_be_finished_before_it_is_kept(
    client: Client, site: Site, tmp_path: Path
) -> None:
    def finish(came: Path, kept: Path) -> None:
        if came.read_bytes() == picture(2):
            raise DecodeError(Reason.CORRUPT, "no cloud")
        kept.write_bytes(came.read_bytes() + b"finished")

    tasks = [page(tmp_path, n, site.add(f"/{n}", picture(n))) for n in (1, 2)]
    rules = Rules("image", finish=finish)
    outcomes = run_batch(WebBatch("GCC", tasks, client, "{file_id}", rules))
    assert outcomes.reasons() == {1: "got", 2: "unusable"}
    assert "no cloud" in outcomes.error(2).detail
    assert files(tmp_path) == {"shared/image/1.jpg": picture(1) + b"finished"}


def test_a_local_folder_gives_its_files(client: Client, tmp_path: Path) -> None:
    folder, out = tmp_path / "data", tmp_path / "out"
    (folder / "n01").mkdir(parents=True)
    (folder / "n01" / "n01_1.JPEG").write_bytes(picture(1))
    (folder / "bad.JPEG").write_bytes(b"<html>")
    (tmp_path / "outside.JPEG").write_bytes(picture(2))
    (folder / "link.JPEG").symlink_to(tmp_path / "outside.JPEG")
    names = ["n01/n01_1", "missing", "../outside", "/etc/passwd", "bad", "link", "n01/n01_*", "\0"]
    tasks = [task(out, job(n, "ImageNet", file_id=name)) for n, name in enumerate(names)]
    for template in ("{file_id}.JPEG", "{file_id}.*"):
        batch = FolderBatch("ImageNet", tasks, [str(folder)], template, Rules("image"))
        assert run_batch(batch).reasons() == {
            0: "got", 1: "member-missing", 2: "member-missing", 3: "member-missing",
            4: "wrong-content-type", 5: "member-missing", 6: "member-missing", 7: "member-missing",
        }  # fmt: skip
    assert files(out) == {"shared/image/0.jpg": picture(1)}
    missing = FolderBatch("ImageNet", tasks, [str(tmp_path / "no")], "{file_id}", Rules())
    with pytest.raises(FetchError, match="no such folder"):
        missing.lots()
