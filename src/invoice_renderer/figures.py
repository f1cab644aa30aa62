"""Figures by their form: learnt from a few that CLDR wrote, then written by slicing digits.

A figure is a prefix, digits in groups, a decimal sign, more digits, and a suffix; below zero it
has a prefix and a suffix of its own. That is all there is to a locale's money or number, so a
handful of samples tells the form, and 1234.5 is cut and joined instead of formatted: 1 µs where
Babel takes 30 to 60, and half of one where its whole and its decimals were written before, be it
in two other figures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel.plural import PluralRule

REMEMBERED = 2_048  # of the heads and of the tails of one form
MOST_CHARACTERS = 56  # a longer figure is CLDR's own: past 60 digits it is rounded
NOT_GROUPED = (MOST_CHARACTERS, MOST_CHARACTERS)
_SAMPLES = tuple(map(Decimal, ("1", "-1", "123456789012345678.5", "-123456789012345678.125")))
_PROOFS = tuple(map(Decimal, ("0", "-0", "-0.05", "12", "999.999", "-1000", "1E+3", "1234567.80")))
_QUANTITIES = tuple(map(Decimal, ("0", "0.5", "1", "2", "3", "11", "100", "1000000")))

Write = Callable[[Decimal], str]
Half = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Form:
    """How one locale writes one kind of figure."""

    above: tuple[str, str]
    below: tuple[str, str]
    """What stands around the digits: from zero, and below it."""
    group: str
    group_sizes: tuple[int, int]
    """Digits of the last group, and of those before it."""
    decimal: str
    places: int
    """Decimals that are written even where they are zero."""
    digits: Mapping[int, int]
    """From European digits to the locale's own."""

    def write(self, plain: str) -> str:
        """The figure, of European digits with or without a minus and a point; nothing where
        there is more in it than these, or too much.
        """
        return _in_halves(self, plain, self.head, self.tail)

    def head(self, whole: str) -> str | None:
        """All before the decimal sign."""
        before = self.above[0]
        if whole[:1] == "-":
            before, whole = self.below[0], whole[1:]
        if not whole.isdecimal():
            return None
        last, others = self.group_sizes
        if last < len(whole):
            end = len(whole) - last
            whole = f"{self._grouped(whole, end, others)}{self.group}{whole[end:]}"
        return f"{before}{whole.translate(self.digits)}"

    def tail(self, rest: str) -> str | None:
        """The decimal sign and the digits behind it."""
        if rest and not rest.isdecimal():
            return None
        if len(rest) != self.places:
            rest = rest.rstrip("0").ljust(self.places, "0")
        return f"{self.decimal}{rest.translate(self.digits)}" if rest else ""

    def _grouped(self, whole: str, end: int, size: int) -> str:
        """The digits before ``end``, in groups from the right."""
        groups = [whole[max(0, start - size) : start] for start in range(end, 0, -size)]
        return self.group.join(reversed(groups))


def learn_form(write: Write, digits: str) -> Form | None:
    """The form in which ``write`` writes, tried on other numbers; ``None`` where there is none.

    :param digits: the ten digits of the locale.
    """
    inside = re.compile(rf"[{digits}](?:.*[{digits}])?")
    found = [inside.search(write(sample)) for sample in _SAMPLES]
    if not all(found):
        return None
    around = [(one.string[: one.start()], one.string[one.end() :]) for one in found if one]
    one, _, large, _ = (each.group() for each in found if each)
    parts = re.split(f"([^{digits}]+)", large)
    runs, signs = parts[::2], parts[1::2]
    is_grouped = len(runs) > 2
    form = Form(
        above=around[0],
        below=around[1],
        group=signs[0] if is_grouped else "",
        group_sizes=(len(runs[-2]), len(runs[-3])) if is_grouped else NOT_GROUPED,
        decimal=signs[-1] if signs else "",
        places=sum(len(run) for run in re.findall(f"[{digits}]+", one)[1:]),
        digits=str.maketrans("0123456789", digits),
    )
    holds = all(form.write(f"{each:f}") == write(each) for each in (*_SAMPLES, *_PROOFS))
    return form if holds else None


def _in_halves(form: Form, plain: str, head: Half, tail: Half) -> str:
    """A figure by its form; nothing where there is more in it than digits, or too much."""
    whole, _, rest = plain.partition(".")
    before, after = head(whole), tail(rest)
    if before is None or after is None or len(plain) > MOST_CHARACTERS:
        return ""
    return f"{before}{after}{(form.below if whole[0] == '-' else form.above)[1]}"


def figures(write: Write, digits: str) -> Write:
    """``write``, but fast: by its form, either half from memory where it was written before."""
    form = learn_form(write, digits)
    if form is None:
        return remembering(write)
    head, tail = lru_cache(REMEMBERED)(form.head), lru_cache(REMEMBERED)(form.tail)

    def write_figure(number: Decimal) -> str:
        text = _in_halves(form, str(number), head, tail)
        return text or _write_rare(number, form, write)

    return write_figure


def _write_rare(number: Decimal, form: Form, write: Write) -> str:
    """What has an exponent, is longer than a form is sure of, or is no number at all."""
    is_near = number.is_finite() and -MOST_CHARACTERS < number.adjusted() < MOST_CHARACTERS
    text = form.write(f"{number:f}") if is_near else ""
    return text or write(number)


def unit_figures(write: Write, write_number: Write, plural_form: PluralRule) -> Write:
    """``write``, but fast: what stands around a number of units depends on its plural form."""
    around: dict[str, tuple[str, str] | None] = {}
    for number in _QUANTITIES:
        around.setdefault(plural_form(number), _around(write_number(number), write(number)))
    has_all_forms = plural_form.tags <= around.keys()
    any_form = around["other"] if has_all_forms and len(set(around.values())) == 1 else None

    def write_units(number: Decimal) -> str:
        words = any_form or around.get(plural_form(number))
        return f"{words[0]}{write_number(number)}{words[1]}" if words else write(number)

    return write_units


def remembering(write: Write) -> Write:
    """``write``, and from memory what was written before."""
    remembered = lru_cache(REMEMBERED)(lambda plain: write(Decimal(plain)))
    return lambda number: remembered(str(number))  # 0 and -0 are equal, and read otherwise


def _around(figure: str, text: str) -> tuple[str, str] | None:
    before, found, after = text.partition(figure)
    return (before, after) if found else None
