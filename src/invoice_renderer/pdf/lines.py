"""Lines of text as WeasyPrint laid them out: what is in them, and what decides where they stand.

Private to WeasyPrint: boxes with their positions and computed styles.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from weasyprint.formatting_structure import boxes

from invoice_renderer.pdf.stencil import CLOSE

_SHARES = {"start": 0.0, "left": 0.0, "justify": 0.0, "center": 0.5, "end": 1.0, "right": 1.0}

_MIRRORED = {"start": 1.0, "justify": 1.0, "end": 0.0}

NOISE = 6  # decimals of a CSS pixel; what sums of other texts leave behind is far below

_SIZED_BY_CONTENT = (
    boxes.InlineBlockBox,
    boxes.InlineFlexBox,
    boxes.InlineGridBox,
    boxes.FlexContainerBox,
    boxes.GridContainerBox,
)


class LineReader:
    """The texts of a line from left to right."""

    def __init__(self, line: Any) -> None:
        self.texts: list[Any] = []
        self.inlines: list[Any] = []
        self.is_plain = True
        self.spans: list[tuple[Any, int, int]] = []
        self._line = line
        for child in line.children:
            self._read(child)
        self.in_order = self.texts
        """As in the source; ``texts`` are from left to right."""
        self.texts = sorted(self.texts, key=lambda box: box.position_x)
        if self.texts != self.in_order:
            if any(first != last for _, first, last in self.spans):
                self.is_plain = False
            places = [self.texts.index(box) for box in self.in_order]
            self.spans = [(box, places[first], places[first]) for box, first, _ in self.spans]
        self.end = self.texts[-1].position_x + self.texts[-1].width if self.texts else 0.0

    def _read(self, box: Any) -> None:
        if isinstance(box, boxes.TextBox):
            if box.text.strip(" \n"):
                self.texts.append(box)
            return
        if not isinstance(box, boxes.InlineBox):
            self.is_plain = False
            self.texts += [each for each in all_boxes(box) if isinstance(each, boxes.TextBox)]
            return
        self.inlines.append(box)
        background = getattr(box, "background", None)
        edges = (box.border_top_width, box.border_right_width, box.border_bottom_width)
        if any((*edges, box.border_left_width)) or (background and background.layers):
            self.is_plain = False
        first = len(self.texts)
        for child in box.children:
            self._read(child)
        if len(self.texts) > first:
            self.spans.append((box, first, len(self.texts) - 1))

    def placed(self) -> Iterator[tuple[float, Any]]:
        """Each text with the room before it."""
        place = self._line.position_x
        for box in self.texts:
            yield round(box.position_x - place, NOISE), box
            place = box.position_x + box.width


def share_of(line: Any, block: Any, reader: LineReader) -> float | None:
    """How much of the free room is at the left, if that is as its style says."""
    align = line.style["text_align_all"]
    shares = {**_SHARES, **(_MIRRORED if line.style["direction"] == "rtl" else {})}
    share = shares.get(align)
    if share is None or not reader.texts:
        return None
    free = block.width - line.width
    is_there = abs(line.position_x - block.content_box_x() - share * free) <= CLOSE
    return share if is_there and free >= -CLOSE else None


def depends_on_content(box: Any) -> bool:
    """Whether the text inside decides the width of a box."""
    if isinstance(box, _SIZED_BY_CONTENT):
        return True
    if isinstance(box, boxes.MarginBox):
        return box.style["width"] == "auto" and not box.at_keyword.endswith("corner")
    if isinstance(box, (boxes.TextBox, boxes.LineBox, boxes.PageBox)):
        return False
    if box.is_floated() or box.is_absolutely_positioned():
        return True
    return isinstance(box, boxes.TableBox) and (
        box.style["table_layout"] != "fixed" or box.style["width"] == "auto"
    )


def all_boxes(box: Any) -> Iterator[Any]:
    box = getattr(box, "_box", box)
    yield box
    for child in getattr(box, "children", ()):
        yield from all_boxes(child)


def holds_lines(box: Any) -> bool:
    children: Any = getattr(box, "children", ())
    return bool(children) and isinstance(children[0], boxes.LineBox)


def ends_with_break(line: Any) -> bool:
    """Whether the last thing in a line is a ``<br>``."""
    last = line.children[-1] if line.children else None
    while isinstance(last, boxes.InlineBox):
        if last.element_tag == "br":
            return True
        last = last.children[-1] if last.children else None
    return False
