"""CarrierX's tokens in words: the seller profile's, else the template's, else the token's own.

Enumerations are open sets. A token that nobody named still prints, as a readable label without
a unit, and the operator gets a notice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from invoice_renderer.invoice import Notice
from invoice_renderer.language import SECONDS_IN_A_MINUTE, Language
from invoice_renderer.profile import ItemWording, SellerProfile
from invoice_renderer.template import Wording

OTHER_GROUP = "other"
_MACHINE_TOKEN = re.compile(r"[a-z0-9]+(?:[_.-]+[a-z0-9]+)*")
_ACRONYMS = frozenset(
    "ach api cnam did dtmf e911 fcc gst hst ip lnp lrn mms pbx pstn rcs sip sms sso trs tts us usf"
    " vat voip".split()
)
_TAXES = frozenset({"gst", "hst", "tax", "vat"})
_SHORT = {"fed": "federal", "std": "standard", "intl": "international"}


@dataclass(frozen=True, slots=True)
class TaxReading:
    """A tax type in words."""

    label: str
    explanation: str
    group: Literal["tax", "surcharge"]


@dataclass(frozen=True, slots=True)
class Unit:
    """How usage is written with its unit, and, of an amount and a usage, what one unit costs."""

    write_usage: Callable[[Decimal], str]
    write_rate: Callable[[Decimal, Decimal], str]


class Tokens:
    """The tokens of one invoice, for one reader; ``notices`` has each unknown one once."""

    def __init__(self, language: Language, profile: SellerProfile, wording: Wording) -> None:
        self._language = language
        self._profile = profile
        self._wording = wording
        self._unknown: dict[tuple[str, str], Notice] = {}

    @property
    def notices(self) -> tuple[Notice, ...]:
        return tuple(self._unknown.values())

    # ------------------------------------------------------------------------- item types

    def item_label(self, kind: str) -> str:
        own, known = self._profile.items.get(kind), self._wording.items.get(kind)
        if own and own.label:
            return self._language.choose(own.label)
        if known:
            return self._language.gettext(known.label)
        if own is None:
            self._note("item type", kind)
        return readable(kind)

    def item_explanation(self, kind: str) -> str:
        known = self._wording.items.get(kind)
        return self._language.gettext(known.explanation) if known and known.explanation else ""

    def item_rank(self, kind: str) -> int:
        """The place of its group among the groups."""
        known, groups = self._wording.items.get(kind), self._wording.groups
        group = known.group if known else OTHER_GROUP
        return groups.index(group) if group in groups else len(groups)

    def has_unit(self, kind: str) -> bool:
        """Whether its usage is known to be of one unit, so that it can be added up."""
        own, known = self._profile.items.get(kind), self._wording.items.get(kind)
        return bool((own and own.unit) or (known and (known.unit or known.count)))

    def unit(self, kind: str) -> Unit:
        """How usage of this type is written; a bare number without a known unit."""
        own, known = self._profile.items.get(kind), self._wording.items.get(kind)
        if own and own.unit:
            return self._sellers_unit(own)
        if known and known.unit == "seconds":
            return self._minutes(self._language.format_minutes)
        if known and known.count:
            return self._counted(known.count, known.rate)
        return Unit(self._language.format_number, _no_rate)

    def _sellers_unit(self, own: ItemWording) -> Unit:
        language = self._language
        if own.unit == "seconds":
            return self._minutes(language.format_minutes)
        if own.unit == "hms":
            return self._minutes(language.format_hms)
        if not own.unit_label:
            return Unit(language.format_number, _no_rate)
        chosen = language.choose(own.unit_label)
        forms = {str(form): label for form, label in chosen.items()}

        def write_usage(usage: Decimal) -> str:
            label = _form(forms, language.plural_form(usage))
            return f"{language.format_number(usage)} {label}"

        def write_rate(amount: Decimal, usage: Decimal) -> str:
            rate = language.format_rate(amount, usage)
            return f"{rate}/{_form(forms, 'one')}" if rate else ""

        return Unit(write_usage, write_rate)

    def _minutes(self, write_usage: Callable[[Decimal], str]) -> Unit:
        format_rate = self._language.format_rate
        in_words = self._language.gettext("{rate}/min").format

        def write_rate(amount: Decimal, seconds: Decimal) -> str:
            rate = format_rate(amount, seconds, per=SECONDS_IN_A_MINUTE)
            return in_words(rate=rate) if rate else ""

        return Unit(write_usage, write_rate)

    def _counted(self, count: tuple[str, str], rate_in_words: str) -> Unit:
        language = self._language
        in_words = language.gettext(rate_in_words).format

        def write_usage(usage: Decimal) -> str:
            pattern = language.ngettext(*count, _countable(usage))
            return pattern.format(count=language.format_number(usage))

        def write_rate(amount: Decimal, usage: Decimal) -> str:
            rate = language.format_rate(amount, usage)
            return in_words(rate=rate) if rate else ""

        return Unit(write_usage, write_rate)

    # ------------------------------------------------------------------------- other tokens

    def tax(self, kind: str) -> TaxReading:
        own, known = self._profile.taxes.get(kind), self._wording.taxes.get(kind)
        if own is None and known is None:
            self._note("tax type", kind)
        gettext, choose = self._language.gettext, self._language.choose
        label = gettext(known.label) if known else readable(kind)
        explanation = gettext(known.explanation) if known else ""
        return TaxReading(
            label=choose(own.label) if own and own.label else label,
            explanation=choose(own.explanation) if own and own.explanation else explanation,
            group=(own and own.group) or (known.group if known else _likely_group(kind)),
        )

    def direction(self, token: str | None) -> str:
        return self._word("direction", token, self._wording.directions)

    def payment(self, token: str | None) -> str:
        return self._word("payment type", token, self._wording.payments)

    def jurisdiction(self, token: str | None) -> str:
        """Any state, county or city may stand here: none of them is unknown."""
        known = self._wording.jurisdictions.get(token or "")
        return self._language.gettext(known) if known else readable(token or "")

    def _word(self, what: str, token: str | None, words: Mapping[str, str]) -> str:
        if not token:
            return ""
        if token in words:
            return self._language.gettext(words[token])
        self._note(what, token)
        return readable(token)

    def _note(self, what: str, token: str) -> None:
        self._unknown[what, token] = Notice(
            "type-unknown", f"the {what} {token} has no wording; the seller profile can name it"
        )


def _form(forms: Mapping[str, str], wanted: str) -> str:
    """The plural form that is wanted, else ``other``, else any."""
    return forms.get(wanted) or forms.get("other") or next(iter(forms.values()), "")


def readable(token: str) -> str:
    """``state_911_fee`` reads "State 911 fee"; what is not a machine's token stays as it is."""
    if not _MACHINE_TOKEN.fullmatch(token):
        return token
    words = [_SHORT.get(word, word) for word in re.split(r"[_.-]+", token)]
    spelt = " ".join(word.upper() if word in _ACRONYMS else word for word in words)
    return spelt[:1].upper() + spelt[1:]


def _likely_group(kind: str) -> Literal["tax", "surcharge"]:
    """Only what calls itself a tax is called one: a fee must not pass for a government's tax."""
    words = set(re.split(r"[_.\-\s]+", kind))
    return "surcharge" if words.isdisjoint(_TAXES) else "tax"


def _no_rate(_amount: Decimal, _usage: Decimal) -> str:
    return ""


def _countable(number: Decimal) -> int:
    """A whole number for gettext's plural rule; a fraction counts as the next one up."""
    return int(number.to_integral_value("ROUND_CEILING"))
