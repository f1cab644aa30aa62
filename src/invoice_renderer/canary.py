"""Invoices that nobody owes: one to see whether an invoice can be drawn, some to warm up with."""

from __future__ import annotations

from typing import Any

from invoice_renderer.document import Document, DocumentRenderer
from invoice_renderer.invoice import Invoice, parse_invoice
from invoice_renderer.profile import SellerProfile
from invoice_renderer.request import RenderOptions

_PERIOD = {
    "date_billing_period_start": "2025-01-01T00:00:00.000Z",
    "date_billing_period_end": "2025-01-31T23:59:59.000Z",
}
_LINE = {"country_code": "USA", "direction": "inbound", **_PERIOD}
CANARY: dict[str, Any] = {
    "invoice_sid": "canary",
    "partner_sid": "canary",
    "partner": {
        "partner_sid": "canary",
        "display_id": "CX00000000",
        "name": "Nobody",
        "address1": "1 Nowhere Road",
        "city": "Erewhon",
        "state": "CO",
        "zip": "80202",
        "country_code": "USA",
    },
    "display_id": "000",
    "status": "open",
    "paid": False,
    "amount": "1.42",
    "amount_tax": "0.32",
    "amount_due": "0.74",
    "balance_previous": "10.00",
    "balance_forward": "1.74",
    **_PERIOD,
    "date_created": "2025-02-01T00:00:00.000Z",
    "date_charge_expected": "2025-02-15T00:00:00.000Z",
    "invoice_items": [
        {**_LINE, "type": "toll", "amount": "0.37", "usage": 8880},
        {**_LINE, "type": "toll", "amount": "0.05", "usage": 1200, "direction": "outbound"},
        {**_LINE, "type": "sms_enablement", "amount": "1.00", "usage": 2},
    ],
    "tax_items": [
        {"type": "fed_universal_service_fund", "jurisdiction": "federal", "amount": "0.22"},
        {"type": "sales_tax", "jurisdiction": "state", "amount": "0.10"},
    ],
    "pay_items": [{"type": "visa", "amount": "10.00", "date_created": "2025-01-05T15:00:00.000Z"}],
}
"""Every block of a page once: usage with a rate, things counted, taxes, surcharges, a payment."""
BARE: dict[str, Any] = {
    **CANARY,
    "amount": "0.42",
    "amount_tax": "0.22",
    "amount_due": "0",
    "balance_previous": "-10.00",
    "balance_forward": "-9.36",
    "invoice_items": [
        *CANARY["invoice_items"][:2],
        {
            "type": "sms_enablement",
            "amount": "0",
            "usage": 2,
            "country_code": "USA",
            "date_billing_period_start": "2023-07-01T00:00:00.000Z",
            "date_billing_period_end": "2023-07-04T23:59:59.000Z",
        },
    ],
    "tax_items": CANARY["tax_items"][:1],
    "pay_items": [],
}
del BARE["partner"]
"""What the first has not: no buyer, no payment, nothing due, a credit; a line of another period,
for nothing.
"""
_BUYERS = (CANARY["partner"], {**CANARY["partner"], "company_name": "Nobody, Inc."})
_ISSUED = {"date_issued": "2025-02-01T00:00:00.000Z"}
_STATES: tuple[dict[str, Any], ...] = (
    {},
    {**_ISSUED, "status": "closed"},
    {**_ISSUED, "status": "paid", "paid": True, "date_charged": "2025-02-01T00:00:00.000Z"},
)


def draw_canary(renderer: DocumentRenderer, profile: SellerProfile) -> Document:
    """The same bytes wherever profile and engine are the same.

    :raises RenderingError: no invoice can be drawn.
    """
    return _draw(renderer, profile, an_invoice())


def warm_up(renderer: DocumentRenderer, profile: SellerProfile) -> None:
    """Draw usual invoices: what the engine learns of their blocks it lays out for no caller."""
    for invoice in usual_invoices():
        _draw(renderer, profile, invoice)


def usual_invoices() -> list[Invoice]:
    """Open, closed and paid, with and without something due, for a person and for a company: what
    stands together at the top of a page is one block, and each of these has another one.
    """
    pages = [
        {**page, **state, "partner": buyer}
        for page in (CANARY, BARE)
        for state in _STATES
        for buyer in _BUYERS
    ]
    return [*(parse_invoice(page, max_lines=100) for page in pages), a_bare_invoice()]


def an_invoice() -> Invoice:
    return parse_invoice(CANARY, max_lines=100)


def a_bare_invoice() -> Invoice:
    return parse_invoice(BARE, max_lines=100)


def _draw(renderer: DocumentRenderer, profile: SellerProfile, invoice: Invoice) -> Document:
    return renderer.render(invoice, profile, renderer.present(RenderOptions(), profile))
