"""CarrierX's JSON for an invoice of so many lines, the same bytes for the same seed.

Three lines are the invoice of CarrierX's own documentation, with other numbers for every seed but
the first: an engine that remembers whole pages gains nothing.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from invoice_renderer.gallery.builders import a_line, a_payment, a_tax, invoice_fields

DOCUMENTED_LINES = 3
SERVICES = {"toll": 0.45, "toll_free": 0.15, "sms": 0.2, "did_rental": 0.1, "conference": 0.05,
            "e911": 0.05}  # fmt: skip
"""Item types, and how often each stands on an invoice."""
COUNTRIES = ("USA", "USA", "USA", "CAN", "GBR", "MEX", "DEU", "BRA", "JPN", "ZAF")
ISSUED = "2025-02-01T06:00:00.000Z"
OWN_PERIOD = 0.05  # of the lines have a billing period of their own
MINUTE = 60


def invoice_bytes(lines: int, *, seed: int = 0) -> bytes:
    """One invoice with its partner, as the API answers it."""
    chance = random.Random(f"{lines}/{seed}")  # noqa: S311  not a secret
    if lines == DOCUMENTED_LINES:
        return _bytes(_documented(chance) if seed else invoice_fields())
    return _bytes(_bill([_item(chance) for _ in range(lines)], chance))


def _bytes(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, default=str).encode()


def _documented(chance: random.Random) -> dict[str, Any]:
    fields = invoice_fields(display_id=f"{chance.randrange(1000):03}")
    for item in fields["invoice_items"]:
        item["usage"] = MINUTE * chance.randrange(1, 200)
        item["amount"] = _money(chance, 100)
    return fields


def _bill(items: list[dict[str, Any]], chance: random.Random) -> dict[str, Any]:
    """An issued invoice whose totals add up; the balance before it was paid."""
    taxes = [
        a_tax(amount=_money(chance, 5000)),
        a_tax(type="state_sales_tax", jurisdiction="state", amount=_money(chance, 5000)),
    ]
    amount, amount_tax = _sum(items), _sum(taxes)
    total = amount + amount_tax
    return invoice_fields(
        display_id=f"{chance.randrange(10_000, 99_999)}",
        status="closed",
        date_issued=ISSUED,
        amount=amount,
        amount_tax=amount_tax,
        amount_due=total,
        balance_previous="100.00",
        balance_forward=total,
        invoice_items=items,
        tax_items=taxes,
        pay_items=[a_payment()],
    )


def _item(chance: random.Random) -> dict[str, Any]:
    kind = chance.choices(list(SERVICES), list(SERVICES.values()))[0]
    item = a_line(
        type=kind,
        amount=_money(chance, 50_000),
        usage=MINUTE * chance.randrange(1, 2_000),
        country_code=chance.choice(COUNTRIES),
        direction=chance.choice(("inbound", "outbound")),
    )
    if chance.random() >= OWN_PERIOD:
        return item
    return {**item, "date_billing_period_start": "2024-12-27T00:00:00.000Z"}


def _money(chance: random.Random, most_cents: int) -> str:
    cents = chance.randrange(1, most_cents)
    return f"{cents // 100}.{cents % 100:02}"


def _sum(lines: Iterable[Mapping[str, Any]]) -> Decimal:
    return sum((Decimal(line["amount"]) for line in lines), Decimal(0))
