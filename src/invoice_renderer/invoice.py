"""The invoice, as CarrierX documents it, parsed strictly and kept exactly.

Field names are the API's own. Amounts are :class:`~decimal.Decimal` of any scale; enumerations
(status, item type, direction, jurisdiction...) are open sets of tokens; unknown fields are
ignored. Nothing is recomputed: totals that disagree are :func:`find_discrepancies`' notices.

Source: CarrierX Core API v2, "Invoice object" and "Get Invoice by SID".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from decimal import Decimal, localcontext
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from invoice_renderer.errors import InvoiceMalformed, InvoiceTooLarge
from invoice_renderer.request import is_sid
from invoice_renderer.text import clean_text
from invoice_renderer.validation import first_problem

TOKEN_CHARACTERS = 64
NAME_CHARACTERS = 120
INTEGER_DIGITS = 15
DECIMAL_DIGITS = 15
SUM_DIGITS = 60  # Python's 28 would round a sum of amounts with 30
FINAL_STATUSES = frozenset({"closed", "paid"})
KNOWN_STATUSES = FINAL_STATUSES | {"open"}

_AMOUNT = re.compile(rf"-?[0-9]{{1,{INTEGER_DIGITS}}}(?:\.[0-9]{{1,{DECIMAL_DIGITS}}})?")
_TIMESTAMP = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the operator should know and that does not stop the invoice."""

    code: str
    detail: str


# ----------------------------------------------------------------------------- field types


def parse_amount(raw: object) -> Decimal:
    """A plain decimal, from a string (``"0.0025"``) or an exact JSON number; ``-0`` is ``0``."""
    digits = raw if isinstance(raw, str) else _plain_digits(raw)
    if not _AMOUNT.fullmatch(digits):
        raise ValueError(
            f"must be a plain decimal of at most {INTEGER_DIGITS} integer"
            f" and {DECIMAL_DIGITS} decimal digits"
        )
    plain = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return Decimal(plain) or Decimal(0)  # one value, one spelling: -0 is 0


def _plain_digits(raw: object) -> str:
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        raise ValueError("must be a decimal, as a string or a number")
    if isinstance(raw, int) or not -DECIMAL_DIGITS <= _exponent(raw) <= 0:
        return str(raw)  # 1E+9 keeps its E, which the pattern refuses
    return f"{raw:f}"  # 0.0000001, where str() would print 1E-7


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 1  # NaN and Infinity have a letter


def parse_timestamp(raw: object) -> datetime:
    """ISO 8601 with a zone, as in ``2025-01-19T23:59:59.000Z``; kept in UTC."""
    if not isinstance(raw, str) or not _TIMESTAMP.fullmatch(raw):
        raise ValueError("must be a timestamp such as 2025-01-19T23:59:59.000Z")
    try:
        moment = datetime.fromisoformat(raw).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is not a date of the calendar") from None
    if not MINYEAR < moment.year < MAXYEAR:  # else no other time zone could show it
        raise ValueError("is not a date of the calendar")
    return moment


def _parse_usage(raw: object) -> Decimal | None:
    return None if raw is None else parse_amount(raw)


def _parse_optional_timestamp(raw: object) -> datetime | None:
    return None if raw is None or raw == "" else parse_timestamp(raw)


def _text(limit: int) -> BeforeValidator:
    def parse(raw: object) -> str:
        if not isinstance(raw, str):
            raise ValueError("must be text")
        return clean_text(raw, limit=limit)

    return BeforeValidator(parse)


def _optional_text(limit: int) -> BeforeValidator:
    def parse(raw: object) -> str | None:
        if raw is None:
            return None
        if not isinstance(raw, str):
            raise ValueError("must be text or null")
        return clean_text(raw, limit=limit) or None

    return BeforeValidator(parse)


def _parse_sid(raw: object) -> str:
    if not is_sid(raw):  # SIDs become paths: of the API, and of the bucket
        raise ValueError("must be 1 to 64 ASCII letters, digits and hyphens")
    return raw


Sid = Annotated[str, BeforeValidator(_parse_sid)]
Amount = Annotated[Decimal, BeforeValidator(parse_amount)]
Usage = Annotated[Decimal | None, BeforeValidator(_parse_usage)]
Timestamp = Annotated[datetime, BeforeValidator(parse_timestamp)]
OptionalTimestamp = Annotated[datetime | None, BeforeValidator(_parse_optional_timestamp)]
Token = Annotated[str, Field(min_length=1), _text(TOKEN_CHARACTERS)]
OptionalToken = Annotated[str | None, _optional_text(TOKEN_CHARACTERS)]
OptionalName = Annotated[str | None, _optional_text(NAME_CHARACTERS)]
NullIsEmpty = BeforeValidator(lambda raw: () if raw is None else raw)


# ----------------------------------------------------------------------------- models


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class LineItem(_Model):
    """One usage or charge line. ``usage`` has no unit of its own: the wording knows it by type."""

    type: Token
    amount: Amount
    usage: Usage = None
    direction: OptionalToken = None
    country_code: OptionalToken = None
    """ISO 3166-1 alpha-3."""
    date_billing_period_start: OptionalTimestamp = None
    date_billing_period_end: OptionalTimestamp = None


class TaxItem(_Model):
    """One tax or surcharge; CarrierX gives neither its rate nor its base."""

    type: Token
    amount: Amount
    jurisdiction: OptionalToken = None


class Payment(_Model):
    """A payment made while the invoice was open. Its shape is not documented: take what is there.

    ``date`` is the first readable timestamp, by name, of the fields that begin with ``date``.
    """

    amount: Annotated[Decimal | None, BeforeValidator(_parse_usage)] = None
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

    invoice_items: Annotated[tuple[LineItem, ...], NullIsEmpty]
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
        fields = self.model_dump(mode="json")
        return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()

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
