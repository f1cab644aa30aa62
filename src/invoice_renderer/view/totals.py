"""Sums without rounding: amounts have up to thirty digits, Python's default context keeps 28."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from functools import reduce

STRIDE = 64  # sums between two that are kept: one in 64 is found with 32 additions on average

_add = Context(prec=60).add


def total_of(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    return reduce(_add, amounts, Decimal(0))


class RunningTotal:
    """What amounts come to before each of them, from ``start`` on; one sum in 64 is kept."""

    def __init__(self, amounts: Sequence[Decimal], start: Decimal) -> None:
        self._amounts = amounts
        self._kept = [start]
        for first in range(0, len(amounts), STRIDE):
            some = amounts[first : first + STRIDE]
            self._kept.append(reduce(_add, some, self._kept[-1]))
        self.total = self._kept[-1]
        """The sum after the last amount."""

    def before(self, place: int) -> Decimal:
        """The sum before the amount at this place."""
        kept, _ = divmod(place, STRIDE)
        return reduce(_add, self._amounts[kept * STRIDE : place], self._kept[kept])
