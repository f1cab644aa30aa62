"""Pages of a PDF as PNG, by PDFium.

PDFium is not made for threads: one lock for the whole process.
"""

from __future__ import annotations

import io
import threading

import pypdfium2

RESOLUTIONS = (96, 144, 192, 288)
"""Dots per inch that may be asked for: a screen's own, and what sharper screens make of it."""
POINTS_PER_INCH = 72
FAST = 1  # zlib: the picture travels over loopback, time matters more than bytes
_ONE_AT_A_TIME = threading.Lock()


def page_sizes(pdf: bytes) -> tuple[tuple[float, float], ...]:
    """Width and height of each page, in points."""
    with _ONE_AT_A_TIME, pypdfium2.PdfDocument(pdf) as document:
        return tuple(document.get_page_size(number) for number in range(len(document)))


def draw_page(pdf: bytes, number: int, *, dpi: int) -> bytes:
    """Page ``number``, from 0, as PNG."""
    picture = io.BytesIO()
    with _ONE_AT_A_TIME, pypdfium2.PdfDocument(pdf) as document:
        bitmap = document[number].render(scale=dpi / POINTS_PER_INCH)
        bitmap.to_pil().save(picture, "PNG", compress_level=FAST)
    return picture.getvalue()
