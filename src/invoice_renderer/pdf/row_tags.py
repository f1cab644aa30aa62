"""The tags of rows: the structure elements of many rows at once, from one format.

Rows of one setter that follow each other differ in numbers alone, and each number grows by the same
step from row to row: they are written column by column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from invoice_renderer.pdf.objects import written
from invoice_renderer.pdf.packing import BETWEEN
from invoice_renderer.pdf.stencil import Cell, RowStencil
from invoice_renderer.pdf.structure import IDENTIFIER

_PARENT, _PAGE = b"\1", b"\2"  # known when rows are written
_NAME = b"%b"  # of the row's own header cell
_OBJECT, _MCID, _IDENTIFIER = range(3)
_Number = tuple[int, int]
"""Of which kind, and how far it is from the first of its kind."""


class RowTags:
    """The structure elements of a row, as formats of the numbers that differ from row to row."""

    def __init__(self, stencil: RowStencil, headers: Sequence[bytes]) -> None:
        """``headers`` is, for each cell, what comes before the row's own header in its list."""
        self._owners = [0] * len(stencil.parts)
        """For each marked-content sequence, which of the row's objects owns it."""
        self._has_head = any(cell.kind == "TH" for cell in stencil.cells)
        self._has_identifier = self._has_head and any(headers)
        cells: list[bytes] = []
        numbers: list[_Number] = []
        places: list[int] = []
        for cell, names in zip(stencil.cells, headers, strict=True):
            places.append(1 + len(cells))
            objects, own_numbers = self._cell(cell, names, places[-1])
            cells += objects
            numbers += own_numbers
        self.count = 1 + len(cells)
        """How many objects a row has."""
        kinds = [cell.kind for cell in stencil.cells]
        self.head = places[kinds.index("TH")] if self._has_head else 0
        """Which of the row's objects is its header cell."""
        kids = b" ".join(b"%d 0 R" for _ in places)
        own = b"<</S/TR/P %b/K%b>>" % (_PARENT, b" " + kids if len(places) == 1 else b"[%b]" % kids)
        self._format = BETWEEN.join([own, *cells])
        self._numbers = [*((_OBJECT, place) for place in places), *numbers]
        """Those that the format asks for, in its order."""

    def form(self, parent: bytes, page: bytes) -> bytes:
        """The format of a row's objects, by the references of what they stand in."""
        return self._format.replace(_PARENT, parent).replace(_PAGE, page)

    def objects(self, form: bytes, base: int, mcid: int, identifiers: Sequence[int]) -> bytes:
        """The objects of rows that follow each other, ``BETWEEN`` them; ``base`` numbers the first,
        ``mcid`` its first marked-content sequence.
        """
        rows = len(identifiers)
        columns: list[Iterable[object]] = []
        names = [*map(IDENTIFIER.__mod__, identifiers)]
        for kind, offset in self._numbers:
            if kind == _OBJECT:
                columns.append(self.numbers(base + offset, rows))
            elif kind == _MCID:
                columns.append(_steps(mcid + offset, rows, len(self._owners)))
            else:
                columns.append(names)
        numbers = tuple(chain.from_iterable(zip(*columns, strict=True)))
        return BETWEEN.join([form] * rows) % numbers

    def owners(self, base: int, rows: int) -> Iterator[int]:
        """For each marked-content sequence of the rows, the number of the object that owns it."""
        columns = [self.numbers(base + owner, rows) for owner in self._owners]
        return chain.from_iterable(zip(*columns, strict=True))

    def numbers(self, first: int, rows: int) -> range:
        """The same object of each row."""
        return _steps(first, rows, self.count)

    def _cell(self, cell: Cell, names: bytes, at: int) -> tuple[list[bytes], list[_Number]]:
        """Its objects, of which ``at`` numbers the first, and the numbers that they ask for."""
        numbers: list[_Number] = [(_OBJECT, 0)]
        spans: list[bytes] = []
        kids = []
        has_own = any(not language for _, language in cell.parts)
        later: list[_Number] = []
        for part, language in cell.parts:
            if not language:
                kids.append(b"%d")
                numbers.append((_MCID, part))
                self._owners[part] = at
                continue
            place = at + 1 + len(spans)
            kids.append(b"%d 0 R")
            numbers.append((_OBJECT, place))
            self._owners[part] = place
            spans.append(b"<</S/Span/P %%d 0 R/Pg %b/K %%d/Lang %b>>" % (_PAGE, written(language)))
            later += [(_OBJECT, at), (_MCID, part)]
        parts = [b"<</S/%b/P %%d 0 R" % cell.kind.encode()]
        if has_own:
            parts.append(b"/Pg %b" % _PAGE)
        if kids:
            parts.append(b"/K " + kids[0] if len(kids) == 1 else b"/K[%b]" % b" ".join(kids))
        attributes = self._attributes(cell, names)
        numbers += [(_IDENTIFIER, 0)] * attributes.count(_NAME)
        parts += [attributes, b">>"]
        return [b"".join(parts), *spans], numbers + later

    def _attributes(self, cell: Cell, names: bytes) -> bytes:
        is_head = cell.kind == "TH"
        owned = [b"/ColSpan %d" % cell.column_span] if cell.column_span != 1 else []
        if is_head:
            owned.append(b"/Scope/Row")
        if names:
            owned.append(b"/Headers[%b%b]" % (names, _NAME if self._has_head else b""))
        attributes = b"/A<</O/Table%b>>" % b"".join(owned) if owned else b""
        if is_head and self._has_identifier:
            attributes += b"/ID" + _NAME
        return attributes


def _steps(first: int, count: int, step: int) -> range:
    return range(first, first + count * step, step)
