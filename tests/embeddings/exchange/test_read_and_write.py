"""What holds for every layout: finding it, options, replacing, and failures in the middle."""

from __future__ import annotations

import errno

import numpy as np
import pytest

from pentad.core.errors import StoreError, UnknownName
from pentad.embeddings.exchange import read as read_module
from pentad.embeddings.exchange import rows
from pentad.embeddings.exchange import write as write_module
from pentad.embeddings.exchange.output import RECORD
from pentad.embeddings.exchange.write import write_embeddings
from pentad.embeddings.frames import FrameEmbeddings
from pentad.store import atomic, records
from tests.embeddings.exchange.made import embeddings, names, read, refusal, same, tree
from tests.progress_recorder import Recorder

TARGETS = {
    "clip-retrieval": "out",
    "json": "out",
    "huggingface": "out",
    "faiss": "out",
    "atlas": "out.parquet",
}
FOLDERS = [name for name, target in TARGETS.items() if target == "out"]


def write(path, form, *, seed=0, rows=7, **options):
    made = embeddings(rows, seed=seed)
    write_embeddings(made, path, format=form, names=names(rows), **options)
    return made


def test_both_ways_know_the_same_formats():
    assert set(read_module.FORMATS) == set(write_module.FORMATS) == set(TARGETS)


@pytest.mark.parametrize("form", TARGETS)
def test_the_layout_is_found_and_the_order_kept(tmp_path, form):
    made = write(tmp_path / TARGETS[form], form)
    found = read(tmp_path / TARGETS[form])
    expected = {"atlas": "huggingface"}.get(form, form)  # a map and neighbors make the difference
    assert found.origin["format"] == expected
    assert same(found.embeddings.vectors, made.vectors)
    assert found.names == names()
    assert found.embeddings.ids.tolist() == list(range(7))
    assert len(found) == 7
    assert same(read(tmp_path / TARGETS[form], format=form).embeddings.vectors, made.vectors)


@pytest.mark.parametrize("form", TARGETS)
def test_a_second_export_replaces_only_when_told_to(tmp_path, form):
    path = tmp_path / TARGETS[form]
    write(path, form, rows=9)
    before = tree(tmp_path)
    assert "exists; name another" in refusal(lambda: write(path, form))
    assert tree(tmp_path) == before
    made = write(path, form, seed=1, if_exists="replace")
    found = read(path)
    assert same(found.embeddings.vectors, made.vectors)
    assert found.names == names()
    fresh = tmp_path / "fresh" / path.name
    write(fresh, form, seed=1)
    again, only = (tree(p) if p.is_dir() else p.read_bytes() for p in (path, fresh))
    assert again == only


@pytest.mark.parametrize("form", FOLDERS)
def test_one_export_replaces_another_of_any_kind(tmp_path, form):
    for other in FOLDERS:
        write(tmp_path / other, other)
        write(tmp_path / other, form, if_exists="replace")
        write(tmp_path / f"fresh-{other}", form)
        assert tree(tmp_path / other) == tree(tmp_path / f"fresh-{other}")


@pytest.mark.parametrize("form", TARGETS)
@pytest.mark.parametrize("if_exists", ["error", "replace"])
def test_what_is_no_export_is_never_touched(tmp_path, form, if_exists):
    path = tmp_path / TARGETS[form]
    if form == "atlas":
        path.mkdir()
    else:
        path.mkdir()
        (path / "mine.txt").write_text("x")
    before = tree(tmp_path)
    assert refusal(lambda: write(path, form, if_exists=if_exists))
    assert tree(tmp_path) == before
    other = tmp_path / "file" if form != "atlas" else path / "a.parquet"
    other.write_text("x")
    if form != "atlas":
        assert "a file, where a folder" in refusal(lambda: write(other, form, if_exists=if_exists))
        assert other.read_text() == "x"


def full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("form", TARGETS)
@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("where", ["begin", "end"])
def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch, form, there, where):
    path = tmp_path / TARGETS[form]
    if there:
        write(path, form)
    before = tree(tmp_path)
    if where == "begin":
        monkeypatch.setattr(rows, "blocks", full)
        for module in ("arrays", "faiss_file", "parquet_write"):
            monkeypatch.setattr(f"pentad.embeddings.exchange.{module}.blocks", full)
        monkeypatch.setattr("pentad.embeddings.exchange.clip_json._row", full)
    else:
        monkeypatch.setattr(records, "fsync_file", full)
        monkeypatch.setattr(atomic, "fsync_file", full)
    with pytest.raises(StoreError, match="cannot be written \\(No space left"):
        write(path, form, seed=1, if_exists="replace")
    assert tree(tmp_path) == before


@pytest.mark.parametrize("form", FOLDERS)
def test_an_export_that_was_killed_is_gone_over_or_finished(tmp_path, monkeypatch, form):
    class Killed(BaseException):
        pass

    def killed(*_, **__):
        raise Killed

    path = tmp_path / "out"
    write(path, form)
    with monkeypatch.context() as patch:
        patch.setattr(records, "_drop", lambda *_: None)
        patch.setattr(records, "_roll_forward", killed)
        with pytest.raises(Killed):
            write(path, form, seed=1, if_exists="replace")
    assert "exists" in refusal(lambda: write(path, form, seed=1))
    write(tmp_path / "fresh", form, seed=1)
    assert tree(path) == tree(tmp_path / "fresh")
    half = tmp_path / "half"
    with monkeypatch.context() as patch:
        patch.setattr(records, "_drop", lambda *_: None)
        patch.setattr(records, "_describe", killed)
        with pytest.raises(Killed):
            write(half, form)
    assert tree(half)
    write(half, form, seed=1)
    assert tree(half) == tree(path)


def test_the_record_says_what_it_is(tmp_path):
    write(tmp_path / "out", "faiss")
    record = records.read_record(tmp_path / "out" / RECORD)
    assert record.intact()
    assert record.damaged() == []
    assert record.fields == {
        "kind": "exported embeddings", "format": "faiss", "modality": "image", "space": "s",
        "rows": 7, "dim": 4, "dtype": "float32",
    }  # fmt: skip


WRONG_OPTIONS = [
    ("clip-retrieval", {"column": "a"}, "'column' means nothing in the format 'clip-retrieval'"),
    ("clip-retrieval", {"ids": "a.npy"}, "'ids' means nothing"),
    ("json", {"key": "a"}, "'key' means nothing in the format 'json'"),
    ("huggingface", {"approximate": True}, "'approximate' means nothing"),
    ("faiss", {"column": "a"}, "'column' means nothing in the format 'faiss'"),
]


@pytest.mark.parametrize(("form", "options", "message"), WRONG_OPTIONS)
def test_options_of_other_formats_are_refused(tmp_path, form, options, message):
    write(tmp_path / "out", form)
    assert message in refusal(lambda: read(tmp_path / "out", **options))


def test_names_that_are_not_known_are_told_with_the_nearest(tmp_path):
    write(tmp_path / "out", "faiss")
    for options, message in [
        ({"format": "fais"}, "unknown format 'fais'; did you mean 'faiss'"),
        ({"bad_rows": "rejects"}, "unknown bad_rows 'rejects'; did you mean 'reject'"),
        ({"modality": "imge"}, "unknown modality 'imge'; did you mean 'image'"),
    ]:
        with pytest.raises(UnknownName, match=message):
            read(tmp_path / "out", **options)
    with pytest.raises(UnknownName, match="unknown format 'atla'; did you mean 'atlas'"):
        write(tmp_path / "new", "atla")
    with pytest.raises(UnknownName, match="unknown if_exists 'skip'"):
        write(tmp_path / "new", "faiss", if_exists="skip")


def test_what_is_of_no_layout_is_told(tmp_path):
    assert "there is no such file" in refusal(lambda: read(tmp_path / "nothing"))
    assert "no embeddings in a format that is known" in refusal(lambda: read(tmp_path))
    (tmp_path / "notes.txt").write_text("x")
    assert "its name does not tell the format" in refusal(lambda: read(tmp_path / "notes.txt"))
    embeddings().save(tmp_path / "own")
    assert "Embeddings.load reads it" in refusal(lambda: read(tmp_path / "own"))
    write(tmp_path / "both", "faiss")
    (tmp_path / "both" / "img_emb").mkdir()
    text = refusal(lambda: read(tmp_path / "both"))
    assert "could be clip-retrieval or faiss; name the format" in text
    assert len(read(tmp_path / "both", format="faiss")) == 7


@pytest.mark.parametrize("form", [f for f in TARGETS if f != "json"])
def test_several_vectors_an_item_go_into_json_alone(tmp_path, form):
    frames = FrameEmbeddings.from_list([np.ones((2, 3))], modality="audio", space="s")
    out = tmp_path / TARGETS[form]
    text = refusal(lambda: write_embeddings(frames, out, format=form))
    assert "has one vector an item; aggregate() makes one of frames" in text
    assert not out.exists()


def test_nothing_is_not_written(tmp_path):
    text = refusal(lambda: write_embeddings(embeddings(0), tmp_path / "a", format="faiss"))
    assert "there is nothing to write" in text
    out = tmp_path / "a"
    assert "has no columns" in refusal(lambda: write(out, "json", columns={"a": [1] * 7}))
    assert not out.exists()


@pytest.mark.parametrize("form", TARGETS)
def test_every_row_is_told_to_progress(tmp_path, form):
    recorder = Recorder()
    write(tmp_path / TARGETS[form], form, progress=recorder)
    assert (recorder.name, recorder.done, recorder.total) == (f"write {TARGETS[form]}", 7, 7)
