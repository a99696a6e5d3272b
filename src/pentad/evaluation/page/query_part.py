"""The best and the worst queries with what was found for them."""

from __future__ import annotations

from collections.abc import Sequence

from pentad.evaluation.page.entries import MediaShelf
from pentad.evaluation.page.facts import Hit, Shown
from pentad.evaluation.page.markup import Html, join, tag
from pentad.evaluation.page.numbers import number, signed


def queries_part(
    title: str, shown: Sequence[Shown], metric: str, shelf: MediaShelf, *, unfolded: bool
) -> Html:
    """Return queries under a title that folds them away; nothing where there are none.

    Args:
        title: Such as ``Worst queries``.
        shown: In order.
        metric: Name of the main metric.
        shelf: Where media come from.
        unfolded: Whether they are seen at once.
    """
    if not shown:
        return Html("")
    listed = tag("ol", *(_query(each, metric, shelf) for each in shown), class_="queries")
    return tag("details", tag("summary", tag("h4", title)), listed, open=unfolded)


def _query(shown: Shown, metric: str, shelf: MediaShelf) -> Html:
    facts = [f"{metric} {number(shown.value)}", f"{shown.relevant:,} relevant"]
    if shown.margin == shown.margin:  # not NaN
        at_most = "at most " if shown.margin_at_most else ""
        facts.append(f"margin {at_most}{signed(shown.margin)}")
    asks = tag("div", shelf.entry(shown.query), tag("p", " · ".join(facts)), class_="asks")
    hits = tag("ol", *(_hit(hit, shelf) for hit in shown.hits), class_="hits")
    found = tag("div", hits, _expected(shown, shelf))
    return tag("li", asks, found, class_="seen" if shown.query.media else None)


def _hit(hit: Hit, shelf: MediaShelf) -> Html:
    score = number(hit.score)
    marked = tag("span", "✓ relevant", class_="mark") if hit.relevant else Html("")
    head = tag("div", tag("span", f"{hit.rank}."), marked, tag("span", score), class_="rank")
    return tag("li", head, shelf.entry(hit.entry), class_="yes" if hit.relevant else None)


def _expected(shown: Shown, shelf: MediaShelf) -> Html:
    if not shown.expected:
        return Html("")
    listed = [tag("li", shelf.entry(entry)) for entry in shown.expected]
    left = shown.relevant - len(shown.expected) - sum(hit.relevant for hit in shown.hits)
    more = f" (and {left} more)" if left > 0 else ""
    said = tag("p", f"Relevant, but not among these{more}:", class_="sub")
    return join([said, tag("ul", *listed, class_="hits")])
