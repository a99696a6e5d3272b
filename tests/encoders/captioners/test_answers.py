"""What a model says becomes a caption, or is refused with the reason."""

from __future__ import annotations

import pytest

from pentad.core.errors import DecodeError, Reason
from pentad.encoders.captioners.answers import LONGEST, caption_of


@pytest.mark.parametrize(
    ("answer", "caption"),
    [
        (" A dog\n\non  grass. ", "A dog on grass."),
        ("<think>Is it a cat?\nNo.</think>\n\nA dog.", "A dog."),
        ("<think>\n\n</think>\n\nA dog.", "A dog."),
        ("cafe\u0301", "caf\u00e9"),
        ("a\x1b[31m red\x00 ball", "a[31m red ball"),
        ("un caf\u00e9 \u2615 \u732b", "un caf\u00e9 \u2615 \u732b"),
    ],
)
def test_an_answer_becomes_one_clean_line(answer: str, caption: str) -> None:
    assert caption_of(answer) == caption


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", Reason.EMPTY_CAPTION),
        (" \n\t\x00", Reason.EMPTY_CAPTION),
        ("<think></think>", Reason.EMPTY_CAPTION),
        ("<think>It may be", Reason.TRUNCATED),
        ("word " * LONGEST, Reason.TOO_LARGE),
        ("a \ud800 dog", Reason.WRONG_ENCODING),
    ],
)
def test_what_is_no_caption_is_refused(answer: str, reason: Reason) -> None:
    refused = caption_of(answer)
    assert isinstance(refused, DecodeError)
    assert refused.reason is reason
