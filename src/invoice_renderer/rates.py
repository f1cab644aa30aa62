"""What one unit cost, from an amount and a number of units: in whole numbers, exact and quick."""

from __future__ import annotations

from decimal import Decimal

RATE_DIGITS = 5  # decimals of an effective rate: CarrierX's own rates have four or five
_SCALE = RATE_DIGITS + 1  # one more, so that half of the last decimal is a whole number
_STEPS = tuple((10 ** (_SCALE - places), 10 ** (_SCALE - places) // 2)
               for places in range(RATE_DIGITS + 1))  # fmt: skip
"""A one in each decimal, and half of it."""
_LAST = tuple(Decimal(1).scaleb(-places) for places in range(RATE_DIGITS + 1))


def shortest_rate(
    amount: Decimal, usage: Decimal, places: int, *, per: int = 1
) -> tuple[Decimal, bool]:
    """The rate of the fewest decimals that gives the amount back, from ``places`` to five; else
    the nearest one of five, and that it does not. Halves are rounded away from zero.

    :param usage: more than zero.
    :param places: decimals of the currency; an amount can have more.
    :param per: how much usage the rate is for: 60 of seconds, where it is one for minutes.
    """
    cents, cent_places = _whole(amount, places)
    parts, part_places = _whole(usage, 0)
    cent = 10 ** (_SCALE + part_places) * per
    paid, unit = abs(cents) * cent, parts * 10**cent_places
    exact = paid // unit
    rate, gives_it_back = 0, False
    for step, half in _STEPS[places:]:
        rate = (exact + half) // step * step
        gives_it_back = -cent <= 2 * (rate * unit - paid) < cent
        if gives_it_back:
            break
    return Decimal(f"{'-' * (cents < 0)}{rate}E-{_SCALE}"), gives_it_back


def _whole(number: Decimal, places: int) -> tuple[int, int]:
    """Its digits without the point, and how many of them stand behind it: at least ``places``."""
    if number.same_quantum(_LAST[places]):
        return int(str(number).replace(".", "")), places
    whole, _, rest = f"{number:f}".partition(".")
    rest = rest.ljust(places, "0")
    return int(whole + rest), len(rest)
