"""``limit``, ``offset``, ``order`` and ``filter`` of a list, and its envelope.

Where the documentation is silent (a limit over the maximum, an attribute that does not exist),
the fake answers 400, so that a client which relies on such a thing is found out.
"""

from __future__ import annotations

import operator
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from local.fake_carrierx.ledger import Fields

DEFAULT_LIMIT = 10
MAX_LIMIT = 1000

_CLAUSE = re.compile(
    r"(?P<name>[a-z_][a-z0-9_.]*)\s+(?P<operator>eq|ne|gt|ge|lt|le|like)\s+"
    r"(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<word>[^\s\"']+))"
)
_AND = re.compile(r"\s+and\s+")
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


class BadQuery(ValueError):
    """The query cannot be understood; ``field`` is the parameter at fault."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field


def list_page(items: list[Fields], query: Mapping[str, str], *, url: str) -> Fields:
    """The documented envelope around one page of ``items``."""
    chosen = [item for item in items if _matches(item, query.get("filter", ""))]
    ordered = _in_order(chosen, query.get("order", ""))
    limit = _whole_number(query, "limit", DEFAULT_LIMIT, range(1, MAX_LIMIT + 1))
    offset = _whole_number(query, "offset", 0, range(10**9))
    page = ordered[offset : offset + limit]
    following = offset + len(page)
    has_more = following < len(ordered)
    next_query = {**query, "limit": str(limit), "offset": str(following)}
    return {
        "count": len(page),
        "has_more": has_more,
        "items": page,
        "limit": limit,
        "offset": offset,
        "pagination": {"next": f"{url}?{urlencode(next_query)}"} if has_more else {},
        "total": len(ordered),
    }


# ----------------------------------------------------------------------------- filter


@dataclass(frozen=True, slots=True)
class Clause:
    """``name operator value``."""

    name: str
    operator: str
    value: str

    def matches(self, item: Fields) -> bool:
        actual = _attribute(item, self.name)
        if actual is None:
            return self.operator == "ne"
        if self.operator == "like":
            return _like(str(actual), self.value)
        left, right = _comparable(actual, self.value, self.name)
        return _COMPARISONS[self.operator](left, right)


def parse_filter(text: str) -> tuple[Clause, ...]:
    """``a eq b and c like "%d e%"``: joined by ``and`` only, quotes of either kind or none."""
    clauses: list[Clause] = []
    rest = text.strip()
    while rest:
        match = _CLAUSE.match(rest)
        if match is None:
            raise BadQuery("filter", "cannot parse filter")
        value = next(v for v in match.group("double", "single", "word") if v is not None)
        clauses.append(Clause(match["name"], match["operator"], value))
        rest = rest[match.end() :]
        if not rest:
            break
        joint = _AND.match(rest)
        if joint is None or joint.end() == len(rest):
            raise BadQuery("filter", "rules can be joined by 'and' only")
        rest = rest[joint.end() :]
    return tuple(clauses)


def _matches(item: Fields, text: str) -> bool:
    return all(clause.matches(item) for clause in parse_filter(text))


def _attribute(item: Fields, dotted: str) -> Any:
    value: Any = item
    for name in dotted.split("."):
        if not isinstance(value, Mapping) or name not in value:
            raise BadQuery("filter", f"unknown attribute {dotted}")
        value = value[name]
    return value


def _comparable(actual: object, wanted: str, name: str) -> tuple[Any, Any]:
    """Both sides as what the attribute is: a truth value, an amount, a moment, or text."""
    try:
        if isinstance(actual, bool):
            return str(actual).lower(), wanted.lower()
        if name.startswith(("amount", "balance")):
            return Decimal(str(actual)), Decimal(wanted)
        if name.startswith("date_"):
            return _moment(str(actual)), _moment(wanted)
    except ArithmeticError:
        raise BadQuery("filter", f"{name} is a number") from None
    return str(actual), wanted


def _moment(text: str) -> datetime:
    """ISO 8601; a bare date is its first instant, in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadQuery("filter", "not an ISO 8601 date") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _like(actual: str, pattern: str) -> bool:
    parts = (re.escape(part) for part in pattern.split("%"))
    return re.fullmatch(".*".join(parts), actual, re.DOTALL) is not None


# ----------------------------------------------------------------------------- order, page


def _in_order(items: list[Fields], text: str) -> list[Fields]:
    """``attribute``, ``attribute asc``, ``attribute desc`` or ``shuffle``; nulls come last."""
    if text == "shuffle":
        return random.sample(items, len(items))
    name, _, direction = text.strip().partition(" ")
    if not name:
        return items
    if direction not in {"", "asc", "desc"}:
        raise BadQuery("order", "the direction is asc or desc")
    keyed = [(_attribute(item, name), item) for item in items]
    known = [pair for pair in keyed if pair[0] is not None]
    known.sort(key=lambda pair: _sort_key(name, pair[0]), reverse=direction == "desc")
    return [item for _, item in known] + [item for key, item in keyed if key is None]


def _sort_key(name: str, value: object) -> Any:
    return Decimal(str(value)) if name.startswith(("amount", "balance")) else str(value)


def _whole_number(query: Mapping[str, str], name: str, default: int, allowed: range) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or int(text) not in allowed:
        raise BadQuery(name, f"{name} is a whole number from {allowed.start} to {allowed.stop - 1}")
    return int(text)
