"""Where a page may end: what belongs together stays together."""

from __future__ import annotations

import pytest

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.gallery.builders import a_tax, an_invoice
from invoice_renderer.gallery.cases import bill
from invoice_renderer.invoice import Invoice
from invoice_renderer.request import RenderOptions
from tests.pdf_reading import words_of
from tests.unit.test_document import the_example_profile

HEAD, TOTAL = "rate amount", "total charges"
SLIP, CLOSING = "payment slip", "questions about this invoice?"
AROUND_A_PAGE_END = range(8, 13)
"""So many lines of charges fill the first page, or not quite."""


def pages_of(renderer: DocumentRenderer, invoice: Invoice, theme: str) -> list[str]:
    """The words of each page, in small letters: a theme may print headings in capitals."""
    profile = the_example_profile()
    presentation = renderer.present(RenderOptions(theme=theme), profile)
    document = renderer.render(invoice, profile, presentation)
    return [words_of(document.pdf, page=number + 1).lower() for number in range(document.pages)]


@pytest.mark.parametrize("lines", AROUND_A_PAGE_END)
@pytest.mark.parametrize("theme", ["modern", "classic"])
def test_a_total_has_a_line_before_it_on_its_page(
    renderer: DocumentRenderer, theme: str, lines: int
) -> None:
    """Alone under the repeated head it would total nothing that can be seen."""
    pages = pages_of(renderer, bill(lines), theme)
    assert sum(TOTAL in page for page in pages) == 1
    assert not any(f"{HEAD} {TOTAL}" in page for page in pages)


@pytest.mark.parametrize("taxes", [0, 1, 12])
@pytest.mark.parametrize("theme", ["modern", "classic", "mono"])
def test_the_slip_is_never_alone_on_a_page(
    renderer: DocumentRenderer, theme: str, taxes: int
) -> None:
    """Whom to ask and where to pay go over with it. Without taxes they alone would still fit."""
    invoice = an_invoice(amount_due="5", tax_items=[a_tax()] * taxes)
    pages = pages_of(renderer, invoice, theme)
    with_slip = [page for page in pages if SLIP in page]
    assert len(with_slip) == 1
    assert CLOSING in with_slip[0]
