"""The charges: one group for each item type, in the order of the types' groups."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from invoice_renderer.invoice import Invoice, LineItem
from invoice_renderer.language import Language
from invoice_renderer.view.models import ChargeGroup, ChargeLine
from invoice_renderer.view.tokens import Tokens
from invoice_renderer.view.totals import total_of

HEAD_CHARACTERS = 28


def charge_groups(invoice: Invoice, language: Language, tokens: Tokens) -> Iterator[ChargeGroup]:
    """Lines stay in the API's order within their type."""
    by_type: dict[str, list[LineItem]] = {}
    for line in invoice.invoice_items:
        by_type.setdefault(line.type, []).append(line)
    running = RunningSum(language)
    for kind in sorted(by_type, key=tokens.item_rank):
        yield _group(kind, by_type[kind], invoice, language, tokens, running)


class RunningSum:
    """What the lines come to so far, in words: a page carries it forward, the next brings it."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._sum = Decimal(0)
        self._carried = language.gettext("Carried forward {amount}")
        self._brought = language.gettext("Brought forward {amount}")
        self.words = ("", "")
        """Brought, carried: empty before the first line."""

    def add(self, amount: Decimal) -> None:
        self._sum = total_of((self._sum, amount))
        text = self._language.format_money(self._sum)
        self.words = (self._brought.format(amount=text), self._carried.format(amount=text))


def _group(
    kind: str,
    lines: list[LineItem],
    invoice: Invoice,
    language: Language,
    tokens: Tokens,
    running: RunningSum,
) -> ChargeGroup:
    label = tokens.item_label(kind)
    again = language.gettext("{group}, continued").format(group=_shortened(label))
    before = running.words
    printed = tuple(
        _line(line, label, invoice, language, tokens, running, again if place else "")
        for place, line in enumerate(lines)
    )
    bears_its_label = len(lines) == 1 and printed[0].label == label
    total = total_of(line.amount for line in lines)
    return ChargeGroup(
        label="" if bears_its_label else label,
        explanation=tokens.item_explanation(kind),
        lines=printed,
        subtotal=language.format_money(total) if len(lines) > 1 else "",
        brought=before[0],
        carried=running.words[1],
    )


def _line(
    line: LineItem,
    label: str,
    invoice: Invoice,
    language: Language,
    tokens: Tokens,
    running: RunningSum,
    again: str,
) -> ChargeLine:
    usage, rate = tokens.usage_and_rate(line)
    brought = running.words[0]
    running.add(line.amount)
    return ChargeLine(
        label=language.format_country(line.country_code) if line.country_code else label,
        direction=tokens.direction(line.direction),
        usage=usage,
        rate=rate,
        amount=language.format_money(line.amount),
        period=_own_period(line, invoice, language),
        brought=brought,
        carried=running.words[1],
        again=again,
    )


def _shortened(label: str) -> str:
    """A page's head has one line for it."""
    return label if len(label) <= HEAD_CHARACTERS else f"{label[: HEAD_CHARACTERS - 1].rstrip()}…"


def _own_period(line: LineItem, invoice: Invoice, language: Language) -> str:
    start, end = line.date_billing_period_start, line.date_billing_period_end
    if start and end:
        of_invoice = (invoice.date_billing_period_start, invoice.date_billing_period_end)
        return "" if (start, end) == of_invoice else language.format_period(start, end)
    if start and start != invoice.date_billing_period_start:
        return language.gettext("from {date}").format(date=language.format_date(start))
    if end and end != invoice.date_billing_period_end:
        return language.gettext("until {date}").format(date=language.format_date(end))
    return ""
