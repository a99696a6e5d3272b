"""A page as a browser would see it: what it is made of, and what it would ask for."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "img", "br"}
CLOSED_BY_THEMSELVES = {"rect", "line", "circle", "path"}


class PageReader(HTMLParser):
    """Reads a page and fails where its elements are not nested.

    Attributes:
        elements: Name and attributes of every element, in order.
        text: All text outside of the style sheet.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[str] = []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), attrs
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in CLOSED_BY_THEMSELVES
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.text += data

    def of(self, name: str) -> list[dict[str, str]]:
        """Return the attributes of all elements of a name."""
        return [attributes for tag, attributes in self.elements if tag == name]

    def addresses(self) -> list[str]:
        """Return everything that a browser may load or go to."""
        names = ("src", "href", "srcset", "data", "action", "poster", "background", "xlink:href")
        found = [value for _, attributes in self.elements for n in names
                 if (value := attributes.get(n)) is not None]  # fmt: skip
        styles = "".join(re.findall(r"<style>(.*?)</style>", self.source, re.DOTALL))
        return found + re.findall(r"url\(([^)]*)\)|@import\s+(\S+)", styles)
