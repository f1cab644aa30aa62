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

from invoice_renderer.manuscript import Manuscript
from invoice_renderer.pdf.row_source import Row, RowsReader, plainest, write_row
from invoice_renderer.pdf.skeleton import Data, Skeleton, bare, data_of, take_apart
from invoice_renderer.pdf.stencil import NoStencil

Path = tuple[str, ...]
MANY_ROWS = 24  # of a table that is not read row by row
VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
_DOCTYPE = re.compile(r"\s*<!doctype html>", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)[^>]*>")
_TABLE = re.compile(r"<table\b[^>]*>.*?</table>", re.DOTALL)
_BODY = re.compile(r"<tbody\b[^>]*>")


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

    page: Manuscript
    head: PieceSource | None
    flow: tuple[Entry, ...]

    @property
    def tables(self) -> list[TableSource]:
        return [entry for entry in self.flow if isinstance(entry, TableSource)]


def read_outline(page: Manuscript, roles: Mapping[Path, Role]) -> Outline:
    """Read a page whose elements are known.

    :raises UnknownRole: where one is not.
    :raises NoStencil: where the page has markup whose reading is not plain.
    """
    return _Reader(page, roles).read()


class _Reader:
    def __init__(self, page: Manuscript, roles: Mapping[Path, Role]) -> None:
        self._page, self._html, self._roles = page, page.text, roles
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
        return Outline(self._page, self._head, tuple(self._flow))

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
            self._flow.append(_read_table(self._page, source, path, start))
            return stop
        source = self._page.write(source)
        if source.count("<tr") > MANY_ROWS:
            raise NoStencil("a long table that is not plain")
        piece = PieceSource(path, taken_apart(source))
        if role is Role.HEAD:
            self._head = piece
        else:
            self._flow.append(piece)
        return stop


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


def _read_table(page: Manuscript, html: str, path: Path, start: int) -> TableSource:
    """A table that begins at ``start`` of the page's text."""
    bodies = list(_BODY.finditer(html))
    if not bodies or html.count("<table") != 1 or "rowspan" in html:
        raise NoStencil("a table that is not plain")
    reader, at = RowsReader(page), bodies[0].start()
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


# ----------------------------------------------------------------------------- fewer rows


def with_rows(outline: Outline, chosen: Mapping[int, Iterable[int]]) -> str:
    """The page with only these rows of each of its tables."""
    page, parts, at = outline.page, [], 0
    for number, table in enumerate(outline.tables):
        parts += [page.write(page.text[at : table.start]), _bodies(table, chosen[number])]
        at = table.stop
    return "".join([*parts, page.write(page.text[at:])])


def _bodies(table: TableSource, chosen: Iterable[int]) -> str:
    rows: dict[int, list[str]] = {}
    for number in chosen:
        row = table.rows[number]
        rows.setdefault(row.body, []).append(write_row(row, table.bodies[row.body]))
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
        source = _read_table(Manuscript(""), table, (), 0)
    except NoStencil:
        return table
    few = _bodies(source, plainest(source.rows))
    return table[: source.start] + few + table[source.stop :]
