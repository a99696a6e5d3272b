from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentad.store.segments import Segment, segment_fingerprint, segment_name, segment_of

SECONDS = st.integers(0, 10**9).map(lambda micro: micro / 1e6)


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        ("a.mp4", Segment("a.mp4")),
        ("a.mp4#t=14,24", Segment("a.mp4", 14.0, 24.0)),
        ("a.mp4#t=14", Segment("a.mp4", 14.0, None)),
        ("a.mp4#t=,24", Segment("a.mp4", None, 24.0)),
        ("a.mp4#t=0.5,1.25", Segment("a.mp4", 0.5, 1.25)),
        ("x.tar/b#1.wav#t=1,2", Segment("x.tar/b#1.wav", 1.0, 2.0)),
    ],
)
def test_the_end_of_a_name_tells_the_part(name: str, segment: Segment) -> None:
    assert segment_of(name) == segment


@pytest.mark.parametrize(
    "name",
    ["a.mp4#t=", "a.mp4#t=,", "a.mp4#t=24,14", "a.mp4#t=3,3", "a.mp4#t=-1,2", "a.mp4#t=nan",
     "a.mp4#t=1e3", "a.mp4#t=1,2,3", "a.mp4#t=npt:1", "#t=1,2", "a#t=1s", "a.mp4#t=9999999999",
     "a.mp4#t=\u0661"],
)  # fmt: skip
def test_anything_else_is_a_whole_file(name: str) -> None:
    assert segment_of(name) == Segment(name)


@pytest.mark.parametrize(
    ("start", "end", "name"),
    [
        (14, 24, "a#t=14,24"),
        (14.0, 24.50, "a#t=14,24.5"),
        (None, 24, "a#t=0,24"),
        (0.0, 24, "a#t=0,24"),
        (14, None, "a#t=14"),
        (0, None, "a"),
        (None, None, "a"),
        (1e-9, None, "a"),
        (0.1 + 0.2, 1e6, "a#t=0.3,1000000"),
    ],
)
def test_equal_parts_have_equal_names(start: float | None, end: float | None, name: str) -> None:
    assert segment_name("a", start, end) == name


@pytest.mark.parametrize(
    ("start", "end"),
    [(2, 1), (1, 1), (None, 0), (-1, 2), (0, float("inf")), (float("nan"), 2), (1, 1 + 1e-9)],
)
def test_a_part_that_is_none_is_an_error(start: float | None, end: float | None) -> None:
    with pytest.raises(ValueError, match=r"segment|no time"):
        segment_name("a", start, end)


@given(SECONDS, st.none() | SECONDS)
def test_names_are_read_back_as_they_were_written(start: float, length: float | None) -> None:
    end = None if length is None else start + 1 + length
    name = segment_name("a.wav", start, end)
    found = segment_of(name)
    assert found.file == "a.wav"
    assert (found.start or 0.0) == pytest.approx(start)
    assert segment_name(found.file, found.start, found.end) == name


def test_two_parts_of_one_file_have_two_fingerprints() -> None:
    whole = "0" * 64
    names = ("a", "a#t=1", "a#t=1,2", "a#t=0,2")
    prints = [segment_fingerprint(whole, segment_of(name)) for name in names]
    assert prints[0] == whole
    assert len({*prints}) == 4
    assert all(len(each) == 64 for each in prints)
    assert segment_fingerprint(whole, segment_of("b#t=1,2")) == prints[2]
