from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from pentad.sources.fetch.client import Client
from pentad.sources.fetch.errors import FetchError
from pentad.sources.fetch.handlers.archive import ZipBatch
from pentad.sources.fetch.handlers.wanted import NameRule, Wanted
from pentad.sources.fetch.hub import Hub
from pentad.sources.fetch.jobs import Task
from pentad.sources.fetch.places import Places
from pentad.sources.fetch.placing import Rules
from tests.sources.fetch.conftest import MakeClient
from tests.sources.fetch.server import Handler, Site, content, send, status, whole
from tests.sources.fetch.work import Outcomes, files, job, picture, run_batch, task

COCO = "train2017/{file_id:012d}.jpg"


def make_zip(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return buffer.getvalue()


def coco(numbers: range, size: int = 300) -> dict[str, bytes]:
    return {f"train2017/{n:012d}.jpg": picture(n, size) for n in numbers}


def fetch(
    client: Client,
    tasks: list[Task],
    *locations: str,
    template: str = COCO,
    rules: Rules | None = None,
) -> Outcomes:
    wanted = Wanted(tasks, NameRule(template))
    places = Places(client, Hub(client, endpoint="https://hub.invalid"))
    return run_batch(ZipBatch("COCO", wanted, places, locations, rules or Rules("image")))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_are_read_by_parts(client: Client, site: Site, tmp_path: Path, method: int) -> None:
    archive = make_zip(coco(range(300), 40_000), method)
    url = site.add("/train2017.zip", content(archive, ETag='"v"'))
    tasks = [task(tmp_path, job(n, file_id=str(n))) for n in (2, 7, 250)]
    outcomes = fetch(client, tasks, url)
    assert set(outcomes.reasons().values()) == {"got"}
    assert files(tmp_path) == {f"shared/image/{n}.jpg": picture(n, 40_000) for n in (2, 7, 250)}
    assert outcomes.of[7].what == f"{url}#train2017/000000000007.jpg"  # type: ignore[union-attr]
    assert all("Range" in asked.headers for asked in site.asked)


def test_members_that_lie_together_come_in_one_request(
    client: Client, site: Site, tmp_path: Path
) -> None:
    url = site.add("/a.zip", content(make_zip(coco(range(50)))))
    fetch(client, [task(tmp_path, job(n, file_id=str(n))) for n in range(50)], url)
    assert len(files(tmp_path)) == 50
    assert len(site.asked) == 3  # size, index, members


def test_local_archives_and_folders_of_them_do_as_well(client: Client, tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    (data / "a.zip").write_bytes(make_zip(coco(range(3))))
    (data / "b.zip").write_bytes(make_zip(coco(range(3, 6))))
    (data / "notes.txt").write_text("no archive")
    tasks = [task(out, job(n, file_id=str(n))) for n in (1, 4)]
    assert fetch(client, tasks, str(data)).reasons() == {1: "got", 4: "got"}
    again = [task(tmp_path / "out2", job(n, file_id=str(n))) for n in (1, 4)]
    assert fetch(client, again, str(data / "*.zip")).reasons() == {1: "got", 4: "got"}


def test_any_ending_and_any_folder_if_the_plan_says_so(
    client: Client, site: Site, tmp_path: Path
) -> None:
    members = {"deep/down/abc.mp4": picture(1), "abcd.mp4": picture(2), "x/y.abc": picture(3)}
    url = site.add("/a.zip", content(make_zip(members)))
    tasks = [task(tmp_path, job(1, file_id="abc")), task(tmp_path, job(2, file_id="zzz"))]
    outcomes = fetch(client, tasks, url, template="{file_id}.*")
    assert outcomes.reasons() == {1: "got", 2: "member-missing"}
    assert files(tmp_path) == {"shared/image/1.jpg": picture(1)}


def test_one_member_may_be_wanted_in_two_places(client: Client, site: Site, tmp_path: Path) -> None:
    url = site.add("/a.zip", content(make_zip(coco(range(2)))))
    tasks = [task(tmp_path, job(n, file_id="1")) for n in (1, 2)]
    assert fetch(client, tasks, url).reasons() == {1: "got", 2: "got"}
    assert set(files(tmp_path).values()) == {picture(1)}


def test_an_archive_that_cannot_be_had_makes_its_items_try_again(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    good = site.add("/good.zip", content(make_zip(coco(range(1)))))
    tasks = [task(tmp_path, job(n, file_id=str(n))) for n in (0, 1)]
    down = site.add("/down.zip", status(503))
    outcomes = fetch(make_client(retries=0), tasks, good, down)
    assert outcomes.reasons() == {0: "got", 1: "server-error"}
    assert outcomes.error(1).retriable


def test_a_server_without_parts_is_told(client: Client, site: Site, tmp_path: Path) -> None:
    url = site.add("/a.zip", whole(make_zip(coco(range(2)))))
    outcomes = fetch(client, [task(tmp_path, job(1, file_id="1"))], url)
    assert outcomes.reasons() == {1: "no-ranges"}


def test_a_bad_row_does_not_hold_up_the_others(client: Client, site: Site, tmp_path: Path) -> None:
    url = site.add("/a.zip", content(make_zip(coco(range(2)))))
    tasks = [task(tmp_path, job(1, file_id="1")), task(tmp_path, job(2, file_id="x"))]
    assert fetch(client, tasks, url).reasons() == {1: "got", 2: "bad-fields"}


def test_a_connection_that_breaks_costs_nothing(client: Client, site: Site, tmp_path: Path) -> None:
    archive = make_zip(coco(range(20), 30_000), zipfile.ZIP_STORED)
    serve = content(archive, ETag='"v"')

    def broken(handler: Handler) -> None:
        start = int(handler.headers["Range"].removeprefix("bytes=").partition("-")[0])
        place = f"bytes {start}-{len(archive) - 1}/{len(archive)}"
        part = archive[start : start + 100_000]
        send(handler, 206, part, Content_Range=place, Content_Length="500000", ETag='"v"')
        handler.close_connection = True

    url = site.add("/a.zip", serve, serve, broken, serve)
    tasks = [task(tmp_path, job(n, file_id=str(n))) for n in range(20)]
    assert set(fetch(client, tasks, url).reasons().values()) == {"got"}


def test_a_part_that_cannot_be_had_is_tried_again_another_time(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    serve = content(make_zip(coco(range(300), 40_000), zipfile.ZIP_STORED))
    url = site.add("/a.zip", serve, serve, serve, status(503))
    tasks = [task(tmp_path, job(n, file_id=str(n))) for n in (2, 250, 251)]
    outcomes = fetch(make_client(retries=0), tasks, url)
    assert sorted(outcomes.reasons().values()) == ["got", "server-error", "server-error"]


def damaged(archive: bytes, name: str, at: int = 4) -> bytes:
    """Change a byte of a member's content."""
    place = archive.index(name.encode()) + len(name) + at
    return archive[:place] + bytes([archive[place] ^ 0xFF]) + archive[place + 1 :]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_member_is_refused_and_the_next_ones_come(
    client: Client, site: Site, tmp_path: Path, method: int
) -> None:
    archive = damaged(make_zip(coco(range(4)), method), "train2017/000000000001.jpg")
    tasks = [task(tmp_path, job(n, file_id=str(n))) for n in range(4)]
    outcomes = fetch(client, tasks, site.add("/a.zip", content(archive)))
    assert outcomes.reasons() == {0: "got", 1: "bad-archive", 2: "got", 3: "got"}
    assert len(files(tmp_path)) == 3


@pytest.mark.parametrize(
    "body", [b"", b"no archive at all", b"<html>" * 500, make_zip(coco(range(3)))[:-30]]
)
def test_what_is_no_archive_is_refused(
    client: Client, site: Site, tmp_path: Path, body: bytes
) -> None:
    (tmp_path / "a.zip").write_bytes(body)
    for place in (site.add("/a.zip", content(body)), str(tmp_path / "a.zip")):
        outcomes = fetch(client, [task(tmp_path / "out", job(1, file_id="1"))], place)
        assert outcomes.reasons()[1] in ("bad-archive", "refused")
        assert files(tmp_path).keys() == {"a.zip"}


def test_a_bomb_is_stopped_at_the_limit(client: Client, site: Site, tmp_path: Path) -> None:
    body = picture(1) + bytes(50_000_000)
    url = site.add("/a.zip", content(make_zip({"train2017/000000000001.jpg": body})))
    rules = Rules("image", limit=1_000_000)
    outcomes = fetch(client, [task(tmp_path, job(1, file_id="1"))], url, rules=rules)
    assert outcomes.reasons() == {1: "too-large"}
    assert files(tmp_path) == {}


def test_more_content_than_the_index_states_is_refused(
    client: Client, site: Site, tmp_path: Path
) -> None:
    archive = bytearray(make_zip({"train2017/000000000001.jpg": picture(1) + bytes(500_000)}))
    index = archive.index(b"PK\x01\x02")
    struct.pack_into("<L", archive, index + 24, 1000)
    url = site.add("/a.zip", content(bytes(archive)))
    outcomes = fetch(client, [task(tmp_path, job(1, file_id="1"))], url)
    assert outcomes.reasons() == {1: "bad-archive"}


def test_an_index_that_lies_about_places_is_refused(
    client: Client, site: Site, tmp_path: Path
) -> None:
    archive = bytearray(make_zip(coco(range(2))))
    index = archive.index(b"PK\x01\x02")
    struct.pack_into("<L", archive, index + 42, 7)
    url = site.add("/a.zip", content(bytes(archive)))
    tasks = [task(tmp_path, job(n, file_id=str(n))) for n in range(2)]
    assert fetch(client, tasks, url).reasons() == {0: "bad-archive", 1: "got"}


def test_links_encryption_and_odd_methods_are_refused(
    client: Client, site: Site, tmp_path: Path
) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("train2017/000000000001.jpg")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    url = site.add("/link.zip", content(buffer.getvalue()))
    outcomes = fetch(client, [task(tmp_path, job(1, file_id="1"))], url)
    assert outcomes.reasons() == {1: "member-missing"}

    url = site.add("/lzma.zip", content(make_zip(coco(range(2)), zipfile.ZIP_LZMA)))
    outcomes = fetch(client, [task(tmp_path, job(1, file_id="1"))], url)
    assert "not supported" in outcomes.error(1).detail


def test_hostile_names_are_only_compared(client: Client, site: Site, tmp_path: Path) -> None:
    names = ["../../evil.jpg", "/etc/evil.jpg", "a/../../evil.jpg", "..\\evil.jpg", "evil.jpg"]
    archive = make_zip({name: picture(i) for i, name in enumerate(names)})
    out = tmp_path / "a" / "b"
    outcomes = fetch(
        client, [task(out, job(1, file_id="evil"))], site.add("/a.zip", content(archive)),
        template="{file_id}.jpg",
    )  # fmt: skip
    assert outcomes.reasons() == {1: "got"}
    assert files(tmp_path).keys() == {"a/b/shared/image/1.jpg"}


def test_what_is_no_picture_is_refused(client: Client, site: Site, tmp_path: Path) -> None:
    url = site.add("/a.zip", content(make_zip({"train2017/000000000001.jpg": b"<html>" * 10})))
    outcomes = fetch(client, [task(tmp_path, job(1, file_id="1"))], url)
    assert outcomes.reasons() == {1: "wrong-content-type"}


def test_nothing_there_is_said_before_any_item_is_blamed(client: Client, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="nothing there"):
        fetch(client, [task(tmp_path, job(1, file_id="1"))], str(tmp_path / "missing.zip"))
