"""Every block of the guide to sources runs, in its order, on one small source of each kind."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pentad.sources.layouts import Layout
from tests.cli.helpers import pentad
from tests.guide_blocks import DOCS, Block, blocks_of
from tests.media.makers import write_image, write_sound, write_video
from tests.sources.fetch.conftest import serving
from tests.sources.fetch.server import Site, content
from tests.sources.helpers import write_csv
from tests.tars import media, write_cells, write_tar

GUIDE = DOCS / "sources.md"


def make_files(root: Path) -> None:
    for name in ("pictures/cat.png", "world/image/files/cat.png", "folder/train/0001.jpg",
                 "coco/train2017/000000391895.jpg"):  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        write_image(root / name)
    (root / "pictures" / "cat.txt").write_text("A cat")
    write_csv(root / "world/image/captions.csv", "file_name,caption,concept", "cat.png,A cat,cat")
    (root / "clips").mkdir()
    write_video(root / "clips" / "walk.mp4", frames=16)
    header = "file_name,caption,start_time,end_time"
    write_csv(root / "clips/clips.csv", header, "walk.mp4,A walk,0,0.5", "walk.mp4,Still,0.5,")
    write_csv(root / "folder/train/metadata.csv", "file_name,text", "0001.jpg,A picture")


def make_containers(root: Path) -> None:
    picture = (root / "pictures" / "cat.png").read_bytes()
    for number in range(2):
        write_tar(
            root / "shards" / f"{number:05d}.tar",
            {"0001.jpg": picture, "0001.txt": f"Cat {number}", "0001.json": '{"license": "CC0"}'},
        )
    table = {"image": media((picture, "a.png")), "caption": ["A cat in a table"]}
    write_cells(root / "hf/data/train-00000-of-00001.parquet", table)


def make_published(root: Path) -> None:
    for name in ("ESC-50/audio/1-100032-A-0.wav", "FSD50K/FSD50K.dev_audio/64760.wav"):
        (root / name).parent.mkdir(parents=True)
        write_sound(root / name)
    write_csv(
        root / "ESC-50/meta/esc50.csv",
        "filename,fold,target,category,esc10,src_file,take",
        "1-100032-A-0.wav,1,0,dog,True,100032,A",
    )
    truth = root / "FSD50K/FSD50K.ground_truth/dev.csv"
    write_csv(truth, "fname,labels,mids,split", '64760,"Guitar,Music","/m/0342h,/m/04rlf",train')
    (root / "coco" / "annotations").mkdir()
    content = {
        "images": [{"id": 391895, "file_name": "000000391895.jpg", "license": 1}],
        "annotations": [{"id": 1, "image_id": 391895, "caption": "A man on a motor bike"}],
        "licenses": [{"id": 1, "name": "Attribution", "url": "x"}],
    }
    (root / "coco/annotations/captions_train2017.json").write_text(json.dumps(content))
    (root / "retrieval" / "metadata").mkdir(parents=True)
    rows = pl.DataFrame({"image_path": ["pictures/cat.png"], "caption": ["A cat"]})
    rows.write_parquet(root / "retrieval/metadata/metadata_0.parquet")


def run_shell(block: Block, site: Site) -> None:
    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        assert words[0] == "pentad", line
        if "addresses.csv" in words:
            words += ["--allow-private", site.place]
        ran = pentad(*words[1:])
        assert ran.code == 0, f"{GUIDE.name}:{block.line}: {line}\n{ran.err}"


def test_every_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_files(tmp_path)
    make_containers(tmp_path)
    make_published(tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    with serving() as site:
        site.add("/cat.png", content((tmp_path / "pictures/cat.png").read_bytes()))
        header = "url,caption,license,sha256"
        write_csv(tmp_path / "addresses.csv", header, f"{site.url('/cat.png')},A cat,CC0,")
        for block in blocks_of(GUIDE):
            if block.language == "shell":
                run_shell(block, site)
            else:
                exec(compile(block.text, f"{GUIDE.name}:{block.line}", "exec"), names)
    assert names["listing"].rows["caption"].to_list() == ["A cat"]
    assert names["found"].place.size == (tmp_path / "pictures/cat.png").stat().st_size
    facts = json.loads(pentad("info", "WS", "--json").out)
    assert facts["items"] == {"text": 8, "image": 13, "audio": 2, "video": 2}
    assert facts["rejected"] == {}


def test_the_guide_names_every_layout() -> None:
    text = GUIDE.read_text(encoding="utf-8").lower()
    assert [layout.value for layout in Layout if f"`{layout.value}`" not in text] == []
