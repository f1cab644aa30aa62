"""``Retry-After``: seconds or a date, and whatever else a server may write there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoice_renderer.billing.retries import RETRY_AFTER_CAP_SECONDS, parse_retry_after

NOW = datetime(2025, 1, 20, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("1", 1.0),
        (" 30 ", 30.0),
        ("0", 0.0),
        ("3600", 3600.0),
        ("Mon, 20 Jan 2025 06:00:10 GMT", 10.0),
        ("Mon, 20 Jan 2025 08:00:10 +0200", 10.0),
        ("Monday, 20-Jan-25 06:00:10 GMT", 10.0),
        ("Mon, 20 Jan 2025 05:00:00 GMT", 0.0),
    ],
)
def test_a_count_of_seconds_or_a_date_is_obeyed(header: str, expected: float) -> None:
    assert expected == parse_retry_after(header, now=NOW)


@pytest.mark.parametrize(
    "header",
    [None, "", " ", "-1", "+1", "1.5", "1e3", "soon", "\u0661", "NaN", "0x1"],
)
def test_anything_else_is_as_if_it_were_not_there(header: str | None) -> None:
    assert parse_retry_after(header, now=NOW) is None


@pytest.mark.parametrize("header", ["1" * 9, "1" * 5_000, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_nobody_waits_longer_than_a_day(header: str) -> None:
    assert parse_retry_after(header, now=NOW) == RETRY_AFTER_CAP_SECONDS


@given(
    st.text(max_size=60) | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,6} [A-Z][a-z]{2} [0-9]{1,6} .*")
)
def test_no_header_can_do_harm(header: str) -> None:
    seconds = parse_retry_after(header, now=NOW)

    assert seconds is None or 0 <= seconds <= RETRY_AFTER_CAP_SECONDS
