"""The QR code is scanned as a phone scans it: from the picture of the page."""

from __future__ import annotations

import pypdfium2
import pytest
import zxingcpp

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.request import RenderOptions
from tests.builders import a_profile, an_invoice
from tests.pdf_reading import links_of
from tests.unit.test_document import the_example_profile

POINTS = 72


def scanned(pdf: bytes, *, dpi: int) -> list[str]:
    """What a decoder reads from the pages, in grey as a copier would have them."""
    pages = [page.render(scale=dpi / POINTS).to_pil() for page in pypdfium2.PdfDocument(pdf)]
    return [code.text for page in pages for code in zxingcpp.read_barcodes(page.convert("L"))]


@pytest.mark.parametrize("theme", ["modern", "classic", "large-print", "mono"])
@pytest.mark.parametrize("locale", ["en-US", "ar"])
@pytest.mark.parametrize("dpi", [100, 200])
def test_the_code_leads_where_the_link_leads(
    renderer: DocumentRenderer, theme: str, locale: str, dpi: int
) -> None:
    """On a screen and on a mediocre scan."""
    profile = the_example_profile()
    presentation = renderer.present(RenderOptions(theme=theme, locale=locale), profile)
    pdf = renderer.render(an_invoice(amount_due="55.5"), profile, presentation).pdf
    expected = "https://pay.northline.example/004?amount=55.50"
    assert [expected] == scanned(pdf, dpi=dpi)
    assert expected in links_of(pdf)


def test_the_longest_address_that_gets_a_code_can_be_scanned(renderer: DocumentRenderer) -> None:
    """300 characters: the modules are at their smallest."""
    start = "https://pay.example/{invoice_number}?"
    profile = a_profile(pay={"url": start + "x" * (300 - len(start.format(invoice_number="004")))})
    presentation = renderer.present(RenderOptions(), profile)
    pdf = renderer.render(an_invoice(amount_due="1"), profile, presentation).pdf
    (text,) = scanned(pdf, dpi=300)
    assert len(text) == 300
