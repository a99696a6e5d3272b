"""The whole page. It asks for nothing: no script, no font, no picture from elsewhere."""

from __future__ import annotations

from pentad.evaluation.page.entries import MediaShelf
from pentad.evaluation.page.facts import Page
from pentad.evaluation.page.markup import Html, shortened, tag
from pentad.evaluation.page.numbers import many
from pentad.evaluation.page.style import page_style, style_hash
from pentad.evaluation.page.summary import header, model_section, scores_section
from pentad.evaluation.page.task_part import task_section

_FEW = 3
"""With more tasks, queries are folded away."""


def page_html(page: Page) -> str:
    """Return a page as one HTML file; the same values give the same text."""
    shelf = MediaShelf(page.media)
    unfolded = len(page.tasks) <= _FEW
    tasks = [task_section(part, shelf, unfolded=unfolded) for part in page.tasks]
    main = tag("main", scores_section(page), *tasks, model_section(page.info))
    body = tag("body", header(page), main, _footer())
    return f"<!doctype html>\n{tag('html', _head(page), body, lang='en')}\n"


def _head(page: Page) -> Html:
    style = page_style()
    policy = (
        f"default-src 'none'; img-src data:; media-src data:; style-src '{style_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    title = f"{shortened(page.info.name, 80)}: {many(len(page.tasks), 'task')}"
    # An attribute is quoted, so that the quotes within the policy need no escape.
    guard = Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">')
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        guard,
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Html(style)),
    )


def _footer() -> Html:
    return tag(
        "footer",
        tag(
            "p",
            "Margin: the score of the best relevant result less that of the best other one. The "
            "worst queries are those with the lowest main metric, then the lowest margin, one of "
            "each unit such as the captions of one sound. Texts, names and media are those of the "
            "data sets and of their licenses. Made by pentad; nothing on this page is loaded from "
            "elsewhere.",
        ),
    )
