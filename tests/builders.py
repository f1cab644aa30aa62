"""Small builders: a valid thing, and whatever a test wants to be different about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from invoice_renderer.invoice import Invoice, parse_invoice
from invoice_renderer.profile import SellerProfile, parse_profiles

SAMPLES = Path(__file__).parent / "samples"
MANY_LINES = 100_000


def sample(name: str) -> Any:
    """A documented answer of CarrierX's API, as JSON."""
    return json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))


def a_line(**changes: object) -> dict[str, Any]:
    """One item: inbound calls, 148 minutes at $0.0025."""
    line = {"type": "toll", "amount": "0.37", "usage": 8880, "country_code": "USA"}
    return {**line, "direction": "inbound", **changes}


def a_tax(**changes: object) -> dict[str, Any]:
    """One surcharge."""
    tax = {"type": "fed_universal_service_fund", "amount": "0.32", "jurisdiction": "federal"}
    return {**tax, **changes}


def a_payment(**changes: object) -> dict[str, Any]:
    """One payment."""
    payment = {"amount": "100.00", "type": "visa", "date_created": "2025-01-05T15:00:00.000Z"}
    return {**payment, **changes}


def a_partner(**changes: object) -> dict[str, Any]:
    """The buyer of the documented invoice."""
    return {**sample("partner-get-by-sid"), **changes}


def invoice_fields(**changes: object) -> dict[str, Any]:
    """The documented invoice with its partner, as the API answers it."""
    return {**sample("invoice-get-by-sid"), "partner": a_partner(), **changes}


def an_invoice(**changes: object) -> Invoice:
    """The documented invoice, parsed."""
    return parse_invoice(invoice_fields(**changes), max_lines=MANY_LINES)


def a_long_invoice(lines: int, **changes: object) -> Invoice:
    """An invoice of so many item lines, in three countries and two directions."""
    countries, directions = ("USA", "GBR", "MEX"), ("inbound", "outbound")
    items = [
        a_line(
            amount=f"{number}.25",
            usage=60 * (number + 1),
            country_code=countries[number % 3],
            direction=directions[number % 2],
        )
        for number in range(lines)
    ]
    return an_invoice(invoice_items=items, **changes)


def profile_fields(**changes: object) -> dict[str, Any]:
    """A seller profile with the keys that must be there, and a few more."""
    fields: dict[str, Any] = {
        "currency": "USD",
        "seller": {"legal_name": "Northline Communications, Inc.", "address": ["1200 Harbor St"]},
        "contact": {"email": "billing@northline.example", "phone": "+1 800 555 0142"},
    }
    return {**fields, **changes}


def a_profile(**changes: object) -> SellerProfile:
    """A seller profile, parsed; it has no logo."""
    raw = json.dumps(profile_fields(**changes)).encode()
    profiles = parse_profiles(raw, name="profile.json", read_neighbour=_no_neighbour)
    return profiles.for_partner("any")


def _no_neighbour(_name: str) -> bytes:
    raise FileNotFoundError
