"""A page that WeasyPrint writes like one of its own: pieces and rows stamped where they go.

:class:`weasyprint.document.Page` is public; a page of ours has the members that writing asks for,
and paints ink that is known already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pydyf

from invoice_renderer.pdf.book import SetPiece
from invoice_renderer.pdf.rows import RowBlock
from invoice_renderer.pdf.shaping import Shaper
from invoice_renderer.pdf.stencil import (
    Frame,
    ImageHole,
    Item,
    LinkHole,
    Mark,
    RowStencil,
    SetLine,
    TextHole,
    text_operators,
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What pages share while they are made."""

    shaper: Shaper
    fetcher: Any
    font_config: Any
    options: Mapping[str, object]
    repeated: dict[tuple[int, float] | None, bytes] = field(default_factory=dict)
    """The ink of pieces that come again on every page, while their document is made."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A piece on a page: moved down by ``shift`` CSS pixels, its sequences numbered from ``mark``.

    The head of a table that comes again is an artifact, and has no ``mark``.
    """

    piece: SetPiece
    shift: float
    mark: int | None


@dataclass(slots=True)
class Sheet:
    """A page while it is made up."""

    frames: Sequence[Frame]
    """Those that it may have; ``frame`` is the one that it has in the end."""
    frame: Frame
    stamps: list[Stamp | RowBlock] = field(default_factory=list)
    strings: list[tuple[str, str]] = field(default_factory=list)
    """Named strings in the order in which they are set: name, words."""
    marks: int = 0
    lines: Sequence[SetLine] = ()

    def stamp(self, piece: SetPiece, shift: float) -> Stamp:
        found = Stamp(piece, shift, self.marks)
        self.stamps.append(found)
        self.marks += piece.piece.marks
        return found


class StampedPage:
    """Has the members of :class:`weasyprint.document.Page` that writing a document asks for."""

    def __init__(self, sheet: Sheet, surroundings: Surroundings) -> None:
        frame = sheet.frame
        self.width, self.height, self.bleed = frame.width, frame.height, frame.bleed
        self.forms: dict[None, list[object]] = {None: []}
        self.anchors: dict[str, tuple[float, float]] = {}
        self.bookmarks: list[tuple[int, str, tuple[float, float], str]] = []
        self.links: list[Any] = []
        self._links_of: dict[int, list[_LinkBox]] = {}
        self._sheet, self._surroundings = sheet, surroundings
        for stamp in sheet.stamps:
            if isinstance(stamp, Stamp) and stamp.mark is not None:
                self._note(stamp)

    def links_of(self, stamp: Stamp) -> list[_LinkBox]:
        """The active areas of a piece, in its order."""
        return self._links_of[id(stamp)]

    def _note(self, stamp: Stamp) -> None:
        piece, values, shift = stamp.piece.piece, stamp.piece.values, stamp.shift
        for name, (x, y) in piece.anchors:
            self.anchors.setdefault(name, (x, y + shift))
        for mark in piece.bookmarks:
            own = mark.variables
            label = "".join(values[one] for one in own) if own else mark.label
            x, y = mark.target
            self.bookmarks.append((mark.level, label, (x, y + shift), mark.state))
        own_links = self._links_of[id(stamp)] = [_LinkBox() for _ in piece.links]
        for hole, box in zip(piece.links, own_links, strict=True):
            area = _area(hole, stamp.piece.lines, shift)
            self.links.append((hole.kind, values[hole.variable], area, box))

    def paint(self, stream: Any, scale: float = 1) -> None:
        with stream.stacked():
            stream.transform(a=scale, d=scale)
            sheet = self._sheet
            self._add_states(sheet.frame.states, stream)
            self._ink(sheet.frame.before, sheet.lines, (), None, stream)
            for stamp in sheet.stamps:
                if isinstance(stamp, RowBlock):
                    self._stamp_rows(stamp, stream)
                else:
                    self._stamp(stamp, stream)
            self._ink(sheet.frame.after, sheet.lines, (), None, stream)

    def _stamp(self, stamp: Stamp, stream: Any) -> None:
        """What comes again on every page is drawn once, unless it has images."""
        piece, ink = stamp.piece, stream.stream
        self._add_states(piece.piece.states, stream)
        again = (id(piece), stamp.shift) if stamp.mark is None else None
        known = self._surroundings.repeated
        if again in known:
            ink.append(known[again])
            return
        start = len(ink)
        with stream.stacked():
            stream.transform(f=stamp.shift)
            self._ink(piece.piece.items, piece.lines, piece.values, stamp.mark, stream)
        if again and not any(isinstance(item, ImageHole) for item in piece.piece.items):
            known[again] = b"\n".join(ink[start:])

    def _ink(
        self,
        items: Iterable[Item],
        lines: Sequence[SetLine],
        values: Sequence[str],
        mark: int | None,
        stream: Any,
    ) -> None:
        """What was drawn, with these lines in its holes."""
        ink = stream.stream
        for item in items:
            if isinstance(item, bytes):
                ink.append(item)
            elif isinstance(item, TextHole):
                line = lines[item.line]
                if line.texts:
                    text = line.texts[item.atom]
                    ink.append(text_operators(line.places[item.atom], item.top, text))
            elif isinstance(item, Mark):
                ink.append(_begin(item, mark))
            else:
                self._draw(item, values, stream)

    def _stamp_rows(self, block: RowBlock, stream: Any) -> None:
        for setter in block.setters():
            self._add_decoration(setter.name, setter.stencil, stream)
        stream.stream.append(block.ink())

    def _add_decoration(self, name: str, row: RowStencil, stream: Any) -> None:
        """The backgrounds and borders of a kind of row, as a form that its rows share."""
        objects = stream._resources["XObject"]  # noqa: SLF001
        if name in objects or not row.decoration:
            return
        states = pydyf.Dictionary(_graphics_states(row.states))
        form = {
            "Type": "/XObject",
            "Subtype": "/Form",
            "BBox": pydyf.Array((0, 0, self.width, self.height)),
            "Resources": pydyf.Dictionary({"ExtGState": states}),
        }
        objects[name] = pydyf.Stream([row.decoration], form, compress=True)

    def _add_states(self, opacities: Mapping[str, float], stream: Any) -> None:
        states = stream._resources["ExtGState"]  # noqa: SLF001
        if not opacities.keys() <= states.keys():
            states.update(_graphics_states(opacities))

    def _draw(self, hole: ImageHole, values: Sequence[str], stream: Any) -> None:
        around = self._surroundings
        hole.draw(stream, values[hole.variable], around.fetcher, around.options)


def _begin(mark: Mark, base: int | None) -> bytes:
    if mark.number < 0 or base is None:
        return b"/Artifact\n<</Type/Pagination>>\nBDC"
    return b"%b\n<</MCID %d>>\nBDC" % (mark.tag, base + mark.number)


def _area(
    hole: LinkHole, lines: Sequence[SetLine], shift: float
) -> tuple[float, float, float, float]:
    left, top, right, bottom = hole.area
    if hole.line >= 0:
        line = lines[hole.line]
        left = line.places[hole.first] - hole.before
        right = line.places[hole.last] + line.texts[hole.last].width + hole.after
    return left, top + shift, right, bottom + shift


def _graphics_states(opacities: Mapping[str, float]) -> dict[str, pydyf.Dictionary]:
    """By WeasyPrint's names: ``A…`` is the opacity of strokes, ``a…`` that of all else."""
    return {
        name: pydyf.Dictionary({"CA" if name.startswith("A") else "ca": opacity})
        for name, opacity in opacities.items()
    }


class _LinkBox:
    """WeasyPrint leaves the annotation of a link here."""

    link_annotation: pydyf.Dictionary
