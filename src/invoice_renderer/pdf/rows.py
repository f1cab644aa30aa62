"""Rows of a long table, set from stencils of rows.

A row is set in two steps: its texts become text operators, once for each text (most figures and
words come again and again), and then the operators of a page's rows are joined, each row moved to
its place. The same is done for its tags.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby
from typing import NamedTuple

from invoice_renderer.pdf.objects import written
from invoice_renderer.pdf.packing import BETWEEN
from invoice_renderer.pdf.shaping import Glyphs, ShapedText, Shaper, number
from invoice_renderer.pdf.skeleton import is_one_line
from invoice_renderer.pdf.stencil import Cell, Line, RowStencil, placed, set_line
from invoice_renderer.pdf.structure import IDENTIFIER

NOTHING = ShapedText(0, 0, 0, b"", ())
MOST_OPERATORS = 4_000  # remembered for each text of a row


class SetRow(NamedTuple):
    """A row whose texts are operators already."""

    setter: RowSetter
    operators: tuple[bytes, ...]


@dataclass(slots=True)
class RowBlock:
    """Rows that follow each other on a page; ``top`` of the first, in CSS pixels.

    ``first_mcid`` and ``page`` are known once the page is made up.
    """

    rows: Sequence[SetRow]
    top: float
    spacing: float
    page: int = -1
    first_mcid: int = 0
    identifiers: array[int] = field(default_factory=lambda: array("I"))
    """The number in each row's identifier, if it has a header cell; 0 where it has none."""
    headers: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    """For each setter, what comes before the row's own header in each cell's list of headers."""

    def ink(self) -> bytes:
        """Content-stream operators, in a text matrix that runs downwards."""
        parts = []
        mcid, top = self.first_mcid, self.top
        for row in self.rows:
            setter = row.setter
            parts.append(setter.ink(row.operators, top, mcid))
            mcid += setter.count
            top += setter.height + self.spacing
        return b"\n".join(parts)

    def runs(self) -> Iterator[tuple[RowSetter, int]]:
        """Rows of one setter that follow each other: how many."""
        for setter, rows in groupby(row.setter for row in self.rows):
            yield setter, sum(1 for _ in rows)

    @property
    def height(self) -> float:
        """Of all its rows, with the spacing below each."""
        return sum(row.setter.height + self.spacing for row in self.rows)

    @property
    def mcids(self) -> int:
        """How many marked-content sequences the rows have."""
        return sum(row.setter.count for row in self.rows)


class RowSetter:
    """Sets the rows of one stencil."""

    def __init__(self, stencil: RowStencil, shaper: Shaper) -> None:
        self.stencil = stencil
        self.height = stencil.height
        self.count = len(stencil.parts)
        self.name = f"row{hashlib.sha256(stencil.decoration).hexdigest()[:8]}"
        """Of the form that draws its backgrounds and borders."""
        self._steps = tuple(_Step(line, shaper) for line in stencil.lines)
        atoms = [(line, at) for line, each in enumerate(stencil.lines)
                 for at in range(len(each.atoms))]  # fmt: skip
        flat = {place: at for at, place in enumerate(atoms)}
        holes = [part.hole for part in stencil.parts if part.hole]
        places = [flat[hole.line, hole.atom] for hole in holes]
        self._is_simple = bool(self._steps) and all(step.is_single for step in self._steps)
        self._order = None if places == list(range(len(flat))) else tuple(places)
        self._template = _template(stencil, self.name)
        self.fixed_glyphs = tuple(shaper.shape(style, text).glyphs for style, text in stencil.drawn)

    def set(
        self, rows: Sequence[Sequence[str]], used: dict[int, Glyphs]
    ) -> Sequence[SetRow | None]:
        """Rows with these texts; nothing for one of them that does not go in."""
        if not self._is_simple:
            return [self._set_one(texts, used) for texts in rows]
        columns = [[texts[step.text] for texts in rows] for step in self._steps]
        told = [step.tell(column) for step, column in zip(self._steps, columns, strict=True)]
        if self.stencil.fixed or any(None in column for column in told):
            return [self._set_one(texts, used) for texts in rows]
        for step, column in zip(self._steps, columns, strict=True):
            step.note(column, used)
        if self._order is not None:
            told = [told[at] for at in self._order]
        return [SetRow(self, operators) for operators in zip(*told, strict=True)]

    def _set_one(self, texts: Sequence[str], used: dict[int, Glyphs]) -> SetRow | None:
        if any(texts[at] != value for at, value in self.stencil.fixed):
            return None
        operators: list[bytes] = []
        own: dict[int, Glyphs] = {}
        for step in self._steps:
            if not step.set(texts, operators, own):
                return None
        used.update(own)
        if self._order is not None:
            operators = [operators[at] for at in self._order]
        return SetRow(self, tuple(operators))

    def misfits(self, texts: Sequence[str]) -> tuple[str | None, ...]:
        """The texts that keep a row from being set, in their places."""
        wrong: list[str | None] = [None] * len(texts)
        for at, value in self.stencil.fixed:
            if texts[at] != value:
                wrong[at] = texts[at]
        for step in self._steps:
            if not step.set(texts, [], {}):
                for atom in step.line.atoms:
                    wrong[atom.variable] = texts[atom.variable]
        return tuple(wrong)

    def ink(self, operators: tuple[bytes, ...], top: float, mcid: int) -> bytes:
        arguments: list[object] = [number(top).encode()]
        holes = iter(operators)
        for part in self.stencil.parts:
            arguments.append(mcid)
            mcid += 1
            if part.hole:
                arguments.append(next(holes))
        return self._template % tuple(arguments)


class _Step:
    """One line of a row; where it is a single text, its operators are remembered."""

    def __init__(self, line: Line, shaper: Shaper) -> None:
        self.line = line
        self.text = line.atoms[0].variable
        self.is_single = len(line.atoms) == 1
        self._shaper = shaper
        self._operators: dict[str, bytes | None] = {}
        """Of a text; nothing where it does not go in."""
        self._glyphs: dict[str, Glyphs] = {}
        self._places: dict[float, bytes] = {}
        """For a single text of such a width, the operators before it."""

    def tell(self, column: Sequence[str]) -> list[bytes | None]:
        """The operators of many single texts."""
        known = self._operators
        if len(known) > MOST_OPERATORS:
            known.clear()
            self._glyphs.clear()
        for text in dict.fromkeys(column):
            if text not in known:
                known[text] = self._operator(text)
        return [*map(known.__getitem__, column)]

    def note(self, column: Sequence[str], used: dict[int, Glyphs]) -> None:
        """The glyphs of texts that were told last."""
        for text in dict.fromkeys(column):
            glyphs = self._glyphs[text]
            used[id(glyphs)] = glyphs

    def set(self, texts: Sequence[str], operators: list[bytes], used: dict[int, Glyphs]) -> bool:
        """Whether the texts of a row go in; their operators and glyphs, if they do."""
        if self.is_single:
            (operator,) = self.tell((texts[self.text],))
            if operator is None:
                return False
            operators.append(operator)
            self.note((texts[self.text],), used)
            return True
        shaped = []
        for atom in self.line.atoms:
            text = texts[atom.variable]
            if not is_one_line(text):
                return False
            shaped.append(self._shaper.shape(atom.style, f"{atom.before}{text}{atom.after}"))
        line = set_line(self.line, shaped)
        if line is None:
            return False
        for atom, shown, place in zip(self.line.atoms, line.texts, line.places, strict=True):
            operators.append(placed(place, atom.top, shown))
            used[id(shown.glyphs)] = shown.glyphs
        return True

    def _operator(self, text: str) -> bytes | None:
        (atom,) = self.line.atoms
        if not is_one_line(text):
            return None
        shown = self._shaper.shape(atom.style, f"{atom.before}{text}{atom.after}")
        if (shown.height, shown.baseline) != (atom.height, atom.baseline):
            return None
        place = self._places.get(shown.width)
        if place is None:
            line = set_line(self.line, (shown,))
            if line is None:
                return None
            if len(self._places) > MOST_OPERATORS:
                self._places.clear()
            place = self._places[shown.width] = placed(line.places[0], atom.top, NOTHING)
        self._glyphs[text] = shown.glyphs
        return place + shown.show


def _template(stencil: RowStencil, name: str) -> bytes:
    """A row as a format: its place, then a number and perhaps operators for each sequence."""
    parts = [b"q\n1 0 0 1 0 %b cm"]
    if stencil.decoration:
        parts.append(b"/Artifact\nBMC\n/%b Do\nEMC" % name.encode())
    colour = b""
    for part in stencil.parts:
        parts.append(b"/Span\n<</MCID %d>>\nBDC")
        if part.hole or part.ink:
            parts += [_escaped(part.colour)] if part.colour != colour else []
            parts.append(b"BT\n%b\nET" if part.hole else _escaped(part.ink))
            colour = part.colour if part.hole else b""  # ink may have colours of its own
        parts.append(b"EMC")
    parts.append(b"Q")
    return b"\n".join(parts)


def _escaped(ink: bytes) -> bytes:
    return ink.replace(b"%", b"%%")


# ----------------------------------------------------------------------------- tags

_OBJECT, _MCID, _IDENTIFIER = range(3)


class RowTags:
    """The structure elements of a row, as formats of the numbers that differ from row to row."""

    def __init__(self, setter: RowSetter, block: RowBlock, parent: bytes, page: bytes) -> None:
        self._owners = [0] * setter.count
        """For each marked-content sequence, which of the row's objects owns it."""
        self._numbers: list[tuple[int, int]] = []
        self._page = page
        headers = block.headers.get(id(setter), (b"",) * len(setter.stencil.cells))
        self._has_head = any(cell.kind == "TH" for cell in setter.stencil.cells)
        self._has_identifier = self._has_head and any(headers)
        cells: list[bytes] = []
        places: list[int] = []
        cell_numbers: list[list[tuple[int, int]]] = []
        at = 1
        for cell, names in zip(setter.stencil.cells, headers, strict=True):
            places.append(at)
            self._numbers = []
            objects = self._cell(cell, names, at)
            cell_numbers.append(self._numbers)
            cells += objects
            at += len(objects)
        self.count = at
        """How many objects a row has."""
        kinds = [cell.kind for cell in setter.stencil.cells]
        self.head = places[kinds.index("TH")] if self._has_head else 0
        """Which of the row's objects is its header cell."""
        kids = b" ".join(b"%d 0 R" for _ in places)
        own = b"<</S/TR/P %b/K%b>>" % (parent, b" " + kids if len(places) == 1 else b"[%b]" % kids)
        numbers = [(_OBJECT, place) for place in places]
        for each in cell_numbers:
            numbers += each
        self._format = BETWEEN.join([own, *cells])
        self._numbers = numbers

    def objects(self, base: int, mcid: int, identifiers: Sequence[int]) -> bytes:
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
        return BETWEEN.join([self._format] * rows) % numbers

    def owners(self, base: int, rows: int) -> Iterator[int]:
        """For each marked-content sequence of the rows, the number of the object that owns it."""
        columns = [self.numbers(base + owner, rows) for owner in self._owners]
        return chain.from_iterable(zip(*columns, strict=True))

    def numbers(self, first: int, rows: int) -> range:
        """The same object of each row."""
        return _steps(first, rows, self.count)

    def _cell(self, cell: Cell, names: bytes, at: int) -> list[bytes]:
        self._numbers.append((_OBJECT, 0))
        spans: list[bytes] = []
        kids = []
        has_own = any(not language for _, language in cell.parts)
        later: list[tuple[int, int]] = []
        for part, language in cell.parts:
            if not language:
                kids.append(b"%d")
                self._numbers.append((_MCID, part))
                self._owners[part] = at
                continue
            place = at + 1 + len(spans)
            kids.append(b"%d 0 R")
            self._numbers.append((_OBJECT, place))
            self._owners[part] = place
            spans.append(
                b"<</S/Span/P %%d 0 R/Pg %b/K %%d/Lang %b>>" % (self._page, written(language))
            )
            later += [(_OBJECT, at), (_MCID, part)]
        parts = [b"<</S/%b/P %%d 0 R" % cell.kind.encode()]
        if has_own:
            parts.append(b"/Pg %b" % self._page)
        if kids:
            parts.append(b"/K " + kids[0] if len(kids) == 1 else b"/K[%b]" % b" ".join(kids))
        parts += [self._attributes(cell, names), b">>"]
        self._numbers += later
        return [b"".join(parts), *spans]

    def _attributes(self, cell: Cell, names: bytes) -> bytes:
        is_head = cell.kind == "TH"
        owned = [b"/ColSpan %d" % cell.column_span] if cell.column_span != 1 else []
        if is_head:
            owned.append(b"/Scope/Row")
        if names:
            owned.append(b"/Headers[%b%b]" % (names, b"%b" if self._has_head else b""))
            if self._has_head:
                self._numbers.append((_IDENTIFIER, 0))
        attributes = b"/A<</O/Table%b>>" % b"".join(owned) if owned else b""
        if is_head and self._has_identifier:
            attributes += b"/ID%b"
            self._numbers.append((_IDENTIFIER, 0))
        return attributes


def _steps(first: int, count: int, step: int) -> range:
    return range(first, first + count * step, step)
