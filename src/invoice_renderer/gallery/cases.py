"""The gallery of hard invoices: what a page must survive, by name, and why each is hard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from invoice_renderer.gallery.builders import (
    MANY_LINES,
    a_line,
    a_partner,
    a_payment,
    a_tax,
    an_invoice,
    documented,
)
from invoice_renderer.invoice import Invoice, parse_invoice


@dataclass(frozen=True, slots=True)
class Case:
    """One invoice of the gallery. ``build`` makes it anew, the same each time."""

    name: str
    says: str
    """What to look at, in a sentence."""
    build: Callable[[], Invoice]


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
JURISDICTIONS = ("federal", "state", "county", "city", "district")
SERVICES = ("toll", "toll_free", "sms", "did_rental", "conference", "e911")
COUNTRIES = ("USA", "GBR", "MEX", "DEU", "BRA", "JPN", "ZAF")
ISSUED = "2025-02-01T06:00:00.000Z"


def _no_lines() -> Invoice:
    return an_invoice(invoice_items=[], tax_items=[])


def bill(lines: int, *, is_paid: bool = False, **changes: object) -> Invoice:
    """An issued invoice whose totals add up; what was owed before it is paid."""
    items = [_item(number) for number in range(lines)]
    taxes = [a_tax(amount="12.31"), a_tax(type="state_sales_tax", jurisdiction="state")]
    amount, amount_tax = _sum(items), _sum(taxes)
    total = amount + amount_tax
    forward = Decimal(0) if is_paid else total
    totals = {"amount": amount, "amount_tax": amount_tax, "amount_due": forward}
    balances = {"balance_previous": "100.00", "balance_forward": forward}
    return an_invoice(
        **{"status": "closed", "date_issued": ISSUED, **totals, **balances, **changes},
        invoice_items=items,
        tax_items=taxes,
        pay_items=[a_payment(), *([a_payment(amount=total, date_created=ISSUED)] * is_paid)],
    )


def _sum(lines: Iterable[Mapping[str, Any]]) -> Decimal:
    return sum((Decimal(line["amount"]) for line in lines), Decimal(0))


def _item(number: int) -> dict[str, Any]:
    """Six services in seven countries; every 13th line has a period of its own."""
    item = a_line(
        type=SERVICES[number % len(SERVICES)],
        amount=f"{number * 37 % 211}.{number * 17 % 100:02}",
        usage=60 * (number * 53 % 977 + 1),
        country_code=COUNTRIES[number % len(COUNTRIES)],
        direction=("inbound", "outbound")[number % 2],
    )
    if number % 13:
        return item
    return {**item, "date_billing_period_start": "2024-12-27T00:00:00.000Z"}


def _credit() -> Invoice:
    return an_invoice(amount_due="-12.00", balance_forward="-12.00", balance_previous="-20.10")


def _forty_taxes() -> Invoice:
    taxes = [
        a_tax(type=kind, jurisdiction=jurisdiction, amount=f"0.{number:02}")
        for number, (jurisdiction, kind) in enumerate(
            (jurisdiction, kind) for jurisdiction in JURISDICTIONS for kind in TAXES
        )
    ]
    return an_invoice(tax_items=taxes)


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
        for name, value in documented("invoice").items()
        if name in Invoice.model_fields and Invoice.model_fields[name].is_required()
    }
    bare = {**fields, "invoice_items": [{"type": "toll", "amount": "1"}], "tax_items": None}
    return parse_invoice(bare, max_lines=MANY_LINES)


def _outside_the_period() -> Invoice:
    start, end = "2019-02-01T00:00:00.000Z", "2019-02-28T23:59:59.000Z"
    return an_invoice(
        invoice_items=[
            a_line(date_billing_period_start=start, date_billing_period_end=end),
            a_line(date_billing_period_start=start),
            a_line(date_billing_period_end=end),
        ]
    )


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


def _thirty_payments() -> Invoice:
    return an_invoice(status="closed", pay_items=[a_payment(amount=f"{n}.50") for n in range(30)])


_CASES = (
    Case("documented", "The invoice of CarrierX's own documentation; its totals do not add up.",
         an_invoice),
    Case("no-lines", "Nothing used, nothing taxed: the page must not look broken.", _no_lines),
    Case("one-line", "The smallest table: a head, a row, a total.", lambda: bill(1)),
    Case("60-lines", "Groups, subtotals and a page break in the middle of a group.",
         lambda: bill(60)),
    Case("900-lines", "Many pages: heads repeat, sums are carried forward, rows stay whole.",
         lambda: bill(900)),
    Case("credit", "The seller owes the buyer: every negative amount reads as a credit.", _credit),
    Case("40-taxes", "Two headings, five jurisdictions, and more taxes than charges.",
         _forty_taxes),
    Case("every-script", "Names in every script, bare marks, and characters without a glyph.",
         _every_script),
    Case("longest-names", "Every text at its limit, every number with all of its digits.",
         _longest_names),
    Case("open", "Charges can still change: a band, a watermark, the word in the page head.",
         lambda: bill(9, status="open", date_issued=None)),
    Case("closed", "Final and unpaid: neither band nor mark, an amount and when it is due.",
         lambda: bill(9)),
    Case("paid", "Final and paid: the mark, and nothing that asks for money.",
         lambda: bill(9, is_paid=True, status="paid", paid=True, date_charged=ISSUED)),
    Case("unknown-status", "A status that nobody has documented, on an invoice without an issue"
         " date: preliminary, and a notice.",
         lambda: an_invoice(status="escalated", date_issued=None)),
    Case("nothing-optional", "Only the fields that must be there: no buyer, no dates, no usage.",
         _nothing_optional),
    Case("outside-the-period", "Lines whose own period is not the invoice's, in whole and in part.",
         _outside_the_period),
    Case("unknown-types", "Tokens that no catalogue has; one would be a formula in a spreadsheet.",
         _unknown_types),
    Case("30-payments", "More payments than a summary holds: a table of their own.",
         _thirty_payments),
)  # fmt: skip
GALLERY: Mapping[str, Case] = {case.name: case for case in _CASES}
"""Each hard case by its name, in the order in which they are worth looking at."""
