"""The canary has every block of a page, so that drawing it tries all of them."""

from __future__ import annotations

from invoice_renderer.canary import an_invoice, draw_canary
from invoice_renderer.document import DocumentRenderer
from invoice_renderer.invoice import find_notices
from tests.builders import a_profile
from tests.pdf_reading import text_of


def test_the_canary_adds_up() -> None:
    assert find_notices(an_invoice()) == ()


def test_every_block_of_a_page_is_drawn() -> None:
    text = text_of(draw_canary(DocumentRenderer(), a_profile()).pdf)

    for block in ("Taxes", "Regulatory fees and surcharges", "Payments", "Preliminary"):
        assert block.lower() in text.lower()


def test_nobody_is_billed() -> None:
    invoice = an_invoice()

    assert invoice.partner is not None
    assert (invoice.partner.name, invoice.is_final) == ("Nobody", False)
