"""Tables of the page: a caption, heads with a scope, rows of cells."""

from __future__ import annotations

from collections.abc import Sequence

from pentad.evaluation.page.markup import Html, tag


def table(
    caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1
) -> Html:
    """Return a table that scrolls by itself where it is too wide.

    Args:
        caption: What it shows.
        header: Names of the columns.
        rows: Cells; the first of each row is its head. What is no markup is escaped.
        words: How many columns hold words; numbers go to the right.
    """
    kinds = ["" if column < words else "n" for column in range(len(header))]
    heads = [
        tag("th", name, scope="col", class_=kind or None)
        for name, kind in zip(header, kinds, strict=True)
    ]
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            *(tag("td", c, class_=k or None) for c, k in zip(row[1:], kinds[1:], strict=True)),
        )
        for row in rows
    ]
    drawn = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", *heads)),
        tag("tbody", *body),
    )
    return scrolled(drawn, caption)


def scrolled(content: Html, label: str) -> Html:
    """Return what may be wider than the page, in a box that the keyboard can scroll."""
    return tag("div", content, class_="scroll", role="region", aria_label=label, tabindex=0)
