"""The queue of requests, and the dead-letter queue.

A dead letter keeps the body of the message it was, so that a redrive is simply a move; what was
wrong stands in its attributes: ``invoice_sid``, ``code``, ``detail``, ``attempts``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from invoice_renderer.errors import InvoiceRendererError, QueueUnavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH = 10  # SQS takes ten messages at once
VISIBILITY_CEILING_SECONDS = 12 * 3600 - 60
ATTRIBUTE_CHARACTERS = 500


class RequestQueue:
    """Sends requests, postpones deliveries, parks what cannot be done."""

    def __init__(self, sqs: SQSClient, *, queue_url: str, dead_letter_queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._dead_letter_queue_url = dead_letter_queue_url

    def send(self, bodies: Iterable[object]) -> int:
        """Queue one message for each body; says how many.

        :raises QueueUnavailable: some were not taken. Sending all again is safe: a request that
            is delivered twice finds its document stored.
        """
        texts = [json.dumps(body, separators=(",", ":"), default=str) for body in bodies]
        for start in range(0, len(texts), BATCH):
            self._send_batch(texts[start : start + BATCH])
        return len(texts)

    def park(self, body: str, error: InvoiceRendererError, *, sid: str, attempts: int) -> None:
        """Put a message aside for a person, with the reason."""
        facts = {
            "invoice_sid": sid or "unknown",
            "code": error.code,
            "detail": error.detail,
            "attempts": str(attempts),
        }
        try:
            self._sqs.send_message(
                QueueUrl=self._dead_letter_queue_url,
                MessageBody=body or "{}",
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": _printable(value)}
                    for name, value in facts.items()
                },
            )
        except (ClientError, BotoCoreError):
            raise QueueUnavailable from None

    def postpone(self, receipt_handle: str, seconds: float) -> None:
        """Let a message that failed come back after ``seconds``, not after the whole visibility."""
        timeout = max(0, min(int(seconds), VISIBILITY_CEILING_SECONDS))
        try:
            self._sqs.change_message_visibility(
                QueueUrl=self._queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=timeout
            )
        except (ClientError, BotoCoreError):
            raise QueueUnavailable from None

    def _send_batch(self, texts: Sequence[str]) -> None:
        try:
            answer = self._sqs.send_message_batch(
                QueueUrl=self._queue_url,
                Entries=[{"Id": str(n), "MessageBody": text} for n, text in enumerate(texts)],
            )
        except (ClientError, BotoCoreError):
            raise QueueUnavailable from None
        if answer.get("Failed"):
            raise QueueUnavailable


def _printable(text: str) -> str:
    """SQS refuses a message with a control character or a lone surrogate in an attribute."""
    return "".join(each if each.isprintable() else "?" for each in text[:ATTRIBUTE_CHARACTERS])
