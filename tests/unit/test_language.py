"""Amounts, dates and words, as each reader writes them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from gettext import NullTranslations

import pytest
from babel import Locale
from babel.numbers import format_currency, get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from invoice_renderer.language import Language

MINUS, NBSP, THIN = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}", "\N{THIN SPACE}"
START, END = datetime(2024, 12, 20, tzinfo=UTC), datetime(2025, 1, 19, 23, 59, 59, tzinfo=UTC)


def a_language(locale: str = "en-US", zone: str = "UTC", currency: str = "USD") -> Language:
    return Language(
        Locale.parse(locale, sep="-"),
        time_zone=zone,
        currency=currency,
        translations=NullTranslations(),
    )


@pytest.mark.parametrize(
    ("locale", "amount", "expected"),
    [
        ("en-US", "-351.91", f"{MINUS}$351.91"),
        ("en-US", "0.0025", "$0.0025"),
        ("en-US", "4.4", "$4.40"),
        ("en-US", "0", "$0.00"),
        ("en-US", "0.01000", "$0.01"),
        ("en-US", "1234567.1", "$1,234,567.10"),
        ("en-US", "123456789012345.123456789012345", "$123,456,789,012,345.123456789012345"),
        ("es", "-351.91", f"{MINUS}351,91{NBSP}US$"),
        ("es", "1234.5", f"1.234,50{NBSP}US$"),
        ("es-US", "0.0025", "$0.0025"),
        ("es-MX", "-351.91", f"{MINUS}USD{NBSP}351.91"),
        ("de", "1234.5", f"1.234,50{NBSP}$"),
        ("fr", "1234.5", f"1\u202f234,50{NBSP}$US"),
        ("ja", "1234.5", "$1,234.50"),
    ],
)
def test_money_reads_as_the_locale_writes_it(locale: str, amount: str, expected: str) -> None:
    """CLDR's form, and no digit that the API gives is rounded away."""
    assert expected == a_language(locale).format_money(Decimal(amount))


@pytest.mark.parametrize(
    ("currency", "amount", "expected"),
    [("JPY", "5", "¥5"), ("KWD", "5", f"KWD{NBSP}5.000"), ("EUR", "5", "€5.00")],
)
def test_a_currency_has_its_own_decimals(currency: str, amount: str, expected: str) -> None:
    """Yen have none, Kuwaiti dinars three."""
    printed = a_language(currency=currency).format_money(Decimal(amount))
    assert expected.replace(NBSP, "") == printed.replace(NBSP, "")


@given(st.decimals("-1e14", "1e14", places=4), st.sampled_from(["en-US", "es", "es-US"]))
def test_money_is_babels_but_for_the_minus(amount: Decimal, locale: str) -> None:
    """Only the sign differs: U+2212 for the hyphen."""
    expected = format_currency(
        amount, "USD", locale=locale.replace("-", "_"), decimal_quantization=False
    )
    assert expected == a_language(locale).format_money(amount).replace(MINUS, "-")


@pytest.mark.parametrize(
    ("locale", "seconds", "expected"),
    [
        ("en-US", "8880", f"148{NBSP}min"),
        ("en-US", "90", f"1.5{NBSP}min"),
        ("en-US", "60", f"1{NBSP}min"),
        ("en-US", "0", f"0{NBSP}min"),
        ("en-US", "7", f"0.12{NBSP}min"),
        ("en-US", "6000000", f"100,000{NBSP}min"),
        ("es", "90", f"1,5{NBSP}min"),
    ],
)
def test_seconds_print_as_minutes(locale: str, seconds: str, expected: str) -> None:
    """8880 seconds are 148 minutes."""
    assert expected == a_language(locale).format_minutes(Decimal(seconds))


@pytest.mark.parametrize(
    ("amount", "units", "expected"),
    [
        ("0.37", "148", "$0.0025"),
        ("0.37", "147", "$0.0025"),
        ("0.01", "1", "$0.01"),
        ("12.00", "4", "$3.00"),
        ("-0.37", "148", f"{MINUS}$0.0025"),
        ("12.34", "333333", f"≈{NBSP}$0.00004"),
        ("0", "148", ""),
        ("0.37", "0", ""),
        ("0.0001", "999999", ""),
    ],
)
def test_a_rate_is_the_shortest_that_gives_the_amount_back(
    amount: str, units: str, expected: str
) -> None:
    """A rate that does not give it back says so; one that would be zero is not printed."""
    assert expected == a_language().format_rate(Decimal(amount), Decimal(units))


@given(
    st.sampled_from(["USD", "JPY", "KWD", "CLF"]),
    st.decimals(-10_000, 10_000, places=3) | st.decimals(-10, 10, places=6),
    st.decimals(-1, 100_000, places=2) | st.integers(0, 200).map(Decimal),
)
def test_a_rate_follows_its_rule(currency: str, amount: Decimal, units: Decimal) -> None:
    """Places from the currency's own to five, the first that gives the amount back."""
    language = a_language(currency=currency)
    exact = Context(prec=60, rounding=ROUND_HALF_UP)
    own = get_currency_precision(currency)
    cents = Decimal(1).scaleb(min(-own, amount.as_tuple().exponent))
    expected = ""
    for places in range(own, 6) if amount and units > 0 else ():
        rate = (exact.divide(amount, units)).quantize(Decimal(1).scaleb(-places), context=exact)
        if exact.multiply(rate, units).quantize(cents, context=exact) == amount:
            expected = language.format_money(rate)
            break
        expected = f"≈{NBSP}{language.format_money(rate)}" if rate else ""
    assert expected == language.format_rate(amount, units)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("UTC", "Jan 19, 2025"), ("America/New_York", "Jan 19, 2025"), ("Asia/Tokyo", "Jan 20, 2025")],
)
def test_a_moment_prints_as_its_day_in_the_bills_time_zone(zone: str, expected: str) -> None:
    """The last second of a day in UTC is the next day in Tokyo."""
    assert expected == a_language(zone=zone).format_date(END)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_whole_days_are_days_in_every_time_zone(zone: str) -> None:
    """CarrierX counts periods in days of UTC; New York's bill does not begin a day early."""
    printed = a_language(zone=zone).format_period(START, END)
    assert f"Dec 20, 2024{THIN}–{THIN}Jan 19, 2025" == printed


def test_other_periods_print_in_the_bills_time_zone() -> None:
    """What is not whole days is from one moment to another."""
    start = START.replace(hour=3)
    printed = a_language(zone="America/New_York").format_period(start, END)
    assert f"Dec 19, 2024{THIN}–{THIN}Jan 19, 2025" == printed


def test_a_period_of_one_day_is_one_date() -> None:
    """The day is not printed twice."""
    assert a_language().format_period(END.replace(hour=0, minute=0, second=0), END) == (
        "Jan 19, 2025"
    )


def test_a_period_within_a_month_names_it_once() -> None:
    """As CLDR's intervals do."""
    start = datetime(2025, 1, 1, tzinfo=UTC)
    end = datetime(2025, 1, 31, 23, 59, 59, tzinfo=UTC)
    assert f"Jan 1{THIN}–{THIN}31, 2025" == a_language().format_period(start, end)
    assert a_language("es").format_period(start, end) == "1–31 ene 2025"


@pytest.mark.parametrize(
    ("locale", "code", "expected"),
    [
        ("en-US", "USA", "United States"),
        ("es", "USA", "Estados Unidos"),
        ("en-US", "usa", "United States"),
        ("en-US", "GBR", "United Kingdom"),
        ("en-US", "XXQ", "XXQ"),
        ("en-US", "<b>", "<b>"),
    ],
)
def test_countries_have_names(locale: str, code: str, expected: str) -> None:
    """From ISO 3166-1 alpha-3; an unknown code stays as it is."""
    assert expected == a_language(locale).format_country(code)


LRM, RLM, ALM, NNBSP = "\u200e", "\u200f", "\u061c", "\u202f"


@pytest.mark.parametrize(
    ("locale", "negative", "rate"),
    [
        ("en", f"{MINUS}$1,234.50", "$0.0025"),
        ("es", f"{MINUS}1.234,50{NBSP}US$", f"0,0025{NBSP}US$"),
        ("fr", f"{MINUS}1{NNBSP}234,50{NBSP}$US", f"0,0025{NBSP}$US"),
        ("fr-CA", f"{MINUS}1{NBSP}234,50{NBSP}${NBSP}US", f"0,0025{NBSP}${NBSP}US"),
        ("de", f"{MINUS}1.234,50{NBSP}$", f"0,0025{NBSP}$"),
        ("de-AT", f"{MINUS}${NBSP}1.234,50", f"${NBSP}0,0025"),
        ("pt-BR", f"{MINUS}US${NBSP}1.234,50", f"US${NBSP}0,0025"),
        ("pt-PT", f"{MINUS}1{NBSP}234,50{NBSP}US$", f"0,0025{NBSP}US$"),
        ("ja", f"{MINUS}$1,234.50", "$0.0025"),
        ("ar", f"{RLM}{LRM}{MINUS}1,234.50{RLM}{NBSP}US${LRM}", f"{RLM}0.0025{RLM}{NBSP}US${LRM}"),
        (
            "ar-EG",
            f"{RLM}{ALM}{MINUS}١٬٢٣٤٫٥٠{RLM}{NBSP}US${LRM}",
            f"{RLM}٠٫٠٠٢٥{RLM}{NBSP}US${LRM}",
        ),
    ],
)
def test_each_locale_has_its_money(locale: str, negative: str, rate: str) -> None:
    """Below zero, and below a cent; Arabic keeps the sign beside the figure."""
    language = a_language(locale)
    assert negative == language.format_money(Decimal("-1234.5"))
    assert rate == language.format_money(Decimal("0.0025"))
    assert rate == language.format_rate(Decimal("0.37"), Decimal(148))


@pytest.mark.parametrize(
    ("locale", "day", "period"),
    [
        ("en", "Jan 19, 2025", f"Dec 20, 2024{THIN}–{THIN}Jan 19, 2025"),
        ("es", "19 ene 2025", f"20 dic 2024{THIN}–{THIN}19 ene 2025"),
        ("fr", "19 janv. 2025", f"20 déc. 2024{THIN}–{THIN}19 janv. 2025"),
        ("de", "19.01.2025", f"20. Dez. 2024{THIN}–{THIN}19. Jan. 2025"),
        ("de-AT", "19.01.2025", f"20. Dez. 2024{THIN}–{THIN}19. Jän. 2025"),
        ("pt-BR", "19/01/2025", f"20/12/2024{THIN}–{THIN}19/01/2025"),
        ("pt-PT", "19/01/2025", f"20/12/2024{THIN}–{THIN}19/01/2025"),
        ("ja", "2025/01/19", "2024年12月20日～2025年1月19日"),
        ("ar", f"19{RLM}/01{RLM}/2025", "20 ديسمبر 2024 – 19 يناير 2025"),
        ("ar-EG", f"١٩{RLM}/٠١{RLM}/٢٠٢٥", "٢٠ ديسمبر ٢٠٢٤ – ١٩ يناير ٢٠٢٥"),
    ],
)
def test_each_locale_has_its_dates(locale: str, day: str, period: str) -> None:
    """A day, and a period."""
    language = a_language(locale)
    assert (day, period) == (language.format_date(END), language.format_period(START, END))


@pytest.mark.parametrize(
    ("locale", "minutes", "number", "country"),
    [
        ("en", f"1.5{NBSP}min", "1,234,567.5", "United States"),
        ("es", f"1,5{NBSP}min", "1.234.567,5", "Estados Unidos"),
        ("fr", f"1,5{NBSP}min", f"1{NNBSP}234{NNBSP}567,5", "États-Unis"),
        ("de", f"1,5{NBSP}Min.", "1.234.567,5", "Vereinigte Staaten"),
        ("pt-BR", f"1,5{NBSP}min", "1.234.567,5", "Estados Unidos"),
        ("ja", f"1.5{NBSP}分", "1,234,567.5", "アメリカ合衆国"),
        ("ar", f"1.5{NBSP}د", "1,234,567.5", "الولايات المتحدة"),
        ("ar-EG", f"١٫٥{NBSP}د", "١٬٢٣٤٬٥٦٧٫٥", "الولايات المتحدة"),
    ],
)
def test_each_locale_has_its_numbers_and_countries(
    locale: str, minutes: str, number: str, country: str
) -> None:
    """A duration, a number, a name."""
    language = a_language(locale)
    assert minutes == language.format_minutes(Decimal(90))
    assert number == language.format_number(Decimal("1234567.5"))
    assert country == language.format_country("USA")


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("en", "other one other other other other"),
        ("fr", "one one other other other other"),
        ("de", "other one other other other other"),
        ("pt-BR", "one one other other other other"),
        ("ja", "other other other other other other"),
        ("ar", "zero one two few many other"),
    ],
)
def test_plural_forms_are_cldrs(locale: str, expected: str) -> None:
    """The seller profile names its units by them."""
    forms = [a_language(locale).plural_form(Decimal(number)) for number in (0, 1, 2, 5, 11, 100)]
    assert expected.split() == forms


@pytest.mark.parametrize(("locale", "currency"), [("ar", "EUR"), ("ar", "SAR"), ("he", "ILS")])
def test_other_currencies_keep_their_names_from_right_to_left(locale: str, currency: str) -> None:
    """Nothing but direction marks is added to CLDR's form."""
    printed = a_language(locale, currency=currency).format_money(Decimal("12.5"))
    expected = format_currency(Decimal("12.5"), currency, locale=locale)
    assert re.sub("[\u200e\u200f]", "", printed) == re.sub("[\u200e\u200f]", "", expected)


def test_brazils_words_serve_portugal() -> None:
    """Before English does."""
    assert a_language("pt-PT").choose({"en": "Hello", "pt-BR": "Olá"}) == "Olá"


@pytest.mark.parametrize(
    ("locale", "expected"), [("es-MX", "México"), ("es", "español"), ("fr", "English")]
)
def test_words_are_chosen_from_near_to_far(locale: str, expected: str) -> None:
    """The locale, its language, English."""
    words = {"es-MX": "México", "es": "español", "en": "English"}
    assert expected == a_language(locale).choose(words)
    assert a_language(locale).choose({"de": "only"}) == "only"


def test_threads_do_not_share_a_language() -> None:
    """Eight threads, eight formats, no mixture."""
    locales = ["en-US", "es", "de", "fr", "ja", "es-MX", "pt-BR", "nl"]
    expected = [a_language(one).format_money(Decimal("1234.5")) for one in locales]
    with ThreadPoolExecutor(8) as threads:
        for _ in range(20):
            found = threads.map(
                lambda one: a_language(one).format_money(Decimal("1234.5")), locales
            )
            assert expected == list(found)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ("0", "0:00:00"),
        ("59.5", "0:01:00"),
        ("8880", "2:28:00"),
        ("360000", "100:00:00"),
        ("-61", f"{MINUS}0:01:01"),
    ],
)
def test_seconds_as_hours_minutes_and_seconds(seconds: str, expected: str) -> None:
    """Hours have no end."""
    assert expected == a_language().format_hms(Decimal(seconds))


@pytest.mark.parametrize(
    ("currency", "amount", "expected"),
    [
        ("USD", "12.5", "12.50"),
        ("USD", "0.0025", "0.0025"),
        ("JPY", "1200", "1200"),
        ("USD", "123456789012345.123456789012345", "123456789012345.123456789012345"),
    ],
)
def test_an_amount_for_a_machine(currency: str, amount: str, expected: str) -> None:
    """A point, no grouping, no digit lost, in any locale."""
    for locale in ("en-US", "es", "de"):
        language = a_language(locale, currency=currency)
        assert expected == language.plain_amount(Decimal(amount))


def test_days_are_counted_on_the_bills_calendar() -> None:
    """The evening of a day in New York is the next day in UTC."""
    moment = datetime(2025, 1, 20, 3, tzinfo=UTC)
    assert a_language().format_date_after(moment, 30) == "Feb 19, 2025"
    assert a_language(zone="America/New_York").format_date_after(moment, 30) == "Feb 18, 2025"


def test_counted_days_have_the_locales_digits() -> None:
    """As every other date on the page has."""
    language = a_language("ar-EG")
    later = END + timedelta(days=30)
    assert language.format_date(later) == language.format_date_after(END, 30)
    assert "٢٠٢٥" in language.format_date_after(END, 30)
