"""Sources on a local S3 server: the same items and vectors as of the same tree on this machine."""

from __future__ import annotations

import io
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image as Pillow

from pentad.core.errors import InputError, Reason
from pentad.embeddings.embed import embed_workspace
from pentad.embeddings.work import EmbedOptions
from pentad.pipeline.add import add_source
from pentad.store.remote.kept import objects_folder
from pentad.store.workspace import Workspace
from tests.cli.helpers import pentad, refused
from tests.embeddings.toy import COLOURS, Toy
from tests.sources.helpers import write_csv
from tests.stores import S3, forget, s3_server
from tests.tars import MEDIA, write_tar

pytestmark = pytest.mark.slow

BUCKET = "s3://bucket"


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3]:
    (tmp_path / "s3" / "bucket").mkdir(parents=True)
    with s3_server(tmp_path / "s3") as server:
        yield server


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "ws")


def picture(colour: tuple[int, int, int]) -> bytes:
    data = io.BytesIO()
    Pillow.new("RGB", (8, 8), colour).save(data, "PNG")
    return data.getvalue()


def make_folder(root: Path) -> None:
    for name, colour in COLOURS.items():
        path = root / ("warm" if name in ("red", "pink") else "cold") / f"{name} #1.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(colour))
        path.with_suffix(".txt").write_text(f"Something {name}\nAll {name}")
    (root / "broken.png").write_bytes(b"?" * 50)
    (root / "notes.xyz").write_text("?")
    (root / "README.txt").write_text("nothing")


def make_table(root: Path) -> None:
    root.mkdir(parents=True)
    lines = ["file_name,caption,license"]
    for name, colour in COLOURS.items():
        (root / f"{name}.png").write_bytes(picture(colour))
        lines.append(f"{name}.png,Quite {name},CC0-1.0")
    write_csv(root / "captions.csv", *lines, "absent.png,Not there,CC0-1.0")


def make_tars(root: Path) -> None:
    for number, part in enumerate((list(COLOURS)[:3], list(COLOURS)[3:])):
        members = {}
        for name in part:
            members[f"{name}.png"] = picture(COLOURS[name])
            members[f"{name}.txt"] = f"A {name} square"
        write_tar(root / f"0000{number}.tar", members)


def make_parquet(root: Path) -> None:
    root.mkdir(parents=True)
    cells = [{"bytes": picture(c), "path": f"{n}.png"} for n, c in COLOURS.items()]
    columns = {"image": pa.array(cells, MEDIA), "caption": [f"The {n} one" for n in COLOURS]}
    pq.write_table(pa.table(columns), root / "train-00000-of-00001.parquet")


MAKERS = {
    "folder": make_folder,
    "table": make_table,
    "tars": make_tars,
    "parquet": make_parquet,
}


def embedded(ws: Workspace, encoder: Toy | None = None) -> dict[str, bytes]:
    """Embed the images and return the files that hold vectors and ids."""
    opened = Workspace.open(ws.root)
    with opened.writing():
        items = opened.catalog().items("image")
        done = embed_workspace(opened, items, encoder or Toy(), options=EmbedOptions(workers=1))
        opened.reject(done.rejected, stage="decode")
    folder = next((ws.root / "embeddings").glob("*/image"))
    return {p.name: p.read_bytes() for p in folder.glob("*.npy") if ".prints." not in p.name}


def reasons(ws: Workspace) -> list[tuple[str, str, str]]:
    return sorted((r.path, r.reason.value, r.detail) for r in Workspace.open(ws.root).rejections())


@pytest.mark.parametrize("kind", list(MAKERS))
def test_a_source_on_a_store_is_that_of_the_same_tree_here(
    kind: str, ws: Workspace, s3: S3, tmp_path: Path
) -> None:
    MAKERS[kind](s3.folder / "bucket" / "data")
    shutil.copytree(s3.folder / "bucket" / "data", tmp_path / "data")
    here = Workspace.create(tmp_path / "here")
    name = "data/captions.csv" if kind == "table" else "data"
    local = add_source(here.root, tmp_path / name, name="data")

    remote = add_source(ws.root, f"{BUCKET}/{name}", name="data")

    assert remote == local
    ours, theirs = (Workspace.open(w.root).catalog() for w in (ws, here))
    whole = kind in ("folder", "table")  # the others are read, so their own bytes are hashed
    own = ("fingerprint",) if whole else ()
    for modality in theirs.modalities:
        left, right = ours.items(modality).frame, theirs.items(modality).frame
        dropped = [column for column in own if column in left.columns]
        assert left.drop(dropped).equals(right.drop(dropped))
    assert ours.pairs.frame.equals(theirs.pairs.frame)
    assert embedded(ws) == embedded(here)
    assert reasons(ws) == reasons(here)
    assert str(ours.roots["data"]) == f"{BUCKET}/data"
    assert f'root = "{BUCKET}/data"' in (ws.root / "pentad.toml").read_text()


def test_listing_reads_no_media(ws: Workspace, s3: S3) -> None:
    make_folder(s3.folder / "bucket" / "data")

    add_source(ws.root, f"{BUCKET}/data")

    read = {key for (what, key), _ in s3.trouble.seen.items() if what.endswith("object")}
    assert {key.rpartition(".")[2] for key in read} == {"txt"}
    assert "data/README.txt" not in read
    assert s3.trouble.seen["GET list", ""] == 1


def test_a_changed_object_is_encoded_alone(ws: Workspace, s3: S3) -> None:
    make_folder(s3.folder / "bucket" / "data")
    add_source(ws.root, f"{BUCKET}/data")
    embedded(ws)
    changed = s3.folder / "bucket/data/cold/white #1.png"
    changed.write_bytes(picture((1, 2, 3)))
    forget()

    add_source(ws.root, f"{BUCKET}/data")
    toy = Toy()
    embedded(ws, toy)

    assert sum(toy.seen) == 1
    seen = s3.trouble.seen
    assert seen["GET object", "data/cold/white #1.png"] == 2
    assert seen["GET object", "data/warm/red #1.png"] == 1


def test_nothing_is_fetched_again_where_nothing_changed(ws: Workspace, s3: S3) -> None:
    make_tars(s3.folder / "bucket" / "data")
    add_source(ws.root, f"{BUCKET}/data")
    before = (ws.root / "items" / "image.parquet").read_bytes()

    add_source(ws.root, f"{BUCKET}/data")
    embedded(ws)

    assert (ws.root / "items" / "image.parquet").read_bytes() == before
    assert s3.trouble.objects() == 2  # each tar once
    assert len(list(ws.objects.glob("*/*.tar"))) == 2


def test_a_deleted_object_is_listed(ws: Workspace, s3: S3) -> None:
    make_folder(s3.folder / "bucket" / "data")
    add_source(ws.root, f"{BUCKET}/data")
    (s3.folder / "bucket/data/warm/red #1.png").unlink()

    embedded(ws)

    gone = [r for r in Workspace.open(ws.root).rejections() if r.reason is Reason.MISSING_FILE]
    assert [(r.path, r.stage) for r in gone] == [("warm/red #1.png", "decode")]


def test_an_object_that_may_not_be_read_is_listed(ws: Workspace, s3: S3) -> None:
    make_folder(s3.folder / "bucket" / "data")
    s3.trouble.denied.update({"data/warm/red #1.png", "data/cold/blue #1.txt"})

    add_source(ws.root, f"{BUCKET}/data")
    embedded(ws)

    told = "the store does not let it be read (403 AccessDenied)"
    assert ("cold/blue #1.txt", "unreadable", told) in reasons(ws)
    assert ("warm/red #1.png", "unreadable", told) in reasons(ws)
    assert len(Workspace.open(ws.root).catalog().items("text")) == 8


def test_a_server_that_stops_ends_the_run_and_the_next_completes_it(
    ws: Workspace, s3: S3, tmp_path: Path
) -> None:
    make_table(s3.folder / "bucket" / "data")
    add_source(ws.root, f"{BUCKET}/data")
    s3.trouble.after = s3.trouble.objects() + 2

    with pytest.raises(InputError, match=r"s3://bucket: the store gives no answer .*run the same"):
        embedded(ws)

    assert [r for r in Workspace.open(ws.root).rejections() if r.stage == "decode"] == []
    s3.trouble.after, s3.trouble.down = None, False
    again = embedded(ws)
    here = Workspace.create(tmp_path / "here")
    add_source(here.root, s3.folder / "bucket" / "data")
    assert again == embedded(here)


def test_a_server_that_is_killed_is_told_in_one_line(ws: Workspace, s3: S3) -> None:
    make_table(s3.folder / "bucket" / "data")
    s3.process.send_signal(signal.SIGKILL)
    s3.process.wait()

    line = refused(pentad("add", ws.root, f"{BUCKET}/data"))

    assert line.startswith("s3://bucket: the store gives no answer (")
    assert "tester" not in line


def test_the_command_line_adds_embeds_and_builds(s3: S3, tmp_path: Path) -> None:
    make_folder(s3.folder / "bucket" / "data")
    assert pentad("init", tmp_path / "ws").code == 0

    ran = pentad("add", tmp_path / "ws", f"{BUCKET}/data/", "--modality", "image", "--json")

    assert ran.code == 0, ran.err
    assert '"image": 6' in ran.out
    ran = pentad("embed", tmp_path / "ws", "-m", "image-descriptor", "--modality", "image")
    assert ran.code == 0, ran.err
    info = pentad("info", tmp_path / "ws", "--json")
    assert f"{BUCKET}/data" in info.out


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("s3://name:word@bucket/data", "holds a name, a password or a port"),
        ("s3://name@bucket/data", "holds a name, a password or a port"),
        ("s3://bucket/data?X-Amz-Signature=abc", "may be a signature"),
        ("s3://bucket/a/../b", "is no address of a store"),
        ("s3://", "is no address of a store"),
        ("s3://bucket/nothing", "there is no such folder or object"),
        ("s3://none/data", "there is no such"),
        ("s3://{a,b}/x.tar", "a pattern cannot stand for buckets"),
        ("s3://bucket/{0..3}.tar", "there is no such"),
        ("https://example.org/data", "fetched from a table with a column 'url'"),
        ("file:///data", "name the folder itself"),
        ("ftp://example.org/data", "ftp:// is not read"),
    ],
)
def test_what_cannot_be_a_source_is_told_in_one_line(
    ws: Workspace, s3: S3, source: str, words: str
) -> None:
    line = refused(pentad("add", ws.root, source))

    assert words in line
    assert "word@" not in line
    assert "abc" not in line
    assert Workspace.open(ws.root).roots == {}
    assert list(ws.objects.glob("mirrors/*")) == []


def test_another_place_needs_another_name(ws: Workspace, s3: S3, tmp_path: Path) -> None:
    make_table(s3.folder / "bucket" / "data")
    make_table(tmp_path / "data")
    add_source(ws.root, f"{BUCKET}/data")

    with pytest.raises(InputError, match=r"source 'data' of this workspace is s3://bucket/data; "):
        add_source(ws.root, tmp_path / "data")


def test_a_pattern_of_tars_fetches_those_alone(ws: Workspace, s3: S3) -> None:
    make_tars(s3.folder / "bucket" / "data")
    write_tar(s3.folder / "bucket" / "data" / "00002.tar", {"other.png": picture((0, 0, 0))})

    summary = add_source(ws.root, f"{BUCKET}/data/{{00000..00001}}.tar")

    assert summary.items["image"] == 5
    assert s3.trouble.seen["GET object", "data/00002.tar"] == 0


def test_pictures_on_a_store_and_their_table_here(ws: Workspace, s3: S3, tmp_path: Path) -> None:
    pictures = s3.folder / "bucket" / "pictures" / "train2017"
    pictures.mkdir(parents=True)
    (pictures / "1.jpg").write_bytes(picture((9, 9, 9)))
    table = tmp_path / "coco" / "annotations" / "captions_train2017.json"
    table.parent.mkdir(parents=True)
    table.write_text(
        '{"images": [{"id": 1, "file_name": "1.jpg", "license": 1}], "licenses": '
        '[{"id": 1, "name": "x", "url": "y"}], "annotations": '
        '[{"id": 7, "image_id": 1, "caption": "Grey"}]}'
    )

    add_source(ws.root, tmp_path / "coco", media_root=f"{BUCKET}/pictures")

    catalog = Workspace.open(ws.root).catalog()
    assert catalog.items("image").frame["file"].to_list() == ["train2017/1.jpg"]
    assert str(catalog.roots["coco"]) == f"{BUCKET}/pictures"
    assert embedded(ws)


def test_an_interrupt_leaves_nothing_half_done(ws: Workspace, s3: S3, tmp_path: Path) -> None:
    make_table(s3.folder / "bucket" / "data")
    add_source(ws.root, f"{BUCKET}/data")
    s3.trouble.pause = 1.0
    verb = ["embed", str(ws.root), "-m", "image-descriptor", "--modality", "image"]
    command = [sys.executable, "-c", "from pentad.cli import main; main()", *verb]
    before = s3.trouble.objects()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while s3.trouble.objects() == before and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)

    assert process.returncode not in (0, 1), told
    assert b"Traceback" not in told
    s3.trouble.pause = 0.0
    assert pentad(*verb).code == 0
    shards = list((ws.root / "embeddings").glob("*/image/00000.npy"))
    assert [np.load(path).shape[0] for path in shards] == [5]


def test_kept_objects_lie_in_the_workspace(ws: Workspace, s3: S3) -> None:
    make_parquet(s3.folder / "bucket" / "data")

    add_source(ws.root, f"{BUCKET}/data")

    assert [p.name for p in ws.objects.glob("*/*.parquet")] == ["train-00000-of-00001.parquet"]
    assert list(ws.objects.glob("mirrors/*")) == []
    assert not objects_folder(None).exists() or not list(objects_folder(None).glob("*/*.parquet"))


def test_media_are_listed_by_name_where_their_captions_say_so(ws: Workspace, s3: S3) -> None:
    make_folder(s3.folder / "bucket" / "data")

    add_source(ws.root, f"{BUCKET}/data")

    items = Workspace.open(ws.root).catalog().items("image")
    assert isinstance(items.frame, pl.DataFrame)
    assert [str(path) for path in items.paths()][1:3] == [
        f"{BUCKET}/data/cold/blue #1.png",
        f"{BUCKET}/data/cold/green #1.png",
    ]
