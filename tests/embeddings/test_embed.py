"""`embed`, and the shards that it does not make twice."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import InputError, Reason, StoreError
from pentad.embeddings import embed as embed_module
from pentad.embeddings import shards
from pentad.embeddings.embed import (
    embed,
    embed_frames,
    embed_workspace,
    encode_shard,
    load_class_scores,
    load_embeddings,
)
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.features import embed_features, join_features, load_features
from pentad.embeddings.frames import FrameEmbeddings
from pentad.embeddings.stream import EncodingRun
from pentad.embeddings.work import EmbedOptions
from pentad.encoders.protocol import space_of
from pentad.store.verify import verify
from pentad.store.workspace import Workspace
from tests.embeddings.toy import Crowd, Namer, Touchy, Toy, paint, painted, refresh
from tests.store.helpers import catalog_of, listing
from tests.store.killing import content

FIVE = ("blue", "green", "pink", "red", "white")


def images(workspace: Workspace):
    return workspace.catalog().items("image")


def bring_up_to_date(workspace: Workspace, encoder: Toy, modality: str = "image"):
    with workspace.writing():
        items = workspace.catalog().items(modality)
        return embed_workspace(workspace, items, encoder, options=EmbedOptions(workers=1))


def vectors(workspace: Workspace, encoder: Toy) -> dict[str, list[float]]:
    """Return file name -> stored vector."""
    found = load_embeddings(workspace, space_of(encoder), "image")
    files = images(workspace).take(found.ids).frame["file"]
    return {Path(f).stem: v for f, v in zip(files, found.vectors.tolist(), strict=True)}


@pytest.fixture
def tiny_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows a shard."""
    monkeypatch.setattr(shards, "SHARD_ROWS", 2)


# ---------------------------------------------------------------------------------------- in memory


def test_captions_become_vectors_that_can_be_worked_out_by_eye(tmp_path):
    catalog = catalog_of(listing(tmp_path, ("text", "", "A red bus"), ("text", "", "Owls")))
    made = embed(catalog.items("text"), Toy())
    assert made.vectors.tolist() == [[7, 3, 3], [4, 1, 1]]
    assert (made.modality, made.space) == ("text", space_of(Toy()))
    assert made.vectors.dtype == np.float16


def test_pictures_become_their_mean_colours(tmp_path):
    made = embed(images(painted(tmp_path, "blue", "red")), Toy(), workers=1)
    assert made.vectors.tolist() == [[0, 0, 1], [1, 0, 0]]


def test_an_encoder_that_does_not_know_the_modality_is_refused(tmp_path):
    catalog = catalog_of(listing(tmp_path, ("audio", "a.wav", "A cat")))
    with pytest.raises(InputError, match=r"encoder 'toy' does not encode audio.*text, image"):
        embed(catalog.items("audio"), Toy())


def test_refused_files_are_told_and_the_rest_is_embedded(tmp_path):
    workspace = painted(tmp_path, "blue", "red")
    (tmp_path / "data/blue.png").write_bytes(b"no picture")
    notices = []

    class Progress:
        task = embed_module.SILENT.task

        def notice(self, message):
            notices.append(message)

    made = embed(images(workspace), Toy(), workers=1, progress=Progress())
    assert made.ids.tolist() == [1]
    (notice,) = notices
    assert notice.startswith("blue.png: ")


def test_nothing_usable_is_refused(tmp_path):
    workspace = painted(tmp_path, "blue")
    (tmp_path / "data/blue.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="none of 1 image items could be encoded"):
        embed(images(workspace), Toy(), workers=1)


def test_vectors_that_half_precision_cannot_hold_are_refused(tmp_path):
    catalog = catalog_of(
        listing(tmp_path, ("text", "", "long"), ("text", "", "b"), ("text", "", ""))
    )

    class Far(Toy):
        def vector(self, each):
            return {"long": (1e6, 0, 0), "b": (np.nan, 0, 0)}.get(each, (1, 0, 0))

    shard = encode_shard(catalog.items("text"), Far())
    assert [(f.id, f.reason) for f in shard.failures] == [
        (0, Reason.ENCODER_FAILED),
        (1, Reason.ENCODER_FAILED),
    ]


def test_a_vector_of_zeros_is_refused(tmp_path):
    catalog = catalog_of(listing(tmp_path, ("text", "", "123"), ("text", "", "abc")))

    class Letters(Toy):
        def vector(self, each):
            return super().vector(each)[0], 0, 0

    shard = encode_shard(catalog.items("text"), Letters())
    assert shard.ids.tolist() == [1]
    assert [f.detail for f in shard.failures] == ["the vector is zero"]


# ------------------------------------------------------------------------------------------- shards


def test_a_second_run_encodes_nothing_and_writes_nothing(tmp_path):
    workspace, encoder = painted(tmp_path, *FIVE), Toy()
    first = bring_up_to_date(workspace, encoder)
    assert (first.encoded, first.kept, first.rejected) == (5, 0, [])
    before, seen = content(workspace.root), list(encoder.seen)
    second = bring_up_to_date(workspace, encoder)
    assert (second.encoded, second.kept, second.rejected) == (0, 5, [])
    assert content(workspace.root) == before
    assert encoder.seen == seen


def test_one_changed_file_is_encoded_alone_and_the_bytes_are_those_of_a_fresh_run(tmp_path):
    workspace, encoder = painted(tmp_path / "a", *FIVE), Toy()
    bring_up_to_date(workspace, encoder)
    encoder.seen.clear()
    for root in (tmp_path / "a", tmp_path / "b"):
        paint(root / "data/red.png", (255, 255, 0))
    refresh(workspace, tmp_path / "a", *FIVE)
    assert bring_up_to_date(workspace, encoder).encoded == 1
    assert encoder.seen == [1]
    assert vectors(workspace, encoder)["red"] == [1, 1, 0]
    fresh = Workspace.create(tmp_path / "b/ws")
    for name in FIVE:
        paint(tmp_path / "b/data" / f"{name}.png", (255, 255, 0) if name == "red" else name)
    refresh(fresh, tmp_path / "b", *FIVE)
    bring_up_to_date(fresh, Toy())
    assert content(workspace.root / "embeddings") == content(fresh.root / "embeddings")


def test_a_removed_item_loses_its_vector_and_nothing_is_encoded(tmp_path):
    workspace, encoder = painted(tmp_path, *FIVE), Toy()
    bring_up_to_date(workspace, encoder)
    refresh(workspace, tmp_path, "blue", "pink", "white")
    done = bring_up_to_date(workspace, encoder)
    assert (done.encoded, done.kept) == (0, 3)
    assert vectors(workspace, encoder) == {"blue": [0, 0, 1], "pink": [1, 0, 1], "white": [1, 1, 1]}


def test_a_new_item_is_encoded_alone(tmp_path):
    workspace, encoder = painted(tmp_path, "blue", "red"), Toy()
    bring_up_to_date(workspace, encoder)
    paint(tmp_path / "data/white.png", "white")
    refresh(workspace, tmp_path, "blue", "red", "white")
    done = bring_up_to_date(workspace, encoder)
    assert (done.encoded, done.kept) == (1, 2)


@pytest.mark.usefixtures("tiny_shards")
def test_items_are_dealt_to_shards_by_id(tmp_path):
    workspace, encoder = painted(tmp_path, *FIVE), Toy()
    bring_up_to_date(workspace, encoder)
    folder = shards.ShardFolder(workspace.root / "embeddings" / space_of(encoder) / "image")
    assert folder.numbers() == [0, 1, 2]
    assert [shard.ids.tolist() for shard in folder.shards()] == [[0, 1], [2, 3], [4]]
    assert load_embeddings(workspace, space_of(encoder), "image").ids.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.usefixtures("tiny_shards")
def test_only_the_shard_of_a_changed_file_is_written(tmp_path):
    workspace, encoder = painted(tmp_path, *FIVE), Toy()
    bring_up_to_date(workspace, encoder)
    before = content(workspace.root / "embeddings")
    paint(tmp_path / "data/pink.png", (9, 9, 9))
    refresh(workspace, tmp_path, *FIVE)
    bring_up_to_date(workspace, encoder)
    after = content(workspace.root / "embeddings")
    changed = {Path(name).name for name in after if after[name] != before[name]}
    assert changed == {"00001.npy", "00001.prints.npy", "00001.json"}


@pytest.mark.usefixtures("tiny_shards")
def test_a_shard_whose_items_are_all_removed_is_deleted(tmp_path):
    workspace, encoder = painted(tmp_path, *FIVE), Toy()
    bring_up_to_date(workspace, encoder)
    refresh(workspace, tmp_path, "blue", "green", "white")
    bring_up_to_date(workspace, encoder)
    names = {Path(name).name.split(".")[0] for name in content(workspace.root / "embeddings")}
    assert names == {"encoder", "00000", "00002"}
    assert set(vectors(workspace, encoder)) == {"blue", "green", "white"}


@pytest.mark.usefixtures("tiny_shards")
def test_where_rows_depend_on_their_company_the_whole_shard_is_encoded_again(tmp_path):
    workspace, encoder = painted(tmp_path, *FIVE), Crowd()
    bring_up_to_date(workspace, encoder)
    encoder.seen.clear()
    paint(tmp_path / "data/pink.png", (255, 255, 0))
    refresh(workspace, tmp_path, *FIVE)
    assert bring_up_to_date(workspace, encoder).encoded == 2
    assert encoder.seen == [2]


@pytest.mark.usefixtures("tiny_shards")
def test_where_rows_depend_on_their_company_a_removed_item_counts_as_a_change(tmp_path):
    workspace, encoder = painted(tmp_path, *FIVE), Crowd()
    bring_up_to_date(workspace, encoder)
    refresh(workspace, tmp_path, "blue", "green", "pink", "white")
    bring_up_to_date(workspace, encoder)
    company = {name: vector[3] for name, vector in vectors(workspace, encoder).items()}
    assert company == {"blue": 2, "green": 2, "pink": 1, "white": 1}


def test_two_encoders_do_not_touch_one_another(tmp_path):
    workspace = painted(tmp_path, "blue", "red")
    bring_up_to_date(workspace, Toy("first"))
    before = content(workspace.root / "embeddings")
    bring_up_to_date(workspace, Toy("second"))
    after = content(workspace.root / "embeddings")
    assert {name: after[name] for name in before} == before
    assert len(after) == 2 * len(before)


# --------------------------------------------------------------------------------------- rejections


def test_failing_files_are_listed_with_reasons_and_do_not_end_the_run(tmp_path):
    workspace, encoder = painted(tmp_path, *FIVE), Toy()
    for name, data in {"blue": b"", "green": b"garbage", "red": None}.items():
        path = tmp_path / "data" / f"{name}.png"
        path.write_bytes(path.read_bytes()[:50] if data is None else data)
    refresh(workspace, tmp_path, *FIVE)
    done = bring_up_to_date(workspace, encoder)
    assert (done.encoded, done.kept) == (2, 0)
    refused = {r.path: (r.stage, r.modality) for r in done.rejected}
    assert refused == dict.fromkeys(["blue.png", "green.png", "red.png"], ("decode", "image"))
    assert {r.path: r.reason for r in done.rejected}["blue.png"] is Reason.EMPTY_FILE
    again = bring_up_to_date(workspace, encoder)
    assert (again.encoded, again.kept) == (0, 2)
    assert again.rejected == done.rejected


def test_a_mended_file_is_tried_again(tmp_path):
    workspace, encoder = painted(tmp_path, "blue", "red"), Toy()
    whole = (tmp_path / "data/blue.png").read_bytes()
    (tmp_path / "data/blue.png").write_bytes(b"garbage")
    refresh(workspace, tmp_path, "blue", "red")
    assert len(bring_up_to_date(workspace, encoder).rejected) == 1
    (tmp_path / "data/blue.png").write_bytes(whole)
    refresh(workspace, tmp_path, "blue", "red")
    mended = bring_up_to_date(workspace, encoder)
    assert (mended.encoded, mended.kept, mended.rejected) == (1, 1, [])


@pytest.mark.usefixtures("tiny_shards")
def test_a_shard_of_failures_alone_does_not_spoil_the_others(tmp_path):
    workspace, encoder = painted(tmp_path, *FIVE), Namer()
    for name in ("blue", "green", "white"):
        (tmp_path / "data" / f"{name}.png").write_bytes(b"garbage")
    refresh(workspace, tmp_path, *FIVE)
    done = bring_up_to_date(workspace, encoder)
    assert (done.encoded, len(done.rejected)) == (2, 3)
    assert vectors(workspace, encoder) == {"pink": [1, 0, 1], "red": [1, 0, 0]}
    assert len(load_class_scores(workspace, space_of(encoder), "image")) == 2
    assert verify(workspace) == []


@pytest.mark.parametrize("said", [RuntimeError("no pink"), MemoryError("too pink")])
def test_an_input_that_the_encoder_fails_on_is_refused_alone(tmp_path, said):
    workspace = painted(tmp_path, *FIVE)
    done = bring_up_to_date(workspace, Touchy(said))
    assert done.encoded == 4
    (refused,) = done.rejected
    assert (refused.path, refused.stage) == ("pink.png", "encode")
    assert refused.reason is Reason.ENCODER_FAILED
    assert "pink" in refused.detail


def test_one_input_that_the_encoder_fails_on_does_not_end_the_run(tmp_path):
    workspace, encoder = painted(tmp_path, *FIVE[:2]), Touchy(RuntimeError("no pink"))
    bring_up_to_date(workspace, encoder)
    paint(tmp_path / "data/pink.png", "pink")
    refresh(workspace, tmp_path, *FIVE[:3])
    done = bring_up_to_date(workspace, encoder)
    assert (done.encoded, done.kept, len(done.rejected)) == (0, 2, 1)


def test_an_encoder_that_fails_on_everything_ends_the_run(tmp_path):
    class Broken(Toy):
        def vector(self, each):
            raise RuntimeError("out of order")

    with pytest.raises(RuntimeError, match="out of order"):
        bring_up_to_date(painted(tmp_path, *FIVE), Broken())


def test_a_refusal_of_ours_is_not_taken_for_a_bad_file(tmp_path):
    workspace = painted(tmp_path, *FIVE)
    with pytest.raises(InputError, match="the model has changed"):
        bring_up_to_date(workspace, Touchy(InputError("the model has changed")))


# ------------------------------------------------------------------------------------------ classes


def test_class_scores_lie_beside_the_vectors(tmp_path):
    workspace, encoder = painted(tmp_path, "blue", "white"), Namer()
    bring_up_to_date(workspace, encoder)
    scores = load_class_scores(workspace, space_of(encoder), "image")
    assert scores.vectors == pytest.approx(np.array([[2 / 3, 1 / 3], [0, 1]]), abs=1e-3)
    assert scores.ids.tolist() == [0, 1]
    paint(tmp_path / "data/blue.png", "white")
    refresh(workspace, tmp_path, "blue", "white")
    bring_up_to_date(workspace, encoder)
    scores = load_class_scores(workspace, space_of(encoder), "image")
    assert scores.vectors.tolist() == [[0, 1], [0, 1]]


def test_an_encoder_without_classes_has_no_scores(tmp_path):
    workspace, encoder = painted(tmp_path, "blue"), Toy()
    bring_up_to_date(workspace, encoder)
    assert load_class_scores(workspace, space_of(encoder), "image") is None


# ------------------------------------------------------------------------------------------- damage


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[0 if path.suffix == ".json" else -1] ^= 1
    path.write_bytes(data)


def halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.usefixtures("tiny_shards")
@pytest.mark.parametrize("name", ["npy", "ids.npy", "prints.npy", "classes.npy", "json"])
@pytest.mark.parametrize("damage", [flip, halve, Path.unlink], ids=["flip", "halve", "unlink"])
def test_a_damaged_shard_is_made_again_and_the_others_are_not_touched(tmp_path, name, damage):
    workspace, encoder = painted(tmp_path, *FIVE), Namer()
    bring_up_to_date(workspace, encoder, "text")
    before = content(workspace.root)
    folder = workspace.root / "embeddings" / space_of(encoder) / "text"
    others = {p: p.stat().st_mtime_ns for p in folder.iterdir() if not p.name.startswith("00001")}
    encoder.seen.clear()
    damage(folder / f"00001.{name}")
    done = bring_up_to_date(workspace, encoder, "text")
    assert (done.encoded, done.kept) == (2, 3)
    assert encoder.seen == [2]
    assert content(workspace.root) == before
    assert {p: p.stat().st_mtime_ns for p in others} == others


def test_reading_a_damaged_shard_says_how_to_mend_it(tmp_path):
    workspace, encoder = painted(tmp_path, "blue"), Toy()
    bring_up_to_date(workspace, encoder)
    halve(next((workspace.root / "embeddings").rglob("00000.npy")))
    with pytest.raises(StoreError, match="damaged; run 'pentad embed' again"):
        load_embeddings(workspace, space_of(encoder), "image")


def test_reading_what_was_never_embedded_says_so(tmp_path):
    with pytest.raises(InputError, match=r"no image embeddings in space .*'pentad embed' first"):
        load_embeddings(painted(tmp_path, "blue"), "toy-00000000", "image")


def test_a_damaged_description_of_the_encoder_is_written_again(tmp_path):
    workspace, encoder = painted(tmp_path, "blue"), Toy()
    bring_up_to_date(workspace, encoder)
    before = content(workspace.root)
    next((workspace.root / "embeddings").rglob("encoder.json")).write_text("{")
    bring_up_to_date(workspace, encoder)
    assert content(workspace.root) == before


# ----------------------------------------------------------------------------------------- features


def test_features_of_several_encoders_are_unit_vectors_side_by_side(tmp_path):
    workspace, toy, namer = painted(tmp_path, "blue", "pink"), Toy(), Namer()
    for encoder in (toy, namer):
        bring_up_to_date(workspace, encoder)
    spaces = (space_of(toy), space_of(namer))
    found = load_features(workspace, "image", spaces)
    half = 2**-0.5
    assert found.vectors == pytest.approx(
        np.array([[0, 0, 1, 0, 0, 1], [half, 0, half, half, 0, half]])
    )
    assert (found.spaces, found.widths) == (spaces, (3, 3))
    assert found.classifier == spaces[1]
    assert found.scores.shape == (2, 2)


def test_an_item_that_one_encoder_cannot_encode_is_dropped_and_counted(tmp_path):
    workspace = painted(tmp_path, *FIVE)
    for encoder in (Toy(), Touchy(RuntimeError("no pink"))):
        bring_up_to_date(workspace, encoder)
    spaces = [space_of(Toy()), space_of(Touchy(RuntimeError()))]
    found = load_features(workspace, "image", spaces)
    assert (len(found), found.dropped) == (4, 1)
    assert found.ids.tolist() == [0, 1, 3, 4]


def test_features_in_memory_are_those_of_the_shards(tmp_path):
    workspace, encoders = painted(tmp_path, *FIVE), [Toy(), Namer()]
    for encoder in encoders:
        bring_up_to_date(workspace, encoder)
    stored = load_features(workspace, "image", [space_of(e) for e in encoders])
    made, failures = embed_features(images(workspace), encoders, workers=1)
    assert failures == []
    assert made.vectors.tolist() == stored.vectors.tolist()
    assert made.scores.tolist() == stored.scores.tolist()
    assert (made.spaces, made.classifier) == (stored.spaces, stored.classifier)


def test_features_are_of_one_modality_and_of_something(tmp_path):
    catalog = painted(tmp_path, "blue").catalog()
    parts = [embed(catalog.items(m), Toy(), workers=1) for m in ("text", "image")]
    with pytest.raises(InputError, match="features are of one modality"):
        join_features(parts, [None, None])
    with pytest.raises(InputError, match="at least one encoder"):
        join_features([], [])


def test_taking_features_keeps_scores_in_step(tmp_path):
    workspace, encoder = painted(tmp_path, "blue", "white"), Namer()
    bring_up_to_date(workspace, encoder)
    found = load_features(workspace, "image", [space_of(encoder)]).take([1])
    assert (found.ids.tolist(), found.scores.tolist()) == ([1], [[0, 1]])


def test_what_is_stored_of_a_refused_file_does_not_name_its_folder(tmp_path: Path) -> None:
    from pentad.encoders.registry import get_encoder

    path = tmp_path / "broken.png"
    path.write_bytes(b"no picture at all")

    with EncodingRun(get_encoder("image-descriptor"), "image", workers=1) as run:
        (result,) = run.encode([path])

    assert result.error is not None
    assert str(tmp_path) not in result.error.detail
    assert "broken.png" in result.error.detail


# -------------------------------------------------------------------------------- overlapping calls


class Overlapping(Toy):
    """Two calls meet inside it, or it waits in vain."""

    calls_at_once = 2

    def __init__(self) -> None:
        super().__init__()
        self.met = 0
        self._both = threading.Barrier(2, timeout=20)

    def encode(self, inputs, *, modality, batch_size=None):
        self._both.wait()
        self.met += 1
        return super().encode(inputs, modality=modality, batch_size=batch_size)


def test_calls_overlap_where_an_encoder_allows_it_and_results_keep_their_order(monkeypatch):
    monkeypatch.setattr("pentad.embeddings.stream._CAPTIONS_A_CALL", 2)
    encoder, captions = Overlapping(), ["a", "bb", "ccc", "dddd", "eeeee", "ffffff", "g", "h"]
    with EncodingRun(encoder, "text") as run:
        found = [result.vector[0] for result in run.encode(captions)]
    assert found == [len(caption) for caption in captions]
    assert encoder.met == 4


# ------------------------------------------------------------------------------------------- frames


class Halves(Toy):
    """The left and the right half of a picture are rows of their own; red is a single row."""

    def encode_frames(self, inputs, *, modality, batch_size=None, normalize=False):
        found = []
        for item in inputs:
            middle = item.pixels.shape[1] // 2
            parts = [item.pixels[:, :middle], item.pixels[:, middle:]]
            rows = [part.reshape(-1, 3).mean(axis=0) / 255 for part in parts]
            found.append(np.array(rows[:1] if rows[0].tolist() == [1, 0, 0] else rows, np.float32))
        return found


def with_frames(workspace: Workspace, encoder: Toy):
    with workspace.writing():
        items = workspace.catalog().items("image")
        options = EmbedOptions(workers=1, frames=True)
        return embed_workspace(workspace, items, encoder, options=options)


@pytest.mark.usefixtures("tiny_shards")
def test_rows_of_items_are_stored_beside_where_they_begin(tmp_path):
    workspace, encoder = painted(tmp_path, *FIVE), Halves()
    done = with_frames(workspace, encoder)
    assert (done.encoded, done.space) == (5, space_of(encoder) + ".frames")
    stored = FrameEmbeddings.load(workspace.root / "embeddings" / done.space / "image")
    assert stored.counts.tolist() == [2, 2, 2, 1, 2]
    assert stored.of(3).tolist() == [[1, 0, 0]]
    assert verify(workspace) == []
    again = with_frames(workspace, encoder)
    assert (again.encoded, again.kept) == (0, 5)


@pytest.mark.usefixtures("tiny_shards")
def test_rows_of_one_changed_item_are_made_anew(tmp_path):
    workspace, encoder = painted(tmp_path, *FIVE), Halves()
    with_frames(workspace, encoder)
    paint(tmp_path / "data/green.png", "red")
    refresh(workspace, tmp_path, *FIVE)
    done = with_frames(workspace, encoder)
    assert done.encoded == 1
    stored = FrameEmbeddings.load(workspace.root / "embeddings" / done.space / "image")
    assert stored.counts.tolist() == [2, 1, 2, 1, 2]


def test_shards_of_rows_are_not_taken_for_vectors(tmp_path):
    workspace, encoder = painted(tmp_path, "blue"), Halves()
    space = with_frames(workspace, encoder).space
    with pytest.raises(InputError, match="several rows an item"):
        Embeddings.load(workspace.root / "embeddings" / space / "image")


def test_rows_in_memory(tmp_path):
    found = embed_frames(images(painted(tmp_path, "blue", "red")), Halves(), workers=1)
    assert found.vectors.tolist() == [[0, 0, 1], [0, 0, 1], [1, 0, 0]]
    assert found.space.endswith(".frames")


def test_an_encoder_without_rows_is_refused(tmp_path):
    with pytest.raises(InputError, match="'toy' gives one vector an item, no frames"):
        embed_frames(images(painted(tmp_path, "blue")), Toy(), workers=1)
