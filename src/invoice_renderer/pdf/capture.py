"""From a page that WeasyPrint laid out to what a book keeps of it.

Private to WeasyPrint, like :mod:`boxes`, :mod:`edges`, :mod:`lines`, :mod:`shaping` and the readers
of texts, ink, pieces and rows, and no other module: boxes with their positions and computed styles.
Whatever is not as it is known to be here makes no stencil, and the page is drawn as WeasyPrint
draws it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

from weasyprint.formatting_structure import boxes

from invoice_renderer.manuscript import Manuscript
from invoice_renderer.pdf.book import Book, Metadata
from invoice_renderer.pdf.boxes import KINDS
from invoice_renderer.pdf.edges import breaks_of, margin, sticks_out, strings_of
from invoice_renderer.pdf.lines import depends_on_content
from invoice_renderer.pdf.outline import (
    Outline,
    Path,
    PieceSource,
    Role,
    TableSource,
    read_outline,
    taken_apart,
)
from invoice_renderer.pdf.piece_reader import PieceReader
from invoice_renderer.pdf.row_reader import RowReader, is_row_by_row
from invoice_renderer.pdf.shaping import Shaper
from invoice_renderer.pdf.skeleton import TAGS, bare
from invoice_renderer.pdf.source import INSERTED, Source, metadata_of
from invoice_renderer.pdf.stencil import Container, Frame, NoStencil, Piece, RowStencil, Table
from invoice_renderer.pdf.text_reader import Around

ENDLESS = 1_000_000  # CSS pixels: a page that nothing is parted by
_TRANSPARENT = frozenset(
    "html body main section article header footer nav aside div blockquote form figure".split()
)
_STRING = re.compile(r"string\(\s*([\w-]+)")
_BODY = re.compile(r"<body\b[^>]*>")
_ROOT = re.compile(r"<html\b[^>]*>")


def body_of(html: str) -> Path:
    """The path of the body, which decides what kind of pages there are."""
    found = _BODY.search(html)
    root = _ROOT.search(html)
    if found is None or root is None:
        raise NoStencil("a page without a body")
    return bare(root[0]), bare(found[0])


def probe(html: str, css: str, said: Mapping[str, str]) -> str:
    """The page without its content on two pages; every named string says what it is ``said`` to, or
    has a word in it.
    """
    found = _BODY.search(html)
    if found is None or " style=" in found[0]:
        raise NoStencil("a body that cannot be probed")
    words = {name: said.get(name) or "x" for name in sorted(set(_STRING.findall(css)))}
    strings = ", ".join(f"{name} {_quoted(text)}" for name, text in words.items())
    style = f' style="string-set: {strings} !important"' if strings else ""
    pages = '<div>\N{MIDDLE DOT}</div><div style="break-before:page">\N{MIDDLE DOT}</div>'
    return f"{html[: found.start()]}{found[0][:-1]}{style}>{pages}</body></html>"


def _quoted(text: str) -> str:
    """A string of CSS in an attribute of HTML."""
    return escape('"' + re.sub(r'["\\\n\r\f]', lambda found: f"\\{ord(found[0]):x} ", text) + '"')


def tall(frame: Frame) -> str:
    """A style that makes such a page so long that no block is parted."""
    return f"@page {{ size: {frame.width}px {ENDLESS}px !important }}"


def read_frames(html: str, parsed: Any, layout: Any, shaper: Shaper) -> tuple[Frame, Frame]:
    """The first page of a probe and another one, without their flow."""
    source = Source(parsed.etree_element, taken_apart(html))
    first, other = (
        PieceReader(_around(page, source, layout, shaper, page.height)).read_frame()
        for page in layout.pages
    )
    return first, other


def learn(
    book: Book, html: str, parsed: Any, layout: Any, shaper: Shaper
) -> tuple[Outline, list[float]]:
    """Everything that the flow of a page consists of, and the place of each unit of it.

    :raises NoStencil: where something is not as it is known to be.
    """
    if len(layout.pages) != 1:
        raise NoStencil("a page that asks for another one")
    source = Source(parsed.etree_element, taken_apart(html))
    height = book.frames[body_of(html)][0][0].height
    around = _around(layout.pages[0], source, layout, shaper, height)
    walk = _Walk(book, around, _paths(parsed.etree_element, html))
    walk.walk()
    outline = read_outline(Manuscript(html), book.roles)
    found = iter(walk.found)
    for entry in outline.flow:
        if isinstance(entry, PieceSource):
            _keep_piece(book, entry, next(found, None))
        elif isinstance(entry, TableSource):
            _keep_table(book, entry, next(found, None), shaper)
    if next(found, None) is not None:
        raise NoStencil("more in the page than in its outline")
    if outline.head is None:
        raise NoStencil("a page without a head")
    key = (outline.head.path, outline.head.skeleton.shape)
    book.heads[key] = Metadata(metadata_of(layout.metadata, source))
    return outline, walk.places


def _keep_piece(book: Book, entry: PieceSource, found: object) -> None:
    if not isinstance(found, Piece):
        raise NoStencil("another order in the page than in its outline")
    book.add_piece(entry.path, entry.skeleton.shape, found)


def _keep_table(book: Book, entry: TableSource, found: object, shaper: Shaper) -> None:
    if not isinstance(found, _FoundTable) or len(found.rows) != len(entry.rows):
        raise NoStencil("another order in the page than in its outline")
    book.add_piece(entry.path, entry.head.shape, found.head)
    known = book.table(entry.path, entry.head.shape, found.table)
    for row, stencil in zip(entry.rows, found.rows, strict=True):
        known.add(row, stencil, shaper)


def _around(page: Any, source: Source, layout: Any, shaper: Shaper, height: float) -> Around:
    return Around(page, source, shaper, layout.font_config, layout.metadata.lang or "", height)


def _paths(root: Any, html: str) -> dict[int, Path]:
    """Each element by its path; the parser's tree and the source have to tell the same story."""
    tags = [tag for tag in reversed(TAGS.findall(html)) if tag[1] not in "/!"]
    paths: dict[int, Path] = {}

    def follow(element: Any, above: Path) -> None:
        name = str(element.tag)
        if tags and re.match(rf"<{re.escape(name)}\b", tags[-1]):
            paths[id(element)] = (*above, bare(tags.pop()))
        elif name in INSERTED:
            paths[id(element)] = (*above, f"<{name}>")
        else:
            raise NoStencil("tags in another order than in the source")
        for child in element:
            follow(child, paths[id(element)])

    follow(root, ())
    return paths


@dataclass(slots=True)
class _FoundTable:
    head: Piece
    table: Table
    rows: list[RowStencil] = field(default_factory=list)


class _Walk:
    """Goes through the boxes of an endless page as the flow goes."""

    def __init__(self, book: Book, around: Around, paths: dict[int, Path]) -> None:
        self.places: list[float] = []
        self.found: list[Piece | _FoundTable] = []
        self._book, self._around, self._paths = book, around, paths
        self._containers: list[Any] = []
        self._seen: set[int] = set()
        self._page_name: object = None

    def walk(self) -> None:
        page_box = self._around.page._page_box
        flow = [box for box in page_box.children if not isinstance(box, boxes.MarginBox)]
        if len(flow) != 1:
            raise NoStencil("a page with more than a flow")
        self._visit(flow[0])
        for container in self._containers:
            for child in container:
                if id(child) not in self._seen:
                    self._know(child, Role.HEAD if child.tag == "head" else Role.UNSEEN)

    def _know(self, element: Any, role: Role) -> Role:
        return self._book.roles.setdefault(self._paths[id(element)], role)

    def _visit(self, box: Any) -> None:
        box = getattr(box, "_box", box)
        element = box.element
        if element is None or id(element) in self._seen:
            raise NoStencil("a block that is no element")
        self._seen.add(id(element))
        role = self._know(element, _role_of(box))
        if role is Role.CONTAINER:
            self._open(box, element)
        elif role is Role.TABLE:
            self._read_table(box)
        elif role is Role.PIECE:
            _check_piece(box)
            if sticks_out(box):
                raise NoStencil("a piece with a line that sticks out of it")
            self._check_page(box)
            self.places.append(box.border_box_y())
            self.found.append(PieceReader(self._around).read(box))
        else:
            raise NoStencil("a block that was not there before")

    def _open(self, box: Any, element: Any) -> None:
        if not _is_container(box):
            raise NoStencil("a container that is none")
        self._containers.append(element)
        self._book.containers[self._paths[id(element)]] = Container(
            top=margin(box, "top"),
            bottom=margin(box, "bottom"),
            breaks=breaks_of(box),
            kind=KINDS.get(element.tag, ""),
            strings=strings_of(box),
            page=str(box.style["page"]),
        )
        for child in box.children:
            self._visit(child)

    def _check_page(self, box: Any) -> None:
        name = box.style["page"]
        if self._page_name is None:
            self._page_name = name
        if name != self._page_name:
            raise NoStencil("a block that asks for a page of its own")

    def _read_table(self, wrapper: Any) -> None:
        if not is_row_by_row(wrapper):
            raise NoStencil("a table that is not set row by row")
        _check_piece(wrapper)
        self._check_page(wrapper)
        table = wrapper.get_wrapped_table()
        self.places.append(table.children[0].position_y)
        found = _FoundTable(
            PieceReader(self._around).read_head(wrapper, table),
            Table(
                margins=(margin(wrapper, "top"), margin(wrapper, "bottom")),
                breaks=replace(breaks_of(wrapper), inside=breaks_of(table).inside),
                spacing=table.style["border_spacing"][1],
            ),
        )
        self.found.append(found)
        for group in table.children[1:]:
            for row in group.children:
                self.places.append(row.position_y)
                found.rows.append(RowReader(self._around).read_row(row, group))


def _role_of(box: Any) -> Role:
    if _is_container(box):
        return Role.CONTAINER
    return Role.TABLE if is_row_by_row(box) else Role.PIECE


def _is_container(box: Any) -> bool:
    """Whether a block paints nothing and holds nothing but blocks of the flow."""
    if type(box) is not boxes.BlockBox or box.element_tag not in _TRANSPARENT:
        return False
    if box.is_table_wrapper or box.establishes_formatting_context() or depends_on_content(box):
        return box.is_for_root_element and _holds_blocks(box)
    return _is_plain(box) and _holds_blocks(box)


def _holds_blocks(box: Any) -> bool:
    return bool(box.children) and all(
        isinstance(child, boxes.BlockLevelBox) and child.element is not box.element
        and child.element is not None and child.is_in_normal_flow()
        for child in box.children
    )  # fmt: skip


def _is_plain(box: Any) -> bool:
    style = box.style
    edges = [getattr(box, f"{what}_{side}{width}") for side in ("top", "bottom", "left", "right")
             for what, width in (("border", "_width"), ("padding", ""))]  # fmt: skip
    is_sized = style["height"] != "auto" or box.max_height != float("inf") or box.min_height
    is_painted = bool(box.background and box.background.layers) or style["outline_width"]
    return not (any(edges) or is_sized or is_painted
                or style["box_shadow"] or is_special(style) or box.bookmark_label
                or style["anchor"] or box.link)  # fmt: skip


def _check_piece(box: Any) -> None:
    is_block = isinstance(box, boxes.BlockBox) and box.is_in_normal_flow()
    if not is_block or is_special(box.style) or not box.border_height():
        raise NoStencil("a block that is no piece of the flow")
    if any(not each.is_in_normal_flow() for each in _blocks(box)):
        raise NoStencil("a piece with something outside of the flow")


def _blocks(box: Any) -> Iterator[Any]:
    for child in getattr(box, "children", ()):
        if hasattr(child, "_box"):
            yield child._box
        elif isinstance(child, boxes.BlockLevelBox):
            yield child
            yield from _blocks(child)


def is_special(style: Any) -> bool:
    """Whether a block is moved, made transparent or painted out of turn."""
    return bool(
        style["position"] != "static" or style["opacity"] < 1 or style["transform"]
        or style["z_index"] != "auto" or style["clear"] != "none"
    )  # fmt: skip
