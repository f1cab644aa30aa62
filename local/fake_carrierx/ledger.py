"""What the fake knows: the documented invoice and partner, and variants of them."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Fields = dict[str, Any]

DOCUMENTS = Path(__file__).parent / "documents"
INVOICE_SID = "4169705e-4284-482f-8e72-e962a8aaad9d"
PARTNER_SID = "ed437757-002d-4ecc-aa5a-efdf5e50dba0"

# The documented list says "total": 4. These three stand for the ones that its page does not show.
EARLIER_PERIODS = (
    ("001", "2024-09-20T00:00:00.000Z", "2024-10-19T23:59:59.000Z"),
    ("002", "2024-10-20T00:00:00.000Z", "2024-11-19T23:59:59.000Z"),
    ("003", "2024-11-20T00:00:00.000Z", "2024-12-19T23:59:59.000Z"),
)


def an_invoice(**changes: object) -> Fields:
    """The documented invoice 004, with other values in the fields named."""
    return _document("invoice-004.json") | changes


def a_partner(**changes: object) -> Fields:
    """The documented partner, with other values in the fields named."""
    return _document("partner.json") | changes


def no_item_error() -> Fields:
    """The one error body that is documented, word for word."""
    return _document("error-404.json")


def an_issued_invoice(display_id: str, start: str, end: str, **changes: object) -> Fields:
    """A closed invoice, issued and charged at the end of its period.

    ``closed`` is a guess: the documentation shows ``open`` and no other status.
    """
    closed: Fields = {
        "display_id": display_id,
        "invoice_sid": sid_of(display_id),
        "status": "closed",
        "paid": True,
        "date_billing_period_start": start,
        "date_billing_period_end": end,
        "date_charge_expected": end,
        "date_charged": end,
        "date_issued": end,
        "date_created": start,
    }
    return an_invoice(**(closed | changes))


def sid_of(name: str) -> str:
    """A SID that is the same in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://carrierx.example/{name}"))


@dataclass
class Ledger:
    """Invoices and partners by SID, in the order in which they were added."""

    invoices: dict[str, Fields] = field(default_factory=dict)
    partners: dict[str, Fields] = field(default_factory=dict)

    @classmethod
    def documented(cls) -> Ledger:
        """Invoice 004, open; 001 to 003 before it, issued; and their partner."""
        ledger = cls()
        ledger.add_partner(a_partner())
        for display_id, start, end in EARLIER_PERIODS:
            ledger.add_invoice(an_issued_invoice(display_id, start, end))
        ledger.add_invoice(an_invoice())
        return ledger

    def add_invoice(self, invoice: Fields) -> str:
        """Add or replace an invoice; returns its SID."""
        sid = str(invoice["invoice_sid"])
        self.invoices[sid] = invoice
        return sid

    def add_partner(self, partner: Fields) -> str:
        """Add or replace a partner; returns its SID."""
        sid = str(partner["partner_sid"])
        self.partners[sid] = partner
        return sid

    def find_invoice(self, sid: str, *, with_related: bool) -> Fields | None:
        invoice = self.invoices.get(sid)
        if invoice is None or not with_related:
            return invoice
        return invoice | {"partner": self.partners.get(invoice["partner_sid"])}

    def list_invoices(self, *, with_related: bool) -> list[Fields]:
        found = (self.find_invoice(sid, with_related=with_related) for sid in tuple(self.invoices))
        return [invoice for invoice in found if invoice is not None]


def _document(name: str) -> Fields:
    fields: Fields = json.loads((DOCUMENTS / name).read_text())
    return fields
