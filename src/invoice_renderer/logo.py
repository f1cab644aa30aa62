"""The operator's logo: an SVG or a PNG that is only a picture.

An SVG can fetch, script and recurse (ten million ``<use>`` take WeasyPrint over half a minute);
a 22 kB PNG can unfold to a gigabyte. Only plain shapes and modest pixels pass.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from PIL import Image, ImageFile

LOGO_BYTES = 512 * 1024
PNG_PIXELS = 4_000_000
SVG_ELEMENTS = 2_000
SVG_NESTING = 20

_SVG = "{http://www.w3.org/2000/svg}"
_SHAPES = frozenset(
    "svg g defs title desc metadata path rect circle ellipse line polyline polygon "
    "linearGradient radialGradient stop clipPath".split()
)
_OUTSIDE = re.compile(
    r"url\((?!\s*[\"']?#)|javascript:|data:|@import|//|\\",  # a backslash hides CSS: u\72l(
    re.IGNORECASE,
)


class LogoRefused(ValueError):
    """The file is not a logo we print; the message says why."""


@dataclass(frozen=True, slots=True)
class Logo:
    """A validated picture: ``content`` bytes of ``media_type``; of an SVG, the drawing alone."""

    content: bytes
    media_type: Literal["image/svg+xml", "image/png"]


def parse_logo(content: bytes, *, name: str) -> Logo:
    """Check a logo file by its content, whatever its name promises."""
    if len(content) > LOGO_BYTES:
        raise LogoRefused(f"is over {LOGO_BYTES} bytes")
    if name.endswith(".png"):
        _check_png(content)
        return Logo(content, "image/png")
    return Logo(_plain_svg(content), "image/svg+xml")


def _check_png(content: bytes) -> None:
    try:
        with warnings.catch_warnings(), _whole_pictures():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
                width, height = image.size
                if width * height > PNG_PIXELS:
                    raise LogoRefused(f"has more than {PNG_PIXELS} pixels")
                image.verify()  # check sums; then the pixels themselves, which it does not read
            with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
                image.load()
    except LogoRefused:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Warning):
        raise LogoRefused("is not a sound PNG") from None


@contextmanager
def _whole_pictures() -> Iterator[None]:
    """WeasyPrint tells Pillow, for the whole process, to draw what there is of a damaged one."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _plain_svg(content: bytes) -> bytes:
    """The drawing alone: without comments, processing instructions and editors' elements.

    Those must go, and not only be passed over: WeasyPrint draws by local name, so that an
    ``<x:image xmlns:x="urn:any">`` would be an image.
    """
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
        raise LogoRefused("is not well-formed SVG without a DTD") from None
    if root.tag != f"{_SVG}svg":
        raise LogoRefused("is not an SVG")
    _check_elements(root)
    drawing: bytes = tostring(root, encoding="utf-8")
    return drawing


def _check_elements(root: Element) -> None:
    pending = [(root, 0, False)]
    seen = 0
    while pending:
        element, depth, is_clip = pending.pop()
        seen += 1
        if seen > SVG_ELEMENTS or depth > SVG_NESTING:
            raise LogoRefused("is too intricate for a logo")
        is_clip = is_clip or element.tag == f"{_SVG}clipPath"
        _check_element(element, is_clip=is_clip)
        pending.extend((child, depth + 1, is_clip) for child in element)


def _check_element(element: Element, *, is_clip: bool) -> None:
    for child in list(element):
        if not child.tag.startswith(_SVG):
            element.remove(child)
    if element.tag.removeprefix(_SVG) not in _SHAPES:
        raise LogoRefused("has something other than plain shapes (text must be outlined)")
    for attribute, value in list(element.attrib.items()):
        local = attribute.rpartition("}")[2]
        if local.startswith("on") or local == "href" or _OUTSIDE.search(value):
            raise LogoRefused("refers to something outside itself")
        if is_clip and "clip-path" in f"{local}:{value}":  # ten in ten in ten... would not end
            raise LogoRefused("clips its clipping paths")
