"""One column of units parted into pages.

A page is filled as long as the next unit goes on it, and ends at the last place where a break is
allowed (CSS Fragmentation 3, 4.4), as WeasyPrint has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from invoice_renderer.pdf.stencil import NoStencil

FUDGE = 1 + 1e-9  # WeasyPrint's tolerance at the end of a page


@dataclass(slots=True)
class Column:
    """The flow as one column of units; lengths in CSS pixels, one entry for each unit."""

    heights: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    """Above it, where it does not begin a page."""
    tops: list[float] = field(default_factory=list)
    """Above it, where it begins a page that is not the first: a repeated head, or a margin."""
    may_break: list[bool] = field(default_factory=list)
    """Before it."""
    is_solid: list[bool] = field(default_factory=list)

    def add(
        self,
        height: float,
        gap: float,
        top: float,
        *,
        may_break: bool,
        is_solid: bool,
        count: int = 1,
    ) -> int:
        """So many units of one sort; the number of the last."""
        self.heights += (height,) * count
        self.gaps += (gap,) * count
        self.tops += (top,) * count
        self.may_break += (may_break,) * count
        self.is_solid += (is_solid,) * count
        return len(self.heights) - 1


def paginate(
    column: Column, frame_tops: tuple[float, float], bottoms: tuple[float, float]
) -> tuple[list[tuple[int, int]], list[float]]:
    """First unit and last but one of each page, and the place of every unit; the flow goes from top
    to bottom of the first page and of every other one.

    :raises NoStencil: where the rule is not enough.
    """
    heights, gaps, tops, may_break = column.heights, column.gaps, column.tops, column.may_break
    pages: list[tuple[int, int]] = []
    places = [0.0] * len(heights)
    first, at = 0, 0
    place, bottom = frame_tops[0], bottoms[0] * FUDGE
    while at < len(heights):
        begin = place + (gaps[at] if at > first or not pages else tops[at])
        end = begin + heights[at]
        if end <= bottom:
            places[at] = begin
            place, at = end, at + 1
            continue
        if not column.is_solid[at]:
            raise NoStencil("a page that ends inside of a block")
        cut = at
        while cut > first and not may_break[cut]:
            cut -= 1
            if not column.is_solid[cut]:
                raise NoStencil("a page that ends inside of a block")
        if cut == first:
            raise NoStencil("a page that ends where it must not")
        pages.append((first, cut))
        first = at = cut
        place, bottom = frame_tops[1], bottoms[1] * FUDGE
    pages.append((first, len(heights)))
    return pages, places
