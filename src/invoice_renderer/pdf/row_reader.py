"""A long table with a few of its rows, measured; each row drawn alone and read into a stencil.

Private to WeasyPrint: boxes with their positions and computed styles, and how cells are drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pydyf
from weasyprint.draw import draw_background, draw_border
from weasyprint.formatting_structure import boxes
from weasyprint.pdf.stream import Stream

from invoice_renderer.pdf.lines import all_boxes, depends_on_content
from invoice_renderer.pdf.page_reader import Flow, PageReader, joined, states_of
from invoice_renderer.pdf.shaping import Shaper
from invoice_renderer.pdf.skeleton import Skeleton
from invoice_renderer.pdf.source import Source
from invoice_renderer.pdf.stencil import Cell, NoStencil, RowPart, RowStencil, TableStencil

_TAGGED = frozenset(
    "a p ul ol li dl dt dd table h1 h2 h3 h4 h5 h6 blockquote section main article".split()
)

AVOID = frozenset({"avoid", "avoid-page"})


def capture_table(layout: Any, skeleton: Skeleton, html: Any, shaper: Shaper) -> TableStencil:
    """What a page with numbered rows says about its long table.

    :raises NoStencil: where something is not as it is known to be.
    """
    source = Source(html.etree_element, skeleton)
    rows: dict[int, RowStencil] = {}
    tables: list[Any] = []
    start = (-1, 0.0)
    tops = []
    own = layout.metadata.lang or ""
    for number, page in enumerate(layout.pages):
        page_box = page._page_box
        top = page_box.content_box_y()
        for table, is_free in _tables(page_box, is_free=True):
            numbered_rows = [
                (group, row) for group in table.children for row in group.children
                if row.element is not None and "data-row" in row.element.attrib
            ]  # fmt: skip
            if not numbered_rows:
                continue
            _check_table(table, is_free=is_free)
            tables.append(table)
            if start[0] < 0:
                start = (number, numbered_rows[0][1].position_y)
            for group, row in numbered_rows:
                reader = RowReader(page, source, shaper, layout.font_config)
                place = int(row.element.get("data-row"))
                rows[place] = reader.read_row(row, group, own)
        tops.append(top)
    if not tables:
        raise NoStencil("no table with the rows")
    head = tables[0].children[0]
    spacing = tables[0].style["border_spacing"][1]
    height = head.height + spacing if head.is_header else 0
    bottoms = [page._page_box.content_box_y() + page._page_box.height for page in layout.pages]
    return TableStencil(
        rows=rows,
        columns=len(tables[0].column_widths),
        spacing=spacing,
        start=start,
        tops=tuple(top + height for top in tops),
        bottoms=tuple(bottoms),
    )


class RowReader(PageReader):
    """Reads the rows of a page, one reader for each."""

    def read_row(self, row: Any, group: Any, own_language: str) -> RowStencil:
        """One row by itself: drawn alone, its texts as holes where they can be."""
        breaks = [
            box.style[name] for box in (row, group) for name in ("break_before", "break_after")
        ]
        if set(breaks) - AVOID - {"auto"}:
            raise NoStencil("a row that asks for a new page")
        known = set(self._source.fixed)
        for cell in row.children:
            self._visit(cell, Flow())
        texts = self._texts_of(row)
        local = {variable: at for at, variable in enumerate(texts)}
        stream = self._scratch()
        parts, cells = self._parts(row, own_language, stream)
        fixed = {one for one in self._source.fixed if one in local and one not in known}
        lines = tuple(
            replace(line, atoms=tuple(replace(a, variable=local[a.variable]) for a in line.atoms))
            for line in self._lines
        )
        return RowStencil(
            top=row.position_y,
            height=row.height,
            may_break_before=breaks[0] not in AVOID,
            may_break_after=breaks[1] not in AVOID,
            body_may_break_before=breaks[2] not in AVOID,
            body_may_break_after=breaks[3] not in AVOID,
            lines=lines,
            parts=parts,
            cells=cells,
            decoration=self._decoration(row, stream),
            fixed=tuple((local[one], self._source.values[one]) for one in sorted(fixed)),
            drawn=tuple(self.drawn),
            states=states_of(stream),
        )

    def _texts_of(self, row: Any) -> list[int]:
        return sorted(
            variable
            for element in row.element.iter()
            for variable in self._source.texts.get(id(element), ())
        )

    def _scratch(self) -> Any:
        resources = {
            name: pydyf.Dictionary()
            for name in ("ExtGState", "XObject", "Pattern", "Shading", "ColorSpace")
        }
        return Stream(
            {}, (0, 0, self._page.width, self._page.height), resources, {}, None, {}, "srgb"
        )

    def _decoration(self, row: Any, stream: Any) -> bytes:
        stream.stream.clear()
        draw_background(stream, row.background)
        for cell in row.children:
            if cell.style["empty_cells"] == "show" or not cell.empty:
                draw_background(stream, cell.background)
        for cell in row.children:
            if cell.style["empty_cells"] == "show" or not cell.empty:
                draw_border(stream, cell)
        return joined([pydyf._to_bytes(item) for item in stream.stream])

    def _parts(
        self, row: Any, own_language: str, stream: Any
    ) -> tuple[tuple[RowPart, ...], tuple[Cell, ...]]:
        parts: list[RowPart] = []
        cells = []
        for cell in row.children:
            inside = []
            for box in all_boxes(cell):
                if isinstance(box, boxes.InlineReplacedBox) or box.element_tag in _TAGGED:
                    raise NoStencil("a cell with more in it than text")
                if not isinstance(box, boxes.TextBox):
                    continue
                stream.stream.clear()
                stream._current_color = stream._current_alpha = None
                stream.set_color(box.style["color"])
                colour = b"\n".join(pydyf._to_bytes(item) for item in stream.stream)
                hole = self._holes.get(id(box))
                if hole is None and id(box) not in self._fixed_ink and box.text.strip():
                    raise NoStencil("a text that was not read")
                language = box.style["lang"] or ""
                is_other = language.lower() != own_language.lower()
                inside.append((len(parts), language if is_other else ""))
                parts.append(RowPart(colour, hole, self._fixed_ink.get(id(box), b"")))
            cells.append(Cell(cell.element_tag.upper(), cell.colspan, tuple(inside)))
        if sum(cell.kind == "TH" for cell in cells) > 1 and len(cells) > 1:
            raise NoStencil("a row with several heads")
        return tuple(parts), tuple(cells)


def _tables(box: Any, *, is_free: bool) -> Iterator[tuple[Any, bool]]:
    box = getattr(box, "_box", box)
    if not isinstance(box, (boxes.TableBox, boxes.MarginBox)) and depends_on_content(box):
        is_free = False
    if isinstance(box, boxes.TableBox):
        yield box, is_free
    for child in getattr(box, "children", ()):
        yield from _tables(child, is_free=is_free)


def _check_table(table: Any, *, is_free: bool) -> None:
    """Nothing of the table itself may be drawn, and nothing in it may size it."""
    edges = (
        table.border_top_width,
        table.border_bottom_width,
        table.padding_top,
        table.padding_bottom,
    )
    grounds = [
        table.background,
        *(group.background for group in table.children if not group.is_header),
    ]
    grounds += [column.background for group in table.column_groups for column in group.children]
    grounds += [group.background for group in table.column_groups]
    if not is_free or depends_on_content(table) or table.style["border_collapse"] == "collapse":
        raise NoStencil("a table whose content decides its columns")
    if any(edges) or any(layer for ground in grounds if ground for layer in ground.layers):
        raise NoStencil("a table with a frame or a ground")
