"""Drawings within a page, and as files of their own."""

from __future__ import annotations

from pentad.evaluation.page.markup import Html, place, tag
from pentad.evaluation.page.style import figure_style


def drawing(width: float, height: float, *shapes: str, label: str, fixed: bool = False) -> Html:
    """Return a drawing for a page.

    Args:
        width: In units of its coordinates.
        height: Likewise.
        shapes: What is drawn.
        label: What it shows, for those who do not see it; empty where the text beside it says so.
        fixed: Whether it is shown at this size in pixels, and not as wide as there is room.
    """
    said = {"role": "img", "aria_label": label} if label else {"aria_hidden": "true"}
    size = {"width": width, "height": height} if fixed else {}
    box = f"0 0 {place(width)} {place(height)}"
    return tag("svg", *shapes, viewBox=box, **size, **said)


def standalone(width: float, height: float, *shapes: str, label: str) -> str:
    """Return a drawing as the text of an SVG file, with its style and ground."""
    box = f"0 0 {place(width)} {place(height)}"
    ground = tag("rect", width=width, height=height, class_="f-paper")
    style = tag("style", Html(figure_style()))
    drawn = tag(
        "svg", tag("title", label), style, ground, *shapes,
        xmlns="http://www.w3.org/2000/svg", viewBox=box, width=width, height=height, role="img",
    )  # fmt: skip
    return f"{drawn}\n"


def words(x: float, y: float, value: str, *, faint: bool = False, anchor: str = "start") -> Html:
    """Return a line of text at a place."""
    shown = None if anchor == "start" else anchor
    return tag("text", value, x=x, y=y, text_anchor=shown, class_="f-faint" if faint else "f-text")


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Html:
    """Return a line of a class of the style sheet."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)


def box(x: float, y: float, width: float, height: float, kind: str) -> Html:
    """Return a rectangle of a class of the style sheet."""
    return tag("rect", x=x, y=y, width=width, height=height, class_=kind)
