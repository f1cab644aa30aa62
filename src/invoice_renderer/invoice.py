"""The invoice, as CarrierX documents it, parsed strictly and kept exactly.

Field names are the API's own. Amounts are :class:`~decimal.Decimal` of any scale; enumerations
(status, item type, direction, jurisdiction...) are open sets of tokens; unknown fields are
ignored. Nothing is recomputed: totals that disagree are :func:`find_discrepancies`' notices.

Source: CarrierX Core API v2, "Invoice object" and "Get Invoice by SID".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cache
from itertools import repeat
from types import NoneType
from typing import Annotated, Any, Self, get_type_hints

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from invoice_renderer.canonical import write_canonical
from invoice_renderer.errors import InvoiceMalformed, InvoiceTooLarge
from invoice_renderer.field_types import (
    Amount,
    NullIsEmpty,
    OptionalName,
    OptionalTimestamp,
    OptionalToken,
    Sid,
    Timestamp,
    Token,
    Usage,
    parse_timestamp,
)
from invoice_renderer.validation import first_problem

SUM_DIGITS = 60  # Python's 28 would round a sum of amounts with 30
FINAL_STATUSES = frozenset({"closed", "paid"})
KNOWN_STATUSES = FINAL_STATUSES | {"open"}
MANY_LINES = 50  # from which on it pays to read them field by field


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the operator should know and that does not stop the invoice."""

    code: str
    detail: str


# ----------------------------------------------------------------------------- models


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


@dataclass(slots=True)  # not frozen: there are many, and each would take five times as long
class LineItem:
    """One usage or charge line. ``usage`` has no unit of its own: the wording knows it by type."""

    type: Token
    amount: Amount
    usage: Usage = None
    direction: OptionalToken = None
    country_code: OptionalToken = None
    """ISO 3166-1 alpha-3."""
    date_billing_period_start: OptionalTimestamp = None
    date_billing_period_end: OptionalTimestamp = None


def _read_columns(raw: object) -> object:
    """Many lines field by field, each value once; what is not right is left to be read line by
    line, which tells where it is.
    """
    if not isinstance(raw, list) or len(raw) < MANY_LINES:
        return raw
    with suppress(TypeError, ValidationError):
        return tuple(map(LineItem, *(_read_column(raw, *field) for field in _line_fields())))
    return raw


def _read_column(
    lines: list[dict[str, object]], name: str, kind: TypeAdapter[Any]
) -> Iterable[Any]:
    """:raises TypeError: where a line is no object, or a value a list or an object."""
    column = [*map(dict.get, lines, repeat(name))]
    if not {*map(type, column)} <= {str, int, NoneType}:
        found: list[Any] = kind.validate_python(column)  # of equal values some may not be right
        return found
    values = [*dict.fromkeys(column)]
    return map(dict(zip(values, kind.validate_python(values), strict=True)).__getitem__, column)


@cache
def _line_fields() -> tuple[tuple[str, TypeAdapter[Any]], ...]:
    kinds = get_type_hints(LineItem, include_extras=True)
    return tuple((name, TypeAdapter(list[kind])) for name, kind in kinds.items())  # type: ignore[valid-type]


@dataclass(frozen=True, slots=True)
class TaxItem:
    """One tax or surcharge; CarrierX gives neither its rate nor its base."""

    type: Token
    amount: Amount
    jurisdiction: OptionalToken = None


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment made while the invoice was open. Its shape is not documented: take what is there.

    ``date`` is the first readable timestamp, by name, of the fields that begin with ``date``.
    """

    amount: Usage = None
    type: OptionalToken = None
    date: OptionalTimestamp = None

    @model_validator(mode="before")
    @classmethod
    def _take_what_is_there(cls, fields: object) -> object:
        if not isinstance(fields, Mapping):
            return fields
        kind = fields.get("type")
        return {
            "amount": fields.get("amount"),
            "type": kind if isinstance(kind, str) else None,
            "date": _first_timestamp(fields),
        }


def _first_timestamp(fields: Mapping[str, object]) -> object:
    for name in sorted(fields):  # by name: CarrierX's order is not part of the invoice
        if name.startswith("date"):
            with suppress(ValueError):
                parse_timestamp(fields[name])
                return fields[name]
    return None


class Partner(_Model):
    """The buyer: what an invoice prints of the Partner object, and nothing else of it."""

    partner_sid: Sid
    display_id: OptionalToken = None
    name: OptionalName = None
    company_name: OptionalName = None
    address1: OptionalName = None
    address2: OptionalName = None
    city: OptionalName = None
    state: OptionalName = None
    zip: OptionalToken = None
    country_code: OptionalToken = None


class Invoice(_Model):
    """One CarrierX invoice. ``amount`` excludes tax; negative balances are credits."""

    invoice_sid: Sid
    partner_sid: Sid
    display_id: Token
    status: Token
    paid: bool

    amount: Amount
    amount_tax: Amount
    amount_due: Amount
    balance_previous: Amount
    balance_forward: Amount

    date_billing_period_start: Timestamp
    date_billing_period_end: Timestamp
    date_charge_expected: OptionalTimestamp = None
    date_charged: OptionalTimestamp = None
    date_created: OptionalTimestamp = None
    date_issued: OptionalTimestamp = None

    invoice_items: Annotated[tuple[LineItem, ...], NullIsEmpty, BeforeValidator(_read_columns)]
    tax_items: Annotated[tuple[TaxItem, ...], NullIsEmpty]
    pay_items: Annotated[tuple[Payment, ...], NullIsEmpty] = ()
    partner: Partner | None = None

    @model_validator(mode="after")
    def _partner_is_the_invoices_own(self) -> Self:
        if self.partner is not None and self.partner.partner_sid != self.partner_sid:
            raise ValueError("partner is not the partner that the invoice names")
        return self

    @property
    def is_final(self) -> bool:
        """Whether the invoice has stopped changing, so that its PDF is not *preliminary*.

        CarrierX's page shows only ``open``; the set of statuses is open. A status that we do not
        know counts as final once the invoice has been issued.
        """
        status = self.status.lower()
        return status in FINAL_STATUSES or (status != "open" and self.date_issued is not None)

    @property
    def line_count(self) -> int:
        return len(self.invoice_items) + len(self.tax_items) + len(self.pay_items)

    def canonical_json(self) -> bytes:
        """The same invoice is the same bytes, whatever the order or spelling CarrierX used."""
        fields = self.model_dump(mode="json", exclude=set(LINE_FIELDS))
        lines = {name: getattr(self, name) for name in LINE_FIELDS}
        return write_canonical(fields, lines)

    def digest(self) -> str:
        return hashlib.sha256(self.canonical_json()).hexdigest()


LINE_FIELDS = ("invoice_items", "tax_items", "pay_items")


def parse_invoice(fields: object, *, max_lines: int) -> Invoice:
    """Turn a JSON object into an :class:`Invoice`; lines are counted before any work is done.

    :raises InvoiceTooLarge: more than ``max_lines`` item, tax and payment lines.
    :raises InvoiceMalformed: names the field by its path, never its value.
    """
    if not isinstance(fields, Mapping):
        raise InvoiceMalformed("invoice", "must be a JSON object")
    lines = sum(len(value) for name in LINE_FIELDS if isinstance(value := fields.get(name), list))
    if lines > max_lines:
        raise InvoiceTooLarge("lines", lines, max_lines)
    try:
        return Invoice.model_validate(fields)
    except ValidationError as error:
        raise _malformed(error, "invoice") from None


def parse_partner(fields: object) -> Partner:
    """Turn a JSON object into a :class:`Partner`."""
    if not isinstance(fields, Mapping):
        raise InvoiceMalformed("partner", "must be a JSON object")
    try:
        return Partner.model_validate(fields)
    except ValidationError as error:
        raise _malformed(error, "partner") from None


def _malformed(error: ValidationError, root: str) -> InvoiceMalformed:
    return InvoiceMalformed(*first_problem(error, root=root))


# ----------------------------------------------------------------------------- discrepancies


def find_notices(invoice: Invoice) -> tuple[Notice, ...]:
    """Everything about the data that the operator should know, and that does not stop it."""
    return (*find_discrepancies(invoice), *_find_gaps(invoice))


def _find_gaps(invoice: Invoice) -> Iterator[Notice]:
    if invoice.partner is None:
        yield Notice(
            "partner-missing", "CarrierX did not tell the buyer; the token needs partners.read"
        )
    if invoice.status.lower() not in KNOWN_STATUSES:
        reading = "final" if invoice.is_final else "preliminary"
        yield Notice("status-unknown", f"the status is not one we know; it is read as {reading}")


def find_discrepancies(invoice: Invoice) -> tuple[Notice, ...]:
    """Totals that disagree. CarrierX's own documented invoice does not reconcile, so these are
    notices for the operator and never a reason to refuse; the page prints what the API says.
    """
    with localcontext(prec=SUM_DIGITS):
        charges = sum((line.amount for line in invoice.invoice_items), Decimal(0))
        taxes = sum((tax.amount for tax in invoice.tax_items), Decimal(0))
        paid = sum((payment.amount or Decimal(0) for payment in invoice.pay_items), Decimal(0))
        forward = invoice.balance_previous + invoice.amount + invoice.amount_tax - paid
    checks = (
        ("charges-differ", "amount", invoice.amount, charges, "the sum of its lines"),
        ("taxes-differ", "amount_tax", invoice.amount_tax, taxes, "the sum of its taxes"),
        (
            "balance-differs",
            "balance_forward",
            invoice.balance_forward,
            forward,
            "previous balance plus charges and taxes less payments",
        ),
    )
    return tuple(
        Notice(code, f"{name} is {stated:f}, but {what} is {computed:f}")
        for code, name, stated, computed, what in checks
        if stated != computed
    )
