"""What Lambda's event source mapping does: from a queue to a handler, and back what failed.

Lambda leaves a failed message invisible until its visibility time-out (half an hour here) has
passed; the pump returns it at once, so that redelivery and the dead-letter queue take no time.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.lambda_context import LambdaContext
from local.stack import Stack

Handler = Callable[[dict[str, Any], Any], Any]

WORKER_SECONDS = 300.0
MAX_BATCHES = 1_000  # drain() gives up rather than pump one message for ever

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pumped:
    """What became of the messages of one batch, or of several added up."""

    batches: int = 0
    delivered: int = 0
    deleted: int = 0
    returned: int = 0
    crashes: int = 0
    """Invocations that raised: the whole batch came back."""

    def __add__(self, other: Pumped) -> Pumped:
        return Pumped(
            self.batches + other.batches,
            self.delivered + other.delivered,
            self.deleted + other.deleted,
            self.returned + other.returned,
            self.crashes + other.crashes,
        )


class QueuePump:
    """``QueuePump(aws.client("sqs"), stack, app.worker).drain()``.

    :param return_at_once: ``False`` leaves failed messages invisible, as Lambda does.
    """

    def __init__(
        self,
        sqs: Any,
        stack: Stack,
        handler: Handler,
        *,
        batch_size: int = 5,
        return_at_once: bool = True,
        function_name: str = "invoice-renderer-worker",
    ) -> None:
        self._sqs = sqs
        self._stack = stack
        self._handler = handler
        self._batch_size = batch_size
        self._return_at_once = return_at_once
        self._function_name = function_name

    def drain(self) -> Pumped:
        """Pump until the queue has nothing more to give; messages that keep failing end up in the
        dead-letter queue, as they would."""
        total = Pumped()
        for _ in range(MAX_BATCHES):
            batch = self.pump_once()
            if not batch.batches:
                return total
            total += batch
        raise RuntimeError(f"the queue is not empty after {MAX_BATCHES} batches")

    def pump_once(self) -> Pumped:
        """One batch: receive, invoke, delete what succeeded."""
        answer = self._sqs.receive_message(
            QueueUrl=self._stack.queue_url,
            MaxNumberOfMessages=self._batch_size,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = answer.get("Messages", [])
        if not messages:
            return Pumped()
        failed, crashed = self._invoke(messages)
        for message in messages:
            self._settle(message, succeeded=message["MessageId"] not in failed)
        returned = sum(message["MessageId"] in failed for message in messages)
        return Pumped(1, len(messages), len(messages) - returned, returned, int(crashed))

    def _invoke(self, messages: list[dict[str, Any]]) -> tuple[set[str], bool]:
        """The ids that failed, and whether the handler raised."""
        ids = {message["MessageId"] for message in messages}
        event = {"Records": [as_record(message, self._stack) for message in messages]}
        context = LambdaContext(self._function_name, timeout_seconds=WORKER_SECONDS)
        try:
            answer = self._handler(json.loads(json.dumps(event)), context)
        except Exception:  # as Lambda: whatever it was, the batch comes back
            logger.exception("the handler raised")
            return ids, True
        return failures_of(answer, ids), False

    def _settle(self, message: Mapping[str, Any], *, succeeded: bool) -> None:
        which = {"QueueUrl": self._stack.queue_url, "ReceiptHandle": message["ReceiptHandle"]}
        if succeeded:
            self._sqs.delete_message(**which)
        elif self._return_at_once:
            self._sqs.change_message_visibility(**which, VisibilityTimeout=0)


def as_record(message: Mapping[str, Any], stack: Stack) -> dict[str, Any]:
    """SQS's own spelling of a message turned into Lambda's."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message["Attributes"]),
        "messageAttributes": {
            name: _as_attribute(value)
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": stack.queue_arn,
        "awsRegion": stack.region,
    }


def _as_attribute(attribute: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "stringValue": attribute.get("StringValue"),
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": attribute["DataType"],
    }


def failures_of(answer: Any, ids: set[str]) -> set[str]:
    """Lambda's reading of ``batchItemFailures``: nothing means success; anything that it cannot
    read, or an id that was not in the batch, fails the whole batch."""
    if not answer:
        return set()
    try:
        items = answer.get("batchItemFailures") or []
        failed = {item["itemIdentifier"] for item in items}
    except (AttributeError, KeyError, TypeError):
        return ids
    strangers = failed - ids
    return ids if strangers else failed
