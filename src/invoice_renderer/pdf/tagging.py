"""The structure tree written into the file, in the place of WeasyPrint's own."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pydyf

from invoice_renderer.errors import RenderingError
from invoice_renderer.pdf.boxes import broken_kinds
from invoice_renderer.pdf.objects import Verbatim, resolve, written
from invoice_renderer.pdf.rows import RowBlock, RowTags
from invoice_renderer.pdf.structure import (
    Annotation,
    Content,
    Kid,
    Node,
    join_pages,
    mark_languages,
    read_pages,
)
from invoice_renderer.pdf.tables import head_tables


def mend_tags(document: Any, pdf: pydyf.PDF, languages: list[dict[int, str]]) -> None:
    """Tags of one document instead of one for each page; what they leave out is an artifact."""
    tree = read_tree(document, pdf, languages)
    head_tables(tree)
    _drop_old_tags(pdf)
    writer = _Writer(pdf)
    writer.write(tree)
    for page, used in enumerate(writer.parents):
        _leave_out(pdf, page, used)


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
        self._pages: tuple[bytes, ...] = pdf.page_references
        self.parents: list[dict[int, bytes]] = [{} for _ in self._pages]
        """For each page, the element that owns each marked-content sequence."""
        self._annotations: list[bytes] = []
        self._identifiers: dict[str, bytes] = {}

    def write(self, tree: Node) -> None:
        root = self._new(Verbatim(b""))
        top = self._element(tree, root.reference)
        numbers = self._new(Verbatim(b"<</Nums[%b]>>" % self._parent_tree()))
        content = b"<</Type/StructTreeRoot/K %b/ParentTree %b/ParentTreeNextKey %d%b>>" % (
            top,
            numbers.reference,
            len(self._pages) + len(self._annotations),
            self._identifier_tree(),
        )
        self._pdf.objects[root.number] = kept = Verbatim(content)
        kept.number = root.number
        self._pdf.catalog["StructTreeRoot"] = root.reference

    def _new(self, thing: pydyf.Object) -> pydyf.Object:
        self._pdf.add_object(thing)
        return thing

    def _element(self, node: Node, parent: bytes) -> bytes:
        element = self._new(Verbatim(b""))
        own: bytes = element.reference
        pages = [kid.page for kid in node.kids if isinstance(kid, Content)]
        kids = [self._kid(kid, own, pages[0] if pages else -1) for kid in node.kids]
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
            parts.append(b"/ID(%b)" % node.identifier.encode())
            self._identifiers[node.identifier] = own
        parts.append(b">>")
        self._pdf.objects[element.number] = kept = Verbatim(b"".join(parts))
        kept.number = element.number
        return own

    def _kid(self, kid: Kid, own: bytes, page: int) -> bytes:
        if isinstance(kid, Node):
            return self._element(kid, own)
        if isinstance(kid, RowBlock):
            return self._rows(kid, own)
        if isinstance(kid, Annotation):
            kid.target["StructParent"] = len(self._pages) + len(self._annotations)
            self._annotations.append(own)
            target = kid.target.reference
            return b"<</Type/OBJR/Obj %b/Pg %b>>" % (target, self._pages[kid.page])
        self.parents[kid.page][kid.mcid] = own
        if kid.page == page:
            return b"%d" % kid.mcid
        return b"<</Type/MCR/Pg %b/MCID %d>>" % (self._pages[kid.page], kid.mcid)

    def _rows(self, block: RowBlock, parent: bytes) -> bytes:
        """The references of many rows; their elements come from formats."""
        page, parents, objects = (
            self._pages[block.page],
            self.parents[block.page],
            self._pdf.objects,
        )
        kinds: dict[int, RowTags] = {}
        references = []
        mcid = block.first_mcid
        for row, identifier in zip(block.rows, block.identifiers, strict=True):
            tags = kinds.get(id(row.setter))
            if tags is None:
                tags = kinds[id(row.setter)] = RowTags(row.setter, block, parent, page)
            base = len(objects)
            for number, content in enumerate(tags.objects(base, mcid, identifier), start=base):
                objects.append(Verbatim(content, number))
            for at, owner in enumerate(tags.owners):
                parents[mcid + at] = b"%d 0 R" % (base + owner)
            own = b"%d 0 R" % base
            references.append(own)
            if identifier:
                head = next(
                    at for at, cell in enumerate(row.setter.stencil.cells) if cell.kind == "TH"
                )
                self._identifiers[f"h{identifier:05}"] = b"%d 0 R" % (base + tags.places[head])
            mcid += row.setter.count
        return b" ".join(references)

    def _parent_tree(self) -> bytes:
        parts = []
        for page, owners in enumerate(self.parents):
            places = range(max(owners, default=-1) + 1)
            parts.append(b"%d[%b]" % (page, b" ".join(owners.get(at, b"null") for at in places)))
        for key, owner in enumerate(self._annotations, start=len(self._pages)):
            parts.append(b"%d %b" % (key, owner))
        return b" ".join(parts)

    def _identifier_tree(self) -> bytes:
        if not self._identifiers:
            return b""
        names = sorted(self._identifiers)
        pairs = b"".join(b"(%b)%b" % (name.encode(), self._identifiers[name]) for name in names)
        tree = self._new(Verbatim(b"<</Names[%b]>>" % pairs))
        return b"/IDTree %b" % bytes(tree.reference)


def _attributes(node: Node) -> bytes:
    owned: dict[bytes, list[bytes]] = defaultdict(list)
    if node.column_span != 1:
        owned[b"Table"].append(b"/ColSpan %d" % node.column_span)
    if node.row_span != 1:
        owned[b"Table"].append(b"/RowSpan %d" % node.row_span)
    if node.scope:
        owned[b"Table"].append(b"/Scope/%b" % node.scope.encode())
    if node.headers:
        names = b"".join(b"(%b)" % name.encode() for name in node.headers)
        owned[b"Table"].append(b"/Headers[%b]" % names)
    if node.box:
        owned[b"Layout"].append(b"/BBox[%.2f %.2f %.2f %.2f]" % node.box)
    attributes = b"".join(b"/A<</O/%b%b>>" % (who, b"".join(all_)) for who, all_ in owned.items())
    return attributes + (b"/Alt %b" % written(node.alt) if node.alt else b"")


def _leave_out(pdf: pydyf.PDF, page: int, used: dict[int, bytes]) -> None:
    """Marked content that no element owns: running heads and feet, repeated rows."""
    drawn = resolve(pdf, resolve(pdf, pdf.page_references[page])["Contents"]).stream
    for at, item in enumerate(drawn):
        if isinstance(item, pydyf.Dictionary) and item.get("MCID", None) not in used:
            drawn[at - 1] = b"/Artifact"
            drawn[at] = b"<</Type/Pagination>>"
