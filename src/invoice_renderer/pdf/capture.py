"""From a page that WeasyPrint laid out to what a book keeps of it.

Private to WeasyPrint, like :mod:`boxes`, :mod:`lines`, :mod:`piece_reader`, :mod:`row_reader` and
:mod:`shaping`, and no other module: boxes with their positions and computed styles. Whatever is
not as it is known to be here makes no stencil, and the page is drawn as WeasyPrint draws it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from weasyprint.formatting_structure import boxes

from invoice_renderer.pdf.book import Book, Metadata
from invoice_renderer.pdf.boxes import KINDS
from invoice_renderer.pdf.lines import depends_on_content
from invoice_renderer.pdf.outline import (
    Outline,
    Path,
    PieceSource,
    Role,
    TableSource,
    bare,
    read_outline,
)
from invoice_renderer.pdf.piece_reader import (
    Around,
    PieceReader,
    breaks_of,
    margin,
    strings_of,
)
from invoice_renderer.pdf.row_reader import RowReader, is_row_by_row
from invoice_renderer.pdf.shaping import Shaper
from invoice_renderer.pdf.skeleton import TAGS, take_apart
from invoice_renderer.pdf.source import INSERTED, Source, metadata_of
from invoice_renderer.pdf.stencil import Container, NoStencil, Piece, RowStencil, Table

EXTRA = '<div data-extra="" style="break-before:page">\N{MIDDLE DOT}</div>'
"""A page more, so that there is one that is not the first."""

_TRANSPARENT = frozenset(
    "html body main section article header footer nav aside div blockquote form figure".split()
)
_STRING = re.compile(r"string\(\s*([\w-]+)")
_BODY = re.compile(r"<body\b[^>]*>")

Place = tuple[int, float]
"""A page, and where on it something begins."""


def probe(html: str, css: str) -> str:
    """The page without its content, and every named string with a word in it, on two pages."""
    found = _BODY.search(html)
    if found is None or " style=" in found[0]:
        raise NoStencil("a body that cannot be probed")
    strings = ", ".join(f"{name} &quot;x&quot;" for name in sorted(set(_STRING.findall(css))))
    style = f' style="string-set: {strings} !important"' if strings else ""
    body = f"{found[0][:-1]}{style}><div>\N{MIDDLE DOT}</div>{EXTRA}"
    return f"{html[: found.start()]}{body}</body></html>"


def learn_frames(
    book: Book, path: Path, html: str, parsed: Any, layout: Any, shaper: Shaper
) -> None:
    """The first page and another one, without their flow."""
    source = Source(parsed.etree_element, _whole(html))
    first, other = (
        PieceReader(_around(page, source, layout, shaper)).read_frame() for page in layout.pages
    )
    book.frames[path] = (first, other)


def learn(
    book: Book, html: str, parsed: Any, layout: Any, shaper: Shaper
) -> tuple[Outline, list[Place]]:
    """Everything that the flow of a page consists of, and where each of it was.

    :raises NoStencil: where something is not as it is known to be.
    """
    whole = with_extra_page(html)
    source = Source(parsed.etree_element, _whole(whole))
    walk = _Walk(book, source, _paths(parsed.etree_element, whole), shaper, layout)
    for number, page in enumerate(layout.pages):
        walk.walk(number, page)
    walk.note_unseen()
    outline = read_outline(html, book.roles)
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


def with_extra_page(html: str) -> str:
    """With the extra page that :func:`learn` expects."""
    return html.replace("</body>", f"{EXTRA}</body>")


def _keep_piece(book: Book, entry: PieceSource, found: object) -> None:
    if not isinstance(found, Piece):
        raise NoStencil("another order in the page than in its outline")
    book.add_piece(entry.path, entry.skeleton.shape, found)


def _keep_table(book: Book, entry: TableSource, found: object, shaper: Shaper) -> None:
    if not isinstance(found, _FoundTable) or len(found.rows) != len(entry.rows):
        raise NoStencil("another order in the page than in its outline")
    known = book.table(entry.path, entry.head.shape, found.table)
    for row, stencil in zip(entry.rows, found.rows, strict=True):
        known.add(row, stencil, shaper)


def _whole(html: str) -> Any:
    skeleton = take_apart(html)
    if skeleton is None:
        raise NoStencil("markup that is not plain")
    return skeleton


def _around(page: Any, source: Source, layout: Any, shaper: Shaper) -> Around:
    return Around(page, source, shaper, layout.font_config, layout.metadata.lang or "")


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
    table: Table
    rows: list[RowStencil] = field(default_factory=list)


class _Walk:
    """Goes through the boxes of the pages as the flow goes."""

    def __init__(
        self, book: Book, source: Source, paths: dict[int, Path], shaper: Shaper, layout: Any
    ) -> None:
        self.places: list[Place] = []
        self.found: list[Piece | _FoundTable] = []
        self._book, self._source, self._paths = book, source, paths
        self._shaper, self._layout = shaper, layout
        self._containers: dict[int, Any] = {}
        self._seen: set[int] = set()
        self._tables: dict[int, _FoundTable] = {}
        self._page_name: object = None

    def walk(self, number: int, page: Any) -> None:
        self._around = _around(page, self._source, self._layout, self._shaper)
        self._number = number
        flow = [box for box in page._page_box.children if not isinstance(box, boxes.MarginBox)]
        if len(flow) != 1:
            raise NoStencil("a page with more than a flow")
        self._visit(flow[0])

    def note_unseen(self) -> None:
        """Elements without boxes."""
        for container in self._containers.values():
            for child in container:
                if id(child) not in self._seen and child.get("data-extra") is None:
                    role = Role.HEAD if child.tag == "head" else Role.UNSEEN
                    self._know(child, role)

    def _know(self, element: Any, role: Role) -> Role:
        return self._book.roles.setdefault(self._paths[id(element)], role)

    def _visit(self, box: Any) -> None:
        box = getattr(box, "_box", box)
        element = box.element
        if element is None:
            raise NoStencil("a block that is no element")
        if element.get("data-extra") is not None:
            return
        is_new = id(element) not in self._seen
        self._seen.add(id(element))
        role = self._know(element, _role_of(box))
        if role is Role.CONTAINER:
            self._open(box, element)
        elif role is Role.TABLE:
            self._read_table(box, element)
        elif role is Role.PIECE and is_new:
            _check_piece(box)
            self._check_page(box)
            self.places.append((self._number, box.border_box_y()))
            self.found.append(PieceReader(self._around).read(box))
        else:
            raise NoStencil("a block on two pages, or one that was not there before")

    def _open(self, box: Any, element: Any) -> None:
        if not _is_container(box):
            raise NoStencil("a container that is none")
        self._containers[id(element)] = element
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

    def _read_table(self, wrapper: Any, element: Any) -> None:
        if not is_row_by_row(wrapper):
            raise NoStencil("a table that is not set row by row")
        table = wrapper.get_wrapped_table()
        found = self._tables.get(id(element))
        if found is None:
            _check_piece(wrapper)
            self._check_page(wrapper)
            self.places.append((self._number, table.children[0].position_y))
            head = PieceReader(self._around).read_head(wrapper, table)
            found = self._tables[id(element)] = _FoundTable(
                Table(
                    head=head,
                    margins=(margin(wrapper, "top"), margin(wrapper, "bottom")),
                    breaks=breaks_of(wrapper),
                    spacing=table.style["border_spacing"][1],
                )
            )
            self.found.append(found)
        for group in table.children[1:]:
            for row in group.children:
                self.places.append((self._number, row.position_y))
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
