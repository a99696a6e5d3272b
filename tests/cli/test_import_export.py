from __future__ import annotations

import json

import numpy as np
import polars as pl

from pentad.embeddings.embed import load_embeddings
from pentad.store.workspace import Workspace
from tests.cli.helpers import pentad, refused
from tests.pipeline.shared import ITEMS


def test_out_and_in_again(pair, tmp_path):
    out = tmp_path / "out"
    given = ("--modality", "image", "--space", "image-descriptor")
    ran = pentad("export", pair, out, *given, "--format", "faiss")
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[0].split() == [
        "format", "space", "modality", "items", "dim", "removed", "path",
    ]  # fmt: skip
    assert f"next: pentad import WS {out} --modality image --space image-descriptor-" in ran.err
    ran = pentad("import", pair, out, "--modality", "image", "--space", "mine")
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[1].split() == ["faiss", str(ITEMS), "0", "0", "0", "0", "0"]
    assert f"next: pentad info {pair}" in ran.err
    assert "mine/image" in pentad("info", pair).out
    assert "exists; name another folder" in refused(
        pentad("export", pair, out, *given, "--format", "faiss")
    )
    again = (*given, "--format", "clip-retrieval", "--if-exists", "replace", "--json")
    ran = pentad("export", pair, out, *again)
    assert json.loads(ran.out)["format"] == "clip-retrieval"
    assert (out / "img_emb").is_dir()
    assert not (out / "index.faiss").exists()


def test_options_reach_the_reader(pair, tmp_path):
    items = Workspace.open(pair).catalog().items("image")
    wrong = [[1.0, 2.0], [float("nan"), 1.0]]
    table = {
        "n": [int(i) for i in items.ids[:2]],
        "a": wrong,
        "b": [[3.0, 4.0], [5.0, 6.0]],
    }
    pl.DataFrame(table).write_parquet(tmp_path / "t.parquet")
    given = ("import", pair, tmp_path / "t.parquet", "--modality", "image", "--space", "mine")
    assert "several columns of vectors (a, b)" in refused(pentad(*given))
    ran = pentad(*given, "--column", "b")
    assert ran.code == 1
    assert "error: nothing says which item" in ran.err.splitlines()[-1]
    assert "t.parquet:2 [a]: a value" in refused(pentad(*given, "--column", "a", "--key", "n"))
    options = ("--column", "a", "--key", "n", "--bad-rows", "reject", "--json")
    ran = pentad(*given, *options)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out) == {
        "space": "mine", "modality": "image", "format": "huggingface", "exact": True,
        "attached": 1, "repeated": 0, "unknown": 0, "ambiguous": 0, "rejected": 1,
        "without": ITEMS - 1,
    }  # fmt: skip
    assert json.loads(pentad("info", pair, "--json").out)["rejected"] == {"non-finite": 1}


def test_clips_with_frames_name_an_aggregation(pair, tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    for name in Workspace.open(pair).catalog().items("audio").frame["file"]:
        stem = str(name).rpartition("/")[2].partition(".")[0]
        clip = {"audio_path": f"/old/{stem}.wav", "embeddings": [[1, 2], [3, 6]]}
        (folder / f"{stem}.json").write_text(json.dumps(clip))
    given = ("import", pair, folder, "--modality", "audio", "--space", "vggish")
    ran = pentad(*given)
    assert ran.code == 1
    assert "error: items have several vectors; say how" in ran.err.splitlines()[-1]
    assert "did you mean 'median'" in refused(pentad(*given, "--aggregate", "medan"))
    ran = pentad(*given, "--aggregate", "median")
    assert ran.code == 0, ran.err
    found = load_embeddings(Workspace.open(pair), "vggish", "audio").vectors
    assert np.array_equal(found, np.tile(np.float16([2, 4]), (ITEMS, 1)))


def test_the_next_step_of_an_atlas_is_the_atlas(pair, tmp_path):
    out = tmp_path / "a.parquet"
    given = ("--modality", "image", "--space", "image-descriptor", "--format", "atlas")
    ran = pentad("export", pair, out, *given)
    assert ran.code == 0, ran.err
    assert f"next: embedding-atlas {out} --vector embedding --text caption" in ran.err


def test_mistakes_are_one_line(pair, tmp_path):
    (tmp_path / "index.faiss").write_bytes(b"IxFI" + b"\xff" * 100)
    given = ("--modality", "image", "--space", "mine")
    assert "no usable faiss index" in refused(pentad("import", pair, tmp_path, *given))
    assert "there is no such file" in refused(pentad("import", pair, tmp_path / "x", *given))
    assert pentad("import", pair, tmp_path).code == 2
    nowhere = ("export", tmp_path, tmp_path / "o", *given, "--format", "json")
    assert "not a workspace" in refused(pentad(*nowhere))
