"""What only WeasyPrint's boxes know: which elements go on over a page break, and languages.

WeasyPrint tags every page by itself, so a table of five pages comes out as five tables, and it
leaves out the language of a word. Nothing public says which tags belong together or what ``lang``
they had; the boxes do. Private: ``Page._page_box``, ``Stream._tags``, of a box ``children``,
``element``, ``is_header``, ``is_footer``, ``style["lang"]``. Where one of them is gone this raises,
and a test says which. (:mod:`capture` and :mod:`inspection` read boxes, too, for other ends.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
        elements = {id(element): element for element in _elements(page._page_box)}
        broken = [element for key, element in elements.items() if key in before]
        chains.append([KINDS[each.tag] for each in broken if each.tag in KINDS])
        before = set(elements)
    return chains


def watch_languages(pages: Sequence[Any]) -> list[dict[int, str]]:
    """For each page, the language of each marked-content sequence, once it is painted.

    WeasyPrint forgets which box was which when it has written its tags, so they are noted in time.
    """
    languages: list[dict[int, str]] = []
    for page in pages:
        noted: dict[int, str] = {}
        page.paint = _watched(page.paint, noted)
        languages.append(noted)
    return languages


def _watched(paint: Callable[..., None], noted: dict[int, str]) -> Callable[..., None]:
    def painted(stream: Any, *arguments: Any, **options: Any) -> None:
        paint(stream, *arguments, **options)
        for box, tag in stream._tags.items():
            noted[tag["mcid"]] = box.style["lang"] or ""

    return painted


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
