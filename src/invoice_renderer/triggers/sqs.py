"""An SQS batch: messages that carry one of the other events, or a request, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from invoice_renderer.errors import RequestMalformed
from invoice_renderer.strict_json import JsonRefused, parse_json

BODY_CHARACTERS = 256 * 1024


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery of one message; ``attempts`` counts this one."""

    message_id: str
    receipt_handle: str = field(repr=False)
    body: str = field(repr=False)
    attempts: int


def matches(event: object) -> TypeGuard[Mapping[str, Any]]:
    records = event.get("Records") if isinstance(event, Mapping) else None
    return (
        isinstance(records, list)
        and bool(records)
        and all(
            isinstance(record, Mapping) and record.get("eventSource") == "aws:sqs"
            for record in records
        )
    )


def parse(event: Mapping[str, Any]) -> list[Message]:
    return [
        Message(
            message_id=record["messageId"],
            receipt_handle=record["receiptHandle"],
            body=record["body"],
            attempts=int(record["attributes"]["ApproximateReceiveCount"]),
        )
        for record in event["Records"]
    ]


def answer(failed: Iterable[Message]) -> dict[str, object]:
    """What Lambda's event source mapping expects of ``ReportBatchItemFailures``."""
    return {"batchItemFailures": [{"itemIdentifier": each.message_id} for each in failed]}


def parse_body(body: str) -> object:
    """The event or request that a message carries.

    :raises RequestMalformed: not JSON, or over SQS's own limit of 256 KiB.
    """
    if len(body) > BODY_CHARACTERS:
        raise RequestMalformed("The message is too large.")
    try:
        return parse_json(body)
    except JsonRefused as refused:
        raise RequestMalformed(f"The message {refused}.") from None
