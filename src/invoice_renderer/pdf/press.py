"""From a stencil and the texts of an invoice to pages that WeasyPrint writes into a file.

``Document`` and its pages are public; a page of ours has the same members, and paints ink that is
known already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pydyf
from weasyprint import Document

from invoice_renderer.pdf.capture import render_counter
from invoice_renderer.pdf.fold import Folding
from invoice_renderer.pdf.rows import RowBlock, SetRow
from invoice_renderer.pdf.shaping import ShapedText, Shaper, build_fonts
from invoice_renderer.pdf.skeleton import Skeleton, collapsed
from invoice_renderer.pdf.stencil import (
    ImageHole,
    LinkHole,
    PageStencil,
    RowStencil,
    Running,
    SetLine,
    SlotHole,
    Stencil,
    TextHole,
    fill_page,
    says_the_same,
    text_operators,
)
from invoice_renderer.pdf.structure import Annotation, Content, Kid, Node


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
class Rows:
    """The rows that go into the slots of a stencil."""

    folding: Folding
    rows: Sequence[SetRow]
    data: Sequence[Sequence[tuple[str, str]]]
    """What each row's ``<tr>`` carries, by the names of the attributes."""
    first_page: int
    spacing: float
    texts: Sequence[ShapedText]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A page to be made: ``source`` is its stencil's number."""

    source: int
    values: Sequence[str]
    blocks: Mapping[int, RowBlock]
    """For each slot, the rows that go there."""


def press(
    stencil: Stencil,
    skeleton: Skeleton,
    surroundings: Surroundings,
    rows: Rows | None = None,
    *,
    is_own: bool = False,
) -> Pressed | None:
    """The document of another invoice; nothing where a text does not go through the stencil."""
    values = [variable.value for variable in skeleton.variables]
    if any(values[variable] != value for variable, value in stencil.fixed):
        return None
    shaper = surroundings.shaper
    sheets = _sheets(stencil, skeleton, values, rows)
    stencils = [stencil.pages[sheet.source] for sheet in sheets]
    own_strings = _Strings(stencil.pages, [values] * len(stencil.pages)) if is_own else None
    strings = _Strings(stencils, [sheet.values for sheet in sheets])
    set_pages = []
    for number, (sheet, page) in enumerate(zip(sheets, stencils, strict=True), start=1):
        lines = fill_page(page, sheet.values, strings.on_page(number), shaper)
        if lines is None:
            return None
        set_pages.append(lines)
    if own_strings and not all(
        says_the_same(page, own_strings.on_page(number))
        for number, page in enumerate(stencil.pages, start=1)
    ):
        return None
    texts = [text for lines in set_pages for line in lines for text in line.texts]
    texts += [shaper.shape(style, text) for style, text in stencil.drawn]
    texts += rows.texts if rows else ()
    pages = [
        StampedPage(page, lines, sheet, surroundings)
        for page, lines, sheet in zip(stencils, set_pages, sheets, strict=True)
    ]
    document = _document(pages, stencil.metadata(values), texts, surroundings)
    return Pressed(document, _Structure(stencil, sheets, values, pages).copy(stencil.tree))


def _sheets(
    stencil: Stencil, skeleton: Skeleton, values: Sequence[str], rows: Rows | None
) -> list[_Sheet]:
    if rows is None:
        return [_Sheet(number, values, {}) for number in range(len(stencil.pages))]
    sheets: list[_Sheet] = []
    laid_out = rows.folding.laid_out
    carried = _carried_by_slots(skeleton)
    for source, page in enumerate(stencil.pages):
        of_table = source - rows.first_page
        number = laid_out[of_table] if 0 <= of_table < len(laid_out) else -1
        slots = {item.number: item for item in page.items if isinstance(item, SlotHole)}
        spans = {each: rows.folding.slots[each] for each in slots}
        ranges = {each: (slot.start, slot.stop) for each, slot in spans.items()}
        sheets.append(_Sheet(source, values, _blocks(slots, ranges, rows, page, len(sheets))))
        for gone in rows.folding.cut.get(number, ()):
            start, stop = rows.folding.pages[gone]
            parts = [(start, start + 1), (start + 1, stop)]
            ranges = dict(zip(sorted(slots), parts, strict=False))
            own = list(values)
            for slot, (_, last) in ranges.items():
                said = dict(rows.data[last - 1])
                for name, variable in carried[slot].items():
                    own[variable] = said.get(name, "")
            blocks = _blocks(slots, ranges, rows, page, len(sheets), is_copy=True)
            sheets.append(_Sheet(source, own, blocks))
    return sheets


def _blocks(
    slots: Mapping[int, SlotHole],
    ranges: Mapping[int, tuple[int, int]],
    rows: Rows,
    page: PageStencil,
    number: int,
    *,
    is_copy: bool = False,
) -> dict[int, RowBlock]:
    """The rows for a page's slots; a copy is full of rows, whose heights are its own."""
    blocks: dict[int, RowBlock] = {}
    mcid, below = page.mcids, 0.0
    for slot in sorted(slots.keys() & ranges.keys()):
        start, stop = ranges[slot]
        top = below if is_copy and blocks else slots[slot].top
        block = RowBlock(rows.rows[start:stop], top, rows.spacing, number, mcid)
        blocks[slot] = block
        mcid += block.mcids
        below = top + block.height
    return blocks


def _carried_by_slots(skeleton: Skeleton) -> dict[int, dict[str, int]]:
    """For each slot, the variables that are the data of its ``<tr>``."""
    carried: dict[int, dict[str, int]] = {}
    found: dict[str, int] = {}
    for number, variable in enumerate(skeleton.variables):
        if variable.name == "data-slot":
            carried[int(variable.value)] = found
            found = {}
        elif variable.tag == "tr":
            found[variable.name] = number
        else:
            found = {}
    return carried


def _document(
    pages: list[StampedPage], metadata: Any, texts: list[ShapedText], surroundings: Surroundings
) -> Any:
    document = Document(
        pages,
        metadata,
        surroundings.fetcher,
        surroundings.font_config,
        {},
        surroundings.options["output_intent"],
    )
    document.fonts.update(build_fonts(surroundings.shaper, texts))
    return document


class StampedPage:
    """Has the members of :class:`weasyprint.document.Page` that writing a document asks for."""

    def __init__(
        self,
        stencil: PageStencil,
        lines: list[SetLine],
        sheet: _Sheet,
        surroundings: Surroundings,
    ) -> None:
        values = sheet.values
        self.width, self.height, self.bleed = stencil.width, stencil.height, stencil.bleed
        self.anchors = dict(stencil.anchors)
        self.forms: dict[None, list[object]] = {None: []}
        self.bookmarks = [
            (mark.level, _label(mark.variables, mark.label, values), mark.target, mark.state)
            for mark in stencil.bookmarks
        ]
        self.links = [self._link(hole, lines, values) for hole in stencil.links]
        self._stencil, self._lines, self._sheet = stencil, lines, sheet
        self._surroundings = surroundings

    def _link(self, hole: LinkHole, lines: list[SetLine], values: Sequence[str]) -> Any:
        left, top, right, bottom = hole.area
        if hole.line >= 0:
            line = lines[hole.line]
            left = line.places[hole.first] - hole.before
            right = line.places[hole.last] + line.texts[hole.last].width + hole.after
        return hole.kind, values[hole.variable], (left, top, right, bottom), _LinkBox()

    def paint(self, stream: Any, scale: float = 1) -> None:  # noqa: ARG002  the ink has its scale
        stream.stream.clear()  # so has it the turn that makes y run downwards
        states = stream._resources["ExtGState"]  # noqa: SLF001
        for name, state in _graphics_states(self._stencil.states).items():
            states.setdefault(name, state)
        for item in self._stencil.items:
            if isinstance(item, bytes):
                stream.stream.append(item)
            elif isinstance(item, TextHole):
                stream.stream.append(self._ink(item))
            elif isinstance(item, SlotHole):
                stream.stream.append(self._stamp(item, stream))
            else:
                self._draw(item, stream)

    def _ink(self, hole: TextHole) -> bytes:
        line = self._lines[hole.line]
        atom = self._stencil.lines[hole.line].atoms[hole.atom]
        return text_operators(line.places[hole.atom], atom.top, line.texts[hole.atom])

    def _stamp(self, slot: SlotHole, stream: Any) -> bytes:
        block = self._sheet.blocks[slot.number]
        for setter in {id(row.setter): row.setter for row in block.rows}.values():
            self._add_decoration(setter.name, setter.stencil, stream)
        return block.ink()

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

    def _draw(self, hole: ImageHole, stream: Any) -> None:
        around = self._surroundings
        hole.draw(stream, self._sheet.values[hole.variable], around.fetcher, around.options)


def _graphics_states(opacities: Mapping[str, float]) -> dict[str, pydyf.Dictionary]:
    """By WeasyPrint's names: ``A…`` is the opacity of strokes, ``a…`` that of all else."""
    return {
        name: pydyf.Dictionary({"CA" if name.startswith("A") else "ca": opacity})
        for name, opacity in opacities.items()
    }


class _LinkBox:
    """WeasyPrint leaves the annotation of a link here."""

    link_annotation: pydyf.Dictionary


def _label(variables: tuple[int, ...], label: str, values: Sequence[str]) -> str:
    return "".join(values[variable] for variable in variables) if variables else label


# ----------------------------------------------------------------------------- running texts


class _Strings:
    """Named strings, page by page (CSS Generated Content for Paged Media, 1.3)."""

    def __init__(self, pages: Sequence[PageStencil], values_of: Sequence[Sequence[str]]) -> None:
        self._count = len(pages)
        self._first: list[dict[str, str]] = []
        self._last: list[dict[str, str]] = []
        before: dict[str, str] = {}
        for page, values in zip(pages, values_of, strict=True):
            first: dict[str, str] = {}
            last = dict(before)
            for name, variables, words in page.strings:
                text = _label(variables, words, values)
                first.setdefault(name, text)
                last[name] = text
            self._first.append({**before, **first})
            self._last.append(last)
            before = last

    def on_page(self, number: int) -> Callable[[Running], str]:
        def say(running: Running) -> str:
            text = "".join(self._part(kind, value, number) for kind, value in running.content)
            text = collapsed(text)
            return text.upper() if running.uppercase else text

        return say

    def _part(self, kind: str, value: Any, number: int) -> str:
        if kind == "string":
            return str(value)
        if kind == "string()" and value[1] in {"first", "last"}:
            store = self._last if value[1] == "last" else self._first
            return store[number - 1].get(value[0], "")
        if kind == "counter()" and value[0] in {"page", "pages"}:
            return render_counter(number if value[0] == "page" else self._count, value[-1])
        return "\0"  # never what was shown: no stencil


# ----------------------------------------------------------------------------- structure


class _Structure:
    """Copies the structure of a stencil for the pages that were made from it."""

    def __init__(
        self,
        stencil: Stencil,
        sheets: Sequence[_Sheet],
        values: Sequence[str],
        pages: Sequence[StampedPage],
    ) -> None:
        self._alternatives, self._values, self._pages = stencil.alternatives, values, pages
        self._first: dict[int, int] = {}
        self._blocks: dict[int, list[RowBlock]] = {}
        last_slot: dict[int, int] = {}
        for number, sheet in enumerate(sheets):
            for slot, block in sheet.blocks.items():
                is_copy = sheet.source in self._first
                into = last_slot[sheet.source] if is_copy else slot
                self._blocks.setdefault(into, []).append(block)
            if sheet.source not in self._first:
                self._first[sheet.source] = number
                last_slot[sheet.source] = max(sheet.blocks, default=-1)

    def copy(self, tree: Node) -> Node:
        kids: list[Kid] = []
        for kid in tree.kids:
            if isinstance(kid, Node):
                kids += self._blocks[kid.slot] if kid.slot >= 0 else [self.copy(kid)]
            elif isinstance(kid, Content):
                kids.append(Content(self._first[kid.page], kid.mcid))
            elif isinstance(kid, Annotation):
                page = self._first[kid.page]
                kids.append(Annotation(page, self._pages[page].links[kid.target][3]))
        variable = self._alternatives.get(tree.alt) if tree.alt else None
        alt = tree.alt if variable is None else self._values[variable]
        return replace(tree, kids=kids, alt=alt)
