"""The usage summary: what a long list of charges comes to, by service, country and direction.

Only like is added to like: amounts of one service, and usage where its unit is known. The rows
are as fine as still makes a summary; a column that was added over says how many it has in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from operator import attrgetter

from invoice_renderer.invoice import Invoice, LineItem
from invoice_renderer.language import Language
from invoice_renderer.view.models import UsageTotal
from invoice_renderer.view.tokens import Tokens
from invoice_renderer.view.totals import total_of

SUMMARY_LINES = 9  # eight lines are read faster than a summary of them
SUMMARY_ROWS = 16

Key = Callable[[LineItem], object]
_KEYS: tuple[Key, ...] = (
    attrgetter("type", "country_code", "direction"),
    attrgetter("type", "direction"),
    attrgetter("type"),
)


def usage_summary(invoice: Invoice, language: Language, tokens: Tokens) -> tuple[UsageTotal, ...]:
    """One row for each kind of charge; none where the list is short or has no like lines."""
    lines = invoice.invoice_items
    if len(lines) < SUMMARY_LINES:
        return ()
    most = min(SUMMARY_ROWS, len(lines) // 2)
    for key in _KEYS:
        if kinds := _by(key, lines, most):
            ranked = sorted(kinds, key=_by_service_then_amount(lines, tokens))
            return tuple(_total(kind, language, tokens) for kind in ranked)
    return ()


def _by(key: Key, lines: Sequence[LineItem], most: int) -> list[list[LineItem]]:
    """The lines of each kind; nothing where there are too many kinds."""
    kinds: dict[object, list[LineItem]] = {}
    for kind, line in zip(map(key, lines), lines, strict=True):
        kinds.setdefault(kind, []).append(line)
        if len(kinds) > most:
            return []
    return list(kinds.values())


def _by_service_then_amount(
    lines: Iterable[LineItem], tokens: Tokens
) -> Callable[[list[LineItem]], tuple[int, int, Decimal]]:
    """Services in the order of the charges below; the largest amount first."""
    services = dict.fromkeys(line.type for line in lines)
    places = {service: place for place, service in enumerate(services)}

    def rank(kind: list[LineItem]) -> tuple[int, int, Decimal]:
        service = kind[0].type
        amount = total_of(line.amount for line in kind)
        return tokens.item_rank(service), places[service], -amount

    return rank


def _total(kind: list[LineItem], language: Language, tokens: Tokens) -> UsageTotal:
    countries = sorted({line.country_code for line in kind if line.country_code})
    directions = {line.direction for line in kind}
    return UsageTotal(
        label=tokens.item_label(kind[0].type),
        country=_country(countries, language),
        direction=tokens.direction(kind[0].direction) if len(directions) == 1 else "",
        usage=_usage(kind, tokens),
        amount=language.format_money(total_of(line.amount for line in kind)),
    )


def _country(codes: list[str], language: Language) -> str:
    if len(codes) == 1:
        return language.format_country(codes[0])
    if not codes:
        return ""
    pattern = language.ngettext("{count} country", "{count} countries", len(codes))
    return pattern.format(count=language.format_number(Decimal(len(codes))))


def _usage(kind: list[LineItem], tokens: Tokens) -> str:
    """Nothing where a line does not say its usage: the sum of the others would be too little."""
    known = [line.usage for line in kind if line.usage is not None]
    if len(known) < len(kind) or not tokens.has_unit(kind[0].type):
        return ""
    return tokens.unit(kind[0].type).write_usage(total_of(known))
