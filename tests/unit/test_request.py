"""What may be asked for, and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoice_renderer.errors import InvoiceSidInvalid, OptionRefused
from invoice_renderer.request import (
    OPERATOR,
    Caller,
    RenderOptions,
    RenderRequest,
    is_sid,
    parse_options,
    parse_request,
    parse_sid,
    request_fields,
    unknown_fields,
)

SID = "4169705e-4284-482f-8e72-e962a8aaad9d"
ALPHABET = "ABCXYZabcxyz0189-"


# ----------------------------------------------------------------------------- SIDs


@given(st.text(ALPHABET, min_size=1, max_size=64))
def test_a_plain_token_is_a_sid_as_it_stands(sid: str) -> None:
    assert sid == parse_sid(sid)


@given(st.text(max_size=80))
def test_anything_that_is_not_a_plain_token_is_refused(text: str) -> None:
    is_plain = re.fullmatch(r"[A-Za-z0-9-]{1,64}", text) is not None

    assert is_plain == is_sid(text)


@given(
    st.text(ALPHABET, max_size=30),
    st.characters(
        exclude_characters="ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"
    ),
    st.text(ALPHABET, max_size=30),
)
def test_one_foreign_character_anywhere_is_refused(before: str, foreign: str, after: str) -> None:
    with pytest.raises(InvoiceSidInvalid):
        parse_sid(before + foreign + after)


@pytest.mark.parametrize(
    "sid",
    [
        "",
        "a" * 65,
        "a b",
        " a",
        "a\n",
        "\na",
        "a\r\n",
        "a\x00",
        "../admin",
        "a/../../x",
        "%2e%2e/x",
        "%2e%2e",
        "..;/x",
        "a?x=1",
        "a#f",
        "@evil/",
        "a_b",
        "a.b",
        "\u202ea",
        "\uff11\uff12\uff13",
        "\u0661\u0662",
        "\u0430bc",
        "\u212ald",
        "\u2010",
        "\ud800",
        None,
        True,
        4169705,
        ["4169705e"],
        {"sid": "4169705e"},
        b"4169705e",
    ],
    ids=repr,
)
def test_this_is_not_a_sid(sid: object) -> None:
    with pytest.raises(InvoiceSidInvalid) as error:
        parse_sid(sid)

    assert error.value.code == "invoice-sid-invalid"


# ----------------------------------------------------------------------------- options


def test_options_are_taken_as_they_are_asked_for() -> None:
    options = parse_options(
        {
            "locale": "es_US",
            "paper": "A4",
            "time_zone": "America/New_York",
            "template": "v1",
            "link_seconds": 120,
            "theme": "large-print",
        }
    )

    assert options == RenderOptions("es-US", "a4", "America/New_York", "v1", 120, "large-print")


def test_what_is_not_asked_for_is_left_to_the_seller() -> None:
    assert RenderOptions() == parse_options({})
    assert RenderOptions() == parse_options({"locale": None, "paper": None, "link_seconds": None})


def test_other_fields_are_left_alone() -> None:
    assert RenderOptions() == parse_options({"colour": "red", "partner_sid": "p-2"})


ODD = [
    "",
    " ",
    0,
    True,
    ["en-US"],
    {"a": 1},
    "../../etc/passwd",
    "%2e%2e",
    "{{7*7}}",
    "\x00",
    "x" * 300,
    "en-US\n",
    "v1\n",
    "a4\n",
    "UTC\n",
]


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize(
    "option", ["locale", "paper", "time_zone", "template", "link_seconds", "theme"]
)
def test_an_odd_option_is_refused_by_name_and_never_quoted(option: str, value: object) -> None:
    with pytest.raises(OptionRefused) as error:
        parse_options({option: value})

    assert error.value.option == option
    assert error.value.detail.startswith(f"{option}: ")
    assert "passwd" not in error.value.detail
    assert len(error.value.detail) < 150


@pytest.mark.parametrize(
    "locale", ["en-US-u-" + "a-" * 150, "e", "english-of-America-and-more", "en--US", "\u0435n"]
)
def test_a_locale_is_a_short_tag(locale: str) -> None:
    with pytest.raises(OptionRefused):
        parse_options({"locale": locale})


@pytest.mark.parametrize("zone", ["UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires", "GMT0"])
def test_a_time_zone_is_one_of_ianas(zone: str) -> None:
    assert zone == parse_options({"time_zone": zone}).time_zone


@pytest.mark.parametrize(
    "zone", ["localtime", "posixrules", "right/UTC", "America", "tzdata.zi", "utc", "Mars/Olympus"]
)
def test_what_else_the_machine_keeps_among_its_time_zones_is_refused(zone: str) -> None:
    """The same request must give the same bytes on any machine."""
    with pytest.raises(OptionRefused):
        parse_options({"time_zone": zone})


@pytest.mark.parametrize("seconds", [60, 900, 10**9, "60", "900"])
def test_a_link_may_live_a_minute_or_more(seconds: object) -> None:
    assert int(str(seconds)) == parse_options({"link_seconds": seconds}).link_seconds


@pytest.mark.parametrize(
    "seconds", [59, -1, 59.5, "59", "-900", "9e2", "\u0669\u0660\u0660", "900.0"]
)
def test_a_link_life_is_a_whole_number_from_a_minute(seconds: object) -> None:
    with pytest.raises(OptionRefused, match="must be a whole number from 60"):
        parse_options({"link_seconds": seconds})


def test_a_closed_set_says_what_is_offered() -> None:
    with pytest.raises(OptionRefused, match="Offered: letter, a4") as error:
        parse_options({"paper": "a3"})

    assert error.value.offered == ("letter", "a4")


# ----------------------------------------------------------------------------- requests, callers


@given(
    st.text(ALPHABET, min_size=1, max_size=64),
    st.sampled_from([None, "en-US", "de"]),
    st.sampled_from([None, "a4", "letter"]),
    st.none() | st.integers(60, 10_000),
)
def test_a_request_survives_the_queue(
    sid: str, locale: str | None, paper: object, seconds: int | None
) -> None:
    options = RenderOptions(locale=locale, paper=paper, link_seconds=seconds)  # type: ignore[arg-type]
    request = RenderRequest(sid, OPERATOR, options)

    assert request == parse_request(request_fields(request), OPERATOR)


def test_the_fields_of_a_request_are_those_that_were_given() -> None:
    request = RenderRequest(SID, OPERATOR, RenderOptions(paper="a4"))

    assert request_fields(request) == {"invoice_sid": SID, "paper": "a4"}


def test_names_that_are_no_option_are_told_a_few_of_them_in_ascii() -> None:
    known = {"invoice_sid": SID, "paper": "a4", "intake_key": "requests/x", "where": "line 3"}
    strange = {"caf\u00e9\n": 1, "x" * 99: 1, **{f"n{n}": 1 for n in range(9)}}

    assert unknown_fields(known) == ()
    assert unknown_fields(known | strange) == ("caf??", "x" * 40, "n0", "n1", "n2")
    assert parse_request(known | {"papier": "a4"}, OPERATOR).unknown_options == ("papier",)


def test_a_request_without_a_sid_is_refused() -> None:
    with pytest.raises(InvoiceSidInvalid):
        parse_request({"paper": "a4"}, OPERATOR)


def test_the_caller_is_never_among_the_fields() -> None:
    """A body that names a partner, or says that it is the operator, changes nothing."""
    caller = Caller(frozenset({"p-1"}))

    request = parse_request({"invoice_sid": SID, "caller": None, "partner_sids": ["p-2"]}, caller)

    assert caller == request.caller


def test_the_operator_may_read_everything_and_a_caller_only_what_is_named() -> None:
    assert OPERATOR.may_read("p-1")
    assert Caller(frozenset({"p-1"})).may_read("p-1")
    assert not Caller(frozenset({"p-1"})).may_read("p-2")
    assert not Caller(frozenset({"p-1"})).may_read("p-11")
    assert not Caller(frozenset()).may_read("p-1")
