"""The charges: one group for each item type, in the order of the types' groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import overload

from invoice_renderer.invoice import Invoice, LineItem
from invoice_renderer.language import Language
from invoice_renderer.view.models import ChargeGroup, ChargeLine, LineTexts, SumWords
from invoice_renderer.view.tokens import Tokens
from invoice_renderer.view.totals import RunningTotal, total_of

HEAD_CHARACTERS = 28

Read = Callable[[LineItem], LineTexts]


def charge_groups(invoice: Invoice, language: Language, tokens: Tokens) -> Iterator[ChargeGroup]:
    """Lines stay in the API's order within their type."""
    by_type: dict[str, list[LineItem]] = {}
    for line in invoice.invoice_items:
        by_type.setdefault(line.type, []).append(line)
    words = SumWords(
        brought=language.gettext("Brought forward {amount}"),
        carried=language.gettext("Carried forward {amount}"),
        format_money=language.format_money,
    )
    before = Decimal(0)
    for place, kind in enumerate(sorted(by_type, key=tokens.item_rank)):
        label = tokens.item_label(kind)
        lines = ChargeLines(
            by_type[kind],
            read=_reader(label, invoice, language, tokens),
            words=words,
            again=language.gettext("{group}, continued").format(group=_shortened(label)),
            before=before,
            is_first=place == 0,
        )
        yield _group(kind, label, lines, language, tokens)
        before = lines.sums.total


class ChargeLines(Sequence[ChargeLine]):
    """The lines of a group, each written when it is asked for and not kept: an invoice can have
    a hundred thousand, and whoever prints them needs one at a time.
    """

    def __init__(
        self,
        items: Sequence[LineItem],
        *,
        read: Read,
        words: SumWords,
        again: str,
        before: Decimal,
        is_first: bool,
    ) -> None:
        self.items = items
        self.sums = RunningTotal([item.amount for item in items], before)
        self._read = read
        self._words = words
        self._again = again
        self._is_first = is_first

    @property
    def brought(self) -> str:
        """The running sum before the first line, in words."""
        return "" if self._is_first else self._words.bring(self.sums.before(0))

    @property
    def carried(self) -> str:
        """The running sum after the last line, in words."""
        return self._words.carry(self.sums.total)

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, place: int) -> ChargeLine: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[ChargeLine]: ...

    def __getitem__(self, place: int | slice) -> ChargeLine | Sequence[ChargeLine]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        place = range(len(self))[place]  # from the end, too; and an IndexError past either
        return self._line(place, self.items[place], self.sums.before(place))

    def __iter__(self) -> Iterator[ChargeLine]:
        for place, (item, before) in enumerate(zip(self.items, self.sums, strict=True)):
            yield self._line(place, item, before)

    def _line(self, place: int, item: LineItem, before: Decimal) -> ChargeLine:
        is_first = self._is_first and not place
        return ChargeLine(
            self._read(item),
            self._again if place else "",
            None if is_first else before,
            item.amount,
            self._words,
        )


def _group(
    kind: str, label: str, lines: ChargeLines, language: Language, tokens: Tokens
) -> ChargeGroup:
    for direction in dict.fromkeys(item.direction for item in lines.items):
        tokens.direction(direction)  # its notice does not wait until the line is printed
    total = total_of(item.amount for item in lines.items)
    bears_its_label = len(lines) == 1 and lines[0].label == label
    return ChargeGroup(
        label="" if bears_its_label else label,
        explanation=tokens.item_explanation(kind),
        lines=lines,
        subtotal=language.format_money(total) if len(lines) > 1 else "",
        brought=lines.brought,
        carried=lines.carried,
    )


def _reader(label: str, invoice: Invoice, language: Language, tokens: Tokens) -> Read:
    """How the lines of one type read: label, direction, usage, rate, amount, period."""
    format_money, format_country = language.format_money, language.format_country
    usage_and_rate, direction = tokens.usage_and_rate, tokens.direction
    of_invoice = (invoice.date_billing_period_start, invoice.date_billing_period_end)

    def read(line: LineItem) -> LineTexts:
        usage, rate = usage_and_rate(line)
        start, end = line.date_billing_period_start, line.date_billing_period_end
        is_usual = (start is None and end is None) or (start, end) == of_invoice
        return (
            format_country(line.country_code) if line.country_code else label,
            direction(line.direction),
            usage,
            rate,
            format_money(line.amount),
            "" if is_usual else _own_period(line, invoice, language),
        )

    return read


def _shortened(label: str) -> str:
    """A page's head has one line for it."""
    return label if len(label) <= HEAD_CHARACTERS else f"{label[: HEAD_CHARACTERS - 1].rstrip()}…"


def _own_period(line: LineItem, invoice: Invoice, language: Language) -> str:
    start, end = line.date_billing_period_start, line.date_billing_period_end
    if start and end:
        return language.format_period(start, end)
    if start and start != invoice.date_billing_period_start:
        return language.gettext("from {date}").format(date=language.format_date(start))
    if end and end != invoice.date_billing_period_end:
        return language.gettext("until {date}").format(date=language.format_date(end))
    return ""
