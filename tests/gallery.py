"""The gallery of hard invoices: what a page must survive, by name.

Data only, for every check that wants to look at all of it: conformance, pictures, preview.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from invoice_renderer.invoice import Invoice, parse_invoice
from tests.builders import (
    MANY_LINES,
    a_line,
    a_long_invoice,
    a_partner,
    a_payment,
    a_tax,
    an_invoice,
    invoice_fields,
    sample,
)

SCRIPTS = {
    "Latin": "Žofie Ångström-Łukasiewicz ﬁn ß",
    "Vietnamese": "Nguyễn Thị Hồng Ngọc",
    "Greek": "Ελένη Παπαδοπούλου",
    "Cyrillic": "Анастасия Ющенко",
    "Arabic": "شركة الاتصالات الدولية ١٢٣",
    "Hebrew": "חברת תקשורת בע״מ",
    "Devanagari": "श्रीमती प्रज्ञा क्षत्रिय",
    "Thai": "บริษัท โทรคมนาคมไทย จำกัด",
    "Chinese": "北京电信服务有限公司 臺灣",
    "Japanese": "株式会社テレコム東京ｶﾌﾞ",
    "Korean": "한국통신주식회사",
    "Mixed": "ACME עברית عربي 東京 Ω",
    "Bare marks": "a\u0301\u0323 \u202eabc\u202c \u200bx\u00ady",
    "No glyph": "Tele\U0001f600com \U00012000 \ue000",
}
LONGEST = "Wolfeschlegelsteinhausenbergerdorff"
TAXES = (
    "fed_universal_service_fund state_sales_tax county_tax city_utility_users_tax e911_fee"
    " regulatory_cost_recovery federal_excise_tax state_universal_service_fund"
).split()


def _documented() -> Invoice:
    return an_invoice()


def _every_script() -> Invoice:
    names = list(SCRIPTS.values())
    lines = [a_line(type=f"thing {name}"[:60], direction=name[:60]) for name in names]
    taxes = [a_tax(type=f"{name} tax"[:60], jurisdiction=name[:60]) for name in names]
    partner = a_partner(
        company_name=SCRIPTS["Arabic"],
        name=SCRIPTS["Japanese"],
        address1=SCRIPTS["Thai"],
        address2=SCRIPTS["Devanagari"],
        city=SCRIPTS["Hebrew"],
    )
    return an_invoice(invoice_items=lines, tax_items=taxes, partner=partner)


def _longest_names() -> Invoice:
    long = (LONGEST * 4)[:120]
    fields = ("name", "company_name", "address1", "address2", "city", "state")
    partner = a_partner(**dict.fromkeys(fields, long), zip="9" * 60, display_id="X" * 60)
    digits = "999999999999999"
    return an_invoice(
        display_id="N" * 60,
        partner=partner,
        amount_due=f"{digits}.99",
        balance_previous=f"-{digits}.123456789012345",
        invoice_items=[a_line(type="t" * 60, amount=f"-{digits}.99", usage=digits)] * 3,
        tax_items=[a_tax(type="x" * 60, jurisdiction="j" * 60, amount=f"{digits}.1")] * 3,
    )


def _nothing_optional() -> Invoice:
    fields = {
        name: value
        for name, value in sample("invoice-get-by-sid").items()
        if name in Invoice.model_fields and Invoice.model_fields[name].is_required()
    }
    bare = {**fields, "invoice_items": [{"type": "toll", "amount": "1"}], "tax_items": None}
    return parse_invoice(bare, max_lines=MANY_LINES)


def _unknown_types() -> Invoice:
    return an_invoice(
        status="limbo",
        invoice_items=[
            a_line(type="quantum_entanglement", usage=7, direction="sideways", country_code="XXZ"),
            a_line(type="=1+1", usage=None, direction=None, country_code=None),
        ],
        tax_items=[a_tax(type="moon_levy", jurisdiction="lunar"), a_tax(type="@x")],
        pay_items=[{"amount": "3"}, {"type": "shells"}, {"unheard": {"of": True}}],
    )


def _outside_the_period() -> Invoice:
    start, end = "2019-02-01T00:00:00.000Z", "2019-02-28T23:59:59.000Z"
    return an_invoice(
        invoice_items=[
            a_line(date_billing_period_start=start, date_billing_period_end=end),
            a_line(date_billing_period_start=start),
            a_line(date_billing_period_end=end),
        ]
    )


def _every_payment() -> Invoice:
    return an_invoice(status="closed", pay_items=[a_payment(amount=f"{n}.50") for n in range(30)])


ISSUED = "2025-02-01T06:00:00.000Z"
GALLERY: dict[str, Callable[[], Invoice]] = {
    "documented": _documented,
    "no-lines": lambda: an_invoice(invoice_items=[], tax_items=[]),
    "one-line": lambda: a_long_invoice(1),
    "60-lines": lambda: a_long_invoice(60),
    "900-lines": lambda: a_long_invoice(900),
    "credit": lambda: an_invoice(
        amount_due="-12.00", balance_forward="-12.00", balance_previous="-20.10"
    ),
    "40-taxes": lambda: an_invoice(
        tax_items=[a_tax(type=TAXES[n % 8], amount=f"0.{n:02}") for n in range(40)]
    ),
    "every-script": _every_script,
    "longest-names": _longest_names,
    "open": lambda: an_invoice(status="open"),
    "paid": lambda: an_invoice(status="paid", paid=True, date_issued=ISSUED),
    "unknown-status": lambda: an_invoice(status="escalated", date_issued=None),
    "nothing-optional": _nothing_optional,
    "outside-the-period": _outside_the_period,
    "unknown-types": _unknown_types,
    "30-payments": _every_payment,
}
"""Each hard case, made when it is asked for."""


def generated_invoices(count: int, *, seed: int = 2025) -> Iterator[Invoice]:
    """Invoices by chance, the same ones for the same seed."""
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
