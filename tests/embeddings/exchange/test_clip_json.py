from __future__ import annotations

import json

import numpy as np
import pytest

from pentad.core.errors import Reason
from pentad.embeddings.exchange import clip_json
from pentad.embeddings.exchange.write import write_embeddings
from pentad.embeddings.frames import FrameEmbeddings, aggregate
from tests.embeddings.exchange.made import embeddings, read, refusal, same, vectors

PATHS = [f"/data/clips/{number}.wav" for number in (64760, 3, 501)]


def folder(root, clips):
    root.mkdir(parents=True, exist_ok=True)
    for name, clip in clips.items():
        text = clip if isinstance(clip, str) else json.dumps(clip)
        (root / f"{name}.json").write_text(text, encoding="utf-8")
    return root


def clip(value, path="x.wav"):
    return {"audio_path": path, "embeddings": value}


def test_one_vector_a_clip(tmp_path):
    values = vectors(3).tolist()
    names = ["64760", "3", "501"]
    clips = {n: clip(v, p) for n, v, p in zip(names, values, PATHS, strict=True)}
    found = read(folder(tmp_path, clips), "audio")
    assert found.names == [PATHS[1], PATHS[2], PATHS[0]]
    assert same(found.embeddings.vectors, np.float32(values)[[1, 2, 0]])
    assert isinstance(found.embeddings.vectors, np.memmap)
    assert found.embeddings.ids.tolist() == [0, 1, 2]
    assert (found.rejections, found.has_ids) == ((), False)
    assert found.origin == {"format": "json", "exact": True}


def test_several_vectors_a_clip(tmp_path):
    clips = {"a": clip([[1, 2], [3, 4]]), "b": clip([5, 6]), "c": clip([[7.5, 8]])}
    found = read(folder(tmp_path, clips), "audio")
    assert isinstance(found.embeddings, FrameEmbeddings)
    assert found.embeddings.counts.tolist() == [2, 1, 1]
    assert found.embeddings.of(1).tolist() == [[5, 6]]
    assert aggregate(found.embeddings, "mean").vectors.tolist() == [[2, 3], [5, 6], [7.5, 8]]
    assert found.names == ["a", "b", "c"]


def test_single_frames_alone_are_frames_too(tmp_path):
    found = read(folder(tmp_path, {"a": clip([[1, 2]]), "b": clip([[3, 4]])}), "audio")
    assert aggregate(found.embeddings, "none").vectors.tolist() == [[1, 2], [3, 4]]


def test_names_are_paths_only_of_files_called_the_same(tmp_path):
    clips = {"a": clip([1.0], "/x/a.flac"), "b": clip([1.0], "/x/other.wav"), "c": clip([1.0], 7)}
    assert read(folder(tmp_path, clips), "audio").names == ["/x/a.flac", "b", "c"]


REFUSED = [
    (clip(None), Reason.ENCODER_FAILED, "null"),
    ({"audio_path": "x"}, Reason.MISSING_COLUMN, "no 'embeddings'"),
    ("{not JSON", Reason.CORRUPT, "no JSON ("),
    ("", Reason.CORRUPT, "no JSON ("),
    ("[" * 100_000, Reason.CORRUPT, "no JSON ("),
    ('{"embeddings": [' + "9" * 5000 + "]}", Reason.CORRUPT, "no JSON ("),
    ("[1, 2]", Reason.CORRUPT, "a JSON list, no object"),
    (clip([]), Reason.EMPTY, "no values"),
    (clip([[]]), Reason.EMPTY, "no values"),
    (clip([[1, 2], [3]]), Reason.CORRUPT, "frames of different lengths"),
    (clip([1, [2]]), Reason.CORRUPT, "frames of different lengths"),
    (clip(["1", "2"]), Reason.CORRUPT, "neither a list of numbers"),
    (clip([1, None]), Reason.CORRUPT, "neither a list of numbers"),
    (clip([True, False]), Reason.CORRUPT, "neither a list of numbers"),
    (clip([10**30, 1]), Reason.CORRUPT, "neither a list of numbers"),
    (clip({"a": 1}), Reason.CORRUPT, "neither a list of numbers"),
    (clip(3.5), Reason.CORRUPT, "neither a list of numbers"),
    (clip([[[1.0, 2.0]]]), Reason.CORRUPT, "neither a list of numbers"),
    ('{"embeddings": [NaN, 1.0]}', Reason.NON_FINITE, "not finite"),
    ('{"embeddings": [1e999, 1.0]}', Reason.NON_FINITE, "not finite"),
    ('{"embeddings": [1e39, 1.0]}', Reason.NON_FINITE, "not finite"),
    (clip([1, 2, 3]), Reason.CONFLICT, "a vector of 3 values, the first clip has 2"),
]


@pytest.mark.parametrize(("bad", "reason", "detail"), REFUSED)
def test_an_unusable_clip_is_listed_and_the_others_go_on(tmp_path, bad, reason, detail):
    found = read(folder(tmp_path, {"a": clip([1, 2]), "b": bad, "c": clip([3, 4])}), "audio")
    assert found.embeddings.vectors.tolist() == [[1, 2], [3, 4]]
    assert found.embeddings.ids.tolist() == [0, 2]
    assert found.names == ["a", "c"]
    (refused,) = found.rejections
    assert (refused.path, refused.modality, refused.stage) == ("b.json", "audio", "import")
    assert refused.reason is reason
    assert detail in refused.detail
    assert "\n" not in str(refused)


def test_a_clip_that_is_too_large_or_cannot_be_read_is_listed(tmp_path, monkeypatch):
    folder(tmp_path, {"a": clip([1, 2]), "b": clip([1.25] * 100)})
    monkeypatch.setattr(clip_json, "_MAX_BYTES", 100)
    (refused,) = read(tmp_path, "audio").rejections
    assert refused.reason is Reason.TOO_LARGE


def test_what_is_no_clip_is_passed_over(tmp_path):
    folder(tmp_path, {"a": clip([1, 2]), ".hidden": clip([3, 4])})
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "folder.json").mkdir()
    assert read(tmp_path, "audio").names == ["a"]


def test_a_folder_without_a_usable_clip_is_an_error(tmp_path):
    folder(tmp_path, {"a": clip(None), "b": "{"})
    text = refusal(lambda: read(tmp_path, "audio"))
    assert "none of its 2 vectors can be used; the first is a.json: encoder-failed" in text
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "no .json file in it" in refusal(lambda: read(empty, "audio", format="json"))


def test_a_folder_whose_first_clip_is_the_odd_one_is_an_error(tmp_path):
    folder(tmp_path, {"a": clip([1]), "b": clip([1, 2]), "c": clip([1, 2])})
    text = refusal(lambda: read(tmp_path, "audio"))
    assert "clips of different lengths; b.json: a vector of 2 values, the first clip has 1" in text


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_what_is_written_is_what_that_program_reads(tmp_path, dtype):
    made = embeddings(3, modality="audio", dtype=dtype)
    write_embeddings(made, tmp_path / "out", format="json", names=PATHS)
    files = sorted(p.name for p in (tmp_path / "out").glob("[!.]*"))
    assert files == ["3.json", "501.json", "64760.json"]
    written = json.loads((tmp_path / "out" / "64760.json").read_bytes())
    assert written == {"audio_path": PATHS[0], "embeddings": made.vectors[0].tolist()}
    found = read(tmp_path / "out", "audio")
    order = [PATHS.index(name) for name in found.names]
    assert same(found.embeddings.vectors, made.vectors[order].astype(np.float32))


def test_frames_are_written_as_lists_of_lists(tmp_path):
    made = FrameEmbeddings.from_list(
        [vectors(2), vectors(1, seed=1), vectors(3, seed=2)], modality="audio", space="s"
    )
    write_embeddings(made, tmp_path / "out", format="json", names=["c.wav", "a.wav", "b.wav"])
    found = read(tmp_path / "out", "audio")
    assert found.names == ["a.wav", "b.wav", "c.wav"]
    for row, old in enumerate([1, 2, 0]):
        assert same(found.embeddings.of(row), made.of(old))


def test_captions_and_items_without_a_name_are_written_under_their_ids(tmp_path):
    made = embeddings(3, modality="text", ids=[4, 7, 12])
    captions = ["a dog / a cat", "same", "same"]
    write_embeddings(made, tmp_path / "out", format="json", names=captions)
    assert {p.name for p in (tmp_path / "out").glob("[!.]*")} == {"4.json", "7.json", "12.json"}
    assert sorted(read(tmp_path / "out", "text").names) == captions
    write_embeddings(embeddings(2), tmp_path / "nameless", format="json")
    assert read(tmp_path / "nameless").names == ["0", "1"]


BAD_NAMES = [
    (["a/1.wav", "b/1.wav", "2.wav"], "'a/1.wav' and 'b/1.wav' would both be 1.json"),
    (["a/.wav", "1.wav", "2.wav"], "'a/.wav' gives no name for a file"),
    (["..", "1.wav", "2.wav"], "'..' gives no name for a file"),
    (["", "1.wav", "2.wav"], "'' gives no name for a file"),
    (["a.wav"], "one name an item; expected 3, got 1"),
]


@pytest.mark.parametrize(("names", "message"), BAD_NAMES)
def test_names_that_would_not_do_are_refused_before_anything_is_written(tmp_path, names, message):
    made = embeddings(3, modality="audio")
    out = tmp_path / "out"
    text = refusal(lambda: write_embeddings(made, out, format="json", names=names))
    assert message in text
    assert not out.exists()
