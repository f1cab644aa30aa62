"""The demo's stage: the fake CarrierX, the local AWS, the door, the gateway, the handlers."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import requests

from local.aws import LocalAws
from local.demo_run import Narrator, counted, expect
from local.fake_carrierx import FakeCarrierX
from local.fake_carrierx.ledger import an_issued_invoice
from local.gateway import Gateway
from local.lambda_context import LambdaContext
from local.queue_pump import WORKER_SECONDS, QueuePump
from local.s3_door import S3Door

ISSUED_THIS_WEEK = ("005", "006", "007")
_OURS = ("AWS_", "POWERTOOLS_", "CARRIERX_")  # variables that must not come from outside


class Stage:
    """``with Stage(narrator) as stage:``; everything is stopped at the end, in reverse order."""

    def __init__(self, narrator: Narrator) -> None:
        self._narrator = narrator
        self._open = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._open.close()

    def _build(self) -> None:
        for name in [name for name in os.environ if name.startswith(_OURS)]:
            del os.environ[name]
        with self._narrator.step("Start the fake CarrierX API") as note:
            self.carrierx = self._open.enter_context(FakeCarrierX())
            _issue_this_week(self.carrierx)
            note(self.carrierx.url)
        with self._narrator.step("Start a local AWS: buckets, queues, rules, key, secret") as note:
            self.aws = self._open.enter_context(LocalAws())
            self.door = self._open.enter_context(S3Door(self.aws.url))
            self.stack = self.aws.create_stack(token=self.carrierx.token)
            note(self.aws.url)
        with self._narrator.step("Load the Lambda handlers"):
            self._load_handlers()
        self.http = self._open.enter_context(requests.Session())
        self.http.trust_env = False  # no proxy for 127.0.0.1

    def _load_handlers(self) -> None:
        """The environment comes first, as in Lambda; then the package is imported."""
        os.environ.update(
            self.stack.environment(carrierx_url=self.carrierx.url, s3_url=self.door.url)
        )
        from invoice_renderer import app  # noqa: PLC0415

        self._worker = app.worker
        self.gateway = self._open.enter_context(Gateway(app.api))
        self._pump = QueuePump(self.aws.client("sqs"), self.stack, app.worker)

    # ------------------------------------------------------------------------- what happens on it

    def put_intake(self, key: str, body: bytes) -> None:
        self.aws.client("s3").put_object(Bucket=self.stack.intake_bucket, Key=key, Body=body)

    def put_event(self, event: Mapping[str, Any]) -> None:
        entry = {
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Detail": json.dumps(event["detail"]),
        }
        answer = self.aws.client("events").put_events(Entries=[entry])
        expect(answer["FailedEntryCount"] == 0, "the bus refused the event")

    def fire_schedule(self) -> None:
        self.aws.fire_schedule(self.stack)

    def pump(self, *, at_least_stored: int) -> str:
        """Work the queue off; a sentence about what came of it."""
        before = self._stored()
        pumped = self._pump.drain()
        stored = self._stored() - before
        expect(pumped.delivered > 0, "nothing arrived in the queue")
        expect(pumped.returned == 0, f"{counted(pumped.returned, 'message')} came back")
        expect(stored >= at_least_stored, f"only {counted(stored, 'new PDF')} stored")
        return f"{counted(pumped.delivered, 'message')}, {counted(stored, 'new PDF')}"

    def invoke_worker(self, event: dict[str, Any]) -> dict[str, Any]:
        context = LambdaContext("invoice-renderer-worker", timeout_seconds=WORKER_SECONDS)
        return dict(self._worker(event, context))

    def dead_letters(self) -> int:
        answer = self.aws.client("sqs").get_queue_attributes(
            QueueUrl=self.stack.dead_letter_queue_url,
            AttributeNames=["ApproximateNumberOfMessages"],
        )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def _stored(self) -> int:
        listing = self.aws.client("s3").list_objects_v2(
            Bucket=self.stack.output_bucket, Prefix="invoices/"
        )
        return int(listing["KeyCount"])


def _issue_this_week(carrierx: FakeCarrierX) -> None:
    """Three invoices for the schedule to find; the documented one was never issued."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for days, display_id in enumerate(ISSUED_THIS_WEEK, start=1):
        end = today - timedelta(days=days, seconds=1)
        start = today - timedelta(days=days + 30)
        carrierx.ledger.add_invoice(
            an_issued_invoice(display_id, _timestamp(start), _timestamp(end))
        )


def _timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
