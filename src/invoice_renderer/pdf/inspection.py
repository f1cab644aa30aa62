"""What a laid-out page looks like: each piece of text with its colour, its ground and its place.

For the lint of templates, which must see what the cascade came to and not what one rule says; no
document needs it. Private, like ``boxes``: ``Page._page_box``, and of a box ``children``,
``element``, ``at_keyword``, ``text``, ``style``, its position and its edges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from weasyprint import CSS, HTML
from weasyprint.formatting_structure.boxes import BlockContainerBox

from invoice_renderer.errors import RenderingError
from invoice_renderer.pdf.assets import Asset, AssetFetcher
from invoice_renderer.pdf.complaints import collected_complaints
from invoice_renderer.pdf.fonts import BundledFonts
from invoice_renderer.pdf.stylesheets import Style, compose

POINTS = 0.75  # in a CSS pixel
SLACK = 1.0  # points: side bearings and letter spacing stick out of a line that fits
Colour = tuple[float, float, float]
WHITE: Colour = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class PaintedText:
    """One piece of text on one line. Colours are ``#rrggbb``, lengths are points."""

    page: int
    text: str
    place: str
    """The element with its classes or the margin box, as a style sheet would name it."""
    colour: str
    grounds: tuple[str, ...]
    """What lies behind it: the nearest background, and text painted beneath all else."""
    outside: float
    """How far it sticks out of the box around it, or of the page."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """All pages of one document; ``automatic_tables`` are those whose columns depend on their
    cells, which one hostile cell can hold up.
    """

    texts: tuple[PaintedText, ...]
    automatic_tables: tuple[str, ...]


def inspect_page(
    html: str, style: Style, assets: Mapping[str, Asset], fonts: BundledFonts
) -> Inspection:
    """Lay the page out as the engine does, and look at it.

    :raises RenderingError: where WeasyPrint cannot lay it out.
    """
    fetcher = AssetFetcher(assets)
    with collected_complaints():
        sheet = _sheet(compose(style), fonts)
        page = HTML(string=html, url_fetcher=fetcher)
        try:
            layout = page.render(font_config=fonts.configuration, stylesheets=[sheet])
        except Exception as failure:  # noqa: BLE001  whatever WeasyPrint raises
            name = type(failure).__name__
            raise RenderingError(f"The layout engine failed: {name}.") from None
    boxes = [page._page_box for page in layout.pages]  # noqa: SLF001
    return Inspection(
        texts=tuple(text for number, box in enumerate(boxes, 1) for text in _texts(number, box)),
        automatic_tables=tuple(sorted({name for box in boxes for name in _automatic(box)})),
    )


@lru_cache(maxsize=8)
def _sheet(css: str, fonts: BundledFonts) -> CSS:
    return CSS(string=css, url_fetcher=AssetFetcher({}), font_config=fonts.configuration)


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What a box inherits from those around it, as far as the eye is concerned."""

    ground: Colour
    opacity: float
    is_beneath: bool
    edges: tuple[float, float]
    """Left and right, in CSS pixels."""
    place: str

    def within(self, box: Any) -> _Surroundings:
        style = box.style
        opacity = self.opacity * style["opacity"]
        is_block = isinstance(box, BlockContainerBox)
        left = box.border_box_x() if is_block else 0
        return replace(
            self,
            ground=_over(style["background_color"], style, opacity, self.ground),
            opacity=opacity,
            is_beneath=self.is_beneath or _is_negative(style["z_index"]),
            edges=(left, left + box.border_width()) if is_block else self.edges,
            place=_place_of(box) or self.place,
        )


def _texts(number: int, page_box: Any) -> Iterator[PaintedText]:
    paper = (page_box.margin_width(), page_box.margin_height())
    start = _Surroundings(WHITE, 1, False, (0, paper[0]), "@page").within(page_box)  # noqa: FBT003
    found = list(_walk(page_box, start))
    beneath = tuple({_colour(box, around) for box, around in found if around.is_beneath})
    for box, around in found:
        if not around.is_beneath:  # a watermark is not there to be read
            yield PaintedText(
                page=number,
                text=box.text,
                place=around.place,
                colour=_colour(box, around),
                grounds=(_spelt(around.ground), *beneath),
                outside=_outside(box, around.edges, paper),
            )


def _walk(box: Any, around: _Surroundings) -> Iterator[tuple[Any, _Surroundings]]:
    for wrapped in getattr(box, "children", ()):
        child = getattr(wrapped, "_box", wrapped)  # an absolutely placed box is wrapped
        inner = around.within(child)
        if getattr(child, "text", "").strip() and child.style["visibility"] == "visible":
            yield child, inner
        yield from _walk(child, inner)


def _outside(box: Any, edges: tuple[float, float], paper: tuple[float, float]) -> float:
    left, top = box.position_x, box.position_y
    right, bottom = left + box.width, top + box.height
    beyond = max(edges[0] - left, right - edges[1], -left, right - paper[0], bottom - paper[1])
    return round(max(float(beyond) * POINTS - SLACK, 0), 1)


def _automatic(box: Any) -> Iterator[str]:
    if box.style["display"] == ("block", "table") and box.style["table_layout"] != "fixed":
        yield _place_of(box)
    for wrapped in getattr(box, "children", ()):
        yield from _automatic(getattr(wrapped, "_box", wrapped))


def _place_of(box: Any) -> str:
    if keyword := getattr(box, "at_keyword", ""):
        return str(keyword)
    if box.element is None:
        return ""
    return ".".join([str(box.element.tag), *box.element.get("class", "").split()])


def _colour(box: Any, around: _Surroundings) -> str:
    return _spelt(_over(box.style["color"], box.style, around.opacity, around.ground))


def _over(colour: Any, style: Any, opacity: float, ground: Colour) -> Colour:
    """The colour as it looks on the ground, as far as it lets it shine through."""
    colour = style["color"] if colour == "currentcolor" else colour
    alpha = colour.alpha * opacity
    above = colour.to("srgb").coordinates
    red, green, blue = (a * alpha + b * (1 - alpha) for a, b in zip(above, ground, strict=True))
    return red, green, blue


def _spelt(colour: Colour) -> str:
    return "#" + "".join(f"{round(min(max(part, 0), 1) * 255):02x}" for part in colour)


def _is_negative(index: object) -> bool:
    return isinstance(index, int) and index < 0
