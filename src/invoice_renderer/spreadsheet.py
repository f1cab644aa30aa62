"""The lines of an invoice for a spreadsheet, ``lines.csv``: exact, and safe to open.

One row for each item, tax and payment, in the API's order. Amounts are the API's digits as text.
A cell that a spreadsheet would take for a formula gets an apostrophe in front, except a plain
number such as ``-3.50``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import chain, repeat
from operator import attrgetter
from typing import Any

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
    parts = (
        ("item", _ITEM, invoice.invoice_items),
        ("tax", _TAX, invoice.tax_items),
        ("payment", _PAYMENT, invoice.pay_items),
    )
    rows = (_rows(kind, columns, lines, _token(currency)) for kind, columns, lines in parts)
    return "\r\n".join((",".join(COLUMNS), *chain.from_iterable(rows), "")).encode()


def safe_cell(text: str) -> str:
    """The text, so that no spreadsheet calculates it."""
    if FORMULA.match(text) and not PLAIN_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _rows(
    kind: str, columns: Mapping[str, Column], lines: Sequence[object], currency: str
) -> Iterator[str]:
    """Column by column: the cells of a field are all written in one way."""
    constant = {"line": kind, "currency": currency}

    def cells(name: str) -> Iterable[str]:
        if name not in columns:
            return repeat(constant.get(name, ""), len(lines))
        field, write = columns[name]
        return map(write, map(attrgetter(field), lines))

    return map(",".join, zip(*map(cells, COLUMNS), strict=True))


@lru_cache(maxsize=REMEMBERED)
def _token(text: str | None) -> str:
    """A cell with its quotes, if it needs any: what says the same again need not be looked at."""
    row = io.StringIO(newline="")
    csv.writer(row).writerow((safe_cell(text or ""), ""))
    return row.getvalue().removesuffix(",\r\n")


def _number(number: Decimal | None) -> str:
    """Plain digits, which no spreadsheet takes for a formula."""
    if number is None:
        return ""
    text = str(number)
    return f"{number:f}" if "E" in text else text


@lru_cache(maxsize=REMEMBERED)
def _moment(moment: datetime | None) -> str:
    return moment.isoformat().replace("+00:00", "Z") if moment else ""


Column = tuple[str, Callable[[Any], str]]
"""The name of a field, and how it is written."""

_ITEM: Mapping[str, Column] = {
    "type": ("type", _token),
    "direction": ("direction", _token),
    "country_code": ("country_code", _token),
    "usage": ("usage", _number),
    "amount": ("amount", _number),
    "period_start": ("date_billing_period_start", _moment),
    "period_end": ("date_billing_period_end", _moment),
}
_TAX: Mapping[str, Column] = {
    "type": ("type", _token),
    "jurisdiction": ("jurisdiction", _token),
    "amount": ("amount", _number),
}
_PAYMENT: Mapping[str, Column] = {
    "type": ("type", _token),
    "amount": ("amount", _number),
    "date": ("date", _moment),
}
