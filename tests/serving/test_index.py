import numpy as np
import polars as pl
import pytest

from pentad.core.errors import InputError, SpaceMismatch, UnknownName
from pentad.core.modality import Modality
from pentad.embeddings.embeddings import Embeddings
from pentad.encoders.protocol import Encoder, space_of
from pentad.media.types import Image, Points
from pentad.neighbors.find import find_neighbors
from pentad.serving.index import Hit, Index

DIRECTIONS = {"east": (1, 0), "north": (0, 1)}


class Compass:
    """A caption names a direction; a picture's direction is its mean red and green."""

    name, revision, dim = "compass", "1", 2
    modalities = (Modality.TEXT, Modality.IMAGE)
    fingerprint = "c0" * 32

    def encode(self, inputs, *, modality, batch_size=None):
        if modality == "text":
            return np.array([DIRECTIONS[i] for i in inputs], dtype=np.float32)
        return np.array([i.pixels[..., :2].mean((0, 1)) for i in inputs], dtype=np.float32)


COMPASS = Compass()
SPACE = space_of(COMPASS)


def vectors(modality, rows, ids):
    return Embeddings.from_array(rows, modality=modality, space=SPACE, ids=ids)


@pytest.fixture
def index():
    embeddings = {
        Modality.AUDIO: vectors("audio", [(1, 0), (0, 2), (3, 3)], [5, 6, 7]),
        Modality.TEXT: vectors("text", [(0, 1), (1, 0)], [0, 1]),
        Modality.IMAGE: vectors("image", [(0, 5), (0, 1)], [9, 4]),
    }
    labels = {
        Modality.AUDIO: pl.DataFrame(
            {"audio_id": [7, 5], "file": ["7.wav", "5.wav"], "captions": [["a", "b"], None]}
        ),
        Modality.TEXT: pl.DataFrame({"text_id": [0, 1], "caption": ["north", "east"]}),
    }
    return Index(embeddings, COMPASS, labels)


def test_the_toy_model_is_an_encoder():
    assert isinstance(COMPASS, Encoder)


def test_a_caption_finds_items_of_one_modality_best_first(index):
    hits = index.search("east", modality="audio", k=2)
    assert hits[0] == Hit(Modality.AUDIO, 5, 1, 1.0, SPACE, "5.wav", None)
    assert (hits[1].id, hits[1].rank, hits[1].file, hits[1].captions) == (7, 2, "7.wav", ("a", "b"))
    assert hits[1].score == pytest.approx(0.5**0.5)


def test_all_modalities_come_as_one_list_after_the_other(index):
    hits = index.search("north", k=10)
    assert [(h.modality, h.id, h.rank) for h in hits] == [
        ("text", 0, 1),
        ("text", 1, 2),
        ("image", 4, 1),
        ("image", 9, 2),
        ("audio", 6, 1),
        ("audio", 7, 2),
        ("audio", 5, 3),
    ]


def test_captions_are_shown_and_unknown_labels_are_none(index):
    text, image, audio = (
        index.search("north", modality=m, k=1)[0] for m in ("text", "image", "audio")
    )
    assert (text.captions, text.file) == (("north",), None)
    assert (image.captions, image.file) == (None, None)
    assert (audio.id, audio.captions, audio.file) == (6, None, None)


def test_ties_are_broken_by_id(index):
    assert [h.id for h in index.search("north", modality="image")] == [4, 9]


def test_a_picture_and_a_vector_are_queries_too(index):
    green = Image(np.full((2, 2, 3), (0, 200, 0), dtype=np.uint8))
    assert index.search(green, modality="audio", k=1)[0].id == 6
    assert index.search(np.array([0, 1]), modality="audio", k=1)[0].id == 6


def test_the_modality_of_a_query_can_be_said(index):
    cloud = Points(np.zeros((3, 3), dtype=np.float32))
    with pytest.raises(
        InputError, match="cannot encode this query; expected text, image, got points"
    ):
        index.search(cloud)
    green = Image(np.full((2, 2, 3), (0, 200, 0), dtype=np.uint8))
    with pytest.raises(InputError, match="got points"):
        index.search(green, query_modality="points")


def test_search_agrees_with_find_neighbors():
    rng = np.random.default_rng(0)
    corpus = vectors("image", rng.standard_normal((2000, 2)), rng.permutation(9000)[:2000])
    queries = vectors("text", rng.standard_normal((20, 2)), None)
    index, found = Index({Modality.IMAGE: corpus}), find_neighbors(queries, corpus, 10)
    for row, vector in enumerate(queries.vectors):
        hits = index.search(vector, k=10)
        assert [h.id for h in hits] == found.ids[row].tolist()
        assert np.array([h.score for h in hits], np.float32).tolist() == found.scores[row].tolist()


def test_a_modality_without_items_has_no_hits():
    empty = Embeddings(np.empty((0, 0), np.float16), np.empty(0, np.uint32), Modality.VIDEO, SPACE)
    index = Index({Modality.VIDEO: empty, Modality.AUDIO: vectors("audio", [(1, 0)], [3])}, COMPASS)
    assert len(index) == 1
    assert index.search("east", modality="video") == []
    assert [h.id for h in index.search("east")] == [3]


def test_all_parts_must_share_one_space(index):
    other = Embeddings.from_array([[1.0, 0.0]], modality="image", space="other")
    audio = vectors("audio", [(1, 0)], [3])
    with pytest.raises(SpaceMismatch, match="'other'"):
        Index({Modality.AUDIO: audio, Modality.IMAGE: other})
    with pytest.raises(SpaceMismatch, match="'compass-c0c0c0c0' and space 'other'"):
        Index({Modality.IMAGE: other}, COMPASS)
    with pytest.raises(InputError, match="another name; expected image, got audio"):
        Index({Modality.IMAGE: audio})
    with pytest.raises(InputError, match="one length; expected 2, got 1"):
        Index({Modality.AUDIO: audio, Modality.IMAGE: vectors("image", [[1]], [1])})
    with pytest.raises(InputError, match="at least one modality"):
        Index({})
    with pytest.raises(InputError, match="'audio_id'"):
        Index({Modality.AUDIO: audio}, labels={Modality.AUDIO: pl.DataFrame({"id": [3]})})


@pytest.mark.parametrize(
    ("query", "options", "message"),
    [
        ("east", {"k": 0}, "k must be at least 1"),
        ("east", {"modality": "points"}, "expected text, image, audio, got points"),
        (np.array([1.0]), {}, "one vector; expected 2, got 1"),
        (np.array([1.0, np.nan]), {}, "must be finite"),
        (np.array([1e300, 0.0]), {}, "must be finite"),
        (3.5, {}, "not a query; expected a caption, a decoded file or a vector, got float"),
    ],
)
def test_what_cannot_be_searched_for_is_refused(index, query, options, message):
    with pytest.raises(InputError, match=message):
        index.search(query, **options)


def test_unknown_modalities_say_what_was_meant(index):
    with pytest.raises(UnknownName, match="'audio'"):
        index.search("east", modality="audoi")


def test_without_a_model_only_vectors_can_be_searched_for():
    index = Index({Modality.AUDIO: vectors("audio", [(1, 0)], [3])})
    assert index.search(np.array([1, 0]))[0].id == 3
    with pytest.raises(InputError, match="no model"):
        index.search("east")
