"""A page of HTML as a flow: elements that are open, pieces in them, and tables row by row.

What an element is, its *role*, comes from how WeasyPrint laid out such an element before. Elements
are told apart by their *path*: the start tags from the root down to theirs, without the data that
they carry. Reading stays inside the strict HTML that templates make; anything else makes no
outline, and the page is laid out whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from html import unescape
from operator import add
from typing import NamedTuple

from invoice_renderer.pdf.skeleton import HOLE, TAGS, Skeleton, take_apart
from invoice_renderer.pdf.stencil import NoStencil

Path = tuple[str, ...]
Data = tuple[tuple[str, str], ...]
"""What a start tag carries in ``data-`` attributes."""

PATTERNS = 16  # of rows, for one body
MANY_ROWS = 24  # of a table that is not read row by row
VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
_DOCTYPE = re.compile(r"\s*<!doctype html>", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)[^>]*>")
_TABLE = re.compile(r"<table\b[^>]*>.*?</table>", re.DOTALL)
_BODY = re.compile(r"<tbody\b[^>]*>")
_ROW = re.compile(r"<tr\b[^>]*>.*?</tr>", re.DOTALL)
_DATA = re.compile(r'\s(data-[a-z-]+)="([^"]*)"')
SPACE = " \t\n\r\f"
_TEXT = rf"([^{SPACE}<](?:[^<]*[^{SPACE}<])?)"
_LIVE = re.compile(r"\s(?:href|src|data-[a-z-]+)=")


class Role(Enum):
    """What an element is to the flow."""

    CONTAINER = "container"
    """It paints nothing, and holds blocks."""
    PIECE = "piece"
    """It is set as a whole."""
    TABLE = "table"
    """It is set row by row."""
    HEAD = "head"
    UNSEEN = "unseen"


class UnknownRole(Exception):
    """An element that has not been laid out yet."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A container begins."""

    path: Path
    data: Data


@dataclass(frozen=True, slots=True)
class Closed:
    """The innermost container ends."""


@dataclass(frozen=True, slots=True)
class PieceSource:
    """An element that is set as a whole: its shape, and its variables."""

    path: Path
    skeleton: Skeleton


class Row(NamedTuple):
    """One row: its kind, its texts in order, and the data of its ``<tr>``."""

    kind: str
    texts: tuple[str, ...]
    data: Data
    start: int
    """Where it is in the page."""
    stop: int
    body: int
    """The number of its ``<tbody>``."""


@dataclass(frozen=True, slots=True)
class TableSource:
    """A table: its tag with its columns and its head, and its rows."""

    path: Path
    head: Skeleton
    bodies: tuple[str, ...]
    """The start tags of its bodies."""
    rows: tuple[Row, ...]
    start: int
    """Where its bodies are in the page."""
    stop: int


Entry = Opened | Closed | PieceSource | TableSource


@dataclass(frozen=True, slots=True)
class Outline:
    """The whole page; ``head`` is what stands in ``<head>``."""

    html: str
    head: PieceSource | None
    flow: tuple[Entry, ...]

    @property
    def tables(self) -> list[TableSource]:
        return [entry for entry in self.flow if isinstance(entry, TableSource)]


def read_outline(html: str, roles: Mapping[Path, Role]) -> Outline:
    """Read a page whose elements are known.

    :raises UnknownRole: where one is not.
    :raises NoStencil: where the page has markup whose reading is not plain.
    """
    return _Reader(html, roles).read()


class _Reader:
    def __init__(self, html: str, roles: Mapping[Path, Role]) -> None:
        self._html, self._roles = html, roles
        self._flow: list[Entry] = []
        self._head: PieceSource | None = None
        self._path: Path = ()

    def read(self) -> Outline:
        html, at = self._html, 0
        if declared := _DOCTYPE.match(html):
            at = declared.end()
        while found := _TAG.search(html, at):
            if html[at : found.start()].strip():
                raise NoStencil("a text between blocks")
            at = self._close(found) if found[1] else self._begin(found)
        if self._path or html[at:].strip():
            raise NoStencil("tags that are not closed")
        return Outline(html, self._head, tuple(self._flow))

    def _close(self, found: re.Match[str]) -> int:
        if not self._path or not self._path[-1].startswith(f"<{found[2]}"):
            raise NoStencil("tags that do not match")
        self._path = self._path[:-1]
        self._flow.append(Closed())
        return found.end()

    def _begin(self, found: re.Match[str]) -> int:
        tag = found[0]
        if tag.count('"') % 2 or "'" in tag:
            raise NoStencil("a tag that is not plain")
        path = (*self._path, bare(tag))
        role = self._roles.get(path)
        if role is None:
            raise UnknownRole(path)
        if role is not Role.CONTAINER:
            return self._take(role, path, found.start(), found[2])
        self._flow.append(Opened(path, data_of(tag)))
        self._path = path
        return found.end()

    def _take(self, role: Role, path: Path, start: int, name: str) -> int:
        stop = _end_of(self._html, start, name)
        if role is Role.UNSEEN:
            return stop
        source = self._html[start:stop]
        if role is Role.TABLE:
            self._flow.append(_read_table(source, path, start))
            return stop
        if source.count("<tr") > MANY_ROWS:
            raise NoStencil("a long table that is not plain")
        piece = PieceSource(path, taken_apart(source))
        if role is Role.HEAD:
            self._head = piece
        else:
            self._flow.append(piece)
        return stop


def bare(tag: str) -> str:
    """A start tag without its data."""
    return _DATA.sub("", tag) if "data-" in tag else tag


def data_of(tag: str) -> Data:
    if "data-" not in tag:
        return ()
    return tuple((name, _plain(value)) for name, value in _DATA.findall(tag))


def _plain(text: str) -> str:
    return unescape(text) if "&" in text else text


@lru_cache(maxsize=64)
def _tags_named(name: str) -> re.Pattern[str]:
    return re.compile(rf"<(/?){name}\b[^>]*>")


def _end_of(html: str, start: int, name: str) -> int:
    depth = 0
    for found in _tags_named(name).finditer(html, start):
        depth += -1 if found[1] else 1
        if not depth or name.lower() in VOID:
            return found.end()
    raise NoStencil("tags that are not closed")


def taken_apart(html: str) -> Skeleton:
    """:raises NoStencil: where the markup is not plain."""
    skeleton = take_apart(html)
    if skeleton is None:
        raise NoStencil("markup that is not plain")
    return skeleton


# ----------------------------------------------------------------------------- tables


def _read_table(html: str, path: Path, start: int) -> TableSource:
    """A table that begins at ``start`` of the page."""
    bodies = list(_BODY.finditer(html))
    if not bodies or html.count("<table") != 1 or "rowspan" in html:
        raise NoStencil("a table that is not plain")
    reader, at = _RowsReader(start), bodies[0].start()
    for number, body in enumerate(bodies):
        if html[at : body.start()].strip():
            raise NoStencil("a table with more than bodies")
        stop = html.find("</tbody>", body.end())
        if stop < 0:
            raise NoStencil("tags that are not closed")
        reader.read(html, body[0], number, body.end(), stop)
        at = stop + len("</tbody>")
    if html[at:].strip() != "</table>":
        raise NoStencil("a table with more than bodies")
    first = bodies[0].start()
    head = taken_apart(f"{html[:first]}</table>")
    tags = tuple(body[0] for body in bodies)
    return TableSource(path, head, tags, tuple(reader.rows), start + first, start + at)


class _RowsReader:
    """Reads the rows of a table, body by body."""

    def __init__(self, start: int) -> None:
        self.rows: list[Row] = []
        self._start = start
        self._kinds: dict[str, str] = {}
        self._patterns: dict[str, list[_RowPattern]] = {}
        """For the start tag of a body, the last one that was used first."""

    def read(self, html: str, tag: str, body: int, at: int, stop: int) -> None:
        """The rows from ``at`` to ``stop``: those of one body, with this start tag."""
        tag = bare(tag)
        rows, shift, count = self.rows, self._start, len(self.rows)
        at = _end_of_space(html, at)
        while at < stop:
            pattern, found = self._match(html, tag, at, stop)
            texts, data = pattern.read(found)
            end = found.end()
            rows.append(Row(pattern.kind, texts, data, shift + at, shift + end, body))
            at = _end_of_space(html, end)
        if count == len(rows):
            raise NoStencil("a part of a table without rows")

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
        self._names = tuple(name for name, _ in _DATA.findall(tag))
        before, *after = map(re.escape, _DATA.sub(HOLE, tag).split(HOLE))
        data = (rf'\s{name}="([^"<>]*)"' for name in self._names)
        start = before + "".join(map(add, data, after))
        rest = re.escape("".join(parts)).replace(HOLE, _TEXT)
        self.match = re.compile(start + rest).match

    def read(self, found: re.Match[str]) -> tuple[tuple[str, ...], Data]:
        """Texts and data."""
        values = found.groups()
        if "&" in found[0]:
            values = tuple(map(unescape, values))
        count = len(self._names)
        return values[count:], tuple(zip(self._names, values, strict=False))


def _end_of_space(html: str, at: int) -> int:
    while html[at] in SPACE:
        at += 1
    return at


# ----------------------------------------------------------------------------- fewer rows


def with_rows(outline: Outline, chosen: Mapping[int, Iterable[int]]) -> str:
    """The page with only these rows of each of its tables."""
    parts: list[str] = []
    at = 0
    for number, table in enumerate(outline.tables):
        parts += [outline.html[at : table.start], _bodies(table, chosen[number], outline.html)]
        at = table.stop
    return "".join([*parts, outline.html[at:]])


def _bodies(table: TableSource, chosen: Iterable[int], html: str) -> str:
    rows: dict[int, list[str]] = {}
    for number in chosen:
        row = table.rows[number]
        rows.setdefault(row.body, []).append(html[row.start : row.stop])
    return "".join(
        f"{tag}{''.join(rows[number])}</tbody>"
        for number, tag in enumerate(table.bodies)
        if number in rows
    )


def without_most_rows(html: str) -> str:
    """A page of which nothing is known, with one row of each kind in its long tables."""
    return _TABLE.sub(lambda found: _shortened(found[0]), html)


def _shortened(table: str) -> str:
    if table.count("<tr") <= MANY_ROWS:
        return table
    try:
        source = _read_table(table, (), 0)
    except NoStencil:
        return table
    few = _bodies(source, plainest(source.rows), table)
    return table[: source.start] + few + table[source.stop :]


CANDIDATES = 50  # rows of a kind that are looked at for the plainest


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
