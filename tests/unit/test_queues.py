"""The queue of requests, and dead letters that say why they are there."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from invoice_renderer.errors import (
    InvoiceRendererError,
    InvoiceSidInvalid,
    QueueRefused,
    QueueUnavailable,
    RequestMalformed,
    UnknownEvent,
)
from invoice_renderer.queues import VISIBILITY_CEILING_SECONDS, Letter, RequestQueue
from tests.fakes import FailingAws, aws_error

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

Messages = Callable[[str], list[Any]]


@pytest.fixture
def urls(sqs: SQSClient) -> tuple[str, str]:
    names = (f"queue-{uuid.uuid4()}", f"dead-{uuid.uuid4()}")
    first, second = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in names)
    return first, second


@pytest.fixture
def queue(sqs: SQSClient, urls: tuple[str, str]) -> RequestQueue:
    return RequestQueue(sqs, queue_url=urls[0], dead_letter_queue_url=urls[1])


@pytest.fixture
def messages(sqs: SQSClient) -> Messages:
    """Whatever lies in a queue."""

    def receive(url: str) -> list[Any]:
        taken: list[Any] = []
        while found := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            taken += found
        return taken

    return receive


def facts_of(letter: Any) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}


@pytest.mark.parametrize("count", [0, 1, 10, 11, 25])
def test_each_request_is_one_message(
    queue: RequestQueue, urls: tuple[str, str], messages: Messages, count: int
) -> None:
    bodies = [{"invoice_sid": f"i-{n}"} for n in range(count)]

    assert count == queue.send(iter(bodies))

    sent = [json.loads(message["Body"]) for message in messages(urls[0])]
    assert sorted(map(str, bodies)) == sorted(map(str, sent))


def test_what_json_does_not_know_is_sent_as_text(
    queue: RequestQueue, urls: tuple[str, str], messages: Messages
) -> None:
    queue.send([{"size": Decimal("1.5"), "name": "\ud800"}])

    (message,) = messages(urls[0])
    assert json.loads(message["Body"]) == {"size": "1.5", "name": "\ud800"}


def test_a_dead_letter_keeps_its_body_and_says_why_it_is_there(
    queue: RequestQueue, urls: tuple[str, str], messages: Messages
) -> None:
    """So that a redrive is simply a move."""
    queue.park('{"invoice_sid": "a b"}', InvoiceSidInvalid(), sid="i-1", attempts=3)

    (letter,) = messages(urls[1])
    assert letter["Body"] == '{"invoice_sid": "a b"}'
    assert facts_of(letter) == {
        "invoice_sid": "i-1",
        "code": "invoice-sid-invalid",
        "detail": InvoiceSidInvalid().detail,
        "attempts": "3",
    }
    assert messages(urls[0]) == []


def test_ten_letters_are_parked_with_one_call(
    queue: RequestQueue, urls: tuple[str, str], messages: Messages
) -> None:
    queue.park_all([Letter(f'{{"row": {n}}}', InvoiceSidInvalid(), f"i-{n}", n) for n in range(10)])

    letters = messages(urls[1])
    assert {each["Body"] for each in letters} == {f'{{"row": {n}}}' for n in range(10)}
    assert {facts_of(each)["invoice_sid"] for each in letters} == {f"i-{n}" for n in range(10)}
    assert {facts_of(each)["code"] for each in letters} == {"invoice-sid-invalid"}


def test_a_letter_without_a_sid_or_a_body_is_kept_too(
    queue: RequestQueue, urls: tuple[str, str], messages: Messages
) -> None:
    queue.park("", InvoiceSidInvalid(), sid="", attempts=1)

    (letter,) = messages(urls[1])
    assert letter["Body"] == "{}"
    assert facts_of(letter)["invoice_sid"] == "unknown"


@pytest.mark.parametrize(
    "error",
    [
        UnknownEvent(("a\x00b", "\ud800", "\u202e")),
        RequestMalformed("bad\x00\ud800\ufffe\u2028"),
        RequestMalformed("x" * 5_000),
    ],
    ids=lambda error: error.code,
)
def test_no_reason_can_keep_a_letter_out(
    queue: RequestQueue, urls: tuple[str, str], messages: Messages, error: InvoiceRendererError
) -> None:
    """SQS refuses control characters and lone surrogates, and a letter refused is one lost."""
    queue.park("{}", error, sid="i\x00\ud800", attempts=1)

    (letter,) = messages(urls[1])
    assert facts_of(letter)["invoice_sid"] == "i??"
    assert facts_of(letter)["detail"].isprintable()
    assert len(facts_of(letter)["detail"]) <= 500


def test_a_message_is_postponed(
    sqs: SQSClient, queue: RequestQueue, urls: tuple[str, str], messages: Messages
) -> None:
    queue.send([{"invoice_sid": "i-1"}])
    (message,) = messages(urls[0])

    queue.postpone(message["ReceiptHandle"], 0)
    (again,) = messages(urls[0])
    queue.postpone(again["ReceiptHandle"], 900.7)

    assert message["MessageId"] == again["MessageId"]
    assert messages(urls[0]) == []


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-5, 0), (15.9, 15), (10**6, VISIBILITY_CEILING_SECONDS)]
)
def test_a_pause_is_one_that_sqs_takes(seconds: float, expected: int) -> None:
    class RecordingSqs:
        def change_message_visibility(self, **arguments: object) -> None:
            self.arguments = arguments

    sqs: Any = RecordingSqs()
    RequestQueue(sqs, queue_url="q", dead_letter_queue_url="d").postpone("handle", seconds)

    assert expected == sqs.arguments["VisibilityTimeout"]


@pytest.mark.parametrize(
    "error",
    [
        aws_error(500, "InternalError"),
        aws_error(403, "AccessDenied"),
        aws_error(400, "AWS.SimpleQueueService.NonExistentQueue"),
        ConnectTimeoutError(endpoint_url="https://sqs.example"),
    ],
    ids=str,
)
def test_a_queue_that_takes_nothing_may_heal(error: Exception) -> None:
    sqs: Any = FailingAws(error)
    queue = RequestQueue(sqs, queue_url="q", dead_letter_queue_url="d")

    with pytest.raises(QueueUnavailable):
        queue.send([{}])
    with pytest.raises(QueueUnavailable):
        queue.park("{}", InvoiceSidInvalid(), sid="", attempts=1)
    with pytest.raises(QueueUnavailable):
        queue.park_all([Letter("{}", InvoiceSidInvalid())])
    with pytest.raises(QueueUnavailable):
        queue.postpone("handle", 1)


def test_a_queue_that_refuses_says_so() -> None:
    """Not "try again later": a person must look at the role, and the letter names it."""
    sqs: Any = FailingAws(aws_error(403, "AccessDenied"))
    queue = RequestQueue(sqs, queue_url="q", dead_letter_queue_url="d")
    with pytest.raises(QueueRefused, match="refused: AccessDenied"):
        queue.send([{}])


def test_a_queue_that_is_silent_is_not_said_to_refuse() -> None:
    sqs: Any = FailingAws(aws_error(500, "InternalError"))
    queue = RequestQueue(sqs, queue_url="q", dead_letter_queue_url="d")
    with pytest.raises(QueueUnavailable) as raised:
        queue.send([{}])
    assert type(raised.value) is QueueUnavailable


def test_a_batch_of_which_one_message_was_not_taken_is_not_sent() -> None:
    class HalfASqs:
        def send_message_batch(self, **_arguments: object) -> dict[str, object]:
            return {"Successful": [{}], "Failed": [{"Id": "1"}]}

    sqs: Any = HalfASqs()
    queue = RequestQueue(sqs, queue_url="q", dead_letter_queue_url="d")
    with pytest.raises(QueueUnavailable):
        queue.send([{}, {}])
    with pytest.raises(QueueUnavailable):
        queue.park_all([Letter("{}", InvoiceSidInvalid())] * 2)
