"""One page of the list of invoices, and what a sweep needs of each item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from invoice_renderer.errors import BillingUnavailable, InvoiceError
from invoice_renderer.field_types import parse_timestamp


@dataclass(frozen=True, slots=True)
class InvoiceSummary:
    """An item of the list. ``invoice_sid`` is as CarrierX sent it, unchecked.

    An issued invoice whose date cannot be read has no ``date_issued``, and is issued all the same.
    Where not even the item can be read, ``error`` says why, and ``invoice_sid`` where it stands.
    """

    invoice_sid: object
    date_issued: datetime | None
    is_issued: bool = True
    error: InvoiceError | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page says itself whether it is the last: ``total`` and ``pagination`` may be null."""

    items: tuple[InvoiceSummary, ...]
    has_more: bool


def parse_page(fields: object) -> Page:
    """Turn a list's JSON into a :class:`Page`.

    :raises BillingUnavailable: it is no list of objects.
    """
    if not isinstance(fields, Mapping):
        raise BillingUnavailable("a list that is not a JSON object", again=False)
    items = fields.get("items")
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise BillingUnavailable("a list without items", again=False)
    return Page(tuple(map(_parse_summary, items)), bool(fields.get("has_more")))


def _parse_summary(item: Mapping[str, object]) -> InvoiceSummary:
    try:
        issued = parse_timestamp(item.get("date_issued"))
    except ValueError:
        issued = None
    is_issued = item.get("date_issued", "unknown") is not None
    return InvoiceSummary(item.get("invoice_sid"), issued, is_issued)
