"""The reader's language: every amount, date, count and word that reaches the page.

Formats are CLDR's, through Babel. No locale state is global, so threads do not disturb each
other. Everything that turns a value into text is a ``format_*`` method here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from gettext import NullTranslations
from typing import Self, TypeVar
from zoneinfo import ZoneInfo, reset_tzpath

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, format_interval, format_skeleton
from babel.numbers import get_currency_precision

from invoice_renderer.cldr import EXACT, Cldr
from invoice_renderer.figures import figures, remembering, unit_figures
from invoice_renderer.rates import shortest_rate

reset_tzpath(())  # the pinned tzdata package's zones, not whatever the machine has

REMEMBERED = 1_024  # countries, days and periods
SECONDS_IN_A_MINUTE = 60
_MINUTE = Decimal(SECONDS_IN_A_MINUTE)
MINUTES_IN_AN_HOUR = 60
MINUTE_DIGITS = Decimal("0.01")
_IN_FIGURES = frozenset({"pt"})
"""Languages whose short dates have words in them (19 de jan. de 2025): bills write figures."""
_FIRST_SECOND, _LAST_SECOND = time(0, 0, 0), time(23, 59, 59)
_Words = TypeVar("_Words")


class ForeignText(str):
    """Words that were not to be had in the reader's language, and which language they are in:
    a screen reader must know.
    """

    __slots__ = ("language",)
    language: str

    def __new__(cls, text: str, language: str) -> Self:
        words = super().__new__(cls, text)
        words.language = language
        return words


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
        self._in_figures = locale.language in _IN_FIGURES
        self._places = get_currency_precision(currency)
        self._cldr = Cldr(locale, currency)
        self.counters = self._cldr.counters
        self.format_money = figures(self._cldr.write_money, self._cldr.digits)
        """At least the currency's own decimals, and every further one that the API gives."""
        self.format_number = figures(self._cldr.write_number, self._cldr.digits)
        self._format_units = unit_figures(
            self._cldr.write_minutes, self.format_number, locale.plural_form
        )
        self.format_minutes = remembering(self._write_minutes)
        """8880 seconds are 148 min, 90 are 1.5 min; to a hundredth of a minute."""
        self.format_country = lru_cache(REMEMBERED)(self._name_country)
        """The country's name; a code that is not known stays as it is."""
        self._format_day = lru_cache(REMEMBERED)(self._write_day)
        self._format_days = lru_cache(REMEMBERED)(self._write_days)

    # ------------------------------------------------------------------------- amounts

    def format_hms(self, seconds: Decimal) -> str:
        """8880 seconds are 2:28:00; a fraction of a second rounds to the nearest."""
        whole = int(seconds.quantize(Decimal(1), context=EXACT))
        minutes, rest = divmod(abs(whole), SECONDS_IN_A_MINUTE)
        hours, minutes = divmod(minutes, MINUTES_IN_AN_HOUR)
        sign = "\N{MINUS SIGN}" if whole < 0 else ""
        return f"{sign}{hours}:{minutes:02}:{rest:02}"

    def plain_amount(self, amount: Decimal) -> str:
        """For a machine: ``12.50``, at least the currency's decimals, a point, no grouping."""
        places = max(self._places, -_exponent(amount))
        return f"{amount:.{places}f}"

    def format_rate(self, amount: Decimal, usage: Decimal, *, per: int = 1) -> str:
        """What so much usage costs: the shortest rate that gives the printed amount back.

        $0.37 for 147 minutes is $0.0025 a minute, not $0.00251700680... Where no rate of five
        decimals gives the amount back, the nearest one prints, with a sign that says so.
        """
        if usage <= 0 or not amount:
            return ""
        rate, gives_it_back = shortest_rate(amount, usage, self._places, per=per)
        if gives_it_back:
            return self.format_money(rate)
        return f"\N{ALMOST EQUAL TO}\N{NO-BREAK SPACE}{self.format_money(rate)}" if rate else ""

    def _write_minutes(self, seconds: Decimal) -> str:
        minutes = EXACT.quantize(EXACT.divide(seconds, _MINUTE), MINUTE_DIGITS)
        return self._format_units(_plain(minutes))

    # ------------------------------------------------------------------------- dates

    def format_date(self, moment: datetime) -> str:
        """The day in the bill's time zone."""
        return self._format_day(moment.astimezone(self._zone).date())

    def format_date_after(self, moment: datetime, days: int) -> str:
        """So many calendar days after the day of the moment, in the bill's time zone."""
        return self._format_day(moment.astimezone(self._zone).date() + timedelta(days=days))

    def format_period(self, start: datetime, end: datetime) -> str:
        """From the first to the last day, as in ``Jan 1 to 31, 2025``.

        CarrierX counts periods in whole days of UTC, from the first second to the last. Those are
        days of a calendar, not moments: in New York they do not begin the evening before.
        """
        first, last = self._days_of(start, end)
        return self._format_day(first) if first == last else self._format_days(first, last)

    def _write_day(self, day: date) -> str:
        if self._in_figures:
            text = format_skeleton("yMd", day, locale=self.locale)
        else:
            text = format_date(day, "medium", locale=self.locale)
        return self._cldr.in_own_digits(text)

    def _write_days(self, first: date, last: date) -> str:
        skeleton = "yMd" if self._in_figures else "yMMMd"
        text = format_interval(first, last, skeleton, locale=self.locale)
        return self._cldr.in_own_digits(text)

    def _days_of(self, start: datetime, end: datetime) -> tuple[date, date]:
        whole_days = start.time() == _FIRST_SECOND and end.time().replace(microsecond=0) == (
            _LAST_SECOND
        )
        if whole_days:
            return start.date(), end.date()
        return start.astimezone(self._zone).date(), end.astimezone(self._zone).date()

    # ------------------------------------------------------------------------- words

    def _name_country(self, alpha3: str) -> str:
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
        tags = (self.tag, language, *of_another_region, "en", *words)
        chosen = next(tag for tag in tags if tag in words)
        text = words[chosen]
        if isinstance(text, str) and chosen.split("-")[0] != language:
            return ForeignText(text, chosen)  # type: ignore[return-value]
        return text


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
