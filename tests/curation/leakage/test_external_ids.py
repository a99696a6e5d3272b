from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentad.curation.leakage.by_id import relation
from pentad.curation.leakage.external_ids import ExternalId, external_id, youtube_id
from pentad.curation.leakage.kinds import What

ID = "dQw4w9WgXcQ"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.mark.parametrize(
    ("file", "start", "end"),
    [
        (f"{ID}.wav", None, None),
        (f"audio/Y{ID}.mp4", None, None),
        (f"{ID}_30.wav", 30, None),
        (f"{ID}_000030.mp4", 30, None),
        (f"{ID}_30_40.flac", 30, 40),
        (f"Y{ID}_30.000_40.000.wav", 30, 40),
        (f"Y{ID}_30.000_40.000", 30, 40),
        (f"{ID}_30000_40000.wav", 30, 40),
        (f"{ID}_000010_000020.mp4", 10, 20),
        (f"{ID}.mp4#t=14,24", 14, 24),
        (f"{ID}_30_40.mp4#t=2,5", 32, 35),
        (f"shards/0.tar/{ID}.wav", None, None),
    ],
)
def test_youtube_ids_in_names(file, start, end):
    assert external_id(file) == ExternalId("youtube", ID, start, end)


@pytest.mark.parametrize(
    "file", ["photographs.jpg", "Photographs.jpg", "00000000004.png", "image_00012.png", "cat.jpg"]
)
def test_words_and_numbers_are_no_ids(file):
    found = external_id(file)
    assert found is None or found.scheme == "name"


@pytest.mark.parametrize(
    ("file", "dataset", "scheme", "value"),
    [
        ("1-100032-A-0.wav", None, "freesound", "100032"),
        ("100032.wav", "FSD50K", "freesound", "100032"),
        ("COCO_val2014_000000391895.jpg", None, "coco", "391895"),
        ("000000391895.jpg", None, "coco", "391895"),
        ("1000268201_693b08cb0e.jpg", None, "flickr", "1000268201"),
        ("1000268201.jpg", "flickr30k", "flickr", "1000268201"),
        (f"{8 * '0a1b'}.glb", None, "objaverse", 8 * "0a1b"),
        ("farm_animals_cow_calling.ogg", None, "name", "farm_animals_cow_calling"),
    ],
)  # fmt: skip
def test_ids_of_other_sets(file, dataset, scheme, value):
    assert external_id(file, dataset) == ExternalId(scheme, value)


def test_numbers_say_nothing_without_their_data_set():
    assert external_id("100032.wav") is None
    assert external_id("091198f74e.wav") is None


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        (ID, ID),
        (f"https://www.youtube.com/watch?v={ID}&t=3", ID),
        (f"https://youtu.be/{ID}", ID),
        ("https://example.org/a.mp4", None),
        ("", None),
    ],
)
def test_cells_of_tables(cell, found):
    assert youtube_id(cell) == found


@given(st.text(LETTERS, min_size=10, max_size=10), st.sampled_from("AEIMQUYcgkosw048"))
def test_the_same_id_as_sound_and_as_video(first, last):
    one, other = (external_id(name) for name in (f"Y{first}{last}.wav", f"{first}{last}.mp4"))
    if other is not None and other.scheme == "youtube":
        assert one == other


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        ((None, None), (None, None), What.SAME_CLIP),
        ((30, 40), (30, 40), What.SAME_CLIP),
        ((30, 40), (39, 49), What.SAME_CLIP),
        ((30, 40), (40, 50), What.SAME_SOURCE),
        ((30, None), (35, None), What.SAME_CLIP),
        ((30, None), (40, None), What.SAME_SOURCE),
        ((30, 40), (None, None), What.SAME_SOURCE),
    ],
)
def test_times_decide_what_the_same_id_means(first, second, what):
    one, other = (ExternalId("youtube", ID, *times) for times in (first, second))
    assert relation(one, other)[0] == relation(other, one)[0] == what
