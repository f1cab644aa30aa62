"""Amounts and quantities as CLDR writes them, through Babel: exact, and some 30 µs each.

:mod:`invoice_renderer.figures` learns the forms from what is written here, writes them much
faster, and comes back here with whatever it has not learnt. Tests hold the two together.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any

from babel import Locale
from babel.numbers import (
    format_currency,
    format_decimal,
    get_currency_symbol,
    get_minus_sign_symbol,
)
from babel.units import format_unit

EXACT = Context(prec=60, rounding=ROUND_HALF_UP)

# CLDR's numbering systems that Babel gives separators of, but not the digits.
_DIGITS = {"arab": "٠١٢٣٤٥٦٧٨٩", "arabext": "۰۱۲۳۴۵۶۷۸۹"}
_COUNTERS = {"arab": "arabic-indic", "arabext": "persian"}  # CSS's names for the same
_LRM, _RLM = "\N{LEFT-TO-RIGHT MARK}", "\N{RIGHT-TO-LEFT MARK}"

# CLDR's currencySpacing (UTS #35, part 3), which Babel leaves out: USD 5.00, but $5.00.
_LETTER_MEETS_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


class Cldr:
    """One locale and currency."""

    def __init__(self, locale: Locale, currency: str) -> None:
        self.locale = locale
        self._currency = currency
        numbering: str = locale.default_numbering_system  # type: ignore[attr-defined]
        self._numbering: dict[str, Any] = {"numbering_system": numbering}
        self.digits = _DIGITS.get(numbering, "0123456789")
        self.counters = _COUNTERS.get(numbering, "decimal")
        self._own_digits = str.maketrans("0123456789", self.digits)
        minus = get_minus_sign_symbol(locale, **self._numbering)
        # U+2212 is as wide as a figure, and is read aloud as "minus".
        self._minus = minus.replace("-", "\N{MINUS SIGN}")

    def write_money(self, amount: Decimal) -> str:
        """At least the currency's own decimals, and every further one of the amount."""
        with localcontext(EXACT):  # Babel computes in the context, which keeps 28 digits
            text: str = format_currency(
                amount,
                self._currency,
                locale=self.locale,
                decimal_quantization=False,
                **self._numbering,
            )
        text = _LETTER_MEETS_DIGIT.sub("\N{NO-BREAK SPACE}", text)
        return self.in_own_digits(self._in_one_direction(text).replace("-", self._minus))

    def write_number(self, number: Decimal) -> str:
        with localcontext(EXACT):
            text = format_decimal(
                number,
                locale=self.locale,
                decimal_quantization=False,
                **self._numbering,
            )
        return self.in_own_digits(text)

    def write_minutes(self, minutes: Decimal) -> str:
        text = format_unit(
            minutes, "duration-minute", length="short", locale=self.locale, **self._numbering
        )
        return self.in_own_digits(text.replace(" ", "\N{NO-BREAK SPACE}"))

    def in_own_digits(self, text: str) -> str:
        return text.translate(self._own_digits)

    def _in_one_direction(self, money: str) -> str:
        """From right to left, the figure and its currency are two words: the figure, then at its
        left the currency. Marks keep the sign beside the one, and the $ of US$ in the other.
        """
        if self.locale.text_direction != "rtl":
            return money
        symbol = get_currency_symbol(self._currency, locale=self.locale)
        whole = f"{symbol}{_LRM}" if symbol[:1].isascii() else symbol
        return money.replace("\N{NO-BREAK SPACE}", f"{_RLM}\N{NO-BREAK SPACE}").replace(
            symbol, whole
        )
