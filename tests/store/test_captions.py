from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentad.store.captions import caption_key, clean_caption


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  A cat. \n", "A cat."),
        ("\u00a0A cat\u3000", "A cat"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("two  blanks", "two  blanks"),
        ("two\nlines", "two\nlines"),
        ("ﬁne Ⅳ", "ﬁne Ⅳ"),
        ("", ""),
    ],
)
def test_a_stored_caption_changes_only_in_composition_and_outer_blanks(
    text: str, clean: str
) -> None:
    assert clean_caption(text) == clean


@pytest.mark.parametrize(
    ("caption", "key"),
    [
        ("A cat.", "cat"),
        ("a CAT!", "cat"),
        ("the cat", "cat"),
        ("An  apple", "apple"),
        ("A", "a"),
        ("the", "the"),
        ("Another cat", "another cat"),
        ("A cat's tail", "cats tail"),
        ("a cat\u2019s tail", "cats tail"),
        ("black-and-white dog", "black and white dog"),
        ("black and white dog", "black and white dog"),
        ("“A dog”, he said…", "dog he said"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("ﬁre", "fire"),
        ("Cafe\u0301", "caf\u00e9"),
        ("¿Qué?", "qué"),
        ("「犬」", "犬"),
        ("3.5 litres", "3 5 litres"),
        ("???", "???"),
        ("!!!", "!!!"),
        ("🐕", "🐕"),
        ("", ""),
    ],
)
def test_what_two_captions_share(caption: str, key: str) -> None:
    assert caption_key(caption) == key


@given(st.text())
def test_a_clean_caption_is_clean(text: str) -> None:
    clean = clean_caption(text)
    assert clean_caption(clean) == clean
    assert unicodedata.is_normalized("NFC", clean)


@given(st.text())
def test_cleaning_does_not_change_what_is_shared(text: str) -> None:
    assert caption_key(text) == caption_key(clean_caption(text))


@given(st.text(st.characters(codec="ascii")))
def test_case_and_outer_marks_do_not_count(text: str) -> None:
    if any(char.isalnum() for char in text):
        assert caption_key(text) == caption_key(text.upper()) == caption_key(f" {text}. ")


@given(st.text(min_size=1).filter(lambda text: text.strip()))
def test_only_nothing_has_the_empty_key(text: str) -> None:
    assert caption_key(text)
