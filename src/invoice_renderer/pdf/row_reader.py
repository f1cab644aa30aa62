"""Rows of a table that was laid out; each drawn alone and read into a stencil.

Private to WeasyPrint: boxes with their positions and computed styles, and how cells are drawn.
"""

from __future__ import annotations

from typing import Any

import pydyf
from weasyprint.draw import draw_background, draw_border
from weasyprint.formatting_structure import boxes

from invoice_renderer.pdf.edges import breaks_of, is_solid, strings_of
from invoice_renderer.pdf.grounds import lift
from invoice_renderer.pdf.ink_reader import joined, states_of
from invoice_renderer.pdf.lines import all_boxes, depends_on_content
from invoice_renderer.pdf.piece_reader import EXACT, PieceReader, localized_lines
from invoice_renderer.pdf.stencil import Cell, NoStencil, RowPart, RowStencil

_TAGGED = frozenset(
    "a p ul ol li dl dt dd table h1 h2 h3 h4 h5 h6 blockquote section main article".split()
)


class RowReader(PieceReader):
    """Reads the rows of a page, one reader for each."""

    def read_row(self, row: Any, group: Any) -> RowStencil:
        """One row by itself: drawn alone, its texts as holes where they can be."""
        own, body = breaks_of(row), breaks_of(group)
        known = set(self._source.fixed)
        lift(row, row.position_y)
        for cell in row.children:
            self._visit(cell, is_free=True)
        if self._strings or self._labels:
            raise NoStencil("a cell that names a string")
        texts = self._texts_of(row)
        local = {variable: at for at, variable in enumerate(texts)}
        stream = self._scratch()
        parts, cells = self._parts(row, stream)
        fixed = {one for one in self._source.fixed if one in local and one not in known}
        return RowStencil(
            height=round(row.height, EXACT),
            is_solid=is_solid(row),
            may_break_before=own.before,
            may_break_after=own.after,
            body_may_break_before=body.before,
            body_may_break_after=body.after,
            body_may_break_inside=body.inside,
            lines=localized_lines(self._lines, local),
            parts=parts,
            cells=cells,
            decoration=self._decoration(row, stream),
            strings=strings_of(row),
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

    def _decoration(self, row: Any, stream: Any) -> bytes:
        stream.stream.clear()
        stream._tags = None  # the form of it is an artifact as a whole
        draw_background(stream, row.background)
        for cell in row.children:
            if cell.style["empty_cells"] == "show" or not cell.empty:
                draw_background(stream, cell.background)
        for cell in row.children:
            if cell.style["empty_cells"] == "show" or not cell.empty:
                draw_border(stream, cell)
        return joined([pydyf._to_bytes(item) for item in stream.stream])

    def _parts(self, row: Any, stream: Any) -> tuple[tuple[RowPart, ...], tuple[Cell, ...]]:
        own_language = self._around.language
        parts: list[RowPart] = []
        cells = []
        for cell in row.children:
            inside = []
            for box in all_boxes(cell):
                if isinstance(box, boxes.InlineReplacedBox) or box.element_tag in _TAGGED:
                    raise NoStencil("a cell with more in it than text")
                if box is not cell and _is_painted(box):
                    raise NoStencil("a cell with a ground or a frame inside of it")
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


def _is_painted(box: Any) -> bool:
    ground = getattr(box, "background", None)
    edges = (getattr(box, f"border_{side}_width", 0) for side in ("top", "right", "bottom", "left"))
    return any(edges) or bool(ground and ground.layers)


def is_row_by_row(wrapper: Any) -> bool:
    """Whether a table can be set row by row: nothing of it is drawn but its rows, and nothing in
    them sizes its columns.
    """
    table = wrapper.get_wrapped_table() if wrapper.is_table_wrapper else None
    if table is None or len(wrapper.children) != 1 or depends_on_content(table):
        return False
    if table.element_tag != "table" or table.style["border_collapse"] == "collapse":
        return False
    head, *bodies = table.children
    if not (head.is_header and bodies) or any(each.is_footer or each.is_header for each in bodies):
        return False
    if any(each.element_tag != "tbody" or each.string_set for each in bodies) or table.string_set:
        return False
    edges = (
        table.border_top_width,
        table.border_bottom_width,
        table.padding_top,
        table.padding_bottom,
    )
    grounds = [table.background, *(body.background for body in bodies)]
    grounds += [column.background for group in table.column_groups for column in group.children]
    grounds += [group.background for group in table.column_groups]
    return not any(edges) and not any(
        layer for ground in grounds if ground for layer in ground.layers
    )
