"""The data card of groups: what it says, and that nothing hostile gets through."""

import json

import polars as pl
import pytest

from pentad.core.errors import Reason, StoreError
from pentad.core.modality import Modality
from pentad.groups.build import build_groups
from pentad.groups.groups import Groups
from pentad.neighbors.neighbors import Neighbors
from pentad.pipeline.card_facts import card_facts, card_fingerprint, connections
from pentad.pipeline.groups_card import groups_card, workspace_card
from pentad.store.items import Catalog, Pairs, item_schema, pair_schema
from pentad.store.records import read_record
from pentad.store.rejections import Rejection
from pentad.store.verify import verify
from pentad.store.workspace import Workspace
from tests.pipeline.shared import MEDIA, K

GOLDEN = """\
# Groups: default

## Captions and items

3 captions, 2 image items, 2 audio items.

| modality | source | license | it asks | items |
| --- | --- | --- | --- | --- |
| text | (not said) | (none given) | see source | 1 |
| text | COCO | [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/) | name the author | 2 |
| image | (not said) | (none given) | see source | 1 |
| image | COCO | [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/) | name the author | 1 |
| audio | (not said) | (none given) | see source | 2 |

## Refused

| reason | count |
| --- | --- |
| empty-file | 2 |
| corrupt | 1 |

## Encoders

| modality | encoder | search |
| --- | --- | --- |
| text | words-1 |  |
| image | pixels-1, patches-2 | ivf, recall 0.9500 \\(0.9400 to 0.9600\\), hubness csls |

## Groups

| what | value |
| --- | --- |
| modalities | image, audio |
| groups a caption | 2 |
| captions | 2 |
| groups | 4 |
| complete | 1 |
| empty | 2 |
| an item is used at most | 1 times |
| least score | image 0.5 |
| limits kept by | greedy |
| put together by | rank |

## Captions left short

| modality | reason | captions | places |
| --- | --- | --- | --- |
| image | candidates used up | 2 | 2 |
| audio | too few candidates | 2 | 2 |
| audio | candidates used up | 0 | 1 |

## Pairwise connections

Pairs of members over all groups; the caption is a member of its groups.

| modalities | pairs |
| --- | --- |
| text-image | 2 |
| text-audio | 1 |
| image-audio | 1 |
| all | 4 |

## A group

Drawn at random: caption 0, rank 1.

| member | caption or file | score | its own captions |
| --- | --- | --- | --- |
| text | a \\| b \\`c\\` d |  |  |
| image | x\\|\\`y\\` z.png | 0.9000 | a \\| b \\`c\\` d; second; \\<b\\>third\\</b\\> |
| audio | s.wav | 0.7000 |  |
"""


def rows_of(modality, rows):
    names = list(item_schema(modality))
    filled = [{name: row.get(name) for name in names} | {"removed": False} for row in rows]
    return pl.DataFrame(filled, schema=item_schema(modality))


@pytest.fixture
def catalog():
    coco = {"source": "s", "source_dataset": "COCO", "dataset_license": "CC BY 4.0"}
    texts = [
        {"text_id": 0, "caption": "a | b\n`c` d", **coco},
        {"text_id": 1, "caption": "second", **coco},
        {"text_id": 2, "caption": "<b>third</b>", "source": "s"},
    ]
    images = [
        {"image_id": 4, "file": "x|`y`\nz.png", **coco},
        {"image_id": 5, "file": "plain.png", "source": "s", "dataset_license": ""},
    ]
    sounds = [
        {"audio_id": 8, "file": "/home/somebody/s.wav", "source": "s"},
        {"audio_id": 9, "file": "t.wav", "source": "s"},
    ]
    native = [{"text_id": t, "modality": "image", "item_id": 4, "source": "s"} for t in (1, 0, 2)]
    frames = {Modality.TEXT: texts, Modality.IMAGE: images, Modality.AUDIO: sounds}
    refused = [("a", Reason.EMPTY_FILE), ("b", Reason.CORRUPT), ("c", Reason.EMPTY_FILE)]
    return Catalog(
        {modality: rows_of(modality, rows) for modality, rows in frames.items()},
        Pairs(pl.DataFrame(native, schema=pair_schema())),
        rejections=[Rejection("s", path, "image", "decode", why, "") for path, why in refused],
    )


@pytest.fixture
def groups():
    search = {"backend": "ivf", "recall": 0.95, "low": 0.94, "high": 0.96, "hubness": "csls"}
    images = neighbors("image", [[(4, 0.9), (5, 0.8)], [(4, 0.7), (5, 0.95)]], how=search)
    sounds = neighbors("audio", [[(8, 0.7)], [(8, 0.6)]])
    return build_groups(
        [images, sounds],
        max_uses=1,
        threshold={"image": 0.5},
        encoders={"image": ["pixels-1", "patches-2"], "text": ["words-1"]},
    )


def neighbors(modality, rows, **fields):
    import numpy as np

    ids = np.array([[item for item, _ in row] for row in rows], dtype=np.uint32)
    scores = np.array([[score for _, score in row] for row in rows], dtype=np.float32)
    order = np.argsort(-scores, axis=1)
    return Neighbors(
        np.arange(len(rows), dtype=np.uint32),
        np.take_along_axis(ids, order, axis=1),
        np.take_along_axis(scores, order, axis=1),
        Modality.TEXT,
        Modality(modality),
        "toy",
        ids.shape[1],
        **fields,
    )


def test_the_card_is_this_text(groups, catalog):
    assert groups_card(groups, catalog) == GOLDEN
    assert groups_card(groups, catalog) == groups_card(groups, catalog)


def test_facts_are_plain_values(groups, catalog):
    facts = card_facts(catalog, groups)
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert set(card_facts(catalog)) == {"items", "refused", "encoders"}


def test_a_complete_group_of_five_has_ten_pairs():
    frame = {"text_id": [0, 1], "rank": [1, 1], **{f"{m}_id": [1, None] for m in MEDIA}}
    found = connections(Groups.from_frame(pl.DataFrame(frame)))
    assert found["total"] == len(found["pairs"]) == 10


def test_groups_of_a_table_have_a_card_without_scores(catalog):
    frame = pl.DataFrame({"text_id": [1], "rank": [1], "image_id": [5]})
    card = groups_card(Groups.from_frame(frame), catalog, name="theirs")
    assert card.startswith("# Groups: theirs\n")
    assert "| image | plain.png |  |  |" in card
    assert "Captions left short" not in card


def test_no_complete_group_is_said(groups, catalog):
    none = groups.table.filter(pl.col("image_id").is_null())
    assert "No group has an item of every modality." in groups_card(
        Groups(none, groups.manifest), catalog
    )


def test_the_fingerprint_follows_what_the_card_says_of_items(catalog):
    def changed(**values):
        frame = catalog.frames[Modality.IMAGE].with_columns(
            **{name: pl.lit(value) for name, value in values.items()}
        )
        frames = {**catalog.frames, Modality.IMAGE: frame}
        return card_fingerprint(Catalog(frames, catalog.pairs, rejections=catalog.rejections))

    before = card_fingerprint(catalog)
    assert changed() == before
    others = {
        changed(dataset_license="CC0"),
        changed(file="other.png"),
        changed(source_dataset="x"),
        card_fingerprint(catalog, []),
        before,
    }
    assert len(others) == 5


def test_a_workspace_has_the_same_card_wherever_its_groups_were_saved(built):
    card = workspace_card(built)
    assert card.startswith("# ws\n")
    groups, catalog = Groups.load(built / "groups/default"), Workspace.open(built).catalog()
    own = groups_card(groups, catalog, rejections=Workspace.open(built).rejections())
    assert own.partition("\n")[2] == card.partition("\n")[2]
    assert f"| groups a caption | {K} |" in card
    assert str(built.parent) not in card
    assert all(f"| {m} | {m}/files/" in card for m in MEDIA)
    assert "unified" not in card


def test_a_workspace_without_groups_says_what_it_has(copied):
    for path in (copied / "groups").rglob("*.*"):
        path.unlink()
    card = workspace_card(copied)
    assert "## Groups" not in card
    assert "| image | image-descriptor-" in card
    assert "unified" not in card


def test_no_workspace_is_an_error(tmp_path):
    with pytest.raises(StoreError):
        workspace_card(tmp_path / "none")


def test_a_saved_card_is_known_to_verify(copied):
    opened = Workspace.open(copied)
    folder = copied / "groups" / "mine"
    groups = Groups.load(copied / "groups/default")
    groups.save(folder, card=groups_card(groups, opened.catalog(), name="mine"))
    assert verify(opened) == []
    assert "README.md" in read_record(folder / "manifest.json").files
    (folder / "README.md").write_text("changed")
    assert [d.path.name for d in verify(opened)] == ["README.md"]
