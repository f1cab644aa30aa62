"""Which elements go on across a page break: the one place that reads WeasyPrint's boxes.

WeasyPrint tags every page by itself, so a table of five pages comes out as five tables. Nothing
public says which of them belong together; the boxes do, because the fragments of an element share
it. Private: ``Page._page_box``, ``children``, ``element``, ``is_header``, ``is_footer``. Where
one of them is gone this raises, and a test says which.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

KINDS = {
    "main": "Part",
    "article": "Art",
    "section": "Sect",
    "blockquote": "BlockQuote",
    "ul": "L",
    "ol": "L",
    "li": "LI",
    "table": "Table",
    "tbody": "TBody",
    "tr": "TR",
    **{tag: tag.upper() for tag in ("p", "h1", "h2", "h3", "h4", "h5", "h6")},
}
"""The structure type of each HTML element that can be in two pages; the rest carry none."""


def broken_kinds(pages: Sequence[Any]) -> list[list[str]]:
    """For each page, from the outermost in, the elements that began on the page before."""
    chains: list[list[str]] = []
    before: set[int] = set()
    for page in pages:
        elements = {id(element): element for element in _elements(page._page_box)}  # noqa: SLF001
        broken = [element for key, element in elements.items() if key in before]
        chains.append([KINDS[each.tag] for each in broken if each.tag in KINDS])
        before = set(elements)
    return chains


def _elements(page_box: Any) -> Iterator[Any]:
    """In reading order; without running heads, and without the rows that every page repeats."""
    waiting = [box for box in page_box.children if not hasattr(box, "at_keyword")]
    waiting.reverse()
    while waiting:
        box = getattr(waiting[-1], "_box", waiting[-1])  # an absolutely placed box is wrapped
        waiting.pop()
        if getattr(box, "is_header", False) or getattr(box, "is_footer", False):
            continue
        if box.element is not None:
            yield box.element
        waiting.extend(reversed(getattr(box, "children", ())))
