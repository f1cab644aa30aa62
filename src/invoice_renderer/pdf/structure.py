"""The structure of the file as a screen reader meets it, made from what WeasyPrint tagged.

WeasyPrint tags each page by itself, one element for every box. Here the pages become one tree:
an element that goes on over a page break is one element, boxes without meaning are left out, rows
that a page repeats and running heads are artifacts, and header cells say what they head.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeGuard, Union

import pydyf

from invoice_renderer.errors import RenderingError
from invoice_renderer.pdf.objects import is_reference, resolve

if TYPE_CHECKING:
    from invoice_renderer.pdf.rows import RowBlock

MEANINGLESS = frozenset({"NonStruct", "Div", "Span"})
GROUPING = frozenset({"Document", "Part", "Art", "Sect", "BlockQuote", "LBody"})
MAY_BE_EMPTY = frozenset({"TD", "TH", "TR"})
INLINE = frozenset({"Link", "Span", "Figure"})
PIXEL = 0.75  # points
IDENTIFIER = b"(h%05x)"  # of a number; sorted like it, as far as five digits go


@dataclass(frozen=True, slots=True)
class Content:
    """A marked-content sequence: something drawn on a page."""

    page: int
    mcid: int


@dataclass(frozen=True, slots=True)
class Annotation:
    """A link's active area; ``target`` is its object, or its number among the links of a page."""

    page: int
    target: Any


@dataclass(slots=True)
class Node:
    """A structure element: ``kind`` is its standard type, such as ``TH``."""

    kind: str
    kids: list[Kid] = field(default_factory=list)
    column_span: int = 1
    row_span: int = 1
    alt: str = ""
    box: tuple[float, float, float, float] | None = None
    scope: str = ""
    identifier: int = 0
    """Other cells refer to it by this number, or 0."""
    headers: tuple[int, ...] = ()
    language: str = ""
    """Only where it is not the document's."""

    def nodes(self) -> Iterator[Node]:
        return (kid for kid in self.kids if isinstance(kid, Node))

    def all_of(self, kind: str) -> Iterator[Node]:
        """Descendants of a kind, outermost only."""
        for kid in self.nodes():
            if kid.kind == kind:
                yield kid
            else:
                yield from kid.all_of(kind)


Kid = Union[Node, Content, Annotation, "RowBlock"]


# ----------------------------------------------------------------------------- reading


def read_pages(pdf: pydyf.PDF) -> list[Node]:
    """WeasyPrint's tags, one tree for each page, without its boxes that mean nothing."""
    page_of = {reference: index for index, reference in enumerate(pdf.page_references)}
    trees = [Node("Document") for _ in page_of]
    root = resolve(pdf, pdf.catalog["StructTreeRoot"])
    document = resolve(pdf, root["K"][0])
    for reference in document["K"]:
        element = resolve(pdf, reference)
        trees[page_of[element["Pg"]]].kids.append(_read(pdf, element, page_of))
    return [_simplified(tree) for tree in trees]


def read_elements(pdf: pydyf.PDF, references: Iterable[bytes]) -> Node:
    """The same for some elements of the first page."""
    page_of = {reference: index for index, reference in enumerate(pdf.page_references)}
    return _simplified(
        Node("Document", [_read(pdf, resolve(pdf, each), page_of) for each in references])
    )


def _read(pdf: pydyf.PDF, element: pydyf.Dictionary, page_of: dict[bytes, int]) -> Node:
    page = page_of[element["Pg"]]
    attributes = element.get("A", {})
    node = Node(
        element["S"][1:],
        column_span=attributes.get("ColSpan", 1),
        row_span=attributes.get("RowSpan", 1),
        alt=element["Alt"].string if "Alt" in element else "",
    )
    if "BBox" in attributes:
        height = resolve(pdf, pdf.page_references[page])["MediaBox"][3]
        node.box = _in_points(attributes["BBox"], height)
    for kid in element["K"]:
        node.kids.append(_read_kid(pdf, kid, page, page_of))
    return node


def _read_kid(pdf: pydyf.PDF, kid: object, page: int, page_of: dict[bytes, int]) -> Kid:
    if isinstance(kid, int):
        return Content(page, kid)
    if not is_reference(kid):
        raise RenderingError("The layout engine's tags are not those that we know.")
    target = resolve(pdf, kid)
    if target["Type"] == "/OBJR":
        return Annotation(page, resolve(pdf, target["Obj"]))
    return _read(pdf, target, page_of)


def _in_points(box: list[float], height: float) -> tuple[float, float, float, float]:
    """WeasyPrint gives pixels from the top; PDF counts points from the bottom."""
    left, top, right, bottom = (edge * PIXEL for edge in box)
    return left, height - bottom, right, height - top


def _simplified(node: Node) -> Node:
    kids: list[Kid] = []
    for kid in node.kids:
        kids.extend(_lifted(kid))
    kids = _whole_links(kids)
    node.kids = _paragraphs(kids) if node.kind in GROUPING else kids
    return node


def _lifted(kid: Kid) -> list[Kid]:
    """An element without meaning gives way to what is in it; one without content disappears."""
    if not isinstance(kid, Node):
        return [kid]
    node = _simplified(kid)
    if node.kind == "Div" and all(map(_is_inline, node.kids)):
        node.kind = "P"
    if node.kind in MEANINGLESS and not node.language:
        return node.kids
    return [node] if node.kids or node.kind in MAY_BE_EMPTY else []


def _whole_links(kids: Iterable[Kid]) -> list[Kid]:
    """A link that goes on in the next line is one link, with an area in each of its lines."""
    whole: list[Kid] = []
    for address, run in groupby(kids, key=_address):
        if not address:
            whole += run
            continue
        first, *others = (each for each in run if isinstance(each, Node))
        for other in others:
            first.kids += other.kids
        whole.append(first)
    return whole


def _address(kid: Kid) -> str:
    """Where a link leads, if it is one, and leads out of the file."""
    if not _is_a(kid, "Link"):
        return ""
    actions = (each.target.get("A") for each in kid.kids if isinstance(each, Annotation))
    return next((action["URI"].string for action in actions if action), "")


def _is_inline(kid: Kid) -> bool:
    return not isinstance(kid, Node) or kid.kind in INLINE


def _paragraphs(
    kids: Iterable[Kid],
) -> list[Kid]:
    """Text that stands in a section by itself is a paragraph of it."""
    parted: list[Kid] = []
    for loose, run in groupby(kids, key=lambda kid: not isinstance(kid, Node)):
        together = list(run)
        parted.extend([Node("P", together)] if loose else together)
    return parted


def mark_languages(tree: Node, languages: list[dict[int, str]], own: str) -> None:
    """Text in another language than the document's gets a span that names it."""
    for at, kid in enumerate(tree.kids):
        if isinstance(kid, Node):
            mark_languages(kid, languages, own)
        elif isinstance(kid, Content):
            language = languages[kid.page].get(kid.mcid, "")
            if language and language.lower() != own.lower():
                tree.kids[at] = Node("Span", [kid], language=language)


# ----------------------------------------------------------------------------- joining


def join_pages(pages: list[Node], broken: list[list[str]]) -> Node:
    """One tree: what began on one page and goes on over the next is one element."""
    whole = Node("Document")
    for page, chain in zip(pages, broken, strict=True):
        _join(whole, page, chain)
    return whole


def _join(before: Node, after: Node, chain: list[str]) -> None:
    """Put the kids of a fragment behind those of the fragment before it."""
    if before.kind == "Table":
        _drop_repeated(before, after)
    if before.kind == "TR":  # a row taller than a page: cell by cell
        for cell, rest in zip(before.nodes(), after.nodes(), strict=False):
            cell.kids += rest.kids
        return
    kids = after.kids
    if chain and kids and before.kids:
        last: Kid = before.kids[-1]
        first: Kid = kids[0]
        if _is_a(last, chain[0]) and _is_a(first, chain[0]):
            _join(last, first, chain[1:])
            kids = kids[1:]
    before.kids += kids


def _drop_repeated(before: Node, after: Node) -> None:
    """Heads and feet come back on every page: the first head counts, and the last foot."""
    if any(kid.kind == "THead" for kid in before.nodes()):
        after.kids = [kid for kid in after.kids if not _is_a(kid, "THead")]
    if any(kid.kind == "TFoot" for kid in after.nodes()):
        before.kids = [kid for kid in before.kids if not _is_a(kid, "TFoot")]


def _is_a(kid: Kid, kind: str) -> TypeGuard[Node]:
    return isinstance(kid, Node) and kid.kind == kind
