"""The seller profile: everything on the page that CarrierX's API does not say.

CarrierX gives no seller, currency, unit, due date or brand; the operator writes them once, in a
TOML or JSON file (``profiles/example.toml`` is a complete one). ``[partners."<sid>"]`` tables
override any part of it for one partner.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from babel import Locale, UnknownLocaleError
from babel.numbers import is_currency
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from invoice_renderer.colour import CONTRAST_FLOOR, contrast
from invoice_renderer.errors import OptionRefused, ProfileMalformed
from invoice_renderer.logo import Logo, LogoRefused, parse_logo
from invoice_renderer.pay_link import check_pattern
from invoice_renderer.request import THEME, Paper, parse_time_zone
from invoice_renderer.strict_json import JsonRefused, parse_json
from invoice_renderer.text import clean_text
from invoice_renderer.validation import first_problem

PROFILE_BYTES = 256 * 1024
WORD_CHARACTERS = 120
NOTE_CHARACTERS = 2_000
EMAIL_CHARACTERS = 254

ReadNeighbour = Callable[[str], bytes]
"""Reads a file that lies beside the profile, such as its logo."""


def _clean(limit: int) -> BeforeValidator:
    return BeforeValidator(
        lambda raw: clean_text(raw, limit=limit) if isinstance(raw, str) else raw
    )


def _https(value: str) -> str:
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[!#-&(-;=?-\[\]-~]*)?", value):
        raise ValueError("must be an https:// address")
    return value


def _currency(value: str) -> str:
    if not is_currency(value):
        raise ValueError("must be an ISO 4217 code such as USD")
    return value


def _locale(value: str) -> str:
    try:
        return str(Locale.parse(value, sep="-")).replace("_", "-")
    except (ValueError, UnknownLocaleError):
        raise ValueError("must be a locale such as en-US") from None


def _time_zone(value: str) -> str:
    try:
        return parse_time_zone(value) or "UTC"
    except OptionRefused:
        raise ValueError("must be an IANA time zone such as America/New_York or UTC") from None


def _legible(value: str) -> str:
    ratio = contrast(value)
    if ratio < CONTRAST_FLOOR:
        shown = math.floor(ratio * 10) / 10  # 4.49 must not read as the 4.5 that is asked for
        raise ValueError(
            f"has a contrast with white paper of {shown}:1; text needs {CONTRAST_FLOOR}:1"
        )
    return value


def _localised(raw: object) -> object:
    """One text for every language may be written without naming the language."""
    return {"en": raw} if isinstance(raw, str) else raw


Line = Annotated[str, Field(min_length=1), _clean(WORD_CHARACTERS)]
Note = Annotated[str, Field(min_length=1), _clean(NOTE_CHARACTERS)]
Email = Annotated[str, Field(pattern=r"^[^@\s<>\"']+@[^@\s<>\"']+$"), _clean(EMAIL_CHARACTERS)]
Url = Annotated[str, Field(max_length=500), AfterValidator(_https)]
LanguageTag = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
LocalisedLine = Annotated[dict[LanguageTag, Line], Field(min_length=1), BeforeValidator(_localised)]
LocalisedNote = Annotated[dict[LanguageTag, Note], Field(min_length=1), BeforeValidator(_localised)]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$"), AfterValidator(_legible)]
PayUrl = Annotated[Url, AfterValidator(check_pattern)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Labelled(_Table):
    """A labelled value, such as a tax number or a bank account."""

    label: LocalisedLine
    value: Line


class Seller(_Table):
    legal_name: Line
    address: Annotated[tuple[Line, ...], Field(min_length=1, max_length=8)]
    identifiers: Annotated[tuple[Labelled, ...], Field(max_length=6)] = ()
    """Tax and registration numbers."""
    website: Url | None = None


class Contact(_Table):
    """Where customers ask about a charge. US rules want one on the bill (47 CFR 64.2401(d))."""

    name: LocalisedLine | None = None
    email: Email | None = None
    phone: Line | None = None
    url: Url | None = None
    hours: LocalisedLine | None = None

    def model_post_init(self, _context: Any) -> None:
        if not (self.email or self.phone or self.url):
            raise ValueError("needs an email, a phone or a url")


class Terms(_Table):
    text: LocalisedNote | None = None
    """How and when to pay, in words."""
    net_days: Annotated[int, Field(ge=0, le=365)] | None = None
    """Days from issue to the due date; without it no due date is printed."""


class Pay(_Table):
    """Where an invoice is paid online. ``url`` may have places, as in
    ``https://pay.example/{invoice_number}?amount={amount_due}``; its host stands as written.
    """

    url: PayUrl
    qr: bool = True


class RemitTo(_Table):
    lines: Annotated[tuple[Line, ...], Field(max_length=8)] = ()
    details: Annotated[tuple[Labelled, ...], Field(max_length=8)] = ()
    slip: bool = False
    """A block to tear off and send with the payment, at the end of the document."""


class ItemWording(_Table):
    """How an item type reads. ``unit = "seconds"`` prints minutes, ``"hms"`` the same seconds as
    h:mm:ss; ``"count"`` prints a number, with ``unit_label`` by language and CLDR plural form.
    """

    label: LocalisedLine | None = None
    unit: Literal["seconds", "hms", "count"] | None = None
    unit_label: dict[
        LanguageTag, dict[Literal["zero", "one", "two", "few", "many", "other"], Line]
    ] = {}


class TaxWording(_Table):
    """How a tax type reads. ``group`` puts it under *Taxes* or *Regulatory fees and surcharges*."""

    label: LocalisedLine | None = None
    explanation: LocalisedNote | None = None
    group: Literal["tax", "surcharge"] | None = None


class Brand(_Table):
    primary: Colour = "#12355b"
    accent: Colour = "#0b7a75"
    logo: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}\.(svg|png)$")] | None = (
        None
    )
    """File name of an SVG or PNG that lies beside the profile."""


class Defaults(_Table):
    locale: Annotated[str, AfterValidator(_locale)] = "en-US"
    time_zone: Annotated[str, AfterValidator(_time_zone)] = "UTC"
    paper: Paper = "letter"
    template: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")] = "v1"
    theme: Annotated[str, Field(pattern=f"^{THEME}$")] | None = None
    """One of the template's; without it the first that the template names."""


class SellerProfile(_Table):
    """One seller, as one partner sees it."""

    seller: Seller
    contact: Contact
    currency: Annotated[str, AfterValidator(_currency)]
    """ISO 4217. CarrierX's rates are in US dollars; the API does not say the invoice's currency."""
    terms: Terms = Terms()
    remit_to: RemitTo = RemitTo()
    pay: Pay | None = None
    custom_fields: Annotated[tuple[Labelled, ...], Field(max_length=8)] = ()
    """Printed among the invoice's facts, such as a purchase order's number."""
    brand: Brand = Brand()
    defaults: Defaults = Defaults()
    items: dict[str, ItemWording] = {}
    taxes: dict[str, TaxWording] = {}
    memo: LocalisedNote | None = None
    footer: LocalisedNote | None = None
    logo: Annotated[Logo | None, Field(exclude=True)] = None
    """The brand's logo, read and validated; not a key of the file."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 over everything that can reach the page."""
        printed = self.model_dump(mode="json", exclude={"defaults": True, "brand": {"logo"}})
        fields = json.dumps(printed, sort_keys=True, separators=(",", ":"))
        image = self.logo.content if self.logo else b""
        return hashlib.sha256(fields.encode() + b"\0" + image).hexdigest()


class SellerProfiles:
    """The profile file: one base, and what differs for some partners."""

    def __init__(self, base: SellerProfile, by_partner: Mapping[str, SellerProfile]) -> None:
        self._base = base
        self._by_partner = by_partner

    def for_partner(self, partner_sid: str) -> SellerProfile:
        return self._by_partner.get(partner_sid, self._base)


def parse_profiles(raw: bytes, *, name: str, read_neighbour: ReadNeighbour) -> SellerProfiles:
    """Read a whole profile file; every partner's override is validated now, not at month end.

    :raises ProfileMalformed: names the key by its path.
    """
    fields = _parse_file(raw, name)
    overrides = fields.pop("partners", {})
    if not isinstance(overrides, dict):
        raise ProfileMalformed("partners", "must be a table of partner SIDs")
    base = _parse_profile(fields, "", read_neighbour)
    by_partner = {
        sid: _parse_profile(_merge(fields, changes), f'partners."{sid}".', read_neighbour)
        for sid, changes in overrides.items()
    }
    return SellerProfiles(base, by_partner)


def _parse_file(raw: bytes, name: str) -> dict[str, Any]:
    if len(raw) > PROFILE_BYTES:
        raise ProfileMalformed("file", f"is over {PROFILE_BYTES} bytes")
    try:
        fields = parse_json(raw) if name.endswith(".json") else tomllib.loads(raw.decode("utf-8"))
    except JsonRefused as refused:
        raise ProfileMalformed("file", str(refused)) from None
    except ValueError as error:  # TOMLDecodeError names line and column; UnicodeDecodeError
        problem = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "is not UTF-8"
        raise ProfileMalformed("file", problem) from None
    if not isinstance(fields, dict):
        raise ProfileMalformed("file", "must be a table")
    return fields


def _parse_profile(
    fields: Mapping[str, Any], where: str, read_neighbour: ReadNeighbour
) -> SellerProfile:
    if "logo" in fields:
        raise ProfileMalformed(f"{where}logo", "is set as brand.logo")
    try:
        profile = SellerProfile.model_validate(fields)
    except ValidationError as error:
        path, problem = first_problem(error, root="profile")
        raise ProfileMalformed(where + path, problem) from None
    name = profile.brand.logo
    if name is None:
        return profile
    try:
        logo = parse_logo(read_neighbour(name), name=name)
    except LogoRefused as refused:
        raise ProfileMalformed(f"{where}brand.logo", str(refused)) from None
    except OSError:
        raise ProfileMalformed(f"{where}brand.logo", "is not beside the profile") from None
    return profile.model_copy(update={"logo": logo})


def _merge(base: Mapping[str, Any], changes: object) -> dict[str, Any]:
    """``changes`` over ``base``, table by table; a value or a list replaces the other whole."""
    if not isinstance(changes, Mapping):
        raise ProfileMalformed("partners", "must be a table for each partner SID")
    merged = dict(base)
    for key, value in changes.items():
        under = merged.get(key)
        if isinstance(value, Mapping) and isinstance(under, Mapping):
            value = _merge(under, value)  # noqa: PLW2901
        merged[key] = value
    return merged
