"""A long table folded: the same page, with slots in the place of most of its rows.

A row is known by its *kind*: its tags. Rows of a kind differ in their texts and in the data that
their ``<tr>`` carries. A page of thousands of rows is laid out with a few: one of each kind to be
measured, then only those near the ends of groups, and between them slots as high as what was taken
out. Where a page ends is worked out here by the rule that WeasyPrint has for rows: fill the page,
then go back to the last place where a break is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import pairwise

from invoice_renderer.pdf.skeleton import HOLE, TAGS

MANY_ROWS = 24  # fewer are laid out as they are
FUDGE = 1 + 1e-9  # WeasyPrint's tolerance at the end of a page
_TABLE = re.compile(r"<table\b[^>]*>.*?</table>", re.DOTALL)
_BODY = re.compile(r"(<tbody\b[^>]*>)(.*?)(</tbody>)", re.DOTALL)
_ROW = re.compile(r"<tr\b[^>]*>.*?</tr>", re.DOTALL)
_DATA = re.compile(r'\s(data-[a-z-]+)="([^"]*)"')
_VOID = re.compile(
    r"<(?:!|(?:area|base|br|col|embed|hr|img|input|link|meta|source|wbr)\b)", re.IGNORECASE
)
_LIVE = re.compile(r"\s(?:href|src|data-[a-z-]+)=")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its kind, its texts in order, and the data of its ``<tr>``."""

    kind: str
    texts: tuple[str, ...]
    data: tuple[tuple[str, str], ...]
    html: str
    body: int
    """The number of its ``<tbody>``."""
    is_inner: bool
    """Neither the first nor the last of it."""


@dataclass(frozen=True, slots=True)
class LongTable:
    """A table of many rows, and the page around it."""

    frame: tuple[str, ...]
    """The tags that are open around its rows, and its head."""

    before: str
    """Up to and with the head of the table."""
    bodies: tuple[tuple[str, str], ...]
    """Start and end tag of each ``<tbody>``."""
    rows: tuple[Row, ...]
    after: str


def find_long_table(html: str) -> LongTable | None:
    """The longest table of the page, if it is long and its rows are plain."""
    tables = [found for found in _TABLE.finditer(html) if found[0].count("<tr") > MANY_ROWS]
    if not tables:
        return None
    longest = max(tables, key=lambda found: found.end() - found.start())
    if longest[0].count("<table") != 1 or "<tfoot" in longest[0] or "rowspan" in longest[0]:
        return None
    bodies = list(_BODY.finditer(longest[0]))
    if not bodies or longest[0].count("<tbody") != len(bodies):
        return None
    between = [longest[0][a.end() : b.start()] for a, b in pairwise(bodies)]
    rows: list[Row] = []
    for number, body in enumerate(bodies):
        taken = _rows_of(body[2], number, body[1])
        if taken is None:
            return None
        rows += taken
    if any(text.strip() for text in between):
        return None
    head = longest[0][: bodies[0].start()]
    return LongTable(
        frame=(*_open_tags(html[: longest.start()]), head),
        before=html[: longest.start()] + head,
        bodies=tuple((body[1], body[3]) for body in bodies),
        rows=tuple(rows),
        after=html[longest.start() + bodies[-1].end() :],
    )


def _open_tags(html: str) -> list[str]:
    """The tags that are open at the end, as far as they can decide a style."""
    stack: list[str] = []
    for tag in TAGS.findall(html):
        if tag[1] == "/":
            if stack:
                stack.pop()
        elif not tag.endswith("/>") and not _VOID.match(tag):
            stack.append(_DATA.sub("", tag))
    return stack


def _rows_of(html: str, body: int, body_tag: str) -> list[Row] | None:
    found = _ROW.findall(html)
    if sum(map(len, found)) != len(html.strip()) and _ROW.sub("", html).strip():
        return None
    rows: list[Row] = []
    kinds: set[str] = set()
    for at, row in enumerate(found):
        parts = TAGS.split(row)
        tag = parts[1]
        data = tuple(_DATA.findall(tag)) if "data-" in tag else ()
        parts[1] = _DATA.sub("", tag) if data else tag
        texts = []
        for place in range(2, len(parts), 2):
            part = parts[place]
            if part and (core := part.strip(" \t\n\r\f")):
                texts.append(unescape(core) if "&" in core else core)
                parts[place] = HOLE if core == part else part.replace(core, HOLE)
        kind = body_tag + "".join(parts)
        if kind not in kinds:
            if _LIVE.search(kind):
                return None
            kinds.add(kind)
        kept = (unescape(value) if "&" in value else value for _, value in data)
        named = tuple(zip((name for name, _ in data), kept, strict=True))
        rows.append(Row(kind, tuple(texts), named, row, body, 0 < at < len(found) - 1))
    return rows


# ----------------------------------------------------------------------------- pages


@dataclass(frozen=True, slots=True)
class Measures:
    """What the folding needs to know of a table; lengths in CSS pixels."""

    first_page: int
    """The number of the page where the body begins."""
    start: float
    """Where its first row begins there."""
    bottoms: tuple[float, float]
    """Where the first page of the table ends, and every other one."""
    top: float
    """Where rows begin on the other ones: below the repeated head."""
    spacing: float
    """Between two rows."""
    columns: int


@dataclass(frozen=True, slots=True)
class RowMeasure:
    """Of one row: its height, and whether a page may end before and after it."""

    height: float
    may_break_before: bool
    may_break_after: bool


def paginate(rows: Sequence[RowMeasure], measures: Measures) -> list[tuple[int, int]] | None:
    """First and last-but-one row of each page; nothing where the rule is not enough."""
    pages = []
    first, at = 0, 0
    place, bottom = measures.start, measures.bottoms[0]
    while at < len(rows):
        end = place + rows[at].height + measures.spacing
        if end <= bottom * FUDGE or at == first:
            if at == first and end > bottom * FUDGE:
                return None
            place, at = end, at + 1
            continue
        cut = at
        while cut > first and not (rows[cut].may_break_before and rows[cut - 1].may_break_after):
            cut -= 1
        if cut == first:
            return None
        pages.append((first, cut))
        first = at = cut
        place, bottom = measures.top, measures.bottoms[1]
    pages.append((first, len(rows)))
    return pages


# ----------------------------------------------------------------------------- folding


@dataclass(frozen=True, slots=True)
class Slot:
    """Rows ``start`` to ``stop`` of the table, taken out."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Folding:
    """A page with slots; ``cut[n]`` are the table's pages taken out behind its page ``n``."""

    html: str
    slots: tuple[Slot, ...]
    kept: Mapping[int, float]
    """The rows that are left, and where each begins on its page."""
    pages: tuple[tuple[int, int], ...]
    cut: Mapping[int, tuple[int, ...]]

    @property
    def laid_out(self) -> list[int]:
        """The table's pages that are not cut."""
        gone = {page for behind in self.cut.values() for page in behind}
        return [page for page in range(len(self.pages)) if page not in gone]


class _Bodies:
    """Writes rows, each in its ``<tbody>``; bodies without rows stay, empty."""

    def __init__(self, table: LongTable) -> None:
        self._table = table
        self._body = -1
        self.parts: list[str] = []

    def go_to(self, body: int) -> None:
        """Close the body that is open, and open this one unless it is the same."""
        if body == self._body:
            return
        bodies = self._table.bodies
        if self._body >= 0:
            self.parts.append(bodies[self._body][1])
        self.parts += [start + end for start, end in bodies[self._body + 1 : body]]
        if body < len(bodies):
            self.parts.append(bodies[body][0])
        self._body = body

    def page(self) -> str:
        """The whole page, after the last row."""
        self.go_to(len(self._table.bodies))
        return "".join([self._table.before, *self.parts, self._table.after])


def fold(
    table: LongTable,
    measured: Sequence[RowMeasure],
    measures: Measures,
) -> Folding | None:
    """Slots for the rows that are free to go; pages full of them are laid out once."""
    pages = paginate(measured, measures)
    if pages is None:
        return None
    free = [_is_free(table.rows, measured, at) for at in range(len(measured))]
    cut = _pages_to_cut(table.rows, pages, free, measured, measures)
    gone = {page for behind in cut.values() for page in behind}
    slots: list[Slot] = []
    kept: dict[int, float] = {}
    bodies = _Bodies(table)
    for number, (start, stop) in enumerate(pages):
        if number in gone:
            continue
        place = measures.start if number == 0 else measures.top
        for first, last in _runs(free, table.rows, start, stop):
            row = table.rows[first]
            bodies.go_to(row.body)
            heights = [each.height + measures.spacing for each in measured[first:last]]
            if not free[first]:
                kept[first] = place
                bodies.parts.append(numbered(row.html, first))
            else:
                bodies.parts += _slots(table.rows, first, last, heights, measures, slots)
            place += sum(heights)
    return Folding(bodies.page(), tuple(slots), kept, tuple(pages), cut)


def numbered(row: str, number: int) -> str:
    """A row that can be found again by its number."""
    return f'<tr data-row="{number}"{row[3:]}'


def measuring_page(table: LongTable, numbers: Iterable[int]) -> str:
    """The page with only these rows, and one page more than it needs."""
    bodies = _Bodies(table)
    for number in numbers:
        row = table.rows[number]
        bodies.go_to(row.body)
        bodies.parts.append(numbered(row.html, number))
    more = '<div style="break-before:page">\N{MIDDLE DOT}</div></body>'
    return bodies.page().replace("</body>", more)


def _is_free(rows: Sequence[Row], measured: Sequence[RowMeasure], at: int) -> bool:
    """A row with a neighbour of its own group on both sides, and breaks allowed around it."""
    this = measured[at]
    if not (rows[at].is_inner and this.may_break_before and this.may_break_after):
        return False
    return measured[at - 1].may_break_after and measured[at + 1].may_break_before


def _runs(
    free: Sequence[bool], rows: Sequence[Row], start: int, stop: int
) -> Iterable[tuple[int, int]]:
    """Rows that stay, one by one; rows that go, together."""
    at = start
    while at < stop:
        end = at + 1
        if free[at]:
            while end < stop and free[end] and rows[end].body == rows[at].body:
                end += 1
        yield at, end
        at = end


def _slots(
    rows: Sequence[Row], first: int, last: int, heights: list[float], measures: Measures,
    slots: list[Slot],
) -> Iterable[str]:  # fmt: skip
    """One for the first row, one for the others: named strings ask for the first and the last."""
    for start, stop in ((first, first + 1), (first + 1, last)):
        if start >= stop:
            continue
        height = sum(heights[start - first : stop - first]) - measures.spacing
        tag = TAGS.search(rows[stop - 1].html)
        yield (
            f'{tag[0] if tag else "<tr>"}<td data-slot="{len(slots)}" colspan="{measures.columns}"'
            f' style="height:{height:.9f}px!important;padding:0!important;border:0!important;'
            f'background:none!important">\N{MIDDLE DOT}</td></tr>'
        )
        slots.append(Slot(start, stop))


def _pages_to_cut(
    rows: Sequence[Row],
    pages: Sequence[tuple[int, int]],
    free: Sequence[bool],
    measured: Sequence[RowMeasure],
    measures: Measures,
) -> dict[int, tuple[int, ...]]:
    """Behind the first of several pages full of free rows, the others."""
    cut: dict[int, tuple[int, ...]] = {}
    number = 1
    while number < len(pages) - 1:
        end = number
        while end < len(pages) - 1 and _is_full(
            rows, pages[end], free, rows[pages[number][0]].body
        ):
            end += 1
        if end - number > 1 and _ends_alike(pages, number, end, measured, measures):
            cut[number] = tuple(range(number + 1, end))
        number = max(end, number + 1)
    return cut


def _is_full(rows: Sequence[Row], page: tuple[int, int], free: Sequence[bool], body: int) -> bool:
    start, stop = page
    is_one_body = rows[start].body == rows[stop - 1].body == body
    return is_one_body and stop - start > 1 and all(free[start:stop])


def _ends_alike(
    pages: Sequence[tuple[int, int]],
    number: int,
    end: int,
    measured: Sequence[RowMeasure],
    measures: Measures,
) -> bool:
    """Whether the row that then comes next does not go on the page that is kept either."""
    start, stop = pages[number]
    used = sum(each.height + measures.spacing for each in measured[start:stop])
    after = measured[pages[end][0]]
    return measures.top + used + after.height + measures.spacing > measures.bottoms[1] * FUDGE
