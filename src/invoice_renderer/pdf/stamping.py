"""Pages through stencils: those of the shapes met before, and those of long tables.

A page is stamped where that is known to give what layout would have given. Everything else raises
:class:`NoStencil`, and is laid out whole. What is kept here only saves time: the same page has the
same bytes, whichever pages were made before it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from invoice_renderer.pdf.capture import capture
from invoice_renderer.pdf.fold import (
    Folding,
    LongTable,
    Measures,
    RowMeasure,
    find_long_table,
    fold,
    measuring_page,
)
from invoice_renderer.pdf.press import Pressed, Rows, Surroundings, press
from invoice_renderer.pdf.row_reader import capture_table
from invoice_renderer.pdf.rows import RowSetter, SetRow
from invoice_renderer.pdf.selectors import looks_at_rows, reads_variables
from invoice_renderer.pdf.shaping import ShapedText
from invoice_renderer.pdf.skeleton import Skeleton, take_apart
from invoice_renderer.pdf.stencil import NoStencil, Stencil, TableStencil

SHAPES = 64
STENCILS_OF_A_SHAPE = 4
FRAMES = 16
KINDS_OF_A_FRAME = 1_000
MOST_UNUSUAL = 400  # rows that need a layout of their own; more, and the page is laid out whole
AT_ONCE = 100
CANDIDATES = 50  # rows of a kind that are looked at for the plainest
FORESEEN = 0.01  # CSS pixels between where a row is and where it was foreseen

LayOut = Callable[[str], tuple[Any, Any]]
"""HTML to the parsed page and its layout."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page to be stamped; ``style`` names its style, ``css`` is the text of it."""

    html: str
    style: tuple[str, ...]
    css: str
    around: Surroundings
    lay_out: LayOut


@dataclass(slots=True)
class _Frame:
    """A long table without its rows: what was measured of it, and of the kinds of its rows."""

    columns: int
    spacing: float
    top: float
    bottoms: tuple[float, float]
    setters: dict[str, list[RowSetter]] = field(default_factory=dict)
    count: int = 0


class Stamper:
    """Keeps the stencils of the shapes that were used last."""

    def __init__(self) -> None:
        self._stencils: OrderedDict[tuple[str, ...], list[Stencil]] = OrderedDict()
        self._frames: OrderedDict[tuple[object, ...], _Frame] = OrderedDict()
        self._starts: OrderedDict[tuple[str, ...], tuple[int, float]] = OrderedDict()

    def stamp(self, page: Page) -> Pressed:
        """:raises NoStencil: where the page has to be laid out whole."""
        if reads_variables(page.css):
            raise NoStencil("a style that asks for data")
        table = find_long_table(page.html)
        if table is None:
            return self._through_stencil(page, page.html, None)
        kinds = {row.kind for row in table.rows}
        if looks_at_rows(page.css, table.frame, kinds):
            raise NoStencil("a style that asks for the number of a row")
        before = _taken_apart(f"{table.before}</table>")
        start_key = (*page.style, before.shape)
        try:
            return self._stamp_long(page, table, start_key)
        except _Elsewhere:  # it began where tables of its shape do not
            self._starts.pop(start_key, None)
        try:
            return self._stamp_long(page, table, start_key)
        except _Elsewhere:
            raise NoStencil("rows elsewhere than foreseen") from None

    # ------------------------------------------------------------------------- one shape

    def _through_stencil(self, page: Page, html: str, rows: Rows | None) -> Pressed:
        skeleton = _taken_apart(html)
        key = (*page.style, skeleton.shape)
        known = self._stencils.get(key, [])
        for stencil in known:
            pressed = press(stencil, skeleton, page.around, rows)
            if pressed is not None:
                self._stencils.move_to_end(key)
                return pressed
        stencil = self._capture(page, html, skeleton, rows)
        pressed = press(stencil, skeleton, page.around, rows, is_own=True)
        if pressed is None:
            raise NoStencil("a page that does not go through its own stencil")
        self._stencils[key] = [stencil, *known][:STENCILS_OF_A_SHAPE]
        _keep_last(self._stencils, SHAPES)
        return pressed

    def _capture(self, page: Page, html: str, skeleton: Skeleton, rows: Rows | None) -> Stencil:
        parsed, layout = page.lay_out(html)
        around = page.around
        stencil = capture(layout, skeleton, parsed, around.shaper, **around.options)
        if rows is not None and not _is_as_folded(rows.folding, stencil.kept, rows.first_page):
            raise _Elsewhere
        return stencil

    # ------------------------------------------------------------------------- long tables

    def _stamp_long(self, page: Page, table: LongTable, start_key: tuple[str, ...]) -> Pressed:
        frame_key = (*page.style, table.frame)
        if frame_key not in self._frames or start_key not in self._starts:
            self._measure(page, table, frame_key, start_key)
        self._frames.move_to_end(frame_key)
        frame = self._frames[frame_key]
        first_page, start = self._starts[start_key]
        used: dict[int, ShapedText] = {}
        rows = self._set_all(page, table, frame, used)
        measures = Measures(
            first_page=first_page,
            start=start,
            bottoms=(frame.bottoms[min(first_page, 1)], frame.bottoms[1]),
            top=frame.top,
            spacing=frame.spacing,
            columns=frame.columns,
        )
        folding = fold(table, _row_measures(table, rows), measures)
        if folding is None:
            raise NoStencil("pages that end in a way that is not known")
        ready = _ready(table, folding, rows, measures, used)
        return self._through_stencil(page, folding.html, ready)

    def _measure(
        self,
        page: Page,
        table: LongTable,
        frame_key: tuple[object, ...],
        start_key: tuple[str, ...],
    ) -> None:
        numbers = _plainest(table)
        measured = self._measured(page, table, numbers)
        number, start = measured.start
        self._starts[start_key] = (number, start)
        _keep_last(self._starts, SHAPES)
        if frame_key not in self._frames:
            self._frames[frame_key] = _Frame(
                measured.columns,
                measured.spacing,
                measured.tops[-1],
                (measured.bottoms[0], measured.bottoms[-1]),
            )
            _keep_last(self._frames, FRAMES)
        self._add(page, table, self._frames[frame_key], measured, numbers)

    def _measured(self, page: Page, table: LongTable, numbers: Sequence[int]) -> TableStencil:
        html = measuring_page(table, numbers)
        parsed, layout = page.lay_out(html)
        return capture_table(layout, _taken_apart(html), parsed, page.around.shaper)

    def _add(
        self,
        page: Page,
        table: LongTable,
        frame: _Frame,
        measured: TableStencil,
        numbers: Iterable[int],
    ) -> None:
        for at in numbers:
            row = table.rows[at]
            setters = frame.setters.setdefault(row.kind, [])
            if _set(row.texts, setters, {}) is None:
                setters.append(RowSetter(measured.rows[at], page.around.shaper))
                frame.count += 1

    def _set_all(
        self, page: Page, table: LongTable, frame: _Frame, used: dict[int, ShapedText]
    ) -> list[SetRow]:
        if frame.count > KINDS_OF_A_FRAME:
            frame.setters.clear()
            frame.count = 0
        rows: list[SetRow | None] = [None] * len(table.rows)
        waiting: Sequence[int] = range(len(table.rows))
        unusual = 0
        while True:
            for at in waiting:
                row = table.rows[at]
                rows[at] = _set(row.texts, frame.setters.get(row.kind, ()), used)
            still = [at for at in waiting if rows[at] is None]
            if not still:
                return [row for row in rows if row is not None]
            chosen = _one_of_each(table, frame, still)
            unusual += len(chosen)
            if (
                unusual > MOST_UNUSUAL
                or len(chosen) == 0
                or _stays(waiting, still, unusual, chosen)
            ):
                raise NoStencil("too many rows of their own kind")
            self._add(page, table, frame, self._measured(page, table, chosen), chosen)
            waiting = still


class _Elsewhere(Exception):
    """The rows that were left in a folded page are not where they were foreseen."""


def _stays(
    waiting: Sequence[int], still: Sequence[int], unusual: int, chosen: Sequence[int]
) -> bool:
    """Whether rows have been measured and still nothing more goes in."""
    return unusual > len(chosen) and len(waiting) == len(still)


def _taken_apart(html: str) -> Skeleton:
    skeleton = take_apart(html)
    if skeleton is None:
        raise NoStencil("markup that is not plain")
    return skeleton


def _keep_last(kept: OrderedDict[Any, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)


def _plainest(table: LongTable) -> list[int]:
    """Of each kind of row the plainest: it leaves most of its texts free."""
    plainest: dict[str, tuple[tuple[bool, int], int]] = {}
    looked_at: dict[str, int] = {}
    for at, row in enumerate(table.rows):
        looked_at[row.kind] = looked_at.get(row.kind, 0) + 1
        if looked_at[row.kind] > CANDIDATES:
            continue
        text = "".join(row.texts)
        rank = (not text.isascii(), len(text))
        if row.kind not in plainest or rank < plainest[row.kind][0]:
            plainest[row.kind] = (rank, at)
    return sorted(at for _, at in plainest.values())


def _set(
    texts: Sequence[str], setters: Iterable[RowSetter], used: dict[int, ShapedText]
) -> SetRow | None:
    for setter in setters:
        row = setter.set(texts, used)
        if row is not None:
            return row
    return None


def _one_of_each(table: LongTable, frame: _Frame, numbers: Iterable[int]) -> list[int]:
    """Among rows that did not go in, one of each that differ in what kept them out."""
    chosen: dict[tuple[str, tuple[str | None, ...]], int] = {}
    for at in numbers:
        row = table.rows[at]
        setters = frame.setters.get(row.kind, ())
        key = (row.kind, setters[0].misfits(row.texts) if setters else ())
        chosen.setdefault(key, at)
        if len(chosen) >= AT_ONCE:
            break
    return sorted(chosen.values())


def _row_measures(table: LongTable, rows: Sequence[SetRow]) -> list[RowMeasure]:
    measures = []
    for at, (row, set_row) in enumerate(zip(table.rows, rows, strict=True)):
        stencil = set_row.setter.stencil
        is_first = at == 0 or table.rows[at - 1].body != row.body
        is_last = at + 1 == len(rows) or table.rows[at + 1].body != row.body
        measures.append(
            RowMeasure(
                stencil.height,
                stencil.may_break_before and (not is_first or stencil.body_may_break_before),
                stencil.may_break_after and (not is_last or stencil.body_may_break_after),
            )
        )
    return measures


def _ready(
    table: LongTable,
    folding: Folding,
    rows: Sequence[SetRow],
    measures: Measures,
    used: Mapping[int, ShapedText],
) -> Rows:
    setters = {id(row.setter): row.setter for row in rows}
    texts = list(used.values())
    for setter in setters.values():
        texts += setter.fixed_texts
    return Rows(
        folding=folding,
        rows=rows,
        data=[row.data for row in table.rows],
        first_page=measures.first_page,
        spacing=measures.spacing,
        texts=texts,
    )


def _is_as_folded(folding: Folding, kept: Sequence[Mapping[int, float]], first_page: int) -> bool:
    """Whether the rows that were left are on the pages, and at the places, that were foreseen."""
    pages = [folding.pages[number] for number in folding.laid_out]
    for number, (start, stop) in enumerate(pages, start=first_page):
        on_page = kept[number] if number < len(kept) else {}
        for at, place in folding.kept.items():
            if start <= at < stop and abs(on_page.get(at, -1) - place) > FORESEEN:
                return False
    return True
