"""The canary has every block of a page, so that drawing it tries all of them."""

from __future__ import annotations

import pytest

from invoice_renderer.canary import a_bare_invoice, an_invoice, draw_canary, warm_up
from invoice_renderer.document import DocumentRenderer
from invoice_renderer.invoice import Invoice, find_notices, parse_invoice
from invoice_renderer.request import RenderOptions
from tests.builders import a_profile, sample
from tests.pdf_reading import text_of


@pytest.mark.parametrize("canary", [an_invoice(), a_bare_invoice()], ids=["whole", "bare"])
def test_the_canaries_add_up(canary: Invoice) -> None:
    codes = {notice.code for notice in find_notices(canary)}

    assert codes <= {"partner-missing"}


def test_every_block_of_a_page_is_drawn() -> None:
    text = text_of(draw_canary(DocumentRenderer(), a_profile()).pdf)

    for block in ("Taxes", "Regulatory fees and surcharges", "Payments", "Preliminary"):
        assert block.lower() in text.lower()


def test_what_one_has_the_other_has_not() -> None:
    """Drawn for their blocks: those that are always there are in both."""
    whole, bare = an_invoice(), a_bare_invoice()

    assert (bare.partner, bare.pay_items) == (None, ())
    assert whole.partner is not None
    assert whole.pay_items
    assert whole.balance_previous > 0 > bare.balance_previous


def test_after_the_usual_invoices_none_of_their_kind_is_laid_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CarrierX's documented one, with its buyer or without, finds all of its blocks known."""
    renderer, profile = DocumentRenderer(), a_profile()
    warm_up(renderer, profile)
    presentation = renderer.present(RenderOptions(), profile)

    def refuse(*_: object) -> None:
        raise AssertionError("laid out")

    monkeypatch.setattr(renderer.pdf, "_lay_out", refuse)
    documented = sample("invoice-get-by-sid")
    for partner in (sample("partner-get-by-sid"), None):
        raw = {**documented, "partner": partner} if partner else documented
        assert renderer.render(parse_invoice(raw, max_lines=100), profile, presentation).pages == 1


def test_nobody_is_billed() -> None:
    invoice = an_invoice()

    assert invoice.partner is not None
    assert (invoice.partner.name, invoice.is_final) == ("Nobody", False)
