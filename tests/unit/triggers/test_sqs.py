"""A batch of the queue: every message, its receipts, and which of them must come back."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoice_renderer.errors import RequestMalformed
from invoice_renderer.triggers import sqs
from invoice_renderer.triggers.sqs import BODY_CHARACTERS


def a_record(number: int = 1, *, attempts: int = 1, body: str = "{}") -> dict[str, Any]:
    return {
        "eventSource": "aws:sqs",
        "messageId": f"m-{number}",
        "receiptHandle": f"r-{number}",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(attempts)},
    }


def test_a_batch_is_read_in_order() -> None:
    event = {"Records": [a_record(1), a_record(2, attempts=4, body='{"invoice_sid": "i-1"}')]}

    first, second = sqs.parse(event)

    assert (first.message_id, first.receipt_handle, first.attempts) == ("m-1", "r-1", 1)
    assert (second.body, second.attempts) == ('{"invoice_sid": "i-1"}', 4)


@pytest.mark.parametrize(
    "event",
    [
        {},
        None,
        [],
        {"Records": []},
        {"Records": None},
        {"Records": [{"eventSource": "aws:s3"}]},
        {"Records": [a_record(), {"eventSource": "aws:s3"}]},
        {"Records": [a_record(), "x"]},
    ],
    ids=str,
)
def test_anything_else_is_no_batch(event: object) -> None:
    assert not sqs.matches(event)
    assert sqs.matches({"Records": [a_record()]})


def test_only_the_failed_come_back() -> None:
    _, failed = sqs.parse({"Records": [a_record(1), a_record(2)]})

    assert sqs.answer([]) == {"batchItemFailures": []}
    assert sqs.answer([failed]) == {"batchItemFailures": [{"itemIdentifier": "m-2"}]}


def test_a_message_does_not_print_its_body_or_its_receipt() -> None:
    (message,) = sqs.parse({"Records": [a_record(body="canary")]})

    assert "canary" not in repr(message)
    assert "r-1" not in repr(message)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", "is not JSON"),
        ("hello", "is not JSON"),
        ("{", "is not JSON"),
        ("\ufeff{}", "is not JSON"),
        ('{"a": NaN}', "NaN"),
        ('{"invoice_sid": "a", "invoice_sid": "b"}', "the same key twice"),
        ("[" * 100_000, "nested too deeply"),
        (" " * (BODY_CHARACTERS + 1), "too large"),
    ],
    ids=lambda value: value[:20],
)
def test_a_body_that_cannot_be_read_is_refused(body: str, problem: str) -> None:
    with pytest.raises(RequestMalformed, match=problem):
        sqs.parse_body(body)


def test_a_body_is_any_json() -> None:
    assert sqs.parse_body('[1, 2.50, "x"]') == [1, Decimal("2.50"), "x"]


@given(st.text(max_size=100) | st.dictionaries(st.text(), st.floats() | st.text()).map(json.dumps))
def test_an_arbitrary_body_is_json_or_refused(body: str) -> None:
    with suppress(RequestMalformed):
        sqs.parse_body(body)
