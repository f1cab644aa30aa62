"""From a composition to a document that WeasyPrint writes: its pages made up, its structure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby, repeat
from typing import Any

from weasyprint import Document

from invoice_renderer.pdf.book import SetPiece
from invoice_renderer.pdf.composition import Composition, PlacedBox, PlacedPiece, PlacedTable
from invoice_renderer.pdf.known_fonts import build_fonts
from invoice_renderer.pdf.outline import Closed
from invoice_renderer.pdf.row_source import Row, body_number_of
from invoice_renderer.pdf.rows import RowBlock
from invoice_renderer.pdf.running import RunningLines, Strings
from invoice_renderer.pdf.shaped_text import Glyphs
from invoice_renderer.pdf.stamped_page import Sheet, Stamp, StampedPage, Surroundings
from invoice_renderer.pdf.structure import PIXEL, Annotation, Content, Kid, Node


@dataclass(frozen=True, slots=True)
class Pressed:
    """A document that only has to be written, and its structure."""

    document: Any
    tree: Node


def press(composition: Composition, surroundings: Surroundings) -> Pressed:
    """The document of a composition.

    :raises RunningMissing: where a running text is of another kind than those before it.
    """
    made = _MakeUp(composition)
    strings = Strings([sheet.strings for sheet in made.sheets])
    glyphs: list[Glyphs] = list(made.glyphs)
    running = RunningLines(surroundings.shaper)
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
    document.fonts.update(build_fonts(surroundings.shaper.fonts, glyphs))
    return Pressed(document, made.tree(pages))


class _MakeUp:
    """Puts what was composed on its pages; afterwards it knows the structure, too."""

    def __init__(self, composition: Composition) -> None:
        first, other = composition.frames
        count = len(composition.pages)
        kinds = [other if number else first for number in range(count)]
        self.sheets = [Sheet(frames, frames[0]) for frames in kinds]
        self.glyphs: list[Glyphs] = []
        self._composition = composition
        spans = enumerate(stop - start for start, stop in composition.pages)
        self._page_of = [*chain.from_iterable(repeat(number, span) for number, span in spans)]
        self._stamps: dict[int, tuple[int, Stamp]] = {}
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
        table = placed.known.table
        start = 0
        for _, of_body in groupby(map(body_number_of, source)):
            blocks.append([])
            end = start + len([*of_body])
            while start < end:
                number = self._page_of[first + start]
                page_start, page_stop = self._composition.pages[number]
                stop = min(page_stop - first, end)
                sheet = self.sheets[number]
                top = self._composition.places[first + start]
                if first + start == page_start:
                    sheet.stamps.append(Stamp(placed.head, sheet.frame.top, None))
                block = RowBlock(rows[start:stop], top, table.spacing, number, sheet.marks)
                sheet.stamps.append(block)
                sheet.marks += block.mcids
                sheet.strings += _strings_of(block, source[start:stop])
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
    named = {tuple(name for name, _, _ in one.stencil.strings) for one in block.setters()}
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
    stamp: Stamp
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
