"""Published groups and ratings in a workspace, compared row by row with the tables."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.core.modality import Modality
from pentad.embeddings import shards
from pentad.embeddings.embed import embed_workspace, load_embeddings
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.work import EmbedOptions
from pentad.encoders.protocol import space_of
from pentad.groups.groups import Groups
from pentad.pipeline.add import add_source
from pentad.pipeline.add_emm1 import add_emm1
from pentad.pipeline.attach import attach_embeddings
from pentad.pipeline.emm1_ids import load_published_ids
from pentad.pipeline.info import describe
from pentad.ratings.triplets import Triplets
from pentad.sources.emm1.convert import convert_emm1
from pentad.store.captions import clean_caption
from pentad.store.verify import verify
from pentad.store.workspace import Workspace
from tests.embeddings.toy import Toy
from tests.emm1_trees import MEDIA, Tree, edit_lines, exchange_roles, make_emm1, write_frame
from tests.pipeline.shared import content, differing

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

ROOT = Path(__file__).parents[2]
CODES = {1: 2, 2: 1, 3: 0}
Named = tuple[str, ...]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_emm1(
        tmp_path / "e-mm1", captions=30, nn=2, items=12, triplets=60, media=True, seed=3
    )


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "ws")


class Names:
    """What the ids of a workspace stand for."""

    def __init__(self, workspace: Workspace) -> None:
        self.catalog = workspace.catalog()
        self.of = {}
        for modality in Modality:
            items = self.catalog.items(modality)
            column = "caption" if modality is Modality.TEXT else "file"
            for number, name in zip(items.ids.tolist(), items.frame[column], strict=True):
                self.of[modality.value, number] = name

    def __call__(self, modality: str, number: int | None) -> str | None:
        return None if number is None else self.of[modality, number]


def file_of(tree: Tree, split: str, modality: str, number: int) -> str | None:
    """Return where the file of a published id is, below the root; None where there is none."""
    path = (tree.item_path(split, modality, number) or "")[len(str(tree.root)) + 1 :]
    return path if path in tree.present else None


def expected_groups(tree: Tree, rank: int) -> dict[str, Named]:
    """Return caption -> its items, made row by row."""
    found: dict[str, Named] = {}
    for row in tree.groups[rank].iter_rows(named=True):
        caption = clean_caption(tree.caption("100m", row["encord_text_id"]) or "")
        items = tuple(file_of(tree, "100m", m, row[f"encord_{m}_id"]) for m in MEDIA)
        if caption and any(items):
            found.setdefault(caption, items)
    return found


def stored_groups(workspace: Workspace, rank: int) -> dict[str, Named]:
    names, table = Names(workspace), Groups.load(workspace.root / f"groups/emm1-nn_{rank}").frame()
    assert table["rank"].unique().to_list() == [rank]
    return {
        names("text", row["text_id"]): tuple(names(m, row[f"{m}_id"]) for m in MEDIA)
        for row in table.iter_rows(named=True)
    }


def expected_triplets(tree: Tree) -> list[tuple]:
    found = []
    for row in tree.triplets.iter_rows(named=True):
        caption = clean_caption(tree.caption("1m", row["encord_text_id"]) or "")
        sides = [
            file_of(tree, "1m", row[f"{s}_modality"], row[f"encord_{s}_id"])
            for s in ("paired", "annotated")
        ]
        if caption and all(sides):
            found.append((caption, *sides, CODES[row["annotation"]]))
    return found


def stored_triplets(workspace: Workspace) -> list[tuple]:
    names, table = Names(workspace), Triplets.load(workspace.root / "ratings/emm1-1m").frame()
    return [
        (
            names("text", row["text_id"]),
            names(row["paired_modality"], row["paired_id"]),
            names(row["rated_modality"], row["rated_id"]),
            row["rating"],
        )
        for row in table.iter_rows(named=True)
    ]


def native_pairs(workspace: Workspace) -> set[tuple[str, str]]:
    names = Names(workspace)
    return {
        (names("text", text), names(m, item))
        for m in MEDIA
        for text, item in names.catalog.pairs.of(m).tolist()
    }


def stored(workspace: Workspace) -> dict[str, bytes]:
    found = content(workspace.root)
    return {name: data for name, data in found.items() if not name.startswith(("cache/", "logs/"))}


# ------------------------------------------------------------------------------- what comes along


def test_groups_are_those_of_the_tables_with_absent_items_null(tree, ws):
    summary = add_emm1(ws.root, tree.root, nn=[1, 2])
    for rank in (1, 2):
        expected = expected_groups(tree, rank)
        assert stored_groups(ws, rank) == expected
        counts = summary.groups[f"groups/emm1-nn_{rank}"]
        assert counts["groups"] == len(expected)
        dropped = ("without any file", "without a caption", "repeated captions")
        assert sum(counts[name] for name in dropped) == 30 - len(expected)
        for place, modality in enumerate(MEDIA):
            nulls = sum(items[place] is None for items in expected.values())
            assert counts[f"absent {modality}"] >= nulls > 0
    assert any(None in items for items in expected_groups(tree, 1).values())
    assert verify(ws) == []


def test_triplets_keep_order_repeats_and_grades(tree, ws):
    summary = add_emm1(ws.root, tree.root)
    expected = expected_triplets(tree)
    assert stored_triplets(ws) == expected
    assert len(set(expected)) < len(expected) < 60
    counts = summary.triplets["ratings/emm1-1m"]
    assert counts["triplets"] == len(expected)
    assert sum(counts.values()) == 60


def test_the_paired_item_is_native_to_its_caption_and_nothing_else_is(tree, ws):
    add_emm1(ws.root, tree.root)
    assert native_pairs(ws) == {(row[0], row[1]) for row in expected_triplets(tree)}
    texts = ws.catalog().items("text").frame
    rated = dict(texts.select("caption", "native_modality").iter_rows())
    assert {m for m in rated.values() if m} <= set(MEDIA)
    for caption, paired, _, _ in expected_triplets(tree):
        assert rated[caption] in (paired.split("/")[1], "audio")


def test_items_are_the_present_files_with_their_own_source_and_licence(tree, ws):
    summary = add_emm1(ws.root, tree.root)
    for modality in MEDIA:
        expected = {}
        for split in ("100m", "1m"):
            for row in tree.infos[split, modality].iter_rows(named=True):
                file = file_of(tree, split, modality, row[f"encord_{modality}_id"])
                if file:
                    expected[file] = [row["source_dataset"], row["dataset_license"]]
        frame = ws.catalog().items(modality).frame
        assert frame["source"].unique().to_list() == ["emm1"]
        columns = frame.select("file", "source_dataset", "dataset_license")
        assert {file: facts for file, *facts in columns.iter_rows()} == expected
        assert summary.items[Modality(modality)] == len(expected)
    assert summary.present["100m", "image"] < summary.listed["100m", "image"] == 12


def test_a_file_of_both_splits_is_one_item_with_two_ids(tree, ws):
    add_emm1(ws.root, tree.root)
    names = Names(ws)
    for modality in MEDIA:
        files = {}
        for split in ("100m", "1m"):
            table = load_published_ids(ws, split, modality)
            assert table["encord_id"].is_sorted()
            files[split] = {}
            for encord, item in table.iter_rows():
                files[split][encord] = names(modality, item)
                assert names(modality, item) == file_of(tree, split, modality, encord)
        shared = set(files["100m"].values()) & set(files["1m"].values())
        assert shared
        assert all(file.startswith("shared/") for file in shared)


def test_captions_are_those_of_kept_rows(tree, ws):
    add_emm1(ws.root, tree.root, nn=[2])
    wanted = {*expected_groups(tree, 2), *(row[0] for row in expected_triplets(tree))}
    assert set(ws.catalog().items("text").captions) == wanted
    ids = load_published_ids(ws, "100m", "text")
    names = Names(ws)
    for encord, item in ids.iter_rows():
        assert names("text", item) == clean_caption(tree.caption("100m", encord))


@pytest.mark.parametrize("layout", ["readme", "early"])
def test_other_layouts_and_converted_copies_end_in_the_same_workspace(tmp_path, layout):
    roots = {"plain": make_emm1(tmp_path / "plain", layout, media=True).root}
    convert_emm1(roots["plain"], tmp_path / "converted")
    roots["converted"] = tmp_path / "converted"
    found = []
    for name, root in roots.items():
        ws = Workspace.create(tmp_path / f"ws-{name}", name="ws")
        add_emm1(ws.root, root, media_root=tmp_path / "plain")
        found.append((stored_groups(ws, 1), stored_triplets(ws), native_pairs(ws)))
    assert found[0] == found[1]


def test_exchanged_roles_are_put_right(tree, ws, caplog):
    expected = expected_triplets(tree)
    exchange_roles(tree)
    add_emm1(ws.root, tree.root, splits=["1m"])
    assert stored_triplets(ws) == expected
    assert "exchanged in this copy; put right" in caplog.text


# ----------------------------------------------------------------------------------- again and more


def test_adding_twice_changes_nothing(tree, ws):
    add_emm1(ws.root, tree.root, nn=[1, 2])
    before = stored(ws)
    add_emm1(ws.root, tree.root, nn=[1, 2])
    assert differing(before, stored(ws)) == []


def test_parts_can_be_added_one_after_the_other(tree, ws, tmp_path):
    for options in ({"splits": ["1m"]}, {"splits": ["100m"]}, {"splits": ["100m"], "nn": [2]}):
        add_emm1(ws.root, tree.root, **options)
    whole = Workspace.create(tmp_path / "whole")
    add_emm1(whole.root, tree.root, nn=[1, 2])
    for rank in (1, 2):
        assert stored_groups(ws, rank) == stored_groups(whole, rank)
    assert stored_triplets(ws) == stored_triplets(whole)
    assert native_pairs(ws) == native_pairs(whole)
    for modality in Modality:
        names = [{n for (m, _), n in Names(w).of.items() if m == modality} for w in (ws, whole)]
        assert names[0] == names[1]
    assert verify(ws) == []


def test_a_rank_added_later_leaves_ids_and_groups_as_they_are(tree, ws):
    add_emm1(ws.root, tree.root)
    before = stored(ws), Names(ws).of
    add_emm1(ws.root, tree.root, nn=[2])
    after = stored(ws)
    mine = [name for name in before[0] if name.startswith(("groups", "ratings"))]
    assert all(before[0][name] == after[name] for name in mine)
    assert len(mine) == 4
    assert before[1].items() <= Names(ws).of.items()


def test_a_file_that_is_gone_is_removed_and_told(tree, ws):
    add_emm1(ws.root, tree.root)
    file = stored_groups(ws, 1)[next(iter(stored_groups(ws, 1)))]
    gone = next(name for name in file if name)
    (tree.root / gone).unlink()
    tree.present.discard(gone)
    summary = add_emm1(ws.root, tree.root)
    assert summary.rejected == 1
    assert stored_groups(ws, 1) == expected_groups(tree, 1)
    assert gone not in Names(ws).of.values()
    assert stored_triplets(ws) == expected_triplets(tree)


def test_files_that_come_later_fill_the_groups(tree, ws):
    place = next(i for i, name in enumerate(tree.infos["100m", "image"]["file_name"]) if i % 5 == 4)
    row = tree.infos["100m", "image"].row(place, named=True)
    add_emm1(ws.root, tree.root)
    inside = f"{row['save_folder']}/image/{row['file_name']}"
    (tree.root / inside).write_text("late")
    tree.present.add(inside)
    add_emm1(ws.root, tree.root)
    assert inside in Names(ws).of.values()
    assert stored_groups(ws, 1) == expected_groups(tree, 1)


def test_other_sources_of_the_workspace_stay(tree, ws, tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/a.csv").write_text("caption\na dog barks\nnobody else says this\n")
    add_source(ws.root, tmp_path / "texts/a.csv", modality="text")
    before = Names(ws).of
    add_emm1(ws.root, tree.root)
    assert before.items() <= Names(ws).of.items()
    assert stored_groups(ws, 1) == expected_groups(tree, 1)
    assert sum(name == "a dog barks" for name in Names(ws).of.values()) == 1


DRIVER = """
import os, signal, sys
from pentad.pipeline.add_emm1 import add_emm1
last, calls, replace = int(sys.argv[3]), 0, os.replace

def counted(*args, **options):
    global calls
    calls += 1
    if calls == last:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(*args, **options)

os.replace = counted
add_emm1(sys.argv[1], sys.argv[2], nn=[1, 2])
print(calls)
"""


@pytest.mark.slow
def test_a_process_that_is_killed_leaves_what_the_next_one_completes(tree, tmp_path):
    def run(folder: Path, last: int) -> subprocess.CompletedProcess[str]:
        Workspace.create(folder, name="ws")
        command = [sys.executable, "-c", DRIVER, str(folder), str(tree.root), str(last)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        return subprocess.run(command, env=environment, text=True, capture_output=True, check=False)

    whole = run(tmp_path / "whole", 0)
    assert whole.returncode == 0, whole.stderr
    expected = stored(Workspace.open(tmp_path / "whole"))
    for last in np.unique(np.linspace(1, int(whole.stdout), 10).astype(int)).tolist():
        folder = tmp_path / f"killed-{last}"
        assert run(folder, last).returncode == -signal.SIGKILL
        add_emm1(folder, tree.root, nn=[1, 2])
        ws = Workspace.open(folder)
        assert differing(expected, stored(ws)) == []
        assert verify(ws) == []
        assert not list(folder.rglob("*.next"))


# ---------------------------------------------------------------------------------- what is refused


def test_nothing_is_written_where_no_file_is_present(tree, ws, tmp_path):
    (tmp_path / "empty").mkdir()
    before = stored(ws)
    with pytest.raises(InputError, match=r"none of the 96 media .* \(--media-root\)"):
        add_emm1(ws.root, tree.root, media_root=tmp_path / "empty")
    assert stored(ws) == before


def test_mistakes_are_told(tree, ws, tmp_path):
    with pytest.raises(UnknownName, match="unknown split '100'; did you mean '100m'"):
        add_emm1(ws.root, tree.root, splits=["100"])
    with pytest.raises(InputError, match="there is no nn_5 here; there is: nn_1, nn_2"):
        add_emm1(ws.root, tree.root, nn=[5])
    with pytest.raises(StoreError, match="not a workspace"):
        add_emm1(tmp_path / "nowhere", tree.root)
    hub = make_emm1(tmp_path / "hub", "hub", media=True)
    with pytest.raises(InputError, match="no tables of groups or ratings here"):
        add_emm1(ws.root, hub.root)
    with pytest.raises(InputError, match="the 1m part of E-MM1 is not here"):
        add_emm1(ws.root, make_emm1(tmp_path / "one", triplets=0).root, splits=["1m"])


def test_media_of_another_root_are_another_workspaces(tree, ws, tmp_path):
    add_emm1(ws.root, tree.root)
    other = make_emm1(tmp_path / "other", media=True)
    with pytest.raises(InputError, match=r"other: the media of E-MM1 .* lie in .*e-mm1; name"):
        add_emm1(ws.root, other.root)
    add_emm1(ws.root, other.root, media_root=tree.root, splits=["100m"])


def test_a_damaged_table_stops_before_anything_is_written(tree, ws):
    before = stored(ws)
    edit_lines(tree.path("100m", "nn_1/data_groups.csv"), {5: "1,2"})
    with pytest.raises(InputError, match=r"data_groups\.csv:5: the row does not fit"):
        add_emm1(ws.root, tree.root)
    assert stored(ws) == before


def test_damaged_ids_are_an_error_and_verify_names_them(tree, ws):
    add_emm1(ws.root, tree.root)
    (ws.root / "items/emm1/1m-image.parquet").write_bytes(b"no table")
    assert [d.path.name for d in verify(ws)] == ["1m-image.parquet"]
    with pytest.raises(StoreError, match="damaged; 'pentad verify"):
        load_published_ids(ws, "1m", "image")


def test_ids_that_no_table_has_are_as_absent(tree, ws):
    table = tree.groups[1].with_row_index("row")
    changed = [
        pl.when(pl.col("row") < 3).then(90_000).otherwise(f"encord_{m}_id").alias(f"encord_{m}_id")
        for m in ("image", "audio")
    ]
    tree.groups[1] = table.with_columns(changed).drop("row").cast(pl.UInt32)
    write_frame(tree.path("100m", "nn_1/data_groups.csv"), tree.groups[1])
    add_emm1(ws.root, tree.root)
    assert stored_groups(ws, 1) == expected_groups(tree, 1)


def test_info_counts_groups_and_ratings(tree, ws):
    add_emm1(ws.root, tree.root, nn=[1, 2])
    facts = describe(ws.root)
    assert facts["published_groups"] == {
        f"emm1-nn_{rank}": len(expected_groups(tree, rank)) for rank in (1, 2)
    }
    assert facts["ratings"] == {"emm1-1m": len(expected_triplets(tree))}


# ------------------------------------------------------------------------- vectors by published ids


def published(tree: Tree, split: str, modality: str, space: str = "space-1") -> Embeddings:
    """Return a vector for every item of a split: its place in the table, and one."""
    ids = tree.infos[split, modality][f"encord_{modality}_id"]
    vectors = np.array([[number, len(split)] for number in ids], np.float32)
    return Embeddings.from_array(vectors, modality=modality, space=space, ids=ids.to_numpy())


def vectors_by_name(ws: Workspace, space: str, modality: str) -> dict[str, list[float]]:
    names, found = Names(ws), load_embeddings(ws, space, modality)
    return {
        names(modality, number): vector
        for number, vector in zip(found.ids.tolist(), found.vectors.tolist(), strict=True)
    }


@pytest.fixture(params=[4096, 3])
def rows_a_shard(request, monkeypatch) -> int:
    monkeypatch.setattr(shards, "SHARD_ROWS", request.param)
    return request.param


@pytest.mark.usefixtures("rows_a_shard")
def test_vectors_by_published_ids_become_those_of_the_items(tree, ws):
    add_emm1(ws.root, tree.root)
    for modality in MEDIA:
        given = published(tree, "100m", modality)
        summary = attach_embeddings(ws.root, modality, given, split="100m")
        expected = {}
        for number in given.ids.tolist():
            file = file_of(tree, "100m", modality, number)
            if file:
                expected[file] = [number, 4]
        assert vectors_by_name(ws, "space-1", modality) == expected
        assert (summary.attached, summary.unknown, summary.without) == (
            len(expected), 12 - len(expected), 0,
        )  # fmt: skip
    assert verify(ws) == []
    before = stored(ws)
    attach_embeddings(ws.root, "image", published(tree, "100m", "image"), split="100m")
    assert differing(before, stored(ws)) == []


@pytest.mark.usefixtures("rows_a_shard")
def test_the_other_split_adds_its_vectors_and_replaces_those_of_shared_files(tree, ws):
    add_emm1(ws.root, tree.root)
    expected = {}
    for split in ("100m", "1m"):
        given = published(tree, split, "points")
        attach_embeddings(ws.root, "points", given, split=split)
        files = {file_of(tree, split, "points", n): [n, len(split)] for n in given.ids.tolist()}
        expected |= {file: vector for file, vector in files.items() if file}
    assert vectors_by_name(ws, "space-1", "points") == expected


def test_captions_take_vectors_by_published_ids_too(tree, ws):
    add_emm1(ws.root, tree.root)
    ids = load_published_ids(ws, "100m", "text")
    summary = attach_embeddings(ws.root, "text", published(tree, "100m", "text"), split="100m")
    found = load_embeddings(ws, "space-1", "text")
    assert summary.attached == len(found) == ids["item_id"].n_unique()
    assert summary.without == 0


def test_an_encoder_of_the_space_encodes_only_the_rest(tree, ws):
    class Asleep(Toy):
        """Must not be asked for what is there."""

        def __init__(self) -> None:
            super().__init__("asleep")
            self.modalities = (Modality.TEXT,)

    add_emm1(ws.root, tree.root)
    encoder = Asleep()
    given = published(tree, "100m", "text", space_of(encoder))
    vectors = np.hstack([given.vectors, given.vectors[:, :1]])[::2]
    some = Embeddings.from_array(vectors, modality="text", space=given.space, ids=given.ids[::2])
    attached = attach_embeddings(ws.root, "text", some, split="100m").attached
    with ws.writing():
        items = ws.catalog().items("text")
        done = embed_workspace(ws, items, encoder, options=EmbedOptions(workers=1))
    assert (done.kept, done.encoded) == (attached, len(ws.catalog().items("text")) - attached)
    assert sum(encoder.seen) == done.encoded
    assert 0 < done.encoded < attached + done.encoded


GOOD = np.ones((2, 2), np.float32)
BAD_VECTORS = [
    ("image", "audio", GOOD, "s", "100m", "the vectors are of another modality"),
    ("image", "image", GOOD, "../s", "100m", "no name for a space"),
    ("image", "image", GOOD * 1e6, "s", "100m", "a value that float16 cannot hold; got 1000000"),
    ("image", "image", GOOD, "s", "2m", "no image ids of E-MM1's 2m split"),
]


@pytest.mark.parametrize(("kind", "of", "vectors", "space", "split", "message"), BAD_VECTORS)
def test_vectors_that_do_not_fit_are_refused_before_anything_is_written(
    tree, ws, kind, of, vectors, space, split, message
):
    add_emm1(ws.root, tree.root)
    ids = load_published_ids(ws, "100m", "image")["encord_id"].to_numpy()[:2]
    before = stored(ws)
    given = Embeddings.from_array(vectors, modality=of, space=space, ids=ids)
    with pytest.raises((InputError, StoreError), match=message):
        attach_embeddings(ws.root, kind, given, split=split)
    assert stored(ws) == before


def test_a_space_keeps_its_length(tree, ws):
    add_emm1(ws.root, tree.root)
    attach_embeddings(ws.root, "image", published(tree, "100m", "image"), split="100m")
    longer = Embeddings.from_array(np.ones((12, 5)), modality="audio", space="space-1")
    with pytest.raises(InputError, match="vectors of another length; expected 2, got 5"):
        attach_embeddings(ws.root, "audio", longer, split="100m")
