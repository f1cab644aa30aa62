"""The queue of requests, and the dead-letter queue.

A dead letter keeps the body of the message it was, so that a redrive is simply a move; what was
wrong stands in its attributes: ``invoice_sid``, ``code``, ``detail``, ``attempts``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from invoice_renderer.aws_faults import code_of, is_final
from invoice_renderer.errors import InvoiceRendererError, QueueRefused, QueueUnavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef

BATCH = 10  # SQS takes ten messages at once
VISIBILITY_CEILING_SECONDS = 12 * 3600 - 60
ATTRIBUTE_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Letter:
    """A message put aside for a person, with the reason."""

    body: str = field(repr=False)
    error: InvoiceRendererError
    sid: str = ""
    attempts: int = 1


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
        letter = Letter(body, error, sid, attempts)
        try:
            self._sqs.send_message(
                QueueUrl=self._dead_letter_queue_url,
                MessageBody=body or "{}",
                MessageAttributes=_facts_of(letter),
            )
        except (ClientError, BotoCoreError) as fault:
            raise _queue_error(fault) from None

    def park_all(self, letters: Sequence[Letter]) -> None:
        """Put up to :data:`BATCH` short letters aside with one call: SQS takes 256 KiB at once.

        :raises QueueUnavailable: some were not taken; parking all again doubles the others.
        """
        try:
            answer = self._sqs.send_message_batch(
                QueueUrl=self._dead_letter_queue_url,
                Entries=[
                    {
                        "Id": str(number),
                        "MessageBody": letter.body or "{}",
                        "MessageAttributes": _facts_of(letter),
                    }
                    for number, letter in enumerate(letters)
                ],
            )
        except (ClientError, BotoCoreError) as fault:
            raise _queue_error(fault) from None
        if answer.get("Failed"):
            raise QueueUnavailable

    def postpone(self, receipt_handle: str, seconds: float) -> None:
        """Let a message that failed come back after ``seconds``, not after the whole visibility."""
        timeout = max(0, min(int(seconds), VISIBILITY_CEILING_SECONDS))
        try:
            self._sqs.change_message_visibility(
                QueueUrl=self._queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=timeout
            )
        except (ClientError, BotoCoreError) as fault:
            raise _queue_error(fault) from None

    def _send_batch(self, texts: Sequence[str]) -> None:
        try:
            answer = self._sqs.send_message_batch(
                QueueUrl=self._queue_url,
                Entries=[{"Id": str(n), "MessageBody": text} for n, text in enumerate(texts)],
            )
        except (ClientError, BotoCoreError) as fault:
            raise _queue_error(fault) from None
        if answer.get("Failed"):
            raise QueueUnavailable


def _queue_error(error: ClientError | BotoCoreError) -> QueueUnavailable:
    """What SQS's answer, or its silence, means to us."""
    if isinstance(error, ClientError) and is_final(error):
        return QueueRefused(code_of(error) or "without a reason")
    return QueueUnavailable()


def _facts_of(letter: Letter) -> dict[str, MessageAttributeValueTypeDef]:
    facts = {
        "invoice_sid": letter.sid or "unknown",
        "code": letter.error.code,
        "detail": letter.error.detail,
        "attempts": str(letter.attempts),
    }
    return {
        name: {"DataType": "String", "StringValue": _printable(value)}
        for name, value in facts.items()
    }


def _printable(text: str) -> str:
    """SQS refuses a message with a control character or a lone surrogate in an attribute."""
    return "".join(each if each.isprintable() else "?" for each in text[:ATTRIBUTE_CHARACTERS])
