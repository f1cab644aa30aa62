"""The structure tree written into the file, in the place of WeasyPrint's own."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence, Set
from itertools import chain, repeat
from typing import Any

import pydyf

from invoice_renderer.errors import RenderingError
from invoice_renderer.pdf.boxes import broken_kinds
from invoice_renderer.pdf.objects import Verbatim, resolve, written
from invoice_renderer.pdf.packing import Packer
from invoice_renderer.pdf.row_tags import RowTags
from invoice_renderer.pdf.rows import RowBlock, RowSetter
from invoice_renderer.pdf.structure import (
    IDENTIFIER,
    Annotation,
    Content,
    Kid,
    Node,
    join_pages,
    mark_languages,
    read_pages,
)
from invoice_renderer.pdf.tables import head_tables

NAMES_IN_LEAF = 500


def mend_tags(document: Any, pdf: pydyf.PDF, languages: list[dict[int, str]]) -> None:
    """Tags of one document instead of one for each page; what they leave out is an artifact."""
    tree = read_tree(document, pdf, languages)
    head_tables(tree)
    _drop_old_tags(pdf)
    writer = _Writer(pdf)
    writer.write(tree)
    for page, used in enumerate(writer.parents):
        _leave_out(pdf, page, {mcid for mcid, owner in enumerate(used) if owner})


def read_tree(document: Any, pdf: pydyf.PDF, languages: list[dict[int, str]]) -> Node:
    """WeasyPrint's tags of all pages as one tree, other languages marked."""
    tree = join_pages(read_pages(pdf), broken_kinds(document.pages))
    mark_languages(tree, languages, document.metadata.lang or "")
    return tree


def write_tags(pdf: pydyf.PDF, tree: Node) -> None:
    """The tags of a document that WeasyPrint wrote without any; its ink has the sequences."""
    head_tables(tree)
    _resolve_links(tree)
    for number, reference in enumerate(pdf.page_references):
        page = resolve(pdf, reference)
        page["Tabs"] = "/S"
        page["StructParents"] = number
    pdf.catalog["ViewerPreferences"] = pydyf.Dictionary({"DisplayDocTitle": "true"})
    pdf.catalog["MarkInfo"] = pydyf.Dictionary({"Marked": "true"})
    _Writer(pdf).write(tree)


def _resolve_links(tree: Node) -> None:
    """Each active area by its object, and described by where it leads (ISO 14289-1, 7.18.5)."""
    for at, kid in enumerate(tree.kids):
        if isinstance(kid, Node):
            _resolve_links(kid)
        elif isinstance(kid, Annotation):
            annotation = kid.target.link_annotation
            annotation["Contents"] = annotation["A"]["URI"]
            tree.kids[at] = Annotation(kid.page, annotation)


def _drop_old_tags(pdf: pydyf.PDF) -> None:
    """WeasyPrint writes them last: the list of objects ends with them, and only with them."""
    root = resolve(pdf, pdf.catalog["StructTreeRoot"])
    start = resolve(pdf, root["ParentTree"]).number
    tags = [each for each in pdf.objects[start:] if each.get("Type") in {"/StructElem", "/OBJR"}]
    if len(tags) + 2 != len(pdf.objects) - start:  # the parent tree and the root are the two
        raise RenderingError("The layout engine's tags are not where we know them to be.")
    del pdf.objects[start:]


class _Writer:
    """Numbers the elements as they are met, from the root down."""

    def __init__(self, pdf: pydyf.PDF) -> None:
        self._pdf = pdf
        self._packer = Packer(pdf)
        self._pages: tuple[bytes, ...] = pdf.page_references
        self.parents = [array("I") for _ in self._pages]
        """For each page, the number of the element that owns each marked-content sequence, or 0."""
        self._annotations: list[bytes] = []
        self._identified = array("I")
        """For each identifier, the number of its element."""
        self._row_tags: dict[tuple[int, tuple[bytes, ...]], RowTags] = {}

    def write(self, tree: Node) -> None:
        root = self._new(Verbatim(b""))
        top = self._element(tree, root.reference)
        content = b"<</Type/StructTreeRoot/K %b/ParentTree %b/ParentTreeNextKey %d%b>>" % (
            top,
            self._parent_tree(),
            len(self._pages) + len(self._annotations),
            self._identifier_tree(),
        )
        self._packer.finish()
        self._pdf.objects[root.number] = Verbatim(content, root.number)
        self._pdf.catalog["StructTreeRoot"] = root.reference

    def _new(self, thing: pydyf.Object) -> pydyf.Object:
        self._pdf.add_object(thing)
        return thing

    def _element(self, node: Node, parent: bytes) -> bytes:
        number = self._new(Verbatim(b"")).number
        own = b"%d 0 R" % number
        pages = [kid.page for kid in node.kids if isinstance(kid, Content)]
        kids = [self._kid(kid, number, pages[0] if pages else -1) for kid in node.kids]
        parts = [b"<</S/%b/P %b" % (node.kind.encode(), parent)]
        if pages:
            parts.append(b"/Pg %b" % self._pages[pages[0]])
        if kids:
            has_rows = any(isinstance(kid, RowBlock) for kid in node.kids)
            is_one = len(kids) == 1 and not has_rows
            parts.append(b"/K %b" % kids[0] if is_one else b"/K[%b]" % b" ".join(kids))
        parts.append(_attributes(node))
        if node.language:
            parts.append(b"/Lang %b" % written(node.language))
        if node.identifier:
            parts.append(b"/ID" + IDENTIFIER % node.identifier)
            _put(self._identified, node.identifier, (number,))
        parts.append(b">>")
        self._pdf.objects[number] = Verbatim(b"".join(parts), number)
        return own

    def _kid(self, kid: Kid, parent: int, page: int) -> bytes:
        own = b"%d 0 R" % parent
        if isinstance(kid, Node):
            return self._element(kid, own)
        if isinstance(kid, RowBlock):
            return self._rows(kid, own)
        if isinstance(kid, Annotation):
            kid.target["StructParent"] = len(self._pages) + len(self._annotations)
            self._annotations.append(own)
            target = kid.target.reference
            return b"<</Type/OBJR/Obj %b/Pg %b>>" % (target, self._pages[kid.page])
        _put(self.parents[kid.page], kid.mcid, (parent,))
        if kid.page == page:
            return b"%d" % kid.mcid
        return b"<</Type/MCR/Pg %b/MCID %d>>" % (self._pages[kid.page], kid.mcid)

    def _rows(self, block: RowBlock, parent: bytes) -> bytes:
        """The references of many rows; their elements come from formats, and are packed at once.

        The rows are let go: their ink is drawn, and this is the last time that they are read.
        """
        page = self._pages[block.page]
        forms: dict[int, tuple[RowTags, bytes]] = {}
        first = base = len(self._pdf.objects)
        mcid = block.first_mcid
        pieces, owners, bases = [], array("I"), array("I")
        for setter, rows in block.runs:
            if id(setter) not in forms:
                tags = self._tags_of(setter, block)
                forms[id(setter)] = tags, tags.form(parent, page)
            tags, form = forms[id(setter)]
            identifiers = block.identifiers[len(bases) : len(bases) + rows]
            pieces.append(tags.objects(form, base, mcid, identifiers))
            owners.extend(tags.owners(base, rows))
            bases.extend(tags.numbers(base, rows))
            self._identify(identifiers, tags.numbers(base + tags.head, rows))
            base += tags.count * rows
            mcid += setter.count * rows
        _put(self.parents[block.page], block.first_mcid, owners)
        self._packer.add(pieces, base - first)
        block.rows = ()
        return _references(bases)

    def _tags_of(self, setter: RowSetter, block: RowBlock) -> RowTags:
        key = id(setter), block.headers[id(setter)]
        if key not in self._row_tags:
            self._row_tags[key] = RowTags(setter.stencil, key[1])
        return self._row_tags[key]

    def _identify(self, identifiers: Sequence[int], elements: Sequence[int]) -> None:
        first, last = identifiers[0], identifiers[-1]
        if first and last - first == len(identifiers) - 1:
            _put(self._identified, first, elements)
            return
        for identifier, element in zip(identifiers, elements, strict=True):
            if identifier:
                _put(self._identified, identifier, (element,))

    def _parent_tree(self) -> bytes:
        """Of the parent tree: owners by page, then those of annotations (ISO 32000-1, 7.9.7)."""
        arrays = [b"[%b]" % _references(owners) for owners in self.parents]
        first = self._packer.add(arrays, len(arrays))
        parts = [b"%d %d 0 R" % (page, first + page) for page in range(len(arrays))]
        for key, owner in enumerate(self._annotations, start=len(self._pages)):
            parts.append(b"%d %b" % (key, owner))
        return bytes(self._new(Verbatim(b"<</Nums[%b]>>" % b" ".join(parts))).reference)

    def _identifier_tree(self) -> bytes:
        """Elements by identifier, sorted, some hundreds to a leaf (ISO 32000-1, 7.9.6)."""
        named = [number for number, element in enumerate(self._identified) if element]
        if not named:
            return b""
        leaves = [named[at : at + NAMES_IN_LEAF] for at in range(0, len(named), NAMES_IN_LEAF)]
        if len(leaves) == 1:
            content = self._names(named)
        else:
            limits = [(IDENTIFIER % leaf[0], IDENTIFIER % leaf[-1]) for leaf in leaves]
            contents = [
                b"<</Limits[%b%b]%b>>" % (*ends, self._names(leaf))
                for ends, leaf in zip(limits, leaves, strict=True)
            ]
            first = self._packer.add(contents, len(contents))
            content = b"/Kids[%b]" % _references(range(first, first + len(contents)))
        return b"/IDTree %b" % bytes(self._new(Verbatim(b"<<%b>>" % content)).reference)

    def _names(self, named: Sequence[int]) -> bytes:
        pairs = chain.from_iterable((number, self._identified[number]) for number in named)
        return b"/Names[%b]" % ((IDENTIFIER + b"%d 0 R") * len(named) % tuple(pairs))


def _put(numbers: array[int], at: int, few: Sequence[int]) -> None:
    """Numbers into an array, from a place on that may lie beyond its end."""
    if at > len(numbers):
        numbers.extend(repeat(0, at - len(numbers)))
    numbers[at : at + len(few)] = array("I", few)


def _references(numbers: Sequence[int]) -> bytes:
    """Of objects; null where there is none."""
    if 0 in numbers:
        return b" ".join(b"%d 0 R" % number if number else b"null" for number in numbers)
    return (b"%d 0 R " * len(numbers) % tuple(numbers))[:-1]


def _attributes(node: Node) -> bytes:
    owned: dict[bytes, list[bytes]] = defaultdict(list)
    if node.column_span != 1:
        owned[b"Table"].append(b"/ColSpan %d" % node.column_span)
    if node.row_span != 1:
        owned[b"Table"].append(b"/RowSpan %d" % node.row_span)
    if node.scope:
        owned[b"Table"].append(b"/Scope/%b" % node.scope.encode())
    if node.headers:
        names = b"".join(IDENTIFIER % number for number in node.headers)
        owned[b"Table"].append(b"/Headers[%b]" % names)
    if node.box:
        owned[b"Layout"].append(b"/BBox[%.2f %.2f %.2f %.2f]" % node.box)
    attributes = b"".join(b"/A<</O/%b%b>>" % (who, b"".join(all_)) for who, all_ in owned.items())
    return attributes + (b"/Alt %b" % written(node.alt) if node.alt else b"")


def _leave_out(pdf: pydyf.PDF, page: int, used: Set[int]) -> None:
    """Marked content that no element owns: running heads and feet, repeated rows."""
    drawn = resolve(pdf, resolve(pdf, pdf.page_references[page])["Contents"]).stream
    for at, item in enumerate(drawn):
        if isinstance(item, pydyf.Dictionary) and item.get("MCID", None) not in used:
            drawn[at - 1] = b"/Artifact"
            drawn[at] = b"<</Type/Pagination>>"
