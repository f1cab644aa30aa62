"""What every peer prints: the texts of one invoice, ready to be set.

Read from CarrierX's JSON with the standard library alone, in English, without CLDR: less work than
ours does, to the peers' advantage.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")
SERVICES = {
    "toll": "Voice calls",
    "toll_free": "Toll-free calls",
    "sms": "Text messages (SMS)",
    "sms_enablement": "SMS-enabled numbers",
    "did_rental": "Phone number rental",
    "conference": "Conference calls",
    "e911": "911 service",
}
ORDER = {kind: place for place, kind in enumerate(SERVICES)}
COUNTRIES = {
    "USA": "United States",
    "CAN": "Canada",
    "GBR": "United Kingdom",
    "MEX": "Mexico",
    "DEU": "Germany",
    "BRA": "Brazil",
    "JPN": "Japan",
    "ZAF": "South Africa",
}
TAXES = {
    "fed_universal_service_fund": (
        "Federal Universal Service Fund",
        "Recovers our payments to the federal fund for affordable phone and internet service.",
    ),
    "state_sales_tax": (
        "State sales tax",
        "The state’s tax on sales, applied to taxable services.",
    ),
}
COLUMNS = ("Description", "Direction", "Usage", "Rate", "Amount")
USAGE_COLUMNS = ("Service", "Country", "Direction", "Usage", "Amount")
TAX_COLUMNS = ("Description", "Jurisdiction", "Amount")
SELLER = "Northline Communications, Inc."
SELLER_LINES = (
    "1200 Harbor Street, Suite 400",
    "Portland, ME 04101",
    "www.northline.example",
)
CONTACT = (
    "Northline Billing",
    "billing@northline.example",
    "+1 800 555 0142",
    "www.northline.example/billing",
    "Weekdays, 8 am to 8 pm Eastern",
)
REMIT = (
    "Northline Communications, Inc.",
    "P.O. Box 1420, Portland, ME 04104",
    "ACH routing 000 000 000",
    "Account 5550 1420 0142",
)
TERMS = (
    "Prepaid accounts are charged on the date shown. Other accounts are due within 30 days of"
    " issue. Tell us of a disputed charge within 60 days."
)
FOOTER = (
    "Fees and surcharges recover our payments to public programs and our cost of complying with"
    " regulation; they are not taxes that the government requires us to collect from you."
)
ASK = "billing@northline.example  ·  +1 800 555 0142  ·  www.northline.example/billing"
PRELIMINARY = "This invoice is still open: its charges and amounts can change until it is closed."

Row = tuple[str, ...]
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one service; ``subtotal`` is empty where there is one line."""

    label: str
    rows: tuple[Row, ...]
    subtotal: str


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax or surcharge, and what it is."""

    label: str
    explanation: str
    jurisdiction: str
    amount: str


@dataclass(frozen=True, slots=True)
class Bill:
    """Every text of the invoice, in the order of the page."""

    number: str
    is_preliminary: bool
    buyer: tuple[str, ...]
    facts: tuple[Pair, ...]
    summary: tuple[Pair, ...]
    due: str
    usage: tuple[Row, ...]
    groups: tuple[Group, ...]
    total: str
    taxes: tuple[Tax, ...]
    taxes_total: str


def read_bill(raw: bytes) -> Bill:
    """The texts of the invoice in these bytes."""
    fields = json.loads(raw)
    items = sorted(fields["invoice_items"], key=lambda item: ORDER[item["type"]])
    groups = [(kind, list(lines)) for kind, lines in groupby(items, lambda item: item["type"])]
    period = fields["date_billing_period_start"]
    return Bill(
        number=fields["display_id"],
        is_preliminary=fields["status"] == "open",
        buyer=tuple(_buyer(fields["partner"])),
        facts=tuple(_facts(fields)),
        summary=tuple(_summary(fields)),
        due=_money(fields["amount_due"]),
        usage=tuple(_usage(items)) if len(items) > 5 else (),
        groups=tuple(_group(kind, lines, period) for kind, lines in groups),
        total=_money(fields["amount"]),
        taxes=tuple(_tax(tax) for tax in fields["tax_items"]),
        taxes_total=_money(fields["amount_tax"]),
    )


def _buyer(partner: Mapping[str, Any]) -> Iterable[str]:
    texts = (partner["company_name"], partner["name"], partner["zip"], "United States")
    return (text for text in texts if text)


def _facts(fields: Mapping[str, Any]) -> Iterable[Pair]:
    yield "Invoice number", fields["display_id"]
    yield "Account number", fields["partner"]["display_id"]
    start, end = (_day(fields[f"date_billing_period_{which}"]) for which in ("start", "end"))
    yield "Billing period", f"{start} – {end}"
    if fields["date_issued"]:
        yield "Issued", _date(fields["date_issued"])
    yield "Charge expected", _date(fields["date_charge_expected"])


def _summary(fields: Mapping[str, Any]) -> Iterable[Pair]:
    yield "Previous balance", _money(fields["balance_previous"])
    for payment in fields["pay_items"]:
        yield f"Payment · {_date(payment['date_created'])} · Visa", _money(payment["amount"])
    yield "Current charges", _money(fields["amount"])
    yield "Taxes and surcharges", _money(fields["amount_tax"])
    yield "Balance forward", _money(fields["balance_forward"])


def _usage(items: list[dict[str, Any]]) -> Iterable[Row]:
    """Totals by service and direction."""
    totals: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for item in items:
        totals.setdefault((item["type"], item.get("direction", "")), []).append(item)
    for (kind, direction), lines in totals.items():
        countries = {line["country_code"] for line in lines}
        one = COUNTRIES[next(iter(countries))]
        country = one if len(countries) == 1 else f"{len(countries)} countries"
        usage = _units(kind, sum(line["usage"] for line in lines))
        amount = sum((Decimal(line["amount"]) for line in lines), Decimal(0))
        yield SERVICES[kind], country, direction.title(), usage, _money(amount)


def _group(kind: str, lines: list[dict[str, Any]], period: str) -> Group:
    subtotal = sum((Decimal(line["amount"]) for line in lines), Decimal(0))
    return Group(
        label=SERVICES[kind],
        rows=tuple(_row(line, period) for line in lines),
        subtotal=_money(subtotal) if len(lines) > 1 else "",
    )


def _row(line: Mapping[str, Any], period: str) -> Row:
    country, start = COUNTRIES[line["country_code"]], line.get("date_billing_period_start")
    if start and start != period:
        country = f"{country}  from {_day(start)}"
    usage, amount = line["usage"], Decimal(line["amount"])
    rate = f"${amount * 60 / usage:.5f}/min" if line["type"] == "toll" else ""
    direction = line.get("direction", "").title()
    return country, direction, _units(line["type"], usage), rate, _money(amount)


def _units(kind: str, usage: int) -> str:
    return f"{usage // 60:,} min" if kind == "toll" else f"{usage:,}"


def _tax(tax: Mapping[str, Any]) -> Tax:
    label, explanation = TAXES[tax["type"]]
    return Tax(label, explanation, tax["jurisdiction"].title(), _money(tax["amount"]))


def _money(amount: str | Decimal) -> str:
    value = Decimal(amount)
    return f"-${-value:,.2f}" if value < 0 else f"${value:,.2f}"


def _date(moment: str) -> str:
    """The day of a moment where the seller is."""
    return _printed(datetime.fromisoformat(moment).astimezone(ZONE))


def _day(moment: str) -> str:
    """The day of a billing period, which begins and ends at midnight UTC."""
    return _printed(datetime.fromisoformat(moment))


def _printed(day: datetime) -> str:
    return f"{day:%b} {day.day}, {day.year}"
