"""Rows of a long table, set from stencils of rows.

A row is set in two steps: its texts become text operators, once for each text (most figures and
words come again and again), and then the operators of a page's rows are joined, each row moved to
its place.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, groupby, repeat
from operator import attrgetter
from typing import Any, NamedTuple

from invoice_renderer.pdf.row_lines import Operators, RowLine
from invoice_renderer.pdf.shaped_text import Glyphs, number
from invoice_renderer.pdf.shaping import Shaper
from invoice_renderer.pdf.stencil import RowStencil

MOST_PLACES = 4_000  # of rows on a page, that are remembered


class SetRow(NamedTuple):
    """A row whose texts are operators already."""

    setter: RowSetter
    operators: tuple[bytes, ...]


setter_of = attrgetter("setter")


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
    runs: Sequence[tuple[RowSetter, int]] = field(init=False)
    """Rows of one setter that follow each other: how many."""

    def __post_init__(self) -> None:
        groups = groupby(map(setter_of, self.rows))
        self.runs = [(setter, len([*rows])) for setter, rows in groups]

    def ink(self) -> bytes:
        """Content-stream operators, in a text matrix that runs downwards."""
        parts = []
        mcid, top, start = self.first_mcid, self.top, 0
        for setter, count in self.runs:
            tops = [*accumulate(repeat(setter.height + self.spacing, count), initial=top)]
            top = tops.pop()
            rows = self.rows[start : start + count]
            parts.append(setter.ink([row.operators for row in rows], tops, mcid))
            mcid += setter.count * count
            start += count
        return b"\n".join(parts)

    def setters(self) -> Iterable[RowSetter]:
        """Those of all of its rows, each once."""
        return dict.fromkeys(setter for setter, _ in self.runs)

    @property
    def mcids(self) -> int:
        """How many marked-content sequences the rows have."""
        return sum(setter.count * rows for setter, rows in self.runs)


class RowSetter:
    """Sets the rows of one stencil."""

    def __init__(self, stencil: RowStencil, shaper: Shaper) -> None:
        self.stencil = stencil
        self.height = stencil.height
        self.count = len(stencil.parts)
        self.name = f"row{hashlib.sha256(stencil.decoration).hexdigest()[:8]}"
        """Of the form that draws its backgrounds and borders."""
        self._lines = tuple(RowLine(line, shaper) for line in stencil.lines)
        atoms = [(line, at) for line, each in enumerate(stencil.lines)
                 for at in range(len(each.atoms))]  # fmt: skip
        flat = {place: at for at, place in enumerate(atoms)}
        holes = [part.hole for part in stencil.parts]
        self._order = [flat[hole.line, hole.atom] if hole else -1 for hole in holes]
        """For each part, the number of its text; -1 where it has none."""
        self._template = _template(stencil, self.name)
        self.fixed_glyphs = tuple(shaper.shape(style, text).glyphs for style, text in stencil.drawn)

    def set(
        self, rows: Sequence[Sequence[str]], used: dict[int, Glyphs]
    ) -> Sequence[SetRow | None]:
        """Rows with these texts; nothing for one of them that does not go in."""
        together = None if self.stencil.fixed else self._set_all(rows, used)
        return together or [self._set_one(texts, used) for texts in rows]

    def _set_one(self, texts: Sequence[str], used: dict[int, Glyphs]) -> SetRow | None:
        if any(texts[at] != value for at, value in self.stencil.fixed):
            return None
        found = self._set_all([texts], used)
        return found[0] if found else None

    def _set_all(
        self, rows: Sequence[Sequence[str]], used: dict[int, Glyphs]
    ) -> list[SetRow] | None:
        """All of these rows; nothing where a text of one of them does not go in."""
        columns = [[*map(line.pick, rows)] for line in self._lines]
        told = [line.tell(column) for line, column in zip(self._lines, columns, strict=True)]
        if any(None in column for column in told):
            return None
        for line, column in zip(self._lines, columns, strict=True):
            line.note(column, used)
        return [*map(SetRow, repeat(self), self._ordered(told, len(rows)))]

    def _ordered(
        self, told: Sequence[Sequence[Operators | None]], rows: int
    ) -> Iterable[tuple[bytes, ...]]:
        """For each row the operators of its parts."""
        columns: list[Iterable[Any]] = []
        for line, column in zip(self._lines, told, strict=True):
            columns += [column] if line.is_single else zip(*column, strict=True)
        columns.append((b"",) * rows)  # for -1
        parts = [columns[at] for at in self._order]
        return zip(*parts, strict=True) if parts else ((),) * rows

    def misfits(self, texts: Sequence[str]) -> tuple[str | None, ...]:
        """The texts that keep a row from being set, in their places."""
        wrong: list[str | None] = [None] * len(texts)
        for at, value in self.stencil.fixed:
            if texts[at] != value:
                wrong[at] = texts[at]
        for line in self._lines:
            if line.tell((line.pick(texts),)) == [None]:
                for atom in line.atoms:
                    wrong[atom.variable] = texts[atom.variable]
        return tuple(wrong)

    def ink(self, rows: Sequence[tuple[bytes, ...]], tops: Iterable[float], mcid: int) -> bytes:
        """Rows that follow each other, by their operators; ``mcid`` is the first one's first."""
        step, count = 1 + 2 * self.count, self.count * len(rows)
        arguments: list[object] = [b""] * (step * len(rows))
        arguments[::step] = map(shift, tops)
        for part, column in enumerate(zip(*rows, strict=True)):
            arguments[1 + 2 * part :: step] = range(mcid + part, mcid + count, self.count)
            arguments[2 + 2 * part :: step] = column
        return b"\n".join([self._template] * len(rows)) % tuple(arguments)


@lru_cache(MOST_PLACES)
def shift(top: float) -> bytes:
    """The number that moves a row down; rows of other pages stand at the same heights."""
    return number(top).encode()


def _template(stencil: RowStencil, name: str) -> bytes:
    """A row as a format: its place, then a number and operators for each sequence."""
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
        parts.append(b"EMC" if part.hole else b"%bEMC")
    parts.append(b"Q")
    return b"\n".join(parts)


def _escaped(ink: bytes) -> bytes:
    return ink.replace(b"%", b"%%")
