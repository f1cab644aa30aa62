"""An invoice composed: its pieces and rows set, one below the other, and parted into pages.

The rules are those by which WeasyPrint lays out blocks that paint nothing between them: margins
that meet are one (CSS 2.2, 8.3.1). Where that is not enough to go by, there is no composition, and
the page is laid out whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import inf

from invoice_renderer.pdf.book import Book, Frames, KnownTable, Metadata, SetPiece
from invoice_renderer.pdf.outline import (
    Closed,
    Opened,
    Outline,
    Path,
    PieceSource,
    TableSource,
)
from invoice_renderer.pdf.pagination import Column, paginate
from invoice_renderer.pdf.row_source import body_number_of
from invoice_renderer.pdf.rows import SetRow, setter_of
from invoice_renderer.pdf.shaped_text import Glyphs
from invoice_renderer.pdf.shaping import Shaper
from invoice_renderer.pdf.skeleton import Data
from invoice_renderer.pdf.stencil import Container, NoStencil, RowStencil, Table

ROWS_AT_ONCE = 2_000  # whose texts are remembered until all of them are set


class Missing(Exception):
    """Something that is not known yet; of each table, the rows that did not go in, and how many
    pieces did not.
    """

    def __init__(self, rows: tuple[tuple[int, ...], ...], pieces: int) -> None:
        super().__init__()
        self.rows, self.pieces = rows, pieces


@dataclass(frozen=True, slots=True)
class PlacedBox:
    """A container: its structure type, what its tag carries, and the first unit in it."""

    container: Container
    data: Data
    unit: int


@dataclass(frozen=True, slots=True)
class PlacedPiece:
    """A piece and its unit."""

    piece: SetPiece
    unit: int


@dataclass(frozen=True, slots=True)
class PlacedTable:
    """A table: its head is unit ``unit``, its rows are those behind it."""

    known: KnownTable
    head: SetPiece
    unit: int
    rows: Sequence[SetRow]
    source: TableSource
    glyphs: Sequence[Glyphs]


Placed = PlacedBox | Closed | PlacedPiece | PlacedTable


@dataclass(frozen=True, slots=True)
class Composition:
    """What is on which page: ``pages`` are the first unit and the one behind the last of each."""

    frames: Frames
    metadata: Metadata
    values: tuple[str, ...]
    """Of the head."""
    flow: Sequence[Placed]
    pages: Sequence[tuple[int, int]]
    places: Sequence[float]
    """Of each unit, from the top of its page."""


def compose(
    book: Book, outline: Outline, shaper: Shaper, *, is_endless: bool = False
) -> Composition:
    """Set a page from what is known; on one endless page, if it is to be compared.

    :raises Missing: where that is not all there is in it.
    :raises NoStencil: where pages end in a way that is not known.
    """
    return _Composer(book, outline, shaper).compose(is_endless=is_endless)


class _Composer:
    def __init__(self, book: Book, outline: Outline, shaper: Shaper) -> None:
        self._book, self._outline, self._shaper = book, outline, shaper
        self._column = Column()
        self._flow: list[Placed] = []
        self._open: list[Container] = []
        self._lowest = 0  # containers that were open all the time since the last unit
        self._margins: list[float] = []  # that meet below the last unit
        self._opened: list[float] = []  # those of them that belong to what began since
        self._keeps_margins = False  # where a page begins
        self._may_break = True
        self._missing: list[tuple[int, ...]] = []
        self._missing_pieces = 0

    def compose(self, *, is_endless: bool) -> Composition:
        body: Path = ()
        for entry in self._outline.flow:
            if isinstance(entry, Opened):
                self._begin(entry)
                body = body or (entry.path if entry.path[-1].startswith("<body") else ())
            elif isinstance(entry, Closed):
                self._end()
            elif isinstance(entry, PieceSource):
                self._add_piece(entry)
            else:
                self._add_table(entry)
        head = self._outline.head
        frames = self._book.frames.get(body)
        if head is None:
            raise NoStencil("a page without a head")
        metadata = self._book.heads.get((head.path, head.skeleton.shape))
        if self._missing_pieces or any(self._missing) or frames is None or metadata is None:
            raise Missing(tuple(self._missing), self._missing_pieces)
        first, other = (of_kind[0] for of_kind in frames)
        bottoms = (inf, inf) if is_endless else (first.bottom, other.bottom)
        pages, places = paginate(self._column, (first.top, other.top), bottoms)
        return Composition(
            frames=frames,
            metadata=metadata,
            values=head.skeleton.values,
            flow=self._flow,
            pages=pages,
            places=places,
        )

    def _begin(self, entry: Opened) -> None:
        container = self._book.containers[entry.path]
        self._open.append(container)
        self._margins.append(container.top)
        self._opened.append(container.top)
        self._keeps_margins = self._keeps_margins or bool(container.page)
        self._may_break = self._may_break and container.breaks.before
        self._flow.append(PlacedBox(container, entry.data, len(self._column.heights)))

    def _end(self) -> None:
        container = self._open.pop()
        self._lowest = min(self._lowest, len(self._open))
        self._margins.append(container.bottom)
        self._opened = []
        self._may_break = self._may_break and container.breaks.after
        self._flow.append(Closed())

    def _unit_may_break(self, *, before: bool) -> bool:
        around = self._open[: self._lowest]
        self._lowest = len(self._open)
        may_break = before and self._may_break and all(each.breaks.inside for each in around)
        self._may_break = True
        return may_break

    def _gaps(self, tops: Sequence[float]) -> tuple[float, float]:
        """The room above a unit, and where it begins a page: WeasyPrint takes margins away there,
        but not where pages have names.
        """
        inside = _collapsed([*self._margins, *tops])
        at_top = _collapsed([*self._opened, *tops]) if self._keeps_margins else 0.0
        self._margins, self._opened = [], []
        return inside, at_top

    def _add_piece(self, entry: PieceSource) -> None:
        found = self._book.set_piece(
            entry.path, entry.skeleton.shape, entry.skeleton.values, self._shaper
        )
        if found is None:
            self._missing_pieces += 1
            return
        piece = found.piece
        unit = self._column.add(
            piece.height,
            *self._gaps(piece.tops),
            may_break=self._unit_may_break(before=piece.breaks.before),
            is_solid=not (piece.breaks.inside and all(each.breaks.inside for each in self._open)),
        )
        self._margins = list(piece.bottoms)
        self._may_break = piece.breaks.after
        self._flow.append(PlacedPiece(found, unit))

    def _add_table(self, entry: TableSource) -> None:
        known = self._book.known_table(entry.path, entry.head.shape)
        head = self._book.set_piece(entry.path, entry.head.shape, entry.head.values, self._shaper)
        if known is None or head is None:
            self._missing_pieces += 1
            self._missing.append(())
            return
        used: dict[int, Glyphs] = {}
        rows, missing = _set_rows(known, entry, used)
        self._missing.append(missing)
        if missing:
            return
        gap, at_top = self._gaps((known.table.margins[0],))
        unit = self._column.add(
            head.piece.height,
            gap + known.table.spacing,
            at_top + known.table.spacing,
            may_break=self._unit_may_break(before=known.table.breaks.before),
            is_solid=True,
        )
        self._add_rows(known.table, head.piece.height, entry, rows)
        self._margins = [known.table.margins[1]]
        self._may_break = known.table.breaks.after
        last = rows[-1].setter.stencil
        self._may_break = self._may_break and last.may_break_after and last.body_may_break_after
        self._flow.append(PlacedTable(known, head, unit, rows, entry, _glyphs(rows, used)))

    def _add_rows(
        self, table: Table, top: float, entry: TableSource, rows: Sequence[SetRow]
    ) -> None:
        """``top`` is the height of the head, which comes again on every page."""
        inside = table.breaks.inside and all(each.breaks.inside for each in self._open)
        above: RowStencil | None = None
        body = -1
        rows_and_bodies = zip(map(setter_of, rows), map(body_number_of, entry.rows), strict=True)
        for (setter, own_body), some in groupby(rows_and_bodies):
            stencil = setter.stencil
            for count in (1, len([*some]) - 1):
                is_same = own_body == body
                may_break = above is not None and _may_break(above, stencil, is_same_body=is_same)
                # WeasyPrint parts the body that a table begins with, even if that asks to stay
                # whole.
                is_parted = is_same and body == 0 and not stencil.body_may_break_inside
                self._column.add(
                    setter.height + table.spacing,
                    0.0,
                    top,
                    may_break=inside and may_break,
                    is_solid=stencil.is_solid and not is_parted,
                    count=count,
                )
                above, body = stencil, own_body


def _may_break(above: RowStencil, below: RowStencil, *, is_same_body: bool) -> bool:
    """Whether a page may end between two rows."""
    if not (above.may_break_after and below.may_break_before):
        return False
    if is_same_body:
        return below.body_may_break_inside
    return above.body_may_break_after and below.body_may_break_before


def _collapsed(margins: Sequence[float]) -> float:
    return max(0.0, *margins) + min(0.0, *margins) if margins else 0.0


def _set_rows(
    known: KnownTable, entry: TableSource, used: dict[int, Glyphs]
) -> tuple[list[SetRow], tuple[int, ...]]:
    if not entry.rows:
        raise NoStencil("a table without rows")
    rows: list[SetRow] = []
    missing: list[int] = []
    for start in range(0, len(entry.rows), ROWS_AT_ONCE):
        found = known.set(entry.rows[start : start + ROWS_AT_ONCE], used)
        rows += filter(None, found)
        missing += (start + at for at, one in enumerate(found) if one is None)
    return rows, tuple(missing)


def _glyphs(rows: Sequence[SetRow], used: dict[int, Glyphs]) -> list[Glyphs]:
    glyphs = list(used.values())
    for setter in dict.fromkeys(map(setter_of, rows)):
        glyphs += setter.fixed_glyphs
    return glyphs
