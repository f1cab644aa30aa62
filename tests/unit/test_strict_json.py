"""JSON as RFC 8259 has it, and numbers as they were written."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoice_renderer.strict_json import DIGITS, JsonRefused, parse_json
from tests.builders import SAMPLES

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_what_json_writes_is_read_back(thing: object) -> None:
    assert thing == parse_json(json.dumps(thing))
    assert thing == parse_json(json.dumps(thing).encode())


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_json_or_refused(raw: bytes) -> None:
    with suppress(JsonRefused):
        parse_json(raw)


@given(st.decimals(-(10**15), 10**15, places=9))
def test_a_number_with_a_point_is_never_a_binary_float(number: Decimal) -> None:
    parsed = parse_json(f"[{number:f}]")

    assert [number] == parsed
    assert isinstance(parsed, list)
    assert type(parsed[0]) is Decimal


def test_twenty_digits_stay_twenty_digits() -> None:
    assert Decimal("12345678901234567890.12") == parse_json("12345678901234567890.12")


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "[1, NaN]"])
def test_nan_and_infinity_are_not_json(constant: str) -> None:
    with pytest.raises(JsonRefused, match="NaN or Infinity"):
        parse_json(constant)


@pytest.mark.parametrize("raw", ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "\\u0061": 2}}]'])
def test_the_same_key_twice_is_refused_at_any_depth(raw: str) -> None:
    with pytest.raises(JsonRefused, match="the same key twice"):
        parse_json(raw)


@pytest.mark.parametrize("form", ["{}", "-{}", "0.{}", "1e{}"])
def test_a_number_of_5_000_digits_is_refused_unread(form: str) -> None:
    with pytest.raises(JsonRefused, match="too many digits"):
        parse_json(form.format("1" * 5_000))


def test_a_number_at_the_limit_is_read() -> None:
    assert parse_json("1" + "0" * (DIGITS - 1)) == 10 ** (DIGITS - 1)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_100_000_deep_nesting_is_refused(opening: str) -> None:
    with pytest.raises(JsonRefused):
        parse_json(opening * 100_000)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "is not JSON"),
        (b'{"a":', "is not JSON"),
        (b"{'a': 1}", "is not JSON"),
        (b"\xef\xbb\xbf{}", "is not JSON"),
        ('{"a": 1}'.encode("utf-16"), "is not UTF-8"),
        ('{"a": 1}'.encode("utf-16-le"), "is not JSON"),
        ('{"a": "\xe9"}'.encode("latin-1"), "is not UTF-8"),
        (b'"\xed\xa0\x80"', "is not UTF-8"),
        (b'"a\nb"', "is not JSON"),
        (b"01", "is not JSON"),
        (b"[1,]", "is not JSON"),
    ],
)
def test_other_encodings_and_almost_json_are_refused(raw: bytes, problem: str) -> None:
    with pytest.raises(JsonRefused, match=problem):
        parse_json(raw)


def test_a_refusal_never_quotes_the_text() -> None:
    with pytest.raises(JsonRefused) as refused:
        parse_json('{"name": "Jane Roe" "x"}')

    assert "Jane" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_every_documented_answer_is_strict_json(path: object) -> None:
    assert isinstance(parse_json(path.read_bytes()), dict)  # type: ignore[attr-defined]
