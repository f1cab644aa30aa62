"""JSON without surprises: exact decimals, no ``NaN``, no duplicate keys, bounded numbers.

``json.loads`` alone accepts ``NaN`` and ``Infinity`` (not JSON: RFC 8259, section 6), keeps the
last of two equal keys silently, and turns ``0.1`` into a binary float.
"""

from __future__ import annotations

import json
from decimal import Decimal

DIGITS = 40  # of one number; Python alone would accept 4 300


class JsonRefused(ValueError):
    """The bytes are not the JSON we take; the message says why, and never quotes them."""


def parse_json(raw: bytes | str) -> object:
    """Parse UTF-8 JSON; numbers with a point become :class:`~decimal.Decimal`, exactly."""
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8")
        return json.loads(
            text,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        )
    except JsonRefused:
        raise
    except UnicodeDecodeError:
        raise JsonRefused("is not UTF-8") from None
    except RecursionError:
        raise JsonRefused("is nested too deeply") from None
    except ValueError:
        raise JsonRefused("is not JSON") from None


def _decimal(digits: str) -> Decimal:
    if len(digits) > DIGITS:
        raise JsonRefused("has a number with too many digits")
    return Decimal(digits)


def _integer(digits: str) -> int:
    if len(digits) > DIGITS:
        raise JsonRefused("has a number with too many digits")
    return int(digits)


def _refuse_constant(_name: str) -> object:
    raise JsonRefused("has NaN or Infinity, which JSON does not know")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise JsonRefused("has the same key twice in one object")
    return fields
