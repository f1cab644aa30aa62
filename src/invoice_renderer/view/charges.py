"""The charges: one group for each item type, in the order of the types' groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any, overload

from invoice_renderer.invoice import Invoice, LineItem
from invoice_renderer.language import Language
from invoice_renderer.view.models import ChargeGroup, ChargeLine, LineSums, SumWords
from invoice_renderer.view.tokens import Tokens
from invoice_renderer.view.totals import RunningTotal, total_of

HEAD_CHARACTERS = 28

AT_ONCE = 1_024  # lines that are written together, column by column
REMEMBERED = 256  # countries, directions and periods of a group

_amount, _direction = attrgetter("amount"), attrgetter("direction")
_columns = attrgetter("country_code", "direction", "usage", "amount",
                      "date_billing_period_start", "date_billing_period_end")  # fmt: skip

TEXTS = ("label", "direction", "usage", "rate", "amount", "period")
Write = Callable[[Sequence[LineItem]], tuple[Iterable[str], ...]]
"""These texts of many lines, column by column."""


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
            write=_writer(kind, label, invoice, language, tokens),
            words=words,
            again=language.gettext("{group}, continued").format(group=_shortened(label)),
            before=before,
            is_first=place == 0,
        )
        yield _group(kind, label, lines, language, tokens)
        before = lines.sums.total


class ChargeLines(Sequence[ChargeLine]):
    """The lines of a group, written when they are asked for and not kept: an invoice can have a
    hundred thousand, and whoever prints them needs one at a time.
    """

    def __init__(
        self,
        items: Sequence[LineItem],
        *,
        write: Write,
        words: SumWords,
        again: str,
        before: Decimal,
        is_first: bool,
    ) -> None:
        self.items = items
        self.sums = RunningTotal([*map(_amount, items)], before)
        self._write = write
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
        return next(self._lines(place, place + 1))

    def __iter__(self) -> Iterator[ChargeLine]:
        return chain.from_iterable(self._lines(*span) for span in self._spans())

    def texts_of(self, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """These texts of every line, without the line around them."""
        for first, stop in self._spans():
            columns = dict(zip(TEXTS, self._write(self.items[first:stop]), strict=True))
            columns["again"] = self._again_of(first, stop)
            yield from zip(*(columns[name] for name in names), strict=True)

    def computed_of(self, place: int) -> LineSums:
        """What is not written with the texts of a line."""
        before = None if self._is_first and place == 0 else self.sums.before(place)
        return LineSums(before, self.items[place].amount, self._words)

    def _spans(self) -> Iterator[tuple[int, int]]:
        return ((at, min(at + AT_ONCE, len(self))) for at in range(0, len(self), AT_ONCE))

    def _lines(self, first: int, stop: int) -> Iterator[ChargeLine]:
        columns = self._write(self.items[first:stop])
        texts: Iterator[Any] = zip(*columns, strict=True)
        sums = map(self.computed_of, range(first, stop))
        return map(ChargeLine, texts, self._again_of(first, stop), sums)

    def _again_of(self, first: int, stop: int) -> Sequence[str]:
        again = [self._again] * (stop - first)
        if first == 0:
            again[0] = ""
        return again


def _group(
    kind: str, label: str, lines: ChargeLines, language: Language, tokens: Tokens
) -> ChargeGroup:
    for direction in dict.fromkeys(map(_direction, lines.items)):
        tokens.direction(direction)  # its notice does not wait until the line is printed
    total = total_of(map(_amount, lines.items))
    bears_its_label = len(lines) == 1 and lines[0].label == label
    return ChargeGroup(
        label="" if bears_its_label else label,
        explanation=tokens.item_explanation(kind),
        lines=lines,
        subtotal=language.format_money(total) if len(lines) > 1 else "",
        brought=lines.brought,
        carried=lines.carried,
    )


def _writer(kind: str, label: str, invoice: Invoice, language: Language, tokens: Tokens) -> Write:
    """How the lines of one type read: label, direction, usage, rate, amount, period."""
    unit = tokens.unit(kind)
    write_usage, write_rate = unit.write_usage, unit.write_rate

    @lru_cache(REMEMBERED)
    def label_of(country: str | None) -> str:
        return language.format_country(country) if country else label

    @lru_cache(REMEMBERED)
    def period_of(start: datetime | None, end: datetime | None) -> str:
        return _own_period(start, end, invoice, language)

    direction_of = lru_cache(REMEMBERED)(tokens.direction)

    def write(items: Sequence[LineItem]) -> tuple[Iterable[str], ...]:
        countries, directions, usages, amounts, starts, ends = zip(
            *map(_columns, items), strict=True
        )
        return (
            map(label_of, countries),
            map(direction_of, directions),
            ["" if usage is None else write_usage(usage) for usage in usages],
            [
                "" if usage is None else write_rate(amount, usage)
                for amount, usage in zip(amounts, usages, strict=True)
            ],
            map(language.format_money, amounts),
            map(period_of, starts, ends),
        )

    return write


def _shortened(label: str) -> str:
    """A page's head has one line for it."""
    return label if len(label) <= HEAD_CHARACTERS else f"{label[: HEAD_CHARACTERS - 1].rstrip()}…"


def _own_period(
    start: datetime | None, end: datetime | None, invoice: Invoice, language: Language
) -> str:
    first, last = invoice.date_billing_period_start, invoice.date_billing_period_end
    if (start, end) == (first, last):
        return ""
    if start and end:
        return language.format_period(start, end)
    if start and start != first:
        return language.gettext("from {date}").format(date=language.format_date(start))
    if end and end != last:
        return language.gettext("until {date}").format(date=language.format_date(end))
    return ""
