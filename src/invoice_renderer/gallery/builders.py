"""Small builders: the documented invoice, and whatever is to be different about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from invoice_renderer.invoice import Invoice, parse_invoice

MANY_LINES = 100_000
DOCUMENTED = Path(__file__).parent / "documented"
"""CarrierX Core API v2, the answers shown at "Get Invoice by SID" and "Get Partner by SID"."""


def documented(name: str) -> dict[str, Any]:
    """The documented ``invoice`` or ``partner``, as JSON."""
    fields: dict[str, Any] = json.loads((DOCUMENTED / f"{name}.json").read_text("utf-8"))
    return fields


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
    return {**documented("partner"), **changes}


def invoice_fields(**changes: object) -> dict[str, Any]:
    """The documented invoice with its partner, as the API answers it."""
    return {**documented("invoice"), "partner": a_partner(), **changes}


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
