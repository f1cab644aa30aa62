"""What is known of one style: what its elements are, and how each was drawn.

Everything in it was read from pages that WeasyPrint laid out. It is bounded: what was used longest
ago is forgotten, and costs another layout when it comes again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from invoice_renderer.pdf.outline import Path, Role
from invoice_renderer.pdf.row_source import Row
from invoice_renderer.pdf.rows import RowSetter, SetRow
from invoice_renderer.pdf.shaped_text import Glyphs
from invoice_renderer.pdf.shaping import Shaper
from invoice_renderer.pdf.skeleton import TAGS
from invoice_renderer.pdf.stencil import Container, Frame, Piece, RowStencil, SetLine, Table, fill

FRAMES = 8  # of a body
PIECES = 64
PIECES_OF_A_SHAPE = 8
KINDS_OF_A_TABLE = 1_000
SETTINGS = 4  # of a piece that are remembered


Frames = tuple[list[Frame], list[Frame]]
"""Those of a kind differ in the lines of their running texts alone."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """Of a ``<head>``: the document's metadata from its variables."""

    of: Callable[[Sequence[str]], Any]


@dataclass(frozen=True, slots=True)
class SetPiece:
    """A piece with the texts of an invoice in it."""

    piece: Piece
    values: tuple[str, ...]
    lines: tuple[SetLine, ...]
    glyphs: tuple[Glyphs, ...]


class PieceSetter:
    """Sets one piece, and remembers the last ways in which it was set."""

    def __init__(self, piece: Piece) -> None:
        self.piece = piece
        self._set: OrderedDict[tuple[str, ...], SetPiece] = OrderedDict()

    def set(self, values: tuple[str, ...], shaper: Shaper) -> SetPiece | None:
        """The piece with these values; nothing where one does not go in."""
        known = self._set.get(values)
        if known is not None:
            return known
        piece = self.piece
        if any(values[at] != value for at, value in piece.fixed):
            return None
        lines = fill(piece.lines, lambda atom: values[atom.variable], shaper)
        if lines is None:
            return None
        glyphs = [text.glyphs for line in lines for text in line.texts]
        glyphs += [shaper.shape(style, text).glyphs for style, text in piece.drawn]
        found = self._set[values] = SetPiece(piece, values, tuple(lines), tuple(glyphs))
        if len(self._set) > SETTINGS:
            self._set.popitem(last=False)
        return found


@dataclass(slots=True)
class KnownTable:
    """A table without its rows, and the kinds of rows that it had; its head is a piece."""

    table: Table
    setters: dict[str, list[RowSetter]] = field(default_factory=dict)
    count: int = 0

    def set(self, rows: Sequence[Row], used: dict[int, Glyphs]) -> list[SetRow | None]:
        """These rows; nothing for one of them that is not known."""
        found: list[SetRow | None] = [None] * len(rows)
        kinds: dict[str, list[int]] = {}
        for at, row in enumerate(rows):
            kinds.setdefault(row.kind, []).append(at)
        for kind, numbers in kinds.items():
            left = numbers
            for setter in self.setters.get(kind, ()):
                ones = setter.set([rows[at].texts for at in left], used)
                for at, one in zip(left, ones, strict=True):
                    found[at] = one
                left = [at for at in left if found[at] is None]
                if not left:
                    break
        return found

    def add(self, row: Row, stencil: RowStencil, shaper: Shaper) -> None:
        """A row as it was drawn, unless it would have gone through another one."""
        if self.set([row], {}) == [None]:
            self.setters.setdefault(row.kind, []).append(RowSetter(stencil, shaper))
            self.count += 1


@dataclass(slots=True)
class Book:
    """Of one style, by the paths of elements and by their shapes."""

    roles: dict[Path, Role] = field(default_factory=dict)
    containers: dict[Path, Container] = field(default_factory=dict)
    frames: dict[Path, Frames] = field(default_factory=dict)
    """For a body, the frames of its first page and of every other one."""
    heads: dict[tuple[Path, str], Metadata] = field(default_factory=dict)
    is_trusted: bool = True
    """Whether pages came out as foreseen, and the style asks for nothing that is not kept."""
    _pieces: OrderedDict[tuple[Path, str], list[PieceSetter]] = field(default_factory=OrderedDict)
    _tables: dict[tuple[Path, str], KnownTable] = field(default_factory=dict)

    def add_frames(self, path: Path, first: Frame, other: Frame) -> None:
        known = self.frames.setdefault(path, ([], []))
        for frames, frame in zip(known, (first, other), strict=True):
            frames.append(frame)
            del frames[1 : len(frames) + 1 - FRAMES]  # the first one stays: it has the geometry

    def add_piece(self, path: Path, shape: str, piece: Piece) -> None:
        known = self._pieces.setdefault((path, shape), [])
        known.insert(0, PieceSetter(piece))
        del known[PIECES_OF_A_SHAPE:]
        while len(self._pieces) > PIECES:
            self._pieces.popitem(last=False)

    def set_piece(
        self, path: Path, shape: str, values: Iterable[str], shaper: Shaper
    ) -> SetPiece | None:
        known = self._pieces.get((path, shape))
        if known is None:
            return None
        self._pieces.move_to_end((path, shape))
        said = tuple(values)
        found = (setter.set(said, shaper) for setter in known)
        return next((one for one in found if one is not None), None)

    def table(self, path: Path, shape: str, table: Table) -> KnownTable:
        """The table that is known by this head, or this one from now on."""
        key = (path, shape)
        if key not in self._tables:
            self._tables[key] = KnownTable(table)
        return self._tables[key]

    def known_table(self, path: Path, shape: str) -> KnownTable | None:
        return self._tables.get((path, shape))

    def forget(self) -> None:
        """Rows of too many kinds, before a new page."""
        for table in self._tables.values():
            if table.count > KINDS_OF_A_TABLE:
                table.setters.clear()
                table.count = 0

    def elements(self) -> Iterator[tuple[str, Path]]:
        """The start tags of blocks and rows, each with those around it."""
        for path in self.roles:
            yield path[-1], path[:-1]
        for (path, _), table in self._tables.items():
            for kind in table.setters:
                body, row = TAGS.findall(kind)[:2]
                yield body, path
                yield row, (*path, body)
