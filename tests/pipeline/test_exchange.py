"""Embeddings of other programs into a workspace, and out of it."""

from __future__ import annotations

import json
import shutil

import numpy as np
import polars as pl
import pytest

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.core.modality import Modality
from pentad.embeddings import shards
from pentad.embeddings.embed import load_embeddings
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.exchange.read import read_embeddings
from pentad.embeddings.exchange.write import write_embeddings
from pentad.embeddings.frames import FrameEmbeddings
from pentad.embeddings.shards import Shard, ShardFolder
from pentad.pipeline.exchange import ImportOptions, attach_imported, import_embeddings
from pentad.pipeline.export import export_embeddings
from pentad.store.verify import verify
from pentad.store.workspace import Workspace
from tests.pipeline.shared import ITEMS, content, differing

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

FORMATS = ["clip-retrieval", "json", "huggingface", "faiss", "atlas"]


def items_of(ws, modality="image"):
    return Workspace.open(ws).catalog().items(modality)


def vectors(rows=ITEMS, dim=4, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, dim)).astype(np.float16)


def given(path, names, *, modality="image", form="huggingface", seed=0, ids=None):
    made = Embeddings.from_array(
        vectors(len(names), seed=seed), modality=modality, space="x", ids=ids
    )
    write_embeddings(made, path, format=form, names=names)
    return made.vectors


def stored(ws):
    return content(ws, "items", "embeddings")


def own_space(ws, modality="image"):
    return next(ws.glob(f"embeddings/{modality}-descriptor-*")).name


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("modality", ["image", "text"])
def test_what_goes_out_comes_in_again(pair, tmp_path, form, modality):
    space = own_space(pair) if modality == "image" else "hashed-text"
    out = tmp_path / ("out.parquet" if form == "atlas" else "out")
    summary = export_embeddings(pair, out, space=space, modality=modality, format=form)
    count = len(items_of(pair, modality))
    assert (summary.items, summary.removed, summary.format) == (count, 0, form)
    assert summary.space.startswith(space)
    back = import_embeddings(pair, out, modality=modality, space="again")
    assert (back.attached, back.without, back.unknown, back.rejected) == (count, 0, 0, 0)
    assert back.exact
    before = load_embeddings(Workspace.open(pair), summary.space, modality)
    after = load_embeddings(Workspace.open(pair), "again", modality)
    assert (before.ids == after.ids).all()
    assert np.array_equal(before.vectors, after.vectors)
    assert verify(Workspace.open(pair)) == []
    again = stored(pair)
    import_embeddings(pair, out, modality=modality, space="again")
    assert differing(again, stored(pair)) == []


@pytest.mark.parametrize("rows_a_shard", [4096, 5])
def test_vectors_find_their_items_in_whatever_order(pair, tmp_path, monkeypatch, rows_a_shard):
    monkeypatch.setattr(shards, "SHARD_ROWS", rows_a_shard)
    items = items_of(pair)
    order = np.random.default_rng(1).permutation(ITEMS)[:-3]
    names = [f"/far/away/{items.frame['file'][int(row)]}" for row in order]
    values = given(tmp_path / "a.parquet", [*names, "nobody.png"])
    summary = import_embeddings(pair, tmp_path / "a.parquet", modality="image", space="mine")
    assert summary.to_json() == {
        "space": "mine", "modality": "image", "format": "huggingface", "exact": True,
        "attached": ITEMS - 3, "repeated": 0, "unknown": 1, "ambiguous": 0, "rejected": 0,
        "without": 3,
    }  # fmt: skip
    found = load_embeddings(Workspace.open(pair), "mine", "image")
    for row, item in enumerate(order):
        place = int(np.searchsorted(found.ids, items.ids[item]))
        assert np.array_equal(found.vectors[place], values[row])
    card = json.loads((pair / "embeddings" / "mine" / "encoder.json").read_bytes())
    assert (card["name"], card["revision"], card["dim"]) == ("mine", "imported", 4)
    assert card["modalities"] == ["image"]


def test_a_later_import_adds_and_replaces(pair, tmp_path):
    names = items_of(pair).frame["file"].to_list()
    first = given(tmp_path / "a.parquet", names[:10])
    second = given(tmp_path / "b.parquet", names[8:], seed=1)
    for name in ("a", "b"):
        import_embeddings(pair, tmp_path / f"{name}.parquet", modality="image", space="mine")
    found = load_embeddings(Workspace.open(pair), "mine", "image").vectors
    assert np.array_equal(found, np.concatenate([first[:8], second]))


def test_a_key_of_integers_is_the_id_of_the_item(pair, tmp_path):
    items = items_of(pair)
    values = vectors(3)
    table = {"n": [int(i) for i in items.ids[[2, 0, 1]]], "file": ["x", "y", "z"]}
    pl.DataFrame({**table, "v": values.astype(np.float32).tolist()}).write_parquet(
        tmp_path / "a.parquet"
    )
    options = ImportOptions(key="n")
    summary = import_embeddings(
        pair, tmp_path / "a.parquet", modality="image", space="mine", options=options
    )
    assert summary.attached == 3
    found = load_embeddings(Workspace.open(pair), "mine", "image")
    assert np.array_equal(found.vectors, values[[1, 2, 0]])


def test_ids_count_where_there_are_no_names(pair, tmp_path):
    items = items_of(pair)
    made = Embeddings.from_array(vectors(3), modality="image", space="x", ids=items.ids[4:7])
    write_embeddings(made, tmp_path / "out", format="faiss")
    import_embeddings(pair, tmp_path / "out", modality="image", space="mine")
    found = load_embeddings(Workspace.open(pair), "mine", "image")
    assert (found.ids == items.ids[4:7]).all()


def test_a_space_of_an_encoder_is_completed(pair, tmp_path):
    space = own_space(pair)
    export_embeddings(pair, tmp_path / "out", space=space, modality="image", format="faiss")
    before = content(pair, "embeddings")
    shutil.rmtree(pair / "embeddings" / space / "image")
    import_embeddings(pair, tmp_path / "out", modality="image", space=space)
    after = content(pair, "embeddings")
    records = [name for name in differing(before, after) if not name.endswith("00000.json")]
    assert records == []
    record = json.loads((pair / "embeddings" / space / "image" / "00000.json").read_bytes())
    assert record["imported"] == {"format": "faiss", "index": "IndexFlatIP", "exact": True}


def test_approximate_vectors_are_said_to_be_so(pair, tmp_path, caplog):
    import faiss

    items = items_of(pair)
    index = faiss.index_factory(4, "SQ8")
    values = vectors().astype(np.float32)
    index.train(values)
    index.add(values)
    faiss.write_index(index, str(tmp_path / "index.faiss"))
    np.save(tmp_path / "ids.npy", np.array(items.frame["file"].to_list()))
    summary = import_embeddings(
        pair, tmp_path, modality="image", space="mine", options=ImportOptions(approximate=True)
    )
    assert not summary.exact
    record = json.loads((pair / "embeddings" / "mine" / "image" / "00000.json").read_bytes())
    expected = {"format": "faiss", "index": "IndexScalarQuantizer", "exact": False}
    assert record["imported"] == expected
    assert "the vectors are approximate: IndexScalarQuantizer keeps no better ones" in caplog.text


def clips(folder, values):
    folder.mkdir()
    for name, value in values.items():
        text = json.dumps({"audio_path": f"/x/{name}.wav", "embeddings": value})
        (folder / f"{name}.json").write_text(text)
    return folder


def test_frames_become_one_vector_where_it_is_said_how(pair, tmp_path):
    files = items_of(pair, "audio").frame["file"]
    stems = [str(name).rpartition("/")[2].partition(".")[0] for name in files]
    values = {stem: [[row, 0], [row + 2, 4]] for row, stem in enumerate(stems)}
    folder = clips(tmp_path / "clips", {**values, stems[0]: None})
    with pytest.raises(InputError, match="items have several vectors; say how"):
        import_embeddings(pair, folder, modality="audio", space="mine")
    options = ImportOptions(aggregate="mean")
    summary = import_embeddings(pair, folder, modality="audio", space="mine", options=options)
    assert (summary.attached, summary.rejected, summary.without) == (ITEMS - 1, 1, 1)
    found = load_embeddings(Workspace.open(pair), "mine", "audio").vectors
    assert found.tolist() == [[row + 1, 2] for row in range(1, ITEMS)]
    (refused,) = [r for r in Workspace.open(pair).rejections() if r.stage == "import"]
    assert (refused.path, refused.source) == (f"{stems[0]}.json", "mine")
    assert refused.reason == "encoder-failed"


def test_what_is_ambiguous_is_listed_until_the_next_import(pair, tmp_path):
    name = str(items_of(pair).frame["file"][0]).rpartition("/")[2]
    others = items_of(pair).frame["file"].to_list()[1:]
    given(tmp_path / "a.parquet", [f"x/{name}", f"y/{name}", *others])
    summary = import_embeddings(pair, tmp_path / "a.parquet", modality="image", space="mine")
    assert (summary.ambiguous, summary.attached) == (2, ITEMS - 1)
    listed = {r.path for r in Workspace.open(pair).rejections() if r.stage == "import"}
    assert listed == {f"x/{name}", f"y/{name}"}
    given(tmp_path / "b.parquet", others)
    import_embeddings(pair, tmp_path / "b.parquet", modality="image", space="other")
    assert len([r for r in Workspace.open(pair).rejections() if r.stage == "import"]) == 2
    import_embeddings(pair, tmp_path / "b.parquet", modality="image", space="mine")
    assert not [r for r in Workspace.open(pair).rejections() if r.stage == "import"]


def _no_key(path, names):
    pl.DataFrame({"v": vectors(3).astype(np.float32).tolist()}).write_parquet(path)


def _others(path, names):
    given(path, ["p.png", "q.png"])


def _large(path, names):
    rows = [[1e6, 1.0], [2.0, 1.0]]
    pl.DataFrame({"file": names[:2], "v": rows}).write_parquet(path)


BAD = [
    (_no_key, {}, InputError, "nothing says which item a vector is of"),
    (_others, {}, InputError, "none of the 2 vectors is of an item here: the first is of 'p.png'"),
    (_large, {}, InputError, "a value that float16 cannot hold; got 1000000"),
    (_others, {"space": "../x"}, InputError, "no name for a space that is stored"),
    (_others, {"modality": "points"}, StoreError, "no points items yet; run 'pentad add'"),
    (_others, {"modality": "imge"}, UnknownName, "did you mean 'image'"),
]


@pytest.mark.parametrize(("write", "options", "kind", "message"), BAD)
def test_what_does_not_fit_is_refused_before_anything_is_written(
    pair, tmp_path, write, options, kind, message
):
    write(tmp_path / "a.parquet", items_of(pair).frame["file"].to_list())
    before = content(pair)
    with pytest.raises(kind, match=message) as error:
        import_embeddings(
            pair, tmp_path / "a.parquet", **{"modality": "image", "space": "mine", **options}
        )
    assert "\n" not in str(error.value)
    assert differing(before, content(pair)) == []


def test_a_second_writer_is_refused(pair, tmp_path):
    given(tmp_path / "a.parquet", items_of(pair).frame["file"].to_list())
    imported = read_embeddings(tmp_path / "a.parquet", modality="image", space="mine")
    with (
        Workspace.open(pair).writing(),
        pytest.raises(StoreError, match="another process"),
    ):
        attach_imported(Workspace.open(pair), imported)


def test_tables_have_captions_and_sources(pair, tmp_path):
    out = tmp_path / "out.parquet"
    export_embeddings(pair, out, space=own_space(pair), modality="image", format="atlas")
    table = pl.read_parquet(out)
    catalog = Workspace.open(pair).catalog()
    texts = dict(catalog.items("text").frame.select("text_id", "caption").iter_rows())
    native = {}
    for text, item in catalog.pairs.of("image").tolist():
        native[item] = min(text, native.get(item, text))
    ids = table["image_id"].to_list()
    assert table["caption"].to_list() == [texts[native[i]] for i in ids]
    assert table["file"].to_list() == catalog.items("image").frame["file"].to_list()
    assert set(table["source"]) == {"world"}
    assert set(table["dataset_license"]) == {"CC0-1.0"}


def test_embeddings_of_removed_items_are_left_out(pair, tmp_path):
    path = pair / "items" / "image.parquet"
    opened = Workspace.open(pair)
    space = own_space(pair)
    catalog = opened.catalog()
    frame = catalog.frames[Modality.IMAGE].with_columns(
        removed=pl.col("image_id") == catalog.items("image").ids[3]
    )
    with opened.writing():
        opened._write_catalog(
            type(catalog)({**catalog.frames, Modality.IMAGE: frame}, catalog.pairs)
        )
    assert path.exists()
    summary = export_embeddings(
        pair, tmp_path / "out", space=space, modality="image", format="faiss"
    )
    assert (summary.items, summary.removed) == (ITEMS - 1, 1)
    assert len(read_embeddings(tmp_path / "out", modality="image", space=space)) == ITEMS - 1


def test_a_space_with_several_rows_an_item(pair, tmp_path):
    items = items_of(pair, "audio")
    frames = FrameEmbeddings.from_list(
        [vectors(1 + row % 3, seed=row) for row in range(ITEMS)],
        modality="audio", space="f.frames", ids=items.ids,
    )  # fmt: skip
    folder = ShardFolder(pair / "embeddings" / "f.frames" / "audio")
    prints = np.stack([np.frombuffer(bytes.fromhex(p), np.uint8) for p in items.fingerprints])
    shard = Shard(frames.ids, prints, frames.vectors, None, (), frames.offsets)
    folder.write(0, shard, {"space": "f.frames", "modality": "audio"})
    named = {"space": "f.frames", "modality": "audio"}
    export_embeddings(pair, tmp_path / "out", format="json", **named)
    found = read_embeddings(tmp_path / "out", modality="audio", space="x").embeddings
    assert sorted(found.counts.tolist()) == sorted(frames.counts.tolist())
    with pytest.raises(InputError, match="has one vector an item"):
        export_embeddings(pair, tmp_path / "f", format="faiss", **named)
    summary = export_embeddings(pair, tmp_path / "f", format="faiss", aggregation="max", **named)
    assert summary.items == ITEMS


def test_what_is_not_there_is_told_with_the_nearest(pair, tmp_path):
    named = {"modality": "image", "format": "faiss"}
    with pytest.raises(UnknownName, match="did you mean 'image-descriptor-"):
        export_embeddings(pair, tmp_path / "out", space="image-descriptr", **named)
    with pytest.raises(UnknownName, match="did you mean 'faiss'"):
        export_embeddings(
            pair, tmp_path / "out", space="image-descriptor", modality="image", format="fais"
        )
    assert not (tmp_path / "out").exists()
