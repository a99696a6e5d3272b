"""Nothing that is data becomes markup."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.evaluation.page.markup import Html, clean, data_text, join, shortened, tag


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[dict[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


def _seen(markup: str) -> _Seen:
    parser = _Seen()
    parser.feed(markup)
    parser.close()
    return parser


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters="\r"), max_size=30))
def test_any_text_comes_back_as_text(value: str) -> None:
    seen = _seen(tag("p", value, title=value))
    assert seen.tags == ["p"]
    assert seen.text == clean(value)
    assert seen.attributes == [{"title": clean(value)}]


def test_markup_is_kept_and_texts_are_not() -> None:
    assert tag("p", tag("b", "x"), "<i>") == "<p><b>x</b>&lt;i&gt;</p>"
    assert join(["<", Html("<br>")], "&") == "&lt;&amp;<br>"


def test_attributes() -> None:
    made = tag("div", class_="a", aria_label="b", hidden=True, title=None, tabindex=0, x=1.50)
    assert made == '<div class="a" aria-label="b" hidden tabindex="0" x="1.5"></div>'
    assert tag("img", src="x") == '<img src="x">'
    assert tag("rect", x=1) == '<rect x="1"/>'


@pytest.mark.parametrize("bad", ["\x00", "\x1b", "\ud800", "\uffff", "\x85"])
def test_characters_that_no_page_may_have(bad: str) -> None:
    assert clean(f"a{bad}b") == "a\ufffdb"


def test_texts_are_cut_and_isolated() -> None:
    assert data_text("a\n  b\u202e") == "<bdi>a b\u202e</bdi>"
    assert shortened("word " * 30, 12) == "word word w…"
