"""Pages composed of what was laid out before.

WeasyPrint lays a page out once to see how its blocks and rows are drawn; from then on they are set
with the texts of other invoices, and put one below the other. What is set here is what layout
would have given; everything else raises :class:`NoStencil`, and is laid out whole. What is kept
only saves time: the same page has the same bytes, whichever pages were made before it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from invoice_renderer.pdf.book import Book
from invoice_renderer.pdf.capture import (
    Place,
    learn,
    learn_frames,
    probe,
    with_extra_page,
)
from invoice_renderer.pdf.composition import Composition, Missing, compose
from invoice_renderer.pdf.outline import (
    Opened,
    Outline,
    Row,
    TableSource,
    UnknownRole,
    plainest,
    read_outline,
    with_rows,
    without_most_rows,
)
from invoice_renderer.pdf.press import Pressed, Surroundings, press
from invoice_renderer.pdf.selectors import looks_at_places, reads_variables
from invoice_renderer.pdf.stencil import NoStencil

STYLES = 16
LESSONS = 8  # layouts for one page; more, and it is laid out whole
AT_ONCE = 100  # rows
MOST_UNUSUAL = 400  # rows that need a layout of their own
FORESEEN = 0.01  # CSS pixels between where something is and where it was foreseen

LayOut = Callable[[str], tuple[Any, Any]]
"""HTML to the parsed page and its layout."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page to be stamped; ``style`` names its style, ``css`` is the text of it."""

    html: str
    style: tuple[str, ...]
    css: str
    around: Surroundings
    lay_out: LayOut


class Stamper:
    """Keeps the books of the styles that were used last."""

    def __init__(self) -> None:
        self._books: OrderedDict[tuple[str, ...], Book] = OrderedDict()

    def stamp(self, page: Page) -> Pressed:
        """:raises NoStencil: where the page has to be laid out whole."""
        if reads_variables(page.css):
            raise NoStencil("a style that asks for data")
        book = self._books.setdefault(page.style, Book())
        if not book.is_trusted:
            raise NoStencil("a style whose pages came out otherwise than foreseen")
        self._books.move_to_end(page.style)
        while len(self._books) > STYLES:
            self._books.popitem(last=False)
        return press(_Lesson(page, book).compose(), page.around)


class _Lesson:
    """Composes one page, and has laid out what is missing for it."""

    def __init__(self, page: Page, book: Book) -> None:
        self._page, self._book = page, book
        self._unusual = 0

    def compose(self) -> Composition:
        html, shaper = self._page.html, self._page.around.shaper
        for _ in range(LESSONS):
            try:
                return compose(self._book, read_outline(html, self._book.roles), shaper)
            except UnknownRole:
                self._learn(without_most_rows(html))
            except Missing as missing:
                outline = read_outline(html, self._book.roles)
                self._learn(with_rows(outline, self._choose(outline, missing.rows)))
        raise NoStencil("a page that cannot be learnt")

    def _choose(
        self, outline: Outline, missing: Sequence[Sequence[int]]
    ) -> dict[int, Sequence[int]]:
        """For each table some rows to be laid out: those that are missing, one of each sort."""
        chosen: dict[int, Sequence[int]] = {}
        for number, table in enumerate(outline.tables):
            wanted = self._one_of_each(table, missing[number])
            self._unusual += len(wanted)
            chosen[number] = wanted or plainest(table.rows)[:1]
        if self._unusual > MOST_UNUSUAL:
            raise NoStencil("too many rows of their own kind")
        return chosen

    def _one_of_each(self, table: TableSource, numbers: Sequence[int]) -> list[int]:
        """Among rows that did not go in, one of each that differ in what kept them out."""
        known = self._book.known_table(table.path, table.head.shape)
        chosen: dict[tuple[str, tuple[str | None, ...]], int] = {}
        rows: list[tuple[int, Row]] = [(at, table.rows[at]) for at in numbers]
        for at, row in rows:
            setters = known.setters.get(row.kind, ()) if known else ()
            key = (row.kind, setters[0].misfits(row.texts) if setters else ())
            chosen.setdefault(key, at)
            if len(chosen) >= AT_ONCE:
                break
        return sorted(chosen.values())

    def _learn(self, html: str) -> None:
        page, book, shaper = self._page, self._book, self._page.around.shaper
        parsed, layout = page.lay_out(with_extra_page(html))
        outline, places = learn(book, html, parsed, layout, shaper)
        if looks_at_places(page.css, book.elements()):
            raise NoStencil("a style that asks for the place of a block or a row")
        body = next(
            entry.path for entry in outline.flow
            if isinstance(entry, Opened) and entry.path[-1].startswith("<body")
        )  # fmt: skip
        if body not in book.frames:
            probed = probe(html, page.css)
            learn_frames(book, body, probed, *page.lay_out(probed), shaper)
        try:
            book.is_trusted = _is_as_foreseen(compose(book, outline, shaper), places)
        except Missing:
            raise NoStencil("a page that does not go through its own stencils") from None
        if not book.is_trusted:
            raise NoStencil("blocks elsewhere than foreseen")


def _is_as_foreseen(composition: Composition, places: Sequence[Place]) -> bool:
    """Whether a page that was laid out, composed, has everything where WeasyPrint put it."""
    pages = [
        number for number, (start, stop) in enumerate(composition.pages) for _ in range(start, stop)
    ]
    return len(places) == len(pages) and all(
        page == number and abs(y - place) <= FORESEEN
        for (page, y), number, place in zip(places, pages, composition.places, strict=True)
    )
