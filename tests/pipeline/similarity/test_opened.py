from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.embeddings.embed import embed_workspace
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.exchange.write import write_embeddings
from pentad.embeddings.frames import FrameEmbeddings
from pentad.embeddings.work import EmbedOptions
from pentad.encoders.registry import get_encoder
from pentad.evaluation.similarity.named import NamedVectors
from pentad.pipeline.similarity.opened import item_names, open_frames, open_vectors
from pentad.store.workspace import Workspace
from tests.embeddings.toy import Toy, brought_up_to_date, painted
from tests.pipeline.similarity.little import clips


def test_a_folder_of_clips(tmp_path: Path) -> None:
    found = open_frames(clips(tmp_path / "vggish"))
    assert len(found) == 18
    assert (found.names[0], found.modality, found.space) == ("100", "audio", "vggish")
    assert set(np.diff(found.offsets)) == {3}
    one = open_frames(clips(tmp_path / "one", frames=0), modality="video")
    assert (one.modality, len(one.vectors)) == ("video", 18)


def test_clips_that_cannot_be_used_are_told_and_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = clips(tmp_path / "c", ["a", "b"])
    wrong = {
        "nan": '{"embeddings": [NaN, 1, 2, 3, 4, 5]}',
        "null": '{"embeddings": null}',
        "cut": '{"embeddings": [1,',
        "short": '{"embeddings": [1]}',
        "list": "[]",
        "none": "{}",
    }
    for name, text in wrong.items():
        (folder / f"{name}.json").write_text(text)
    assert open_frames(folder).names == ("a", "b")
    assert len(caplog.messages) == 6
    assert caplog.messages[-1] == "... 6 left out in all"
    assert "encoder-failed: 'embeddings' is null" in caplog.text


def test_what_pentad_saved(tmp_path: Path) -> None:
    rows = np.eye(3, dtype=np.float32)
    named = NamedVectors(("x", "y", "z"), np.eye(3), "image", "clip")
    named.save(tmp_path / "prepared")
    Embeddings.from_array(rows, modality="image", space="s", ids=[4, 5, 6]).save(tmp_path / "plain")
    frames = FrameEmbeddings.from_list([np.ones((2, 3)), np.ones(3)], modality="video", space="f")
    frames.save(tmp_path / "frames")
    assert open_frames(tmp_path / "prepared").names == ("x", "y", "z")
    assert open_frames(tmp_path / "plain", modality="image").names == ("4", "5", "6")
    found = open_frames(tmp_path / "frames")
    assert (found.names, found.offsets.tolist(), found.space) == (("0", "1"), [0, 2, 3], "f")
    with pytest.raises(InputError, match="holds another modality; expected audio, got image"):
        open_frames(tmp_path / "plain", modality="audio")
    with pytest.raises(InputError, match="expected audio, got video"):
        open_frames(tmp_path / "frames", modality="audio")


@pytest.mark.parametrize("form", ["huggingface", "clip-retrieval", "faiss", "json"])
def test_what_other_programs_wrote(tmp_path: Path, form: str) -> None:
    if form == "faiss":
        pytest.importorskip("faiss")
    rows = np.eye(3, dtype=np.float32)
    made = Embeddings.from_array(rows, modality="image", space="s")
    files = ["a/1.png", "b/1.png", "2.png"] if form != "json" else ["1.png", "3.png", "2.png"]
    out = tmp_path / ("index" if form == "faiss" else "out")
    write_embeddings(made, out, format=form, names=files)
    found = open_frames(out, modality="image")
    expected = {"json": {"1", "2", "3"}}.get(form, {"a/1", "b/1", "2"})
    assert set(found.names) == expected
    assert found.modality == "image"


def test_a_table_of_captions_keeps_them_as_names(tmp_path: Path) -> None:
    table = {"caption": ["a dog.", "rain in a st. road"], "vector": [[1.0, 2.0], [3.0, 4.0]]}
    pl.DataFrame(table).write_parquet(tmp_path / "t.parquet")
    assert open_frames(tmp_path / "t.parquet", modality="text").names == tuple(table["caption"])


def test_a_workspace(tmp_path: Path) -> None:
    workspace = painted(tmp_path, "red", "green", "blue")
    with pytest.raises(InputError, match="no embeddings yet; run 'pentad embed'"):
        open_frames(workspace.root)
    brought_up_to_date(workspace, None)
    found = open_frames(workspace.root)
    assert set(found.names) == {"red", "green", "blue"}
    assert found.modality == "image"
    with workspace.writing():
        items = workspace.catalog().items("image")
        embed_workspace(workspace, items, Toy(), options=EmbedOptions(workers=1))
    with pytest.raises(InputError, match=r"which embeddings.*image-descriptor-.*toy-"):
        open_frames(workspace.root)
    found = open_frames(workspace.root, space="toy")
    assert found.vectors.shape == (3, 3)
    with pytest.raises(InputError, match=r"no such embeddings.*image: toy"):
        open_frames(workspace.root, space="nope")
    with pytest.raises(InputError, match="no such embeddings"):
        open_frames(workspace.root, modality="audio")


def test_captions_and_frames_of_a_workspace(tmp_path: Path) -> None:
    workspace = painted(tmp_path, "red", "green")
    with workspace.writing():
        catalog = workspace.catalog()
        options = EmbedOptions(workers=1)
        embed_workspace(workspace, catalog.items("text"), Toy(), options=options)
        embed_workspace(workspace, catalog.items("image"), get_encoder("image-descriptor"),
                        options=options)  # fmt: skip
    assert set(open_frames(workspace.root, modality="text").names) == {"A red", "A green"}


def test_removed_items_are_left_out(tmp_path: Path) -> None:
    from tests.embeddings.toy import refresh

    workspace = painted(tmp_path, "red", "green", "blue")
    brought_up_to_date(workspace, None)
    refresh(workspace, tmp_path, "red", "blue")
    assert set(open_frames(workspace.root).names) == {"red", "blue"}


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["a/1.wav", "b/2.wav"], ("1", "2")),
        (["a/1.wav", "b/1.wav"], ("a/1", "b/1")),
        (["a/1.wav", "a/1.mp3"], ("a/1.wav", "a/1.mp3")),
        (["1.wav", "1.wav"], ("s0/1.wav", "s1/1.wav")),
    ],
)
def test_names_are_as_short_as_they_can_be(files: list[str], found: tuple[str, ...]) -> None:
    assert item_names(files, [f"s{n}" for n in range(len(files))]) == found


def test_nothing_to_open(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    folder = clips(tmp_path / "c", ["a", "b"])
    for path, said in {
        tmp_path / "nowhere": "no such file or folder",
        tmp_path / "empty": "no embeddings in a format that is known",
        tmp_path / "file": "its name does not tell the format",
        folder / "a.json": "is one clip; name the folder",
    }.items():
        for read in (open_frames, open_vectors):
            with pytest.raises(InputError, match=said):
                read(path)
    with pytest.raises(InputError, match="has no spaces to choose from"):
        open_frames(folder, space="s")
    with pytest.raises(UnknownName, match="modality 'sound'"):
        open_frames(folder, modality="sound")


def test_vectors_that_are_ready(tmp_path: Path) -> None:
    found = open_vectors(clips(tmp_path / "one", frames=0))
    assert found.vectors.dtype == np.float64
    with pytest.raises(InputError, match="'100' has 3 frames"):
        open_vectors(clips(tmp_path / "several"))
    workspace = painted(tmp_path, "red", "green")
    brought_up_to_date(workspace, None)
    assert set(open_vectors(workspace.root).names) == {"red", "green"}


def test_a_clip_may_be_called_as_our_record_is(tmp_path: Path) -> None:
    folder = clips(tmp_path / "c", ["embeddings", "other"], frames=0)
    assert set(open_vectors(folder).names) == {"embeddings", "other"}


def test_damage_is_told(tmp_path: Path) -> None:
    NamedVectors(("x", "y"), np.eye(2)).save(tmp_path / "p")
    shutil.copytree(tmp_path / "p", tmp_path / "q")
    (tmp_path / "p" / "embeddings.json").write_text(json.dumps({"rows": 2}))
    (tmp_path / "q" / "vectors.npy").write_bytes(b"x")
    for name in "pq":
        for read in (open_frames, open_vectors):
            with pytest.raises(StoreError, match="prepare"):
                read(tmp_path / name)


def test_a_removed_workspace_folder_is_an_error(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "ws")
    with pytest.raises(InputError, match="no embeddings yet"):
        open_vectors(workspace.root)
