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

Cell = str | Decimal | datetime | None


def write_lines(invoice: Invoice, *, currency: str) -> bytes:
    """RFC 4180, UTF-8; an empty cell where the API says nothing."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    for row in _rows(invoice):
        cells = {"currency": currency, **row}
        writer.writerow({name: safe_cell(_text(cell)) for name, cell in cells.items()})
    return text.getvalue().encode()


def safe_cell(text: str) -> str:
    """The text, so that no spreadsheet calculates it."""
    if FORMULA.match(text) and not PLAIN_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _rows(invoice: Invoice) -> Iterator[dict[str, Cell]]:
    for item in invoice.invoice_items:
        yield {
            "line": "item",
            "type": item.type,
            "direction": item.direction,
            "country_code": item.country_code,
            "usage": item.usage,
            "amount": item.amount,
            "period_start": item.date_billing_period_start,
            "period_end": item.date_billing_period_end,
        }
    for tax in invoice.tax_items:
        yield {
            "line": "tax",
            "type": tax.type,
            "jurisdiction": tax.jurisdiction,
            "amount": tax.amount,
        }
    for payment in invoice.pay_items:
        yield {
            "line": "payment",
            "type": payment.type,
            "amount": payment.amount,
            "date": payment.date,
        }


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat().replace("+00:00", "Z")
    return f"{cell:f}" if isinstance(cell, Decimal) else cell
