"""HTML and SVG from values: what is not markup already is escaped, so no text can become any."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_CHILDLESS = frozenset({"br", "img", "meta"})
_SHAPES = frozenset({"circle", "line", "path", "rect"})


class Html(str):
    """Markup that may go into a page as it is. Only `tag` and `join` make it."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | float | bool | None) -> Html:
    """Return an element.

    Args:
        name: Of the element.
        children: What is in it; what is no `Html` is escaped.
        attributes: ``class_`` is ``class``, ``aria_label`` is ``aria-label``. None and False leave
            one out, True gives it without a value.

    Examples:
        >>> print(tag("p", "1 < 2", class_='"'))
        <p class="&quot;">1 &lt; 2</p>
    """
    head = f"<{name}{''.join(_attribute(*each) for each in attributes.items())}"
    if name in _CHILDLESS:
        return Html(f"{head}>")
    if name in _SHAPES and not children:
        return Html(f"{head}/>")
    return Html(f"{head}>{join(children)}</{name}>")


def join(parts: Iterable[str], between: str = "") -> Html:
    """Return parts one after another; what is no `Html` is escaped."""
    return Html(text(between).join(text(part) for part in parts))


def text(value: str) -> Html:
    """Return a text as markup that shows it: escaped, and without characters no page may have."""
    return value if isinstance(value, Html) else Html(escape(clean(value)))


def clean(value: str) -> str:
    """Return a text with a replacement character for each that neither HTML nor XML may have."""
    return _UNFIT.sub("\ufffd", value.replace("\r", "\n"))


def data_text(value: str, most: int = 400) -> Html:
    """Return a text of the data: escaped, cut, and unable to turn the words around it."""
    return tag("bdi", shortened(value, most))


def shortened(value: str, most: int) -> str:
    """Return a text on one line, of at most so many characters."""
    line = " ".join(value.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def place(value: float) -> str:
    """Return a coordinate, short."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _attribute(name: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    plain = name.rstrip("_").replace("_", "-")
    if value is True:
        return f" {plain}"
    shown = value if isinstance(value, str) else place(value)
    return f' {plain}="{text(shown)}"'
