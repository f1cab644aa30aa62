"""The types of an invoice's fields: what is read from JSON, and what is refused.

A long invoice says the same few things many times. What a text was read as is remembered, so
that the same amount, moment or token is one object in memory, and is read once.
"""

from __future__ import annotations

import re
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated

from pydantic import BeforeValidator, Field

from invoice_renderer.request import is_sid
from invoice_renderer.text import clean_text

TOKEN_CHARACTERS = 64
NAME_CHARACTERS = 120
INTEGER_DIGITS = 15
DECIMAL_DIGITS = 15
REMEMBERED = 4_096  # amounts, and moments; some 1 MB each
NOT_A_TIMESTAMP = "must be a timestamp such as 2025-01-19T23:59:59.000Z"

_TOO_LARGE = 10**INTEGER_DIGITS
_AMOUNT = re.compile(rf"-?[0-9]{{1,{INTEGER_DIGITS}}}(?:\.[0-9]{{1,{DECIMAL_DIGITS}}})?")
_TIMESTAMP = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII
)


def parse_amount(raw: object) -> Decimal:
    """A plain decimal, from a string (``"0.0025"``) or an exact JSON number; ``-0`` is ``0``."""
    if type(raw) is int and -_TOO_LARGE < raw < _TOO_LARGE:
        return Decimal(raw)
    return _amount(raw if isinstance(raw, str) else _plain_digits(raw))


@lru_cache(maxsize=REMEMBERED)
def _amount(digits: str) -> Decimal:
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
    if not isinstance(raw, str):
        raise ValueError(NOT_A_TIMESTAMP)
    return _moment(raw)


@lru_cache(maxsize=REMEMBERED)
def _moment(text: str) -> datetime:
    if not _TIMESTAMP.fullmatch(text):
        raise ValueError(NOT_A_TIMESTAMP)
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
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
