"""The seller profile: everything on the page that the API does not say, checked when it is read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from invoice_renderer.errors import ProfileMalformed, ProfileUnavailable
from invoice_renderer.profile import PROFILE_BYTES, SellerProfile, SellerProfiles, parse_profiles
from tests.builders import a_profile, profile_fields

PROJECT = Path(__file__).parents[2]
EXAMPLE = PROJECT / "profiles" / "example.toml"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>'
CANARY = "canary-4711"


def nothing_beside(_name: str) -> bytes:
    raise FileNotFoundError


def profiles_of(fields: object, **neighbours: bytes) -> SellerProfiles:
    def read_neighbour(name: str) -> bytes:
        return neighbours[name.replace(".", "_")]

    return parse_profiles(json.dumps(fields).encode(), name="p.json", read_neighbour=read_neighbour)


def refusal_of(raw: bytes, name: str = "p.json") -> ProfileMalformed:
    with pytest.raises(ProfileMalformed) as error:
        parse_profiles(raw, name=name, read_neighbour=nothing_beside)
    return error.value


def malformed(**changes: object) -> ProfileMalformed:
    return refusal_of(json.dumps(profile_fields(**changes)).encode())


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in profile_fields().items() if key != name}


# ----------------------------------------------------------------------------- the file


def test_the_example_that_ships_is_a_profile() -> None:
    profiles = parse_profiles(
        EXAMPLE.read_bytes(),
        name=EXAMPLE.name,
        read_neighbour=lambda name: (EXAMPLE.parent / name).read_bytes(),
    )
    profile = profiles.for_partner("any")

    assert profile.currency == "USD"
    assert profile.contact.phone
    assert profile.logo is not None


def test_toml_and_json_say_the_same() -> None:
    toml = b"""
        currency = "USD"
        [seller]
        legal_name = "Northline Communications, Inc."
        address = ["1200 Harbor St"]
        [contact]
        email = "billing@northline.example"
        phone = "+1 800 555 0142"
    """
    profiles = parse_profiles(toml, name="profile.toml", read_neighbour=nothing_beside)

    assert a_profile() == profiles.for_partner("any")


@pytest.mark.parametrize(
    ("raw", "name", "problem"),
    [
        (b"[1]", "p.json", "must be a table"),
        (b"{", "p.json", "is not JSON"),
        (b'{"a": 1, "a": 2}', "p.json", "the same key twice"),
        (b'{"a": NaN}', "p.json", "NaN"),
        (b"a = \xff", "p.toml", "is not UTF-8"),
        (b"\xff", "p.json", "is not UTF-8"),
        (b"a = ", "p.toml", "at line 1, column 5|at end of document"),
        (b"a = 1\na = 2", "p.toml", "Cannot overwrite"),
        (b" " * (PROFILE_BYTES + 1), "p.toml", "is over 262144 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(raw: bytes, name: str, problem: str) -> None:
    error = refusal_of(raw, name)

    assert error.path == "file"
    assert re.search(problem, error.detail)


@pytest.mark.parametrize("name", ["currency", "seller", "contact"])
def test_what_every_page_needs_must_be_there(name: str) -> None:
    assert refusal_of(json.dumps(without(name)).encode()).detail == (
        f"Seller profile, {name}: is missing."
    )


# ----------------------------------------------------------------------------- its keys


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"currency": "usd"}, "currency"),
        ({"currency": "$"}, "currency"),
        ({"currency": "XQQ"}, "currency"),
        ({"currency": CANARY}, "currency"),
        ({"currency": ["USD"]}, "currency"),
        ({"currency": ""}, "currency"),
        ({"curency": CANARY}, "curency"),
        ({"seller": {"legal_name": "", "address": ["x"]}}, "seller.legal_name"),
        ({"seller": {"legal_name": " \u200b ", "address": ["x"]}}, "seller.legal_name"),
        ({"seller": {"legal_name": "N", "address": []}}, "seller.address"),
        ({"seller": {"legal_name": "N", "address": ["x"] * 9}}, "seller.address"),
        ({"seller": {"legal_name": "N", "address": CANARY}}, "seller.address"),
        ({"seller": {"legal_name": CANARY * 20, "address": ["x"]}}, "seller.legal_name"),
        ({"seller": {"legal_name": "N", "address": ["\ud800"]}}, "seller.address[0]"),
        ({"contact": {}}, "contact"),
        ({"contact": {"name": "Billing"}}, "contact"),
        ({"contact": {"email": CANARY}}, "contact.email"),
        ({"contact": {"email": f"{CANARY}@a@b"}}, "contact.email"),
        ({"contact": {"email": "a b@c.example"}}, "contact.email"),
        ({"contact": {"email": "<a>@c.example"}}, "contact.email"),
        ({"contact": {"url": f"http://{CANARY}.example"}}, "contact.url"),
        ({"contact": {"url": f"javascript:{CANARY}"}}, "contact.url"),
        ({"contact": {"url": f"https://user@{CANARY}.example/"}}, "contact.url"),
        ({"contact": {"url": "https://a.example/\u202egnp"}}, "contact.url"),
        ({"contact": {"url": 'https://a.example/"onclick='}}, "contact.url"),
        ({"contact": {"url": "https://a.example/\n"}}, "contact.url"),
        ({"contact": {"url": f"https://a.example/{'x' * 500}"}}, "contact.url"),
        ({"brand": {"primary": "red;background:url(x)"}}, "brand.primary"),
        ({"brand": {"primary": "#12355"}}, "brand.primary"),
        ({"brand": {"primary": "#12355b\n"}}, "brand.primary"),
        ({"brand": {"primary": "#12355b;"}}, "brand.primary"),
        ({"brand": {"accent": ["#12355b"]}}, "brand.accent"),
        ({"brand": {"logo": "../../etc/passwd.png"}}, "brand.logo"),
        ({"brand": {"logo": "https://a.example/l.png"}}, "brand.logo"),
        ({"brand": {"logo": "logo.gif"}}, "brand.logo"),
        ({"brand": {"logo": ".svg"}}, "brand.logo"),
        ({"defaults": {"locale": "xx-YY"}}, "defaults.locale"),
        ({"defaults": {"locale": "../en"}}, "defaults.locale"),
        ({"defaults": {"locale": ""}}, "defaults.locale"),
        ({"defaults": {"time_zone": "Mars/Olympus"}}, "defaults.time_zone"),
        ({"defaults": {"time_zone": "../../etc/passwd"}}, "defaults.time_zone"),
        ({"defaults": {"paper": "a3"}}, "defaults.paper"),
        ({"defaults": {"paper": ["a4"]}}, "defaults.paper"),
        ({"defaults": {"template": "../v1"}}, "defaults.template"),
        ({"defaults": {"theme": "../mono"}}, "defaults.theme"),
        ({"terms": {"net_days": -1}}, "terms.net_days"),
        ({"pay": {}}, "pay.url"),
        ({"pay": {"url": f"http://{CANARY}.example/"}}, "pay.url"),
        ({"pay": {"url": "https://{invoice_number}.example/"}}, "pay.url"),
        ({"pay": {"url": "https://a.example:{amount_due}/"}}, "pay.url"),
        ({"pay": {"url": f"https://a.example/{{{CANARY}}}"}}, "pay.url"),
        ({"pay": {"url": "https://a.example/{invoice_number"}}, "pay.url"),
        ({"pay": {"url": "https://u@a.example/{invoice_number}"}}, "pay.url"),
        ({"custom_fields": [{"label": "PO"}]}, "custom_fields[0].value"),
        ({"custom_fields": [{"label": "PO", "value": "1"}] * 9}, "custom_fields"),
        ({"items": {"toll": {"unit": "hours"}}}, "items.toll.unit"),
        ({"items": {"toll": {"unit": []}}}, "items.toll.unit"),
        ({"taxes": {"fusf": {"group": "fee"}}}, "taxes.fusf.group"),
        ({"memo": {}}, "memo"),
        ({"memo": {"en": "x" * 2_001}}, "memo.en"),
        ({"memo": 7}, "memo"),
        ({"logo": CANARY}, "logo"),
    ],
    ids=str,
)
def test_a_bad_key_is_named_by_its_path_and_its_value_is_not_told(
    changes: dict[str, object], path: str
) -> None:
    error = malformed(**changes)

    assert error.path == path
    assert CANARY not in error.detail
    assert "passwd" not in error.detail


@pytest.mark.parametrize(
    ("colour", "ratio"), [("#ffffff", "1.0:1"), ("#ff6600", "2.9:1"), ("#777777", "4.4:1")]
)
def test_a_colour_that_does_not_read_on_white_is_refused_with_its_ratio(
    colour: str, ratio: str
) -> None:
    for name in ("primary", "accent"):
        error = malformed(brand={name: colour})
        assert error.path == f"brand.{name}"
        assert ratio in error.detail
        assert "4.5:1" in error.detail
    assert a_profile(brand={"primary": "#767676"}).brand.primary == "#767676"


def test_a_language_must_be_one() -> None:
    assert malformed(memo={"en\n": "x"}).path.startswith("memo")
    assert malformed(memo={"../en": "x"}).path.startswith("memo")


@pytest.mark.parametrize(
    "contact", [{"email": "a@b.example"}, {"phone": "1"}, {"url": "https://a.example"}]
)
def test_one_way_to_ask_about_a_charge_is_enough(contact: dict[str, str]) -> None:
    assert a_profile(contact=contact).contact.model_dump(exclude_none=True) == contact


def test_a_text_may_be_written_once_for_every_language() -> None:
    assert a_profile(memo="Thank you").memo == {"en": "Thank you"}
    assert a_profile(memo={"en": "Thank you", "de-AT": "Danke"}).memo == {
        "en": "Thank you",
        "de-AT": "Danke",
    }


def test_text_is_cleaned_on_its_way_in() -> None:
    profile = a_profile(
        seller={"legal_name": "\u202eNorth\x00line ", "address": [" 1  Harbor St\n"]},
        contact={"email": "a\u202e@b.example"},
    )

    assert profile.seller.legal_name == "Northline"
    assert profile.seller.address == ("1 Harbor St",)
    assert profile.contact.email == "a@b.example"


def test_a_locale_is_spelled_in_one_way() -> None:
    assert a_profile(defaults={"locale": "pt-br"}).defaults.locale == "pt-BR"


# ----------------------------------------------------------------------------- partners


def test_a_partner_sees_its_own_overrides_and_everybody_else_the_base() -> None:
    profiles = profiles_of(
        profile_fields(
            memo={"en": "Hello", "fr": "Bonjour"},
            partners={
                "p-1": {"currency": "CAD", "memo": {"fr": "Salut"}, "defaults": {"paper": "a4"}}
            },
        )
    )

    own, other = profiles.for_partner("p-1"), profiles.for_partner("p-2")
    assert (own.currency, other.currency) == ("CAD", "USD")
    assert own.memo == {"en": "Hello", "fr": "Salut"}
    assert other.memo == {"en": "Hello", "fr": "Bonjour"}
    assert (own.defaults.paper, own.defaults.locale) == ("a4", "en-US")
    assert own.seller == other.seller
    assert own.digest != other.digest


def test_a_list_is_replaced_whole_and_null_takes_away() -> None:
    profiles = profiles_of(
        profile_fields(
            memo="Hello",
            partners={"p-1": {"memo": None, "seller": {"address": ["2 Quay Rd", "Bath"]}}},
        )
    )

    own = profiles.for_partner("p-1")
    assert own.memo is None
    assert own.seller.address == ("2 Quay Rd", "Bath")
    assert own.seller.legal_name == "Northline Communications, Inc."


@pytest.mark.parametrize(
    ("partners", "path"),
    [
        ({"p-1": {"currency": "usd"}}, 'partners."p-1".currency'),
        ({"p-1": {"brand": {"logo": 7}}}, 'partners."p-1".brand.logo'),
        ({"p-1": {"logo": "x"}}, 'partners."p-1".logo'),
        ({"p-1": {"contact": {"email": None, "phone": None}}}, 'partners."p-1".contact'),
        ({"p-1": {"partners": {}}}, 'partners."p-1".partners'),
        ({"p-1": "x"}, "partners"),
        (["p-1"], "partners"),
    ],
    ids=str,
)
def test_a_bad_override_is_found_at_once_and_not_at_month_end(partners: object, path: str) -> None:
    assert malformed(partners=partners).path == path


# ----------------------------------------------------------------------------- the logo


def test_the_logo_lies_beside_the_profile() -> None:
    profile = profiles_of(profile_fields(brand={"logo": "l.svg"}), l_svg=SVG).for_partner("any")

    assert profile.logo is not None
    assert profile.logo.media_type == "image/svg+xml"


def test_a_logo_that_is_missing_or_unsound_is_named() -> None:
    assert malformed(brand={"logo": "l.svg"}).path == "brand.logo"
    with pytest.raises(ProfileMalformed, match=r"brand\.logo: is not a sound PNG"):
        profiles_of(profile_fields(brand={"logo": "l.png"}), l_png=b"GIF89a")


def test_a_logo_that_cannot_be_fetched_now_may_be_fetched_later() -> None:
    def silent(_name: str) -> bytes:
        raise ProfileUnavailable

    raw = json.dumps(profile_fields(brand={"logo": "l.svg"})).encode()
    with pytest.raises(ProfileUnavailable):
        parse_profiles(raw, name="p.json", read_neighbour=silent)


# ----------------------------------------------------------------------------- digest


def digest_of(profile: SellerProfile) -> str:
    return profile.digest


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "EUR"},
        {"memo": "Hello"},
        {"brand": {"primary": "#000000"}},
        {"pay": {"url": "https://pay.example/"}},
        {"custom_fields": [{"label": "PO", "value": "4711"}]},
        {"remit_to": {"slip": True}},
        {"items": {"toll": {"label": "Calls"}}},
        {"taxes": {"fusf": {"group": "tax"}}},
    ],
    ids=str,
)
def test_whatever_can_reach_the_page_is_in_the_digest(changes: dict[str, object]) -> None:
    assert a_profile().digest == a_profile().digest
    assert a_profile().digest != a_profile(**changes).digest


@pytest.mark.parametrize("changes", [{"defaults": {"paper": "a4"}}, {"defaults": {"locale": "es"}}])
def test_what_only_fills_in_for_the_caller_is_not(changes: dict[str, object]) -> None:
    """The presentation holds what was chosen in the end, and has its own place in the key."""
    assert a_profile().digest == a_profile(**changes).digest


def test_another_picture_under_the_same_name_is_another_digest() -> None:
    fields = profile_fields(brand={"logo": "l.svg"})
    other = SVG.replace(b"rect", b"ellipse")

    first = profiles_of(fields, l_svg=SVG).for_partner("any")
    second = profiles_of(fields, l_svg=other).for_partner("any")

    assert digest_of(first) != digest_of(second)
