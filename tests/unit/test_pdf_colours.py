"""A stamped text has the colour that it would have been laid out in."""

from __future__ import annotations

import ctypes
from collections import Counter

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from PIL import ImageChops

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.gallery import GALLERY
from invoice_renderer.profile_source import open_profile
from invoice_renderer.request import RenderOptions

Colour = tuple[int, int, int]
LIGHTEST = 6  # of 255: what a tint differs from white by is twice as much
LETTERS = 0.01  # of a page may be smoothed otherwise; the panel takes eight times as much


def coloured_texts(pdf: bytes) -> list[Counter[tuple[str, Colour]]]:
    """Of each page: its texts, each with its colour."""
    return [_texts_of(page) for page in pypdfium2.PdfDocument(pdf)]


def _texts_of(page: pypdfium2.PdfPage) -> Counter[tuple[str, Colour]]:
    text_page = page.get_textpage()
    shown = page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT], max_depth=9)
    found = Counter((_words(one, text_page), _colour(one)) for one in shown)
    return Counter({key: count for key, count in found.items() if key[0]})


def _words(shown: pypdfium2.PdfObject, text_page: pypdfium2.PdfTextPage) -> str:
    size = pdfium.FPDFTextObj_GetText(shown.raw, text_page.raw, None, 0)
    buffer = ctypes.create_string_buffer(size)
    place = ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR))
    pdfium.FPDFTextObj_GetText(shown.raw, text_page.raw, place, size)
    return buffer.raw.decode("utf-16-le").strip("\0 ")


def _colour(shown: pypdfium2.PdfObject) -> Colour:
    red, green, blue, opacity = (ctypes.c_uint() for _ in range(4))
    pdfium.FPDFPageObj_GetFillColor(shown.raw, red, green, blue, opacity)
    return red.value, green.value, blue.value


@pytest.mark.parametrize("case", ["closed", "60-lines", "30-payments", "40-taxes", "open"])
def test_every_text_has_its_colour(renderer: DocumentRenderer, case: str) -> None:
    """Dark rows between grey heads and grey subtotals, whatever stood before them in the file:
    too small a difference for the pictures that are compared.
    """
    profile = open_profile("example.toml").for_partner("any")
    presentation = renderer.present(RenderOptions(), profile)
    invoice = GALLERY[case].build()
    laid_out = renderer.render(invoice, profile, presentation, plain=True).pdf
    stamped = renderer.render(invoice, profile, presentation).pdf
    expected = coloured_texts(laid_out)
    assert len({colour for page in expected for _, colour in page}) > 2
    assert expected == coloured_texts(stamped)


@pytest.mark.parametrize("case", ["documented", "closed", "open"])
def test_every_ground_lies_under_its_block(renderer: DocumentRenderer, case: str) -> None:
    """The panel's tint and the band's: so light that a comparison of pages for the eye, which
    forgives the smoothing of letters, does not see them move.
    """
    profile = open_profile("example.toml").for_partner("any")
    presentation = renderer.present(RenderOptions(), profile)
    invoice = GALLERY[case].build()
    files = [
        renderer.render(invoice, profile, presentation, plain=plain).pdf for plain in (True, False)
    ]
    laid_out, stamped = (pypdfium2.PdfDocument(file)[0].render().to_pil() for file in files)
    counts = ImageChops.difference(laid_out.convert("L"), stamped.convert("L")).histogram()
    assert sum(counts[LIGHTEST:]) < sum(counts) * LETTERS
