"""Blocks that were laid out, each drawn alone and read into a piece.

Private to WeasyPrint: boxes with their positions, how they are drawn and tagged. Whatever is not as
it is known to be here makes no stencil.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pydyf
from weasyprint.draw import draw_page, draw_stacking_context
from weasyprint.formatting_structure import boxes
from weasyprint.pdf.tags import _build_box_tree
from weasyprint.stacking import StackingContext

from invoice_renderer.pdf.edges import edge_breaks, margins
from invoice_renderer.pdf.grounds import lift
from invoice_renderer.pdf.ink_reader import InkReader, states_of
from invoice_renderer.pdf.lines import all_boxes
from invoice_renderer.pdf.stencil import (
    CLOSE,
    Bookmark,
    Frame,
    ImageHole,
    Item,
    Line,
    LinkHole,
    NoStencil,
    Piece,
    set_line,
)
from invoice_renderer.pdf.structure import (
    PIXEL,
    Annotation,
    Content,
    Kid,
    Node,
    mark_languages,
    read_elements,
)

EXACT = 9  # decimals of a CSS pixel that survive a sum


class PieceReader(InkReader):
    """Reads a block as a whole: its texts and ink, its links, headings and structure."""

    def read(self, box: Any) -> Piece:
        """A block that stands alone."""
        return self._read(box, box, list(box.element.iter()), box.border_box_y())

    def read_head(self, wrapper: Any, table: Any) -> Piece:
        """The head of a table, which comes again on each page."""
        head = table.children[0]
        body = {id(each) for part in table.element.iter("tbody") for each in part.iter()}
        elements = [each for each in table.element.iter() if id(each) not in body]
        alone = wrapper.copy_with_children([table.copy_with_children([head])])
        piece = self._read(head, alone, elements, head.position_y)
        spacing = table.style["border_spacing"][1]
        return replace(piece, height=round(head.height + spacing, EXACT))

    def _read(self, box: Any, painted: Any, elements: list[Any], place: float) -> Piece:
        """Moved to the top first: where it was must not show in what is read of it."""
        lift(painted, place)
        self._top = place
        self._visit(box, is_free=True)
        links = [link for link in self._page.links if _is_in(link[3], box)]
        variables = self._variables_of(elements)
        stream = self._scratch()
        draw_stacking_context(stream, StackingContext.from_box(painted, self._page._page_box))
        marked = {tag["mcid"]: one for one, tag in stream._tags.items()}
        nodes = self._tag(box, stream, links)
        owned = {content.mcid for node in nodes for content in _contents(node)}
        piece = Piece(
            height=round(painted.border_height(), EXACT),
            tops=tuple(margins(painted, "top")),
            bottoms=tuple(margins(painted, "bottom")),
            breaks=edge_breaks(painted),
            items=tuple(self._items(stream.stream, marked, owned)),
            lines=tuple(self._lines),
            links=tuple(self._link(*link) for link in links),
            bookmarks=tuple(self._bookmarks()),
            anchors=tuple(self._anchors(box)),
            strings=tuple(self._strings),
            states=states_of(stream),
            marks=len(marked),
            nodes=tuple(nodes),
            alternatives=self._alternatives(elements),
            fixed=tuple(self._source.fixed.items()),
            drawn=tuple(self.drawn),
        )
        return _localized(piece, variables)

    def read_frame(self) -> Frame:
        """The page without its flow."""
        page = self._page
        page_box = page._page_box
        margin_boxes = [box for box in page_box.children if isinstance(box, boxes.MarginBox)]
        for box in margin_boxes:
            self._visit(box, is_free=True)
        below = [box for box in margin_boxes if _is_below(box)]
        stream = self._scratch()
        draw_page(page_box.copy_with_children(below), stream)
        before = self._all_artifacts(stream)
        stream.stream.clear()
        for box in margin_boxes:
            if box not in below:
                draw_stacking_context(stream, StackingContext.from_box(box, page_box))
        return Frame(
            width=page.width,
            height=page.height,
            bleed=dict(page.bleed),
            top=page_box.content_box_y(),
            bottom=page_box.content_box_y() + page_box.height,
            before=before,
            after=self._all_artifacts(stream),
            lines=tuple(self._lines),
            states=states_of(stream),
            drawn=tuple(self.drawn),
        )

    def _all_artifacts(self, stream: Any) -> tuple[Item, ...]:
        marked = {tag["mcid"]: one for one, tag in stream._tags.items()}
        return tuple(self._items(stream.stream, marked, set()))

    def _tag(self, box: Any, stream: Any, links: Iterable[Any]) -> list[Kid]:
        """The structure that WeasyPrint has for a box; links by their number."""
        pdf = pydyf.PDF()
        height = self._around.height * PIXEL
        pdf.add_page(
            pydyf.Dictionary({"Type": "/Page", "MediaBox": pydyf.Array((0, 0, 0, height))})
        )
        numbers = {}
        for number, (_, target, _, linked) in enumerate(links):
            action = pydyf.Dictionary({"URI": pydyf.String(target)})
            linked.link_annotation = pydyf.Dictionary({"Subtype": "/Link", "A": action})
            pdf.add_object(linked.link_annotation)
            numbers[id(linked.link_annotation)] = number
        languages = {tag["mcid"]: one.style["lang"] or "" for one, tag in stream._tags.items()}
        root = pydyf.Dictionary({"S": "/Document", "K": pydyf.Array()})
        pdf.add_object(root)
        for element in _build_box_tree(box, root, pdf, 0, {}, [], stream._tags):
            root["K"].append(element.reference)
        tree = read_elements(pdf, root["K"])
        mark_languages(tree, [languages], self._around.language)
        _name_annotations(tree, numbers)
        return tree.kids

    def _variables_of(self, elements: list[Any]) -> list[int]:
        source = self._source
        texts = (one for each in elements for one in source.texts.get(id(each), ()))
        values = (one for each in elements for one in source.attributes_of(each))
        return sorted({*texts, *values})

    def _alternatives(self, elements: list[Any]) -> dict[str, int]:
        found = (self._source.attributes.get((id(each), "alt")) for each in elements)
        return {self._source.values[at]: at for at in found if at is not None}

    def _anchors(self, box: Any) -> Iterator[tuple[str, tuple[float, float]]]:
        for each in all_boxes(box):
            name = each.style["anchor"]
            if name in self._page.anchors:
                x, y = self._page.anchors[name]
                yield name, (x, round(y - self._top, EXACT))

    def _link(
        self, kind: str, target: str, area: tuple[float, float, float, float], box: Any
    ) -> LinkHole:
        left, top, right, bottom = area
        area = left, round(top - self._top, EXACT), right, round(bottom - self._top, EXACT)
        variable = self._source.attributes.get((id(box.element), "href"), -1)
        if kind != "external" or variable < 0 or self._source.values[variable] != target:
            raise NoStencil("a link of another kind")
        if id(box) not in self._inline:
            if any(self._source.texts.get(id(each)) for each in box.element.iter()):
                self._source.fix_texts(box.element)
            return LinkHole(kind, variable, area)
        number, first, last = self._inline[id(box)]
        line = self._lines[number]
        shaped = [self._shaper.shape(atom.style, self._shown(atom)) for atom in line.atoms]
        set_here = set_line(line, shaped)
        if set_here is None:
            raise NoStencil("a link that does not go into its own line")
        start = set_here.places[first]
        stop = set_here.places[last] + shaped[last].width
        return LinkHole(kind, variable, area, number, first, last, start - area[0], area[2] - stop)

    def _bookmarks(self) -> Iterator[Bookmark]:
        """Headings with their targets, which WeasyPrint has found in the same order."""
        marks = self._page.bookmarks
        for box, label, variables in self._labels:
            level, state = box.style["bookmark_level"], box.style["bookmark_state"]
            target = box.border_box_x(), round(box.border_box_y(), EXACT)
            if not any(self._is_at(mark, (level, label, target, state)) for mark in marks):
                raise NoStencil("a bookmark that is elsewhere")
            yield Bookmark(level, variables, label, target, state)

    def _is_at(self, mark: Any, read: Any) -> bool:
        (x, y), (own_x, own_y) = mark[2], read[2]
        is_same = (mark[0], mark[1], mark[3]) == (read[0], read[1], read[3])
        return is_same and abs(x - own_x) < CLOSE and abs(y - self._top - own_y) < CLOSE


def _is_in(box: Any, root: Any) -> bool:
    return any(each is box for each in all_boxes(root))


def _is_below(box: Any) -> bool:
    z_index = box.style["z_index"]
    return bool(z_index != "auto" and z_index < 0)


def _contents(kid: Kid) -> Iterator[Content]:
    if isinstance(kid, Content):
        yield kid
    elif isinstance(kid, Node):
        for each in kid.kids:
            yield from _contents(each)


def _name_annotations(node: Node, numbers: Mapping[int, int]) -> None:
    """Annotations name their link by its number, instead of an object of a file."""
    for at, kid in enumerate(node.kids):
        if isinstance(kid, Annotation):
            node.kids[at] = Annotation(0, numbers[id(kid.target)])
        elif isinstance(kid, Node):
            _name_annotations(kid, numbers)


def _localized(piece: Piece, variables: list[int]) -> Piece:
    """Variables by their numbers in the piece."""
    local = {variable: at for at, variable in enumerate(variables)}

    def one(variable: int) -> int:
        return local[variable] if variable >= 0 else variable

    def several(each: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(map(one, each))

    return replace(
        piece,
        items=tuple(
            replace(item, variable=one(item.variable)) if isinstance(item, ImageHole) else item
            for item in piece.items
        ),
        lines=localized_lines(piece.lines, local),
        links=tuple(replace(link, variable=one(link.variable)) for link in piece.links),
        bookmarks=tuple(
            replace(mark, variables=several(mark.variables)) for mark in piece.bookmarks
        ),
        strings=tuple((name, several(own), words) for name, own, words in piece.strings),
        alternatives={words: local[at] for words, at in piece.alternatives.items() if at in local},
        fixed=tuple(sorted((local[at], value) for at, value in piece.fixed if at in local)),
    )


def localized_lines(lines: Iterable[Line], local: Mapping[int, int]) -> tuple[Line, ...]:
    return tuple(
        replace(
            line,
            atoms=tuple(
                replace(atom, variable=local[atom.variable]) if atom.variable >= 0 else atom
                for atom in line.atoms
            ),
        )
        for line in lines
    )
