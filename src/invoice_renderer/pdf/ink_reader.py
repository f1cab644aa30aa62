"""What WeasyPrint drew of a block, with holes for its texts and images.

Private to WeasyPrint: a stream's operators, tags and resources, and ``replacedbox_layout``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pydyf
from weasyprint.formatting_structure import boxes
from weasyprint.images import get_image_from_uri
from weasyprint.layout.replaced import replacedbox_layout
from weasyprint.pdf.stream import Stream

from invoice_renderer.pdf.stencil import ImageHole, Item, Mark, NoStencil
from invoice_renderer.pdf.text_reader import TextReader

_POINT = re.compile(rb"(?<=\d)\.(?!\d)")
_LESS_THAN_NOTHING = re.compile(rb"-0(?![\d.])")
_UNKNOWN = re.compile(rb" (?:Do|sh|scn|SCN)\b|\bBI\b")


class InkReader(TextReader):
    """Reads what was drawn, once the texts are read."""

    def _scratch(self) -> Any:
        resources = {
            name: pydyf.Dictionary()
            for name in ("ExtGState", "XObject", "Pattern", "Shading", "ColorSpace")
        }
        size = (0, 0, self._page.width, self._page.height)
        return Stream(_NoFonts(), size, resources, {}, {}, {}, "srgb")

    def _items(
        self, drawn: list[Any], marked: Mapping[int, Any], owned: set[int]
    ) -> Iterator[Item]:
        still: list[bytes] = []
        items = [
            pydyf._to_bytes(item) if not isinstance(item, pydyf.Dictionary) else item
            for item in drawn
        ]
        at = 0
        while at < len(items):
            item = items[at]
            if not isinstance(item, pydyf.Dictionary):
                still.append(item)
                at += 1
                continue
            number = item.get("MCID", -1)
            tag = still.pop()
            yield joined(still)
            still = []
            yield Mark(tag, number if number in owned else -1)
            stop = _end_of(items, at + 2)
            hole = self._hole(marked.get(number), items[at + 2 : stop], still)
            if hole is not None:
                yield joined(still)
                still = []
                yield hole
            at = stop
        yield joined(still)

    def _hole(self, box: Any, inside: list[Any], still: list[bytes]) -> Item | None:
        """The hole in a marked-content sequence; what stays goes to ``still``."""
        if isinstance(box, (boxes.BlockReplacedBox, boxes.InlineReplacedBox)):
            ink = b"\n".join(
                item.data if isinstance(item, pydyf.Dictionary) else item for item in inside
            )
            if self._is_fixed_image(box) and not _UNKNOWN.search(ink):
                still.append(ink)
                return None
            return self._image(box)
        if not isinstance(box, boxes.TextBox):
            raise NoStencil("marked content that is no text")
        if b"BT" not in inside or id(box) not in self._holes | self._fixed_ink.keys():
            if b"TJ" in b" ".join(inside):
                raise NoStencil("a text that was not read")
            still += inside
            return None
        start, end = inside.index(b"BT"), len(inside) - 1 - inside[::-1].index(b"ET")
        if inside.count(b"BT") != 1 or end != len(inside) - 1:
            raise NoStencil("a text with decoration")
        still += inside[:start]
        if id(box) in self._fixed_ink:
            still.append(self._fixed_ink[id(box)])
            return None
        return self._holes[id(box)]

    def _is_fixed_image(self, box: Any) -> bool:
        return self._source.attributes[id(box.element), "src"] in self._source.fixed

    def _image(self, box: Any) -> ImageHole:
        variable = self._source.attributes[id(box.element), "src"]
        width, height, x, y = replacedbox_layout(box)
        style = {name: box.style[name] for name in ("image_rendering", "font_size", "color")}
        orientation = box.style["image_orientation"]

        images: dict[str, Any] = {}  # the last one: a seller's logo

        def draw(stream: Any, source: str, fetcher: Any, options: Mapping[str, object]) -> None:
            if source not in images:
                images.clear()
            image = get_image_from_uri(images, fetcher, options, source, orientation=orientation)
            with stream.stacked():
                stream.set_alpha(1)
                stream.transform(e=x, f=y)
                with stream.stacked():
                    image.draw(stream, width, height, style)

        return ImageHole(draw, variable)


def _end_of(items: list[Any], start: int) -> int:
    depth = 1
    for at in range(start, len(items)):
        if items[at] in (b"BDC", b"BMC"):
            depth += 1
        elif items[at] == b"EMC":
            depth -= 1
            if not depth:
                return at
    raise NoStencil("marked content without an end")


class _NoFonts(dict[Any, Any]):
    """Fonts of a stream that no file is made from."""


def joined(still: list[bytes]) -> bytes:
    """Ink in one piece; a number that is whole but for a rounding error is whole."""
    ink = _LESS_THAN_NOTHING.sub(b"0", _POINT.sub(b"", b"\n".join(still)))
    if _UNKNOWN.search(ink):
        raise NoStencil("a pattern, a shading or a group")
    return ink


def states_of(stream: Any) -> dict[str, float]:
    states = stream._resources["ExtGState"]
    if any(set(state) - {"ca", "CA"} for state in states.values()):
        raise NoStencil("a graphics state with more than opacity")
    return {name: value for name, state in states.items() for value in state.values()}
