"""What a template can print: every field is text in the reader's language, or a plain yes or no.

An empty text means that there is nothing to say; the template leaves the row out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from invoice_renderer.view.totals import total_of

LineTexts = tuple[str, str, str, str, str, str]
"""Label, direction, usage, rate, amount, and the period where it is not the invoice's own."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Party:
    """A name and the lines below it."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SumWords:
    """How a running sum reads at the end of a page, and at the beginning of the next one."""

    brought: str
    carried: str
    """Patterns with ``{amount}``."""
    format_money: Callable[[Decimal], str]

    def bring(self, total: Decimal) -> str:
        return self.brought.format(amount=self.format_money(total))

    def carry(self, total: Decimal) -> str:
        return self.carried.format(amount=self.format_money(total))


class LineSums(NamedTuple):
    """The running sum at one line: few lines begin or end a page, so it is put in words late."""

    before: Decimal | None
    """Up to the line, and nothing at the first of all."""
    own: Decimal
    words: SumWords

    @property
    def brought(self) -> str:
        """Before the line, in words."""
        return "" if self.before is None else self.words.bring(self.before)

    @property
    def carried(self) -> str:
        """After the line, in words."""
        return self.words.carry(total_of((self.before or Decimal(0), self.own)))


class ChargeLine:
    """One item: what, which way, how much of it, at what rate."""

    __slots__ = ("_sums", "again", "amount", "direction", "label", "period", "rate", "usage")
    label: str
    direction: str
    usage: str
    rate: str
    amount: str
    period: str
    again: str

    def __init__(self, texts: LineTexts, again: str, sums: LineSums) -> None:
        self.label, self.direction, self.usage, self.rate, self.amount, self.period = texts
        self.again = again
        """The name of its group, where a page begins with it and the group did not."""
        self._sums = sums

    @property
    def brought(self) -> str:
        """The running sum before it, in words."""
        return self._sums.brought

    @property
    def carried(self) -> str:
        """The running sum after it, in words."""
        return self._sums.carried


@dataclass(frozen=True, slots=True)
class ChargeGroup:
    """The items of one type. No ``label`` where its only line bears it; a ``subtotal`` where
    there are several lines.
    """

    label: str
    explanation: str
    lines: Sequence[ChargeLine]
    """Written one by one as they are asked for; none of them is kept."""
    subtotal: str
    brought: str
    carried: str
    """The running sum before its first and after its last line, in words."""


@dataclass(frozen=True, slots=True)
class UsageTotal:
    """What the lines of one kind come to; no ``usage`` where its unit is not known."""

    label: str
    country: str
    direction: str
    usage: str
    amount: str


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One tax or surcharge, and what it is in plain words."""

    label: str
    explanation: str
    jurisdiction: str
    amount: str


@dataclass(frozen=True, slots=True)
class TaxGroup:
    """The taxes, or the fees and surcharges; a ``subtotal`` where there are both."""

    label: str
    lines: tuple[TaxLine, ...]
    subtotal: str


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """One payment, with what the API says of it."""

    date: str
    kind: str
    amount: str


@dataclass(frozen=True, slots=True)
class Headline:
    """The one number that the reader looks for, and what follows from it."""

    label: str
    amount: str
    note: str


@dataclass(frozen=True, slots=True)
class PayView:
    """Where to pay: the address, how it reads, and its QR code's asset and text, if it has one."""

    url: str
    shown: str
    qr: str
    qr_alt: str


@dataclass(frozen=True, slots=True)
class SlipView:
    """The block to tear off: whom to pay, for what, how much."""

    payee: Party
    facts: tuple[Fact, ...]
    amount: Fact


@dataclass(frozen=True, slots=True)
class SellerView:
    """The letterhead; ``logo`` is the name of an asset, empty where the brand has none."""

    name: str
    address: tuple[str, ...]
    identifiers: tuple[Fact, ...]
    website: str
    logo: str


@dataclass(frozen=True, slots=True)
class ContactView:
    """Where to ask about a charge."""

    name: str
    email: str
    phone: str
    url: str
    hours: str


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """The whole page, in reading order."""

    lang: str
    direction: str
    title: str
    created: str
    """W3C date for the file's metadata; not printed."""
    page_words: tuple[str, str, str]
    """Before, between and after the two numbers of ``Page 1 of 2``."""

    is_preliminary: bool
    is_paid: bool
    seller: SellerView
    buyer: Party | None
    facts: tuple[Fact, ...]
    headline: Headline
    pay: PayView | None
    """Only where money is asked for."""
    summary: tuple[Fact, ...]
    usage: tuple[UsageTotal, ...]
    """Only where there are more than a handful of lines."""
    charges: tuple[ChargeGroup, ...]
    charges_total: str
    taxes: tuple[TaxGroup, ...]
    taxes_total: str
    payments: tuple[PaymentLine, ...]
    """Only where there are too many for the summary."""
    contact: ContactView
    remit_to: tuple[str, ...]
    remit_details: tuple[Fact, ...]
    slip: SlipView | None
    terms: str
    memo: str
    footer: str
