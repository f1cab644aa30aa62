"""Rates in whole numbers are those of exact decimals."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from invoice_renderer.rates import RATE_DIGITS, shortest_rate

EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


def by_decimals(amount: Decimal, usage: Decimal, places: int, per: int) -> tuple[Decimal, bool]:
    """The definition: round the exact rate, multiply, and round to the amount's last digit."""
    cents = EXACT.add(amount, Decimal(0).scaleb(-places))
    rate = exact = EXACT.divide(EXACT.multiply(amount, per), usage)
    for digits in range(places, RATE_DIGITS + 1):
        rate = EXACT.quantize(exact, Decimal(1).scaleb(-digits))
        if EXACT.quantize(EXACT.divide(EXACT.multiply(rate, usage), per), cents) == amount:
            return rate, True
    return rate, False


decimals = st.builds(
    lambda digits, scale: Decimal(digits).scaleb(-scale, EXACT),
    st.one_of(st.integers(-(10**30), 10**30), st.integers(-99_999, 99_999)),
    st.integers(0, 15),
)
amounts = st.one_of(decimals, st.decimals(-1000, 1000, places=2)).filter(bool)
seconds = st.integers(1, 200_000).map(Decimal)
usages = st.one_of(decimals.map(abs).filter(bool), seconds)


@given(amounts, usages, st.integers(0, 4), st.sampled_from([1, 60]))
@example(Decimal("0.18"), Decimal(350), 2, 60)  # half a cent
@example(Decimal("-0.18"), Decimal(350), 2, 60)
@example(Decimal("1E-15"), Decimal(10**15), 2, 1)
@example(Decimal("1E+3"), Decimal("1E-7"), 2, 1)
def test_a_rate_is_that_of_decimals(amount: Decimal, usage: Decimal, places: int, per: int) -> None:
    """Any sign, size and scale; and a rate of zero keeps the amount's sign."""
    (expected, was_exact), (rate, is_exact) = (
        by_decimals(amount, usage, places, per),
        shortest_rate(amount, usage, places, per=per),
    )
    assert (expected, was_exact) == (rate, is_exact)
    assert expected.is_signed() == rate.is_signed()
