"""Pages composed of what was laid out before.

WeasyPrint lays a page out once to see how its blocks and rows are drawn; from then on they are set
with the texts of other invoices, and put one below the other. What is set here is what layout
would have given; everything else raises :class:`NoStencil`, and is laid out whole. What is kept
only saves time: the same page has the same bytes, whichever pages were made before it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from invoice_renderer.manuscript import Manuscript
from invoice_renderer.pdf.book import Book
from invoice_renderer.pdf.capture import body_of, learn, probe, read_frames, tall
from invoice_renderer.pdf.composition import Composition, Missing, compose
from invoice_renderer.pdf.outline import (
    Outline,
    Path,
    TableSource,
    UnknownRole,
    read_outline,
    with_rows,
    without_most_rows,
)
from invoice_renderer.pdf.press import Pressed, press
from invoice_renderer.pdf.row_source import Row, plainest
from invoice_renderer.pdf.running import RunningMissing
from invoice_renderer.pdf.selectors import looks_at_places, reads_variables
from invoice_renderer.pdf.stamped_page import Surroundings
from invoice_renderer.pdf.stencil import NoStencil

STYLES = 16
AT_ONCE = 100  # rows that are laid out together
FORESEEN = 0.01  # CSS pixels between where something is and where it was foreseen


class LayOut(Protocol):
    """HTML, and more of a style, to the parsed page and its layout."""

    def __call__(self, html: str, more: str = "") -> tuple[Any, Any]: ...


@dataclass(frozen=True, slots=True)
class Page:
    """One page to be stamped; ``style`` names its style, ``css`` is the text of it."""

    manuscript: Manuscript
    style: tuple[str, ...]
    css: str
    around: Surroundings
    lay_out: LayOut
    most_rows: int
    """Rows of their own kind that may be laid out for it."""


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
            raise NoStencil("a style that is laid out whole")
        self._books.move_to_end(page.style)
        while len(self._books) > STYLES:
            self._books.popitem(last=False)
        book.forget()
        return _Lesson(page, book).press()


class _Lesson:
    """Composes one page, and has laid out what is missing for it.

    Whether a page can be composed must not depend on what was composed before: so there is no end
    to the layouts, as long as each makes some of what is missing known. Only a page that could not
    be laid out whole either may come to the end of its rows.
    """

    def __init__(self, page: Page, book: Book) -> None:
        self._page, self._book = page, book
        self._unusual = 0

    def press(self) -> Pressed:
        composition = self.compose()
        still: Mapping[str, str] | None = None
        while True:
            try:
                return press(composition, self._page.around)
            except RunningMissing as missing:
                if missing.said == still:
                    raise NoStencil("a running text that does not go in") from None
                still = missing.said
                self._learn_frames(body_of(self._page.manuscript.text), still)

    def compose(self) -> Composition:
        outline, shaper = self._read(), self._page.around.shaper
        still: object = None
        while True:
            try:
                return compose(self._book, outline, shaper)
            except Missing as missing:
                lacking = missing.rows, missing.pieces
                if lacking == still:
                    raise NoStencil("a page that cannot be learnt") from None
                still = lacking
                few = with_rows(outline, self._choose(outline, missing.rows))
            self._learn(few)

    def _read(self) -> Outline:
        page, roles = self._page.manuscript, self._book.roles
        try:
            return read_outline(page, roles)
        except UnknownRole:
            pass
        self._learn(without_most_rows(page.html))
        try:
            return read_outline(page, roles)
        except UnknownRole:
            raise NoStencil("a page that cannot be learnt") from None

    def _choose(
        self, outline: Outline, missing: Sequence[Sequence[int]]
    ) -> dict[int, Sequence[int]]:
        """For each table some rows to be laid out: those that are missing, one of each sort."""
        chosen: dict[int, Sequence[int]] = {}
        for number, table in enumerate(outline.tables):
            wanted = self._one_of_each(table, missing[number])
            self._unusual += len(wanted)
            chosen[number] = wanted or plainest(table.rows)[:1]
        if self._unusual > self._page.most_rows:
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
        body = body_of(html)
        if body not in book.frames:
            self._learn_frames(body, {})
        parsed, layout = page.lay_out(html, tall(book.frames[body][0][0]))
        outline, places = learn(book, html, parsed, layout, shaper)
        if looks_at_places(page.css, book.elements()):
            book.is_trusted = False
            raise NoStencil("a style that asks for the place of a block or a row")
        try:
            composed = compose(book, outline, shaper, is_endless=True)
        except Missing:
            raise NoStencil("a page that does not go through its own stencils") from None
        book.is_trusted = _is_as_foreseen(composed, places)
        if not book.is_trusted:
            raise NoStencil("blocks elsewhere than foreseen")

    def _learn_frames(self, body: Path, said: Mapping[str, str]) -> None:
        page = self._page
        probed = probe(page.manuscript.text, page.css, said)
        frames = read_frames(probed, *page.lay_out(probed), page.around.shaper)
        self._book.add_frames(body, *frames)


def _is_as_foreseen(composition: Composition, places: Sequence[float]) -> bool:
    """Whether a page that was laid out, composed, has everything where WeasyPrint put it."""
    return len(places) == len(composition.places) and all(
        abs(one - other) <= FORESEEN for one, other in zip(places, composition.places, strict=True)
    )
