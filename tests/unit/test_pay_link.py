"""The address where an invoice is paid: the operator's host, and nothing leaves its place."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoice_renderer.pay_link import ADDRESS_CHARACTERS, check_pattern, fill_pattern

PATTERN = "https://pay.example/i/{invoice_number}?amount={amount_due}"


def test_the_places_are_filled() -> None:
    """In the path and in the query."""
    address = fill_pattern(PATTERN, {"invoice_number": "004", "amount_due": "12.50"})
    assert address == "https://pay.example/i/004?amount=12.50"


@pytest.mark.parametrize(
    "number",
    [
        "a/b",
        "../../x",
        "?x=1",
        "#x",
        "a&amount=0",
        "@evil.example",
        "//evil.example",
        "%2f",
        "x\\y",
    ],
)
def test_a_value_stays_in_its_place(number: str) -> None:
    """Every character that could mean something in an address is encoded."""
    parts = urlsplit(fill_pattern(PATTERN, {"invoice_number": number, "amount_due": "1"}))
    assert (parts.hostname, parts.query, parts.fragment) == ("pay.example", "amount=1", "")
    assert unquote(parts.path) == f"/i/{number}"
    assert parts.path.count("/") == 2


@given(st.text(min_size=1, max_size=40).filter(lambda text: text not in {".", ".."}))
def test_any_value_comes_back_as_it_was(text: str) -> None:
    """Whatever it is made of: surrogates apart, which no invoice has."""
    if any("\ud800" <= one <= "\udfff" for one in text):
        return
    pattern = "https://pay.example/{invoice_number}?n={invoice_number}"
    parts = urlsplit(fill_pattern(pattern, {"invoice_number": text}))
    assert (parts.scheme, parts.netloc) == ("https", "pay.example")
    assert unquote(parts.path[1:]) == text
    assert parse_qs(parts.query, keep_blank_values=True)["n"] == [text]


@pytest.mark.parametrize("number", ["", ".", "..", "x" * ADDRESS_CHARACTERS])
def test_no_address_is_better_than_a_wrong_one(number: str) -> None:
    """Where a value is missing, walks up the path, or has no end."""
    assert fill_pattern(PATTERN, {"invoice_number": number, "amount_due": "1"}) == ""


def test_dots_are_harmless_in_a_query() -> None:
    """Only a path can be walked up."""
    address = fill_pattern("https://pay.example/?n={invoice_number}", {"invoice_number": ".."})
    assert address == "https://pay.example/?n=.."


@pytest.mark.parametrize("pattern", ["{sid}", "{}", "{invoice_number", "x}", "{{amount_due}}"])
def test_the_set_of_places_is_closed(pattern: str) -> None:
    """A misspelt place is found when the profile is read."""
    with pytest.raises(ValueError, match="invoice_number"):
        check_pattern(f"https://pay.example/{pattern}")
