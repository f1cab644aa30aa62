"""From a composition to pages that WeasyPrint writes into a file.

``Document`` and its pages are public; a page of ours has the same members, and paints ink that is
known already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pydyf
from weasyprint import Document
from weasyprint.html import UA_COUNTER_STYLE

from invoice_renderer.pdf.book import SetPiece
from invoice_renderer.pdf.composition import Composition, PlacedBox, PlacedPiece, PlacedTable
from invoice_renderer.pdf.outline import Closed
from invoice_renderer.pdf.row_source import Row
from invoice_renderer.pdf.rows import RowBlock
from invoice_renderer.pdf.shaping import Glyphs, Shaper, build_fonts
from invoice_renderer.pdf.skeleton import collapsed
from invoice_renderer.pdf.stencil import (
    Frame,
    ImageHole,
    Item,
    Line,
    LinkHole,
    Mark,
    NoStencil,
    RowStencil,
    Running,
    SetLine,
    TextHole,
    fill,
    text_operators,
)
from invoice_renderer.pdf.structure import PIXEL, Annotation, Content, Kid, Node

NO_LINE = SetLine((), ())


@dataclass(frozen=True, slots=True)
class Pressed:
    """A document that only has to be written, and its structure."""

    document: Any
    tree: Node


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What pages share while they are made."""

    shaper: Shaper
    fetcher: Any
    font_config: Any
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Stamp:
    """A piece on a page: moved down by ``shift`` CSS pixels, its sequences numbered from ``mark``.

    The head of a table that comes again is an artifact, and has no ``mark``.
    """

    piece: SetPiece
    shift: float
    mark: int | None


@dataclass(slots=True)
class _Sheet:
    """A page while it is made up."""

    frames: Sequence[Frame]
    """Those that it may have; ``frame`` is the one that it has in the end."""
    frame: Frame
    stamps: list[_Stamp | RowBlock] = field(default_factory=list)
    strings: list[tuple[str, str]] = field(default_factory=list)
    """Named strings in the order in which they are set: name, words."""
    marks: int = 0
    lines: Sequence[SetLine] = ()

    def stamp(self, piece: SetPiece, shift: float) -> _Stamp:
        found = _Stamp(piece, shift, self.marks)
        self.stamps.append(found)
        self.marks += piece.piece.marks
        return found


class RunningMissing(Exception):
    """A running text that goes into no frame that is known; ``said`` are the named strings."""

    def __init__(self, said: Mapping[str, str]) -> None:
        super().__init__()
        self.said = said


def press(composition: Composition, surroundings: Surroundings) -> Pressed:
    """The document of a composition.

    :raises RunningMissing: where a running text is of another kind than those before it.
    """
    made = _MakeUp(composition)
    strings = _Strings([sheet.strings for sheet in made.sheets])
    glyphs: list[Glyphs] = list(made.glyphs)
    running = _RunningLines(surroundings.shaper)
    for number, sheet in enumerate(made.sheets, start=1):
        running.set(sheet, strings, number)
        glyphs += (text.glyphs for line in sheet.lines for text in line.texts)
        glyphs += (surroundings.shaper.shape(*one).glyphs for one in sheet.frame.drawn)
    pages = [StampedPage(sheet, surroundings) for sheet in made.sheets]
    document = Document(
        pages,
        composition.metadata.of(composition.values),
        surroundings.fetcher,
        surroundings.font_config,
        {},
        surroundings.options["output_intent"],
    )
    document.fonts.update(build_fonts(surroundings.shaper, glyphs))
    return Pressed(document, made.tree(pages))


class _RunningLines:
    """Sets running texts; most of them are the same on every page, and are set once."""

    def __init__(self, shaper: Shaper) -> None:
        self._shaper = shaper
        self._known: dict[tuple[int, tuple[str, ...]], SetLine | None] = {}
        """A line with these words; nothing where they do not go in."""

    def set(self, sheet: _Sheet, strings: _Strings, number: int) -> None:
        """Give a page the first frame that its running texts go into."""
        say = strings.on_page(number)
        for frame in sheet.frames:
            lines = [self._line(line, say) for line in frame.lines]
            if None not in lines:
                sheet.frame, sheet.lines = frame, [line for line in lines if line]
                return
        raise RunningMissing(strings.said(number, sheet.frame))

    def _line(self, line: Line, say: Callable[[Running], str]) -> SetLine | None:
        words = tuple(say(atom.running) if atom.running else "" for atom in line.atoms)
        key = id(line), words
        if key not in self._known:
            self._known[key] = self._fill(line, words)
        return self._known[key]

    def _fill(self, line: Line, words: Sequence[str]) -> SetLine | None:
        for atom, said in zip(line.atoms, words, strict=True):
            if atom.running and atom.running.is_fixed and said != atom.running.shown:
                return None
        if not any(words):
            return NO_LINE
        left = iter(words)
        found = fill([line], lambda _atom: next(left), self._shaper)
        return found[0] if found else None


class _MakeUp:
    """Puts what was composed on its pages; afterwards it knows the structure, too."""

    def __init__(self, composition: Composition) -> None:
        first, other = composition.frames
        count = len(composition.pages)
        kinds = [other if number else first for number in range(count)]
        self.sheets = [_Sheet(frames, frames[0]) for frames in kinds]
        self.glyphs: list[Glyphs] = []
        self._composition = composition
        self._page_of = [
            number for number, (start, stop) in enumerate(composition.pages)
            for _ in range(start, stop)
        ]  # fmt: skip
        self._stamps: dict[int, tuple[int, _Stamp]] = {}
        self._blocks: dict[int, list[list[RowBlock]]] = {}
        for placed in composition.flow:
            if isinstance(placed, PlacedBox):
                self._begin(placed)
            elif isinstance(placed, PlacedPiece):
                self._add(placed.piece, placed.unit)
            elif isinstance(placed, PlacedTable):
                self._add_table(placed)

    def _begin(self, placed: PlacedBox) -> None:
        if not placed.container.strings:
            return
        data = dict(placed.data)
        sheet = self.sheets[self._page_of[min(placed.unit, len(self._page_of) - 1)]]
        sheet.strings += (
            (name, data.get(attribute, "") if attribute else words)
            for name, attribute, words in placed.container.strings
        )

    def _add(self, piece: SetPiece, unit: int) -> None:
        number = self._page_of[unit]
        shift = self._composition.places[unit]
        sheet = self.sheets[number]
        self._stamps[unit] = (number, sheet.stamp(piece, shift))
        sheet.strings += (
            (name, "".join(piece.values[one] for one in own) if own else words)
            for name, own, words in piece.piece.strings
        )
        self.glyphs += piece.glyphs

    def _add_table(self, placed: PlacedTable) -> None:
        self._add(placed.head, placed.unit)
        self.glyphs += placed.glyphs
        first, rows, source = placed.unit + 1, placed.rows, placed.source.rows
        blocks: list[list[RowBlock]] = []
        body, start = -1, 0
        table = placed.known.table
        while start < len(rows):
            number = self._page_of[first + start]
            page_stop = self._composition.pages[number][1] - first
            stop = start + 1
            while stop < min(page_stop, len(rows)) and source[stop].body == source[start].body:
                stop += 1
            sheet = self.sheets[number]
            top = self._composition.places[first + start]
            if first + start == self._composition.pages[number][0]:
                sheet.stamps.append(_Stamp(placed.head, sheet.frame.top, None))
            block = RowBlock(rows[start:stop], top, table.spacing, number, sheet.marks)
            sheet.stamps.append(block)
            sheet.marks += block.mcids
            sheet.strings += _strings_of(block, source[start:stop])
            if source[start].body != body:
                blocks.append([])
                body = source[start].body
            blocks[-1].append(block)
            start = stop
        self._blocks[placed.unit] = blocks

    def tree(self, pages: Sequence[StampedPage]) -> Node:
        """The structure of the whole document."""
        root = Node("Document")
        stack = [root]
        for placed in self._composition.flow:
            if isinstance(placed, PlacedBox):
                kind = placed.container.kind
                stack.append(Node(kind) if kind else stack[-1])
                if kind:
                    stack[-2].kids.append(stack[-1])
            elif isinstance(placed, Closed):
                closed = stack.pop()
                if stack and not closed.kids and stack[-1].kids and stack[-1].kids[-1] is closed:
                    stack[-1].kids.pop()
            elif isinstance(placed, PlacedPiece):
                stack[-1].kids += self._kids(placed.unit, pages)
            else:
                bodies = [Node("TBody", list(blocks)) for blocks in self._blocks[placed.unit]]
                stack[-1].kids.append(Node("Table", [*self._kids(placed.unit, pages), *bodies]))
        return root

    def _kids(self, unit: int, pages: Sequence[StampedPage]) -> Iterator[Kid]:
        number, stamp = self._stamps[unit]
        links = pages[number].links_of(stamp)
        copier = _Copier(number, stamp, links)
        return map(copier.copy, stamp.piece.piece.nodes)


def _strings_of(block: RowBlock, source: Sequence[Row]) -> Iterable[tuple[str, str]]:
    """Of many rows that set the same strings, the first and the last are enough."""
    named = {tuple(name for name, _, _ in row.setter.stencil.strings) for row in block.rows}
    count = len(block.rows)
    numbers = range(count) if len(named) > 1 else sorted({0, count - 1})
    for at in numbers:
        said = dict(source[at].data())
        for name, attribute, words in block.rows[at].setter.stencil.strings:
            yield name, said.get(attribute, "") if attribute else words


@dataclass(frozen=True, slots=True)
class _Copier:
    """Copies the structure of a piece to where it was stamped."""

    page: int
    stamp: _Stamp
    links: Sequence[Any]

    def copy(self, kid: Kid) -> Kid:
        if isinstance(kid, Content):
            return Content(self.page, (self.stamp.mark or 0) + kid.mcid)
        if isinstance(kid, Annotation):
            return Annotation(self.page, self.links[kid.target])
        if not isinstance(kid, Node):
            return kid
        piece = self.stamp.piece
        variable = piece.piece.alternatives.get(kid.alt) if kid.alt else None
        box = kid.box
        if box is not None:
            left, low, right, high = box
            box = (left, low - self.stamp.shift * PIXEL, right, high - self.stamp.shift * PIXEL)
        return replace(
            kid,
            kids=[self.copy(each) for each in kid.kids],
            alt=kid.alt if variable is None else piece.values[variable],
            box=box,
        )


class StampedPage:
    """Has the members of :class:`weasyprint.document.Page` that writing a document asks for."""

    def __init__(self, sheet: _Sheet, surroundings: Surroundings) -> None:
        frame = sheet.frame
        self.width, self.height, self.bleed = frame.width, frame.height, frame.bleed
        self.forms: dict[None, list[object]] = {None: []}
        self.anchors: dict[str, tuple[float, float]] = {}
        self.bookmarks: list[tuple[int, str, tuple[float, float], str]] = []
        self.links: list[Any] = []
        self._links_of: dict[int, list[_LinkBox]] = {}
        self._sheet, self._surroundings = sheet, surroundings
        for stamp in sheet.stamps:
            if isinstance(stamp, _Stamp) and stamp.mark is not None:
                self._note(stamp)

    def links_of(self, stamp: _Stamp) -> list[_LinkBox]:
        """The active areas of a piece, in its order."""
        return self._links_of[id(stamp)]

    def _note(self, stamp: _Stamp) -> None:
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

    def _stamp(self, stamp: _Stamp, stream: Any) -> None:
        piece = stamp.piece
        self._add_states(piece.piece.states, stream)
        with stream.stacked():
            stream.transform(f=stamp.shift)
            self._ink(piece.piece.items, piece.lines, piece.values, stamp.mark, stream)

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
        for setter in {id(row.setter): row.setter for row in block.rows}.values():
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
        for name, state in _graphics_states(opacities).items():
            states.setdefault(name, state)

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


# ----------------------------------------------------------------------------- running texts


class _Strings:
    """Named strings, page by page (CSS Generated Content for Paged Media, 1.3)."""

    def __init__(self, pages: Sequence[Sequence[tuple[str, str]]]) -> None:
        self._count = len(pages)
        self._first: list[dict[str, str]] = []
        self._last: list[dict[str, str]] = []
        before: dict[str, str] = {}
        for strings in pages:
            first: dict[str, str] = {}
            last = dict(before)
            for name, words in strings:
                first.setdefault(name, words)
                last[name] = words
            self._first.append({**before, **first})
            self._last.append(last)
            before = last

    def on_page(self, number: int) -> Callable[[Running], str]:
        def say(running: Running) -> str:
            text = "".join(self._part(kind, value, number) for kind, value in running.content)
            text = collapsed(text)
            return text.upper() if running.uppercase else text

        return say

    def said(self, number: int, frame: Frame) -> dict[str, str]:
        """The named strings that a frame asks for."""
        asked = (
            (kind, value)
            for line in frame.lines
            for atom in line.atoms
            if atom.running
            for kind, value in atom.running.content
        )
        return {
            value[0]: self._part(kind, value, number) for kind, value in asked if kind == "string()"
        }

    def _part(self, kind: str, value: Any, number: int) -> str:
        if kind == "string":
            return str(value)
        if kind == "string()" and value[1] in {"first", "last"}:
            store = self._last if value[1] == "last" else self._first
            return store[number - 1].get(value[0], "")
        if kind == "counter()" and value[0] in {"page", "pages"}:
            counted = number if value[0] == "page" else self._count
            return str(UA_COUNTER_STYLE.render_value(counted, value[-1]))
        raise NoStencil("a running text of another kind")
