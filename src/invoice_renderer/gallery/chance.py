"""Invoices by chance: what nobody thought of, the same ones for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from invoice_renderer.gallery.builders import (
    MANY_LINES,
    a_line,
    a_partner,
    a_payment,
    a_tax,
    invoice_fields,
)
from invoice_renderer.gallery.cases import ISSUED, LONGEST, SCRIPTS, TAXES
from invoice_renderer.invoice import Invoice, parse_invoice


def generated_invoices(count: int, *, seed: int = 2025) -> Iterator[Invoice]:
    """So many invoices, one after the other."""
    chance = random.Random(seed)  # noqa: S311  not a secret
    for number in range(count):
        yield parse_invoice(_by_chance(chance, number), max_lines=MANY_LINES)


def _by_chance(chance: random.Random, number: int) -> dict[str, Any]:
    names = [*SCRIPTS.values(), "ACME, Inc.", LONGEST, None]
    return invoice_fields(
        display_id=f"{number:03}{chance.choice(['', '-A', ' Ω', '/2025'])}",
        status=chance.choice(["open", "closed", "paid", "void", "written_off"]),
        paid=chance.random() < 0.3,
        date_issued=chance.choice([None, ISSUED]),
        amount=_amount(chance),
        amount_tax=_amount(chance),
        amount_due=_amount(chance),
        balance_previous=_amount(chance),
        balance_forward=_amount(chance),
        partner=a_partner(
            name=chance.choice(names), company_name=chance.choice(names), city=chance.choice(names)
        ),
        invoice_items=[_line(chance) for _ in range(chance.choice([0, 1, 3, 9, 25]))],
        tax_items=[
            a_tax(type=chance.choice(TAXES), amount=_amount(chance))
            for _ in range(chance.choice([0, 1, 4]))
        ],
        pay_items=[a_payment(amount=_amount(chance)) for _ in range(chance.choice([0, 0, 1, 12]))],
    )


def _line(chance: random.Random) -> dict[str, Any]:
    return a_line(
        type=chance.choice(["toll", "sms_enablement", "application_hosting", "sms", "何か"]),
        amount=_amount(chance),
        usage=chance.choice([None, 0, 1, 61, 8880, "12.5"]),
        direction=chance.choice(["inbound", "outbound", "both", None]),
        country_code=chance.choice(["USA", "GBR", "JPN", "EGY", "ZZZ", None]),
    )


def _amount(chance: random.Random) -> str:
    sign, digits = chance.choice(["", "", "-"]), chance.randrange(1, 8)
    return f"{sign}{chance.randrange(10**digits)}.{chance.randrange(1000):03}"
