import numpy as np
import polars as pl
import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.serving.index import Index
from pentad.serving.labels import Labels, label_items
from pentad.store.items import Items, Pairs, item_schema, pair_schema


def items(modality, rows):
    frame = pl.DataFrame(rows).select(
        pl.col(name) if name in rows else pl.lit(None, kind).alias(name)
        for name, kind in item_schema(modality).items()
    )
    return Items(modality, frame.cast(pl.Schema(item_schema(modality))))


@pytest.fixture
def texts():
    return items(Modality.TEXT, {"text_id": [0, 1, 2], "caption": ["a dog", "barks", "rain"]})


@pytest.fixture
def sounds():
    return items(Modality.AUDIO, {"audio_id": [4, 8], "file": ["4.wav", "8.wav"]})


@pytest.fixture
def pairs():
    rows = [(1, "audio", 8, "s"), (0, "audio", 8, "s"), (0, "audio", 8, "t"), (2, "image", 4, "s")]
    return Pairs(pl.DataFrame(rows, schema=pair_schema(), orient="row"))


def test_files_show_their_native_captions_once_each_in_id_order(sounds, texts, pairs):
    labels = label_items(sounds, texts, pairs)
    assert labels.of(8) == ("8.wav", ("a dog", "barks"))
    assert labels.of(4) == ("4.wav", None)
    assert labels.of(5) == labels.of(99) == (None, None)


def test_captions_are_their_own_label(texts):
    assert label_items(texts).of(1) == (None, ("barks",))


def test_without_pairs_files_show_no_caption(sounds, texts):
    assert label_items(sounds).of(8) == label_items(sounds, texts).of(8) == ("8.wav", None)


def test_a_table_without_ids_is_refused():
    with pytest.raises(InputError, match="labels of image need a column 'image_id'"):
        Labels(Modality.IMAGE, pl.DataFrame({"id": [1]}))


class Length:
    """A caption's vector is its length and its number of words."""

    name, revision, dim = "length", "1", 2
    modalities = (Modality.TEXT,)
    fingerprint = "1e" * 32

    def encode(self, inputs, *, modality, batch_size=None):
        return np.array([(len(i), len(i.split())) for i in inputs], dtype=np.float32)


def test_an_index_is_built_from_items(texts):
    index = Index.build(Length(), [texts], workers=1)
    hit = index.search("barks", k=1)[0]
    assert (hit.id, hit.captions, hit.score) == (1, ("barks",), 1.0)
    assert len(index) == 3


def test_an_index_takes_each_modality_once(texts):
    with pytest.raises(InputError, match="one table of items for each modality; got text, text"):
        Index.build(Length(), [texts, texts])
