"""From a page that WeasyPrint laid out to a stencil of it.

Private to WeasyPrint, like :mod:`boxes`, :mod:`lines`, :mod:`page_reader`, :mod:`row_reader` and
:mod:`shaping`, and no other module: a stream's tags and resources, and the counter styles.
Whatever is not as it is known to be here makes no stencil, and the page is drawn as WeasyPrint
draws it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pydyf
from weasyprint.html import UA_COUNTER_STYLE

from invoice_renderer.pdf.boxes import watch_languages
from invoice_renderer.pdf.page_reader import Ink, PageReader, states_of
from invoice_renderer.pdf.shaping import Shaper
from invoice_renderer.pdf.skeleton import Skeleton
from invoice_renderer.pdf.source import Source, metadata_of
from invoice_renderer.pdf.stencil import PageStencil, Stencil
from invoice_renderer.pdf.structure import Annotation, Content, Node
from invoice_renderer.pdf.tagging import read_tree


def capture(
    layout: Any, skeleton: Skeleton, html: Any, shaper: Shaper, **options: object
) -> Stencil:
    """The stencil of a document that is laid out; it keeps nothing of WeasyPrint's boxes.

    :raises NoStencil: where something is not as it is known to be.
    """
    source = Source(html.etree_element, skeleton)
    drawn = _draw(layout, options)
    readers = [PageReader(page, source, shaper, layout.font_config) for page in layout.pages]
    split = _split_elements(readers)
    pages: list[PageStencil] = []
    for reader, ink, torn in zip(readers, drawn.pages, split, strict=True):
        pages.append(reader.read(ink, drawn.owned[len(pages)], torn))
    _name_annotations(drawn.tree, layout.pages)
    _name_slots(drawn.tree, [reader.slot_of for reader in readers])
    return Stencil(
        pages=tuple(pages),
        tree=drawn.tree,
        fixed=tuple(sorted(source.fixed.items())),
        drawn=tuple(one for reader in readers for one in reader.drawn),
        metadata=metadata_of(layout.metadata, source),
        alternatives=source.alternatives,
        kept=tuple(dict(reader.kept) for reader in readers),
    )


@dataclass(slots=True)
class _Drawn:
    pages: list[Ink]
    tree: Node
    owned: list[set[int]]


def _draw(layout: Any, options: Mapping[str, object]) -> _Drawn:
    """Let WeasyPrint draw and tag the pages, but build no fonts and write no file."""
    seen: list[tuple[Any, dict[int, Any]]] = []
    languages = watch_languages(layout.pages)

    def watched(paint: Callable[..., None]) -> Callable[..., None]:
        def painted(stream: Any, *arguments: Any, **more: Any) -> None:
            paint(stream, *arguments, **more)
            seen.append((stream, {tag["mcid"]: box for box, tag in stream._tags.items()}))
            if len(seen) == len(layout.pages):
                layout.fonts.clear()  # nothing of this file is kept but its ink

        return painted

    for page in layout.pages:
        page.paint = watched(page.paint)
    trees: list[Node] = []

    def read(document: Any, pdf: pydyf.PDF) -> None:
        trees.append(read_tree(document, pdf, languages))
        del pdf.objects[1:]
        pdf.info.clear()

    layout.write_pdf(io.BytesIO(), finisher=read, **options)
    owned: list[set[int]] = [set() for _ in layout.pages]
    for content in _contents(trees[0]):
        owned[content.page].add(content.mcid)
    pages = [Ink(stream.stream, boxes_of, states_of(stream)) for stream, boxes_of in seen]
    return _Drawn(pages, trees[0], owned)


def _contents(node: Node) -> Iterator[Content]:
    for kid in node.kids:
        if isinstance(kid, Content):
            yield kid
        elif isinstance(kid, Node):
            yield from _contents(kid)


def render_counter(value: int, style: Any) -> str:
    """The number of a page as a counter style writes it."""
    return str(UA_COUNTER_STYLE.render_value(value, style))


def _split_elements(readers: Sequence[PageReader]) -> list[frozenset[int]]:
    """For each page, the elements whose lines go on over its edges."""
    counts: dict[int, int] = {}
    for reader in readers:
        for element in reader.blocks:
            counts[element] = counts.get(element, 0) + 1
    return [
        frozenset(one for one in reader.blocks if counts[one] > 1) for reader in readers
    ]  # fmt: skip


def _name_annotations(tree: Node, pages: Sequence[Any]) -> None:
    """Annotations name their page's link by its number, instead of an object of a file."""
    numbers = {
        id(box.link_annotation): number
        for page in pages
        for number, (_, _, _, box) in enumerate(page.links)
    }
    for node in _nodes(tree):
        node.kids = [
            Annotation(kid.page, numbers[id(kid.target)]) if isinstance(kid, Annotation) else kid
            for kid in node.kids
        ]


def _name_slots(tree: Node, slots: Sequence[Mapping[int, int]]) -> None:
    """A row that is a slot says so."""
    for node in _nodes(tree):
        if node.kind == "TR":
            for content in _contents(node):
                node.slot = slots[content.page].get(content.mcid, -1)
                if node.slot >= 0:
                    break


def _nodes(tree: Node) -> Iterator[Node]:
    yield tree
    for kid in tree.nodes():
        yield from _nodes(kid)
