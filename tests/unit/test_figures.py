"""Figures written by their form are CLDR's own, character for character."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

import pytest
from babel import Locale
from babel.localedata import locale_identifiers
from hypothesis import given, settings
from hypothesis import strategies as st

from invoice_renderer.cldr import EXACT, Cldr
from invoice_renderer.figures import figures, learn_form, unit_figures
from invoice_renderer.template import Templates

EUROPEAN = "0123456789"
CURRENCIES = ("USD", "EUR", "MXN", "INR", "BRL", "CHF", "GBP", "EGP", "SAR", "CAD", "JPY", "KRW",
              "KWD", "BHD", "TND", "CLF", "UYW", "XAF", "XXX", "ZWL")  # fmt: skip


def offered_locales() -> list[str]:
    """Every region and script of every language that a template offers."""
    languages = {tag.split("-")[0] for tag in Templates().languages}
    return sorted(each for each in locale_identifiers() if each.split("_")[0] in languages)


LOCALES = offered_locales()
SIGNIFICANT = st.integers(-(10**30), 10**30)
AMOUNTS = st.one_of(
    st.builds(lambda digits, scale: Decimal(digits).scaleb(-scale, EXACT), SIGNIFICANT,
              st.integers(0, 15)),
    st.builds(lambda digits, scale: Decimal(digits).scaleb(-scale), st.integers(-99_999, 99_999),
              st.integers(0, 4)),
    st.decimals("-1e14", "1e14", allow_nan=False, places=2),
    st.sampled_from(["0", "-0", "0.00", "-0.000", "1E+3", "1E+12", "-1E-7", "1E-15", "999.995",
                     "1000", "-999", "9999", "10000", "100000", "1E+50", "-1E-50",
                     "1234567890" * 5]).map(Decimal),
)  # fmt: skip


@lru_cache
def cldr(locale: str, currency: str = "USD") -> Cldr:
    return Cldr(Locale.parse(locale), currency)


@lru_cache
def fast_money(locale: str, currency: str):
    return figures(cldr(locale, currency).write_money, cldr(locale, currency).digits)


@lru_cache
def fast_number(locale: str):
    return figures(cldr(locale).write_number, cldr(locale).digits)


@lru_cache
def fast_minutes(locale: str):
    plural_form = Locale.parse(locale).plural_form
    return unit_figures(cldr(locale).write_minutes, fast_number(locale), plural_form)


def test_many_regions_are_judged() -> None:
    """So that the next tests say something."""
    wanted = "en_IN es_MX es_ES fr_CH fr_CA de_AT de_CH pt_PT ar_EG ar_SA ar_MA ja_JP".split()
    assert [locale for locale in wanted if locale not in LOCALES] == []


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
def test_money_has_a_form_in_every_locale(currency: str) -> None:
    """None of them falls back to the slow way."""
    every = [cldr(locale, currency) for locale in LOCALES]
    assert [own.locale for own in every if not learn_form(own.write_money, own.digits)] == []


def test_numbers_have_a_form_in_every_locale() -> None:
    """With any of the numbering systems."""
    every = [cldr(locale) for locale in LOCALES]
    assert [own.locale for own in every if not learn_form(own.write_number, own.digits)] == []


@settings(max_examples=400)
@given(st.sampled_from(LOCALES), st.sampled_from(CURRENCIES), AMOUNTS)
def test_money_is_cldrs(locale: str, currency: str, amount: Decimal) -> None:
    """Any locale, currency, scale, sign and size; the first time and from memory."""
    expected = cldr(locale, currency).write_money(amount)
    assert [expected] * 2 == [fast_money(locale, currency)(amount) for _ in range(2)]


@given(st.sampled_from(LOCALES), AMOUNTS)
def test_numbers_are_cldrs(locale: str, number: Decimal) -> None:
    """Without a currency there are no decimals to fill up."""
    expected = cldr(locale).write_number(number)
    assert [expected] * 2 == [fast_number(locale)(number) for _ in range(2)]


@given(st.sampled_from(LOCALES), st.integers(-(10**17), 10**17), st.integers(0, 2))
def test_minutes_are_cldrs(locale: str, digits: int, scale: int) -> None:
    """1 min and 2 mins in Great Britain; each plural form has its word."""
    minutes = Decimal(digits).scaleb(-scale)
    assert cldr(locale).write_minutes(minutes) == fast_minutes(locale)(minutes)


@pytest.mark.parametrize("locale", "en en_GB en_IN es fr fr_CA de pt pt_PT ja ar ar_EG".split())
def test_small_numbers_of_minutes_are_cldrs(locale: str) -> None:
    """Where the plural forms are."""
    numbers = [*map(Decimal, range(-3, 125)), Decimal("0.5"), Decimal("1.01"), Decimal(10**6)]
    expected = [cldr(locale).write_minutes(number) for number in numbers]
    assert expected == [fast_minutes(locale)(number) for number in numbers]


@pytest.mark.parametrize(
    ("locale", "expected"),
    [("en_IN", "1,23,45,678.5"), ("en_US", "12,345,678.5"), ("en_US_POSIX", "12345678.5"),
     ("de_CH", "12’345’678.5"), ("es_ES", "12.345.678,5")],
)  # fmt: skip
def test_groups_are_the_locales_own(locale: str, expected: str) -> None:
    """Twos and threes in India, none in POSIX."""
    assert expected == fast_number(locale)(Decimal("12345678.5"))


@pytest.mark.parametrize("number", ["Infinity", "-Infinity", "1E+58", "1E-58"])
def test_what_cannot_be_cut_is_left_to_cldr(number: str) -> None:
    """The slow way writes it."""
    written = []

    def write(value: Decimal) -> str:
        written.append(value)
        return f"{value:,}" if value.is_finite() else "∞"

    fast = figures(write, EUROPEAN)
    before = len(written)
    assert fast(Decimal(number)) == write(Decimal(number))
    assert len(written) == before + 2


def test_a_rounded_number_has_no_form() -> None:
    """A way of writing that is more than cutting and joining is noticed, and kept."""
    assert learn_form(lambda number: f"{number:,.2f}", EUROPEAN) is None
    fast = figures(lambda number: f"{number:,.2f}", EUROPEAN)
    assert [fast(Decimal("1234.567")) for _ in range(2)] == ["1,234.57"] * 2


def test_words_without_digits_have_no_form() -> None:
    """Nothing can be learnt from them."""
    assert learn_form(lambda _number: "many", EUROPEAN) is None


def test_zero_below_zero_is_another_figure() -> None:
    """The two are equal, and do not share a place in memory."""
    fast = fast_number("en")
    assert [fast(Decimal(zero)) for zero in ("0", "-0", "0")] == ["0", "-0", "0"]


def test_a_unit_without_its_number_is_left_to_cldr() -> None:
    """As Arabic's "two minutes" in one word would be."""

    def write(number: Decimal) -> str:
        return "a minute" if number == 1 else f"{number} minutes"

    fast = unit_figures(write, str, Locale("en").plural_form)
    assert [fast(Decimal(number)) for number in (1, 2)] == ["a minute", "2 minutes"]
