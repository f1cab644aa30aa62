"""The lines of an invoice for a spreadsheet, ``lines.csv``: exact, and safe to open.

One row for each item, tax and payment, in the API's order. Amounts are the API's digits as text.
A cell that a spreadsheet would take for a formula gets an apostrophe in front, except a plain
number such as ``-3.50``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from invoice_renderer.invoice import Invoice

FILE_NAME = "lines.csv"
COLUMNS = (
    "line",
    "type",
    "direction",
    "country_code",
    "jurisdiction",
    "usage",
    "amount",
    "currency",
    "date",
    "period_start",
    "period_end",
)
FORMULA = re.compile("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")  # the wide ones count, too
PLAIN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")

REMEMBERED = 2_048  # tokens, and moments


def write_lines(invoice: Invoice, *, currency: str) -> bytes:
    """RFC 4180, UTF-8; an empty cell where the API says nothing."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(_rows(invoice, safe_cell(currency)))
    return text.getvalue().encode()


def safe_cell(text: str) -> str:
    """The text, so that no spreadsheet calculates it."""
    if FORMULA.match(text) and not PLAIN_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _rows(invoice: Invoice, currency: str) -> Iterator[tuple[str, ...]]:
    """The cells in the order of the columns."""
    for item in invoice.invoice_items:
        yield (
            "item",
            _token(item.type),
            _token(item.direction),
            _token(item.country_code),
            "",
            _number(item.usage),
            _number(item.amount),
            currency,
            "",
            _moment(item.date_billing_period_start),
            _moment(item.date_billing_period_end),
        )
    for tax in invoice.tax_items:
        cells = (_token(tax.type), "", "", _token(tax.jurisdiction), "", _number(tax.amount))
        yield ("tax", *cells, currency, "", "", "")
    for payment in invoice.pay_items:
        cells = (_token(payment.type), "", "", "", "", _number(payment.amount))
        yield ("payment", *cells, currency, _moment(payment.date), "", "")


@lru_cache(maxsize=REMEMBERED)
def _token(text: str | None) -> str:
    return safe_cell(text or "")


def _number(number: Decimal | None) -> str:
    """Plain digits, which no spreadsheet takes for a formula."""
    if number is None:
        return ""
    text = str(number)
    return f"{number:f}" if "E" in text else text


@lru_cache(maxsize=REMEMBERED)
def _moment(moment: datetime | None) -> str:
    return moment.isoformat().replace("+00:00", "Z") if moment else ""
