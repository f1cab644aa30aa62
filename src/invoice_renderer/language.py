"""The reader's language: every amount, date, count and word that reaches the page.

Formats are CLDR's, through Babel. No locale state is global, so threads do not disturb each
other. Everything that turns a value into text is a ``format_*`` method here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import lru_cache
from gettext import NullTranslations
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, reset_tzpath

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, format_interval
from babel.numbers import (
    format_currency,
    format_decimal,
    get_currency_precision,
    get_currency_symbol,
    get_minus_sign_symbol,
)
from babel.units import format_unit

reset_tzpath(())  # the pinned tzdata package's zones, not whatever the machine has

RATE_DIGITS = 5  # decimals of an effective rate: CarrierX's own rates have four or five
SECONDS_IN_A_MINUTE = 60
MINUTES_IN_AN_HOUR = 60
MINUTE_DIGITS = Decimal("0.01")
_FIRST_SECOND, _LAST_SECOND = time(0, 0, 0), time(23, 59, 59)
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_Words = TypeVar("_Words")

# CLDR's numbering systems that Babel gives separators of, but not the digits.
_DIGITS = {"arab": "٠١٢٣٤٥٦٧٨٩", "arabext": "۰۱۲۳۴۵۶۷۸۹"}
_COUNTERS = {"arab": "arabic-indic", "arabext": "persian"}  # CSS's names for the same
_LRM, _RLM = "\N{LEFT-TO-RIGHT MARK}", "\N{RIGHT-TO-LEFT MARK}"

# CLDR's currencySpacing (UTS #35, part 3), which Babel leaves out: USD 5.00, but $5.00.
_LETTER_MEETS_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


class Language:
    """One reader: a locale, a time zone, a currency and a catalogue."""

    def __init__(
        self, locale: Locale, *, time_zone: str, currency: str, translations: NullTranslations
    ) -> None:
        self.locale = locale
        self.tag = str(locale).replace("_", "-")
        self.direction: str = locale.text_direction
        self.translations = translations
        self.gettext = translations.gettext
        self.ngettext = translations.ngettext
        self._zone = ZoneInfo(time_zone)
        self._currency = currency
        self._places = get_currency_precision(currency)
        self._is_rtl = self.direction == "rtl"
        numbering: str = locale.default_numbering_system  # type: ignore[attr-defined]
        self._numbering: dict[str, Any] = {"numbering_system": numbering}
        own_digits = _DIGITS.get(numbering)
        self._own_digits = str.maketrans("0123456789", own_digits) if own_digits else {}
        self.counters = _COUNTERS.get(numbering, "decimal")
        minus = get_minus_sign_symbol(locale, **self._numbering)
        # U+2212 is as wide as a figure, and is read aloud as "minus".
        self._minus = minus.replace("-", "\N{MINUS SIGN}")

    # ------------------------------------------------------------------------- amounts

    def format_money(self, amount: Decimal) -> str:
        """At least the currency's own decimals, and every further one that the API gives."""
        with localcontext(_EXACT):  # Babel computes in the context, which keeps 28 digits
            text: str = format_currency(
                amount,
                self._currency,
                locale=self.locale,
                decimal_quantization=False,
                **self._numbering,
            )
        text = _LETTER_MEETS_DIGIT.sub("\N{NO-BREAK SPACE}", text)
        return self._in_own_digits(self._in_one_direction(text).replace("-", self._minus))

    def format_number(self, number: Decimal) -> str:
        with localcontext(_EXACT):
            text = format_decimal(
                number,
                locale=self.locale,
                decimal_quantization=False,
                **self._numbering,
            )
        return self._in_own_digits(text)

    def _in_one_direction(self, money: str) -> str:
        """From right to left, the figure and its currency are two words: the figure, then at its
        left the currency. Marks keep the sign beside the one, and the $ of US$ in the other.
        """
        if not self._is_rtl:
            return money
        symbol = get_currency_symbol(self._currency, locale=self.locale)
        whole = f"{symbol}{_LRM}" if symbol[:1].isascii() else symbol
        return money.replace("\N{NO-BREAK SPACE}", f"{_RLM}\N{NO-BREAK SPACE}").replace(
            symbol, whole
        )

    def _in_own_digits(self, text: str) -> str:
        return text.translate(self._own_digits) if self._own_digits else text

    def format_minutes(self, seconds: Decimal) -> str:
        """8880 seconds are 148 min, 90 are 1.5 min; to a hundredth of a minute."""
        minutes = _EXACT.divide(seconds, Decimal(SECONDS_IN_A_MINUTE))
        minutes = minutes.quantize(MINUTE_DIGITS, context=_EXACT)
        text = format_unit(
            _plain(minutes),
            "duration-minute",
            length="short",
            locale=self.locale,
            **self._numbering,
        )
        return self._in_own_digits(text.replace(" ", "\N{NO-BREAK SPACE}"))

    def format_hms(self, seconds: Decimal) -> str:
        """8880 seconds are 2:28:00; a fraction of a second rounds to the nearest."""
        whole = int(seconds.quantize(Decimal(1), context=_EXACT))
        minutes, rest = divmod(abs(whole), SECONDS_IN_A_MINUTE)
        hours, minutes = divmod(minutes, MINUTES_IN_AN_HOUR)
        sign = "\N{MINUS SIGN}" if whole < 0 else ""
        return f"{sign}{hours}:{minutes:02}:{rest:02}"

    def plain_amount(self, amount: Decimal) -> str:
        """For a machine: ``12.50``, at least the currency's decimals, a point, no grouping."""
        places = max(self._places, -_exponent(amount))
        return f"{amount:.{places}f}"

    def format_rate(self, amount: Decimal, units: Decimal) -> str:
        """What one unit costs: the shortest rate that gives the printed amount back.

        $0.37 for 147 minutes is $0.0025 a minute, not $0.00251700680... Where no rate of five
        decimals gives the amount back, the nearest one prints, with a sign that says so.
        """
        if units <= 0 or not amount:
            return ""
        cents = Decimal(1).scaleb(min(-self._places, _exponent(amount)))
        exact = rate = _EXACT.divide(amount, units)
        for places in range(self._places, RATE_DIGITS + 1):
            rate = exact.quantize(Decimal(1).scaleb(-places), context=_EXACT)
            if _EXACT.multiply(rate, units).quantize(cents, context=_EXACT) == amount:
                return self.format_money(rate)
        return f"\N{ALMOST EQUAL TO}\N{NO-BREAK SPACE}{self.format_money(rate)}" if rate else ""

    # ------------------------------------------------------------------------- dates

    def format_date(self, moment: datetime) -> str:
        """The day in the bill's time zone."""
        return self._format_day(moment.astimezone(self._zone))

    def format_date_after(self, moment: datetime, days: int) -> str:
        """So many calendar days after the day of the moment, in the bill's time zone."""
        day = moment.astimezone(self._zone).date() + timedelta(days=days)
        return format_date(day, "medium", locale=self.locale)

    def format_period(self, start: datetime, end: datetime) -> str:
        """From the first to the last day, as in ``Jan 1 to 31, 2025``.

        CarrierX counts periods in whole days of UTC, from the first second to the last. Those are
        days of a calendar, not moments: in New York they do not begin the evening before.
        """
        first, last = self._days_of(start, end)
        if first == last:
            return self._format_day(first)
        return self._in_own_digits(format_interval(first, last, "yMMMd", locale=self.locale))

    def _format_day(self, day: date) -> str:
        return self._in_own_digits(format_date(day, "medium", locale=self.locale))

    def _days_of(self, start: datetime, end: datetime) -> tuple[date, date]:
        whole_days = start.time() == _FIRST_SECOND and end.time().replace(microsecond=0) == (
            _LAST_SECOND
        )
        if whole_days:
            return start.date(), end.date()
        return start.astimezone(self._zone).date(), end.astimezone(self._zone).date()

    # ------------------------------------------------------------------------- words

    def format_country(self, alpha3: str) -> str:
        """The country's name; a code that is not known stays as it is."""
        return str(self.locale.territories.get(_alpha2(alpha3.upper()), alpha3))

    def plural_form(self, number: Decimal) -> str:
        """CLDR's plural form: ``one``, ``few``, ``other``..."""
        return str(self.locale.plural_form(_plain(number)))

    def choose(self, words: Mapping[str, _Words]) -> _Words:
        """The words for this reader, else for the language, in any region of it, else English,
        else the first.
        """
        language = self.locale.language
        of_another_region = (tag for tag in words if tag.split("-")[0] == language)
        for tag in (self.tag, language, *of_another_region, "en"):
            if tag in words:
                return words[tag]
        return next(iter(words.values()))


@lru_cache(maxsize=512)
def _alpha2(alpha3: str) -> str:
    aliases = get_global("territory_aliases").get(alpha3) if len(alpha3) == 3 else None
    return aliases[0] if aliases else alpha3


def _plain(number: Decimal) -> Decimal:
    """Without trailing zeros, and without the exponent that ``normalize`` would give 1000."""
    whole = number.to_integral_value()
    return whole if number == whole else number.normalize()


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
