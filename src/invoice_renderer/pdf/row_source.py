"""Rows of a table as kinds and texts: from HTML, or from a manuscript that has them as texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from html import escape, unescape
from itertools import count, repeat
from operator import add, attrgetter, itemgetter
from typing import NamedTuple

from invoice_renderer.manuscript import MARK, Manuscript, Plan, Rows, write_by
from invoice_renderer.pdf.skeleton import (
    DATA,
    HOLE,
    SPACE,
    TAGS,
    Data,
    bare,
    take_apart,
)
from invoice_renderer.pdf.stencil import NoStencil

PATTERNS = 16  # of rows, for one body
CANDIDATES = 50  # rows of a kind that are looked at for the plainest
_FIRST_SIGN = 0xE000  # stands for the first text of a row: for private use, so no text has it
_ROW = re.compile(r"<tr\b[^>]*>.*?</tr>", re.DOTALL)
_TEXT = rf"([^{SPACE}<](?:[^<]*[^{SPACE}<])?)"
_LIVE = re.compile(r"\s(?:href|src|rowspan|data-[a-z-]+)=")

Texts = tuple[str, ...]


class Row(NamedTuple):
    """One row: its kind, its texts in order, and the data of its ``<tr>``.

    The kind is its markup with a hole for each text, behind the start tag of its body.
    """

    kind: str
    texts: Texts
    data: Callable[[], Data]
    """Read when it is asked for: few rows begin or end a page."""
    body: int
    """The number of its ``<tbody>``."""


body_number_of = attrgetter("body")


class RowsReader:
    """Reads the rows of a table, body by body."""

    def __init__(self, page: Manuscript) -> None:
        self.rows: list[Row] = []
        self._page = page
        self._kinds: dict[str, str] = {}
        self._patterns: dict[str, list[_RowPattern]] = {}
        """For the start tag of a body, the last one that was used first."""

    def read(self, html: str, tag: str, body: int, at: int, stop: int) -> None:
        """The rows from ``at`` to ``stop``: those of one body, with this start tag."""
        before = len(self.rows)
        self._read(html, bare(tag), body, at, stop)
        if before == len(self.rows):
            raise NoStencil("a part of a table without rows")

    def _read(self, html: str, tag: str, body: int, at: int, stop: int) -> None:
        rows = self.rows
        at = _end_of_space(html, at, stop)
        while at < stop:
            if html[at] == MARK:
                end = html.index(MARK, at + 1)
                self._take(self._page.rows[int(html[at + 1 : end])], tag, body)
                at = _end_of_space(html, end + 1, stop)
                continue
            pattern, found = self._match(html, tag, at, stop)
            texts, data = pattern.read(found)
            rows.append(Row(pattern.kind, texts, partial(tuple, data), body))
            at = _end_of_space(html, found.end(), stop)

    def _match(self, html: str, tag: str, at: int, stop: int) -> tuple[_RowPattern, re.Match[str]]:
        patterns = self._patterns.setdefault(tag, [])
        for place, pattern in enumerate(patterns):
            if found := pattern.match(html, at, stop):
                if place:
                    patterns.insert(0, patterns.pop(place))
                return pattern, found
        row = _ROW.match(html, at, stop)
        if row is None:
            raise NoStencil("more than rows in a table")
        pattern = _RowPattern(tag, row[0])
        if not (found := pattern.match(html, at, stop)):
            raise NoStencil("a row that is not plain")
        pattern.kind = self._checked(pattern.kind)
        patterns.insert(0, pattern)
        del patterns[PATTERNS:]
        return pattern, found

    def _take(self, rows: Rows, tag: str, body: int) -> None:
        """Rows that nobody wrote as HTML, unless a text has to be looked for in it."""
        columns = (map(bool, column) for column in zip(*rows.texts, strict=True))
        has_text = [*zip(*columns, strict=True)] or [()] * len(rows.texts)
        shapes: dict[tuple[bool, ...], _Shape] = {}
        for key in dict.fromkeys(has_text):
            shape = _shape_of(tag, rows.plan, rows.fields, rows.late, key)
            if shape is None:
                html = rows.html
                self._read(html, tag, body, 0, len(html))
                return
            shapes[key] = shape._replace(kind=self._checked(shape.kind))
        found = [shapes[key] for key in has_text]
        data = map(partial, repeat(_read_data), found, repeat(rows), range(len(found)))
        texts = [shape.texts(texts) for shape, texts in zip(found, rows.texts, strict=True)]
        self.rows += map(Row, [shape.kind for shape in found], texts, data, repeat(body))

    def _checked(self, kind: str) -> str:
        """One string for all rows of a kind."""
        known = self._kinds.get(kind)
        if known is not None:
            return known
        if _LIVE.search(kind) or take_apart(kind.replace(HOLE, "")) is None:
            raise NoStencil("a row with more in it than text")
        self._kinds[kind] = kind
        return kind


class _RowPattern:
    """Reads the rows that differ from this one in their data and texts alone."""

    def __init__(self, body: str, row: str) -> None:
        _, tag, *parts = TAGS.split(row)
        for at, text in enumerate(parts[::2]):
            if core := text.strip(SPACE):
                parts[2 * at] = text.replace(core, HOLE)
        self.kind = "".join((body, bare(tag), *parts))
        self.names = tuple(name for name, _ in DATA.findall(tag))
        before, *after = map(re.escape, DATA.sub(HOLE, tag).split(HOLE))
        data = (rf'\s{name}="([^"<>]*)"' for name in self.names)
        start = before + "".join(map(add, data, after))
        rest = re.escape("".join(parts)).replace(HOLE, _TEXT)
        self.match = re.compile(start + rest).match

    def read(self, found: re.Match[str]) -> tuple[Texts, Data]:
        """Texts and data."""
        values = found.groups()
        if "&" in found[0]:
            values = tuple(map(unescape, values))
        count = len(self.names)
        return values[count:], tuple(zip(self.names, values, strict=False))


class _Shape(NamedTuple):
    """Where the fields of a row go."""

    kind: str
    data: tuple[tuple[str, int | str], ...]
    """For each name, the place of its field, or the name of a late one."""
    texts: Callable[[Texts], Texts]


def _read_data(shape: _Shape, rows: Rows, place: int) -> Data:
    texts, late = rows.texts[place], rows.late_texts(place)
    found = tuple((name, texts[of] if isinstance(of, int) else late[of]) for name, of in shape.data)
    if any(type(text) is not str for _, text in found):
        raise NoStencil("data that is no text")
    return found


@lru_cache(maxsize=256)
def _shape_of(
    tag: str, plan: Plan, fields: Texts, late: Texts, has_text: tuple[bool, ...]
) -> _Shape | None:
    """Of the rows in which these fields have a text: read from one that has signs in their place.

    Nothing where such a row is not one, or has a field in a text or a tag with more in it.
    """
    signs = (chr(_FIRST_SIGN + at) for at in count())
    said = {name: next(signs) if has else "" for name, has in zip(fields, has_text, strict=True)}
    said |= {name: next(signs) for name in late}
    row = write_by(plan, said).strip(SPACE)
    if _ROW.fullmatch(row) is None or row.count("<tr") != 1:
        return None
    pattern = _RowPattern(tag, row)
    found = pattern.match(row)
    names = {sign: name for name, sign in said.items() if sign}
    values = found.groups() if found else ("",)
    if any(value not in names for value in values) or any(sign in pattern.kind for sign in names):
        return None
    of = [name if (name := names[value]) in late else fields.index(name) for value in values]
    data = tuple(zip(pattern.names, of, strict=False))
    texts = [each for each in of[len(data) :] if isinstance(each, int)]
    if len(data) + len(texts) != len(of):
        return None
    return _Shape(pattern.kind, data, _picker(texts))


def _picker(places: Sequence[int]) -> Callable[[Texts], Texts]:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda texts: tuple(texts[at] for at in places)


def _end_of_space(html: str, at: int, stop: int) -> int:
    while at < stop and html[at] in SPACE:
        at += 1
    return at


def write_row(row: Row, body: str) -> str:
    """A row as HTML; ``body`` is the start tag of its body."""
    tag, more, rest = row.kind[len(bare(body)) :].partition(">")
    data = "".join(f' {name}="{escape(value)}"' for name, value in row.data())
    before, *after = rest.split(HOLE)
    return f"{tag}{data}{more}{before}" + "".join(map(add, map(escape, row.texts), after))


def plainest(rows: Iterable[Row]) -> list[int]:
    """Of each kind of row the plainest: it leaves most of its texts free."""
    best: dict[str, tuple[tuple[bool, int], int]] = {}
    looked_at: dict[str, int] = {}
    for at, row in enumerate(rows):
        seen = looked_at[row.kind] = looked_at.get(row.kind, 0) + 1
        if seen > CANDIDATES:
            continue
        text = "".join(row.texts)
        rank = (not text.isascii(), len(text))
        if row.kind not in best or rank < best[row.kind][0]:
            best[row.kind] = (rank, at)
    return sorted(at for _, at in best.values())
