"""How a block meets its neighbours: its margins, where a page may end, and the strings it names.

Private to WeasyPrint: boxes with their computed styles.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Any

from weasyprint.formatting_structure import boxes

from invoice_renderer.pdf.lines import holds_lines
from invoice_renderer.pdf.stencil import CLOSE, Breaks, NoStencil, Strings

_PARALLEL = (boxes.BlockLevelBox, boxes.TableRowGroupBox, boxes.TableRowBox)
AVOID = frozenset({"avoid", "avoid-page"})


def breaks_of(box: Any) -> Breaks:
    """:raises NoStencil: where a box asks for a new page."""
    before, after, inside = (box.style[f"break_{where}"] for where in ("before", "after", "inside"))
    if {before, after, inside} - AVOID - {"auto"}:
        raise NoStencil("a block that asks for a new page")
    return Breaks(before not in AVOID, after not in AVOID, inside not in AVOID)


def edge_breaks(box: Any) -> Breaks:
    """The same for a block that is a piece: what it begins and ends with asks, too."""
    own = breaks_of(box)
    blocks = [each for each in getattr(box, "children", ()) if isinstance(each, _PARALLEL)]
    first, last = (edge_breaks(blocks[at]) if blocks else own for at in (0, -1))
    return Breaks(own.before and first.before, own.after and last.after, not is_solid(box))


def is_solid(box: Any) -> bool:
    """Whether no page can end inside: it must not, or there is but one line."""
    if box.style["break_inside"] in AVOID:
        return True
    if holds_lines(box):
        return len(box.children) == 1
    children = [child for child in getattr(box, "children", ()) if child.is_in_normal_flow()]
    if isinstance(box, (boxes.TableRowBox, boxes.TableRowGroupBox)):
        return all(map(is_solid, children))
    return len(children) < 2 and all(map(is_solid, children))


def margins(box: Any, side: str) -> Iterator[float]:
    """The margins that meet at one side of a block (CSS 2.2, 8.3.1)."""
    yield margin(box, side)
    if isinstance(box, boxes.BlockContainerBox) and box.children:
        meets = box.top_margin_collapses if side == "top" else box.bottom_margin_collapses
        child = box.children[0 if side == "top" else -1]
        if meets() and isinstance(child, boxes.BlockLevelBox) and child.is_in_normal_flow():
            yield from margins(child, side)


def margin(box: Any, side: str) -> float:
    """As its style has it: WeasyPrint takes it away where a page begins."""
    value = box.style[f"margin_{side}"]
    if value == "auto":
        return 0.0
    if value.unit != "px":
        raise NoStencil("a margin that depends on the page")
    return float(value.value)


def sticks_out(box: Any, bottom: float = inf) -> bool:
    """Whether a line ends below its block, which negative margins do, and a height of its own: a
    page then ends sooner than the block would have it.
    """
    bottom = min(bottom, box.content_box_y() + box.height)
    for child in getattr(box, "children", ()):
        if isinstance(child, boxes.LineBox):
            if child.position_y + child.height > bottom + CLOSE:
                return True
        elif isinstance(child, boxes.BlockBox) and sticks_out(child, bottom):
            return True
    return False


def strings_of(box: Any) -> Strings:
    """The named strings of a box, by the attributes that say them."""
    contents = dict(box.style["string_set"]) if box.style["string_set"] != "none" else {}
    strings = []
    for name, value in box.string_set or ():
        listed = listed_content(contents.get(name))
        if len(listed) != 1 or listed[0][0] not in {"attr()", "string"}:
            raise NoStencil("a named string of several parts")
        is_data = listed[0][0] == "attr()"
        if is_data and not listed[0][1][0].startswith("data-"):
            raise NoStencil("a named string from another attribute")
        strings.append((name, listed[0][1][0] if is_data else "", "" if is_data else value))
    return tuple(strings)


def listed_content(content: Any) -> list[tuple[str, Any]]:
    return list(content) if isinstance(content, (tuple, list)) else []
