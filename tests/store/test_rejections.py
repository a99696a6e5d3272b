from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pentad.core.errors import Reason
from pentad.store.rejections import Rejection, read_rejections, rejection_frame

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
REJECTION = st.builds(
    Rejection,
    source=TEXT,
    path=TEXT,
    modality=st.sampled_from(["", "image", "text"]),
    stage=st.sampled_from(["source", "decode", "encode"]),
    reason=st.sampled_from(list(Reason)),
    detail=TEXT,
    row=st.none() | st.integers(1, 2**32 - 1),
    column=st.none() | TEXT,
)


@given(st.lists(REJECTION, max_size=8))
def test_a_table_of_rejections_gives_them_back(rejections: list[Rejection]) -> None:
    found = read_rejections(rejection_frame(rejections))
    assert sorted(found, key=repr) == sorted(rejections, key=repr)


@given(st.lists(REJECTION, max_size=8), st.data())
def test_their_order_does_not_matter(rejections: list[Rejection], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rejections))
    assert rejection_frame(shuffled).equals(rejection_frame(rejections))


def test_one_line_says_where_what_and_why() -> None:
    row = Rejection(
        "s", "t.csv", "", "source", Reason.EMPTY_CAPTION, "the caption is empty", 7, "caption"
    )
    assert str(row) == "t.csv:7 [caption]: empty-caption: the caption is empty"
    file = Rejection("s", "a.png", "image", "decode", Reason.CORRUPT, "broken")
    assert str(file) == "a.png: corrupt: broken"
