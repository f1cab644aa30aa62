"""The address where one invoice is paid: the operator's pattern, filled for that invoice.

The host stands in the pattern itself and has no place to fill; whatever is filled in is
percent-encoded to the last character, so that no value can leave its place. A value that is
missing, or that would walk up the path, leaves no address: none is better than a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit

PLACES = ("invoice_number", "invoice_sid", "account_number", "amount_due", "currency")
ADDRESS_CHARACTERS = 1_000
_PLACE = re.compile(r"\{([^{}]*)\}")


def check_pattern(pattern: str) -> str:
    """The pattern itself; ``ValueError`` says what is wrong with it."""
    unknown = [name for name in _PLACE.findall(pattern) if name not in PLACES]
    if unknown or re.search(r"[{}]", _PLACE.sub("", pattern)):
        raise ValueError(f"may only have the places {', '.join(f'{{{name}}}' for name in PLACES)}")
    return pattern


def fill_pattern(pattern: str, values: Mapping[str, str]) -> str:
    """The address, or an empty text where there can be none."""
    if not all(values.get(name) for name in _PLACE.findall(pattern)):
        return ""
    address = _PLACE.sub(lambda place: quote(values[place[1]], safe=""), pattern)
    steps = {unquote(step) for step in urlsplit(address).path.split("/")}
    return "" if steps & {".", ".."} or len(address) > ADDRESS_CHARACTERS else address
