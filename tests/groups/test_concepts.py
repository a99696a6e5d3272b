import polars as pl
import pytest

from pentad.core.modality import Modality
from pentad.groups.concepts import Share, concept_match, concepts_of
from pentad.groups.groups import Groups
from pentad.store.items import Catalog, Pairs, empty_catalog, item_schema, pair_schema


@pytest.fixture
def groups():
    return Groups.from_frame(
        pl.DataFrame(
            {
                "text_id": [0, 1, 0, 1],
                "rank": [1, 1, 2, 2],
                "image_id": [10, 11, 11, None],
                "audio_id": [20, 20, 21, 21],
            }
        )
    )


def test_shares_are_of_what_can_be_judged(groups):
    concepts = {
        "text": {0: "cat", 1: "dog"},
        "image": pl.DataFrame({"image_id": [10, 11], "concept": ["cat", "dog"]}),
        "audio": {20: "cat", 21: None},
    }
    found = concept_match(groups, concepts)
    assert found.items == {Modality.IMAGE: Share(2, 3), Modality.AUDIO: Share(1, 2)}
    assert found.pairs == Share(1, 2)
    assert found.to_json()["pairs"] == {"share": 0.5, "equal": 1, "judged": 2}


def test_nothing_known_is_no_share(groups):
    found = concept_match(groups, {"text": {0: "cat"}})
    assert found.items[Modality.IMAGE].value is None
    assert found.to_json()["pairs"] == {"share": None, "equal": 0, "judged": 0}


def catalog(captions, images, pairs):
    """Make a catalog of captions and images: id -> concept, and (text id, image id)."""
    shared = {"source": "s", "source_dataset": None, "dataset_license": None, "removed": False}
    texts = [
        {"text_id": i, "caption": c, "native_modality": None, **shared} for i, c in captions.items()
    ]
    media = [
        {"image_id": i, "file": f"{i}.png", "concept": c, "fingerprint": "", "bytes": 0, **shared}
        for i, c in images.items()
    ]
    native = [{"text_id": t, "modality": "image", "item_id": i, "source": "s"} for t, i in pairs]
    return Catalog(
        {
            Modality.TEXT: pl.DataFrame(texts, schema=item_schema(Modality.TEXT)),
            Modality.IMAGE: pl.DataFrame(media, schema=item_schema(Modality.IMAGE)),
        },
        Pairs(pl.DataFrame(native, schema=pair_schema())),
    )


def test_a_caption_is_about_what_most_of_its_items_show():
    found = concepts_of(
        catalog(
            {0: "A cat.", 1: "the cat", 2: "a dog", 3: "nothing", 4: "tied"},
            {7: "cat", 8: "lion", 9: "cat", 5: None, 6: "dog"},
            [(0, 8), (0, 7), (1, 9), (1, 7), (2, 6), (3, 5), (4, 8), (4, 6)],
        )
    )
    expected = {"text_id": [0, 1, 2, 4], "concept": ["cat", "cat", "dog", "dog"]}
    assert found[Modality.TEXT].to_dict(as_series=False) == expected
    assert found[Modality.IMAGE]["image_id"].to_list() == [7, 8, 9, 6]


def test_an_empty_catalog_has_no_concepts():
    assert concepts_of(empty_catalog())[Modality.TEXT].height == 0
