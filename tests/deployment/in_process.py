"""One whole deployment in this process: the real handlers, a local AWS, the fake CarrierX."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from local.aws import LocalAws
from local.events import read_event
from local.fake_carrierx import INVOICE_SID, FakeCarrierX
from local.lambda_context import LambdaContext
from local.queue_pump import QueuePump
from local.stack import Stack

from invoice_renderer.application import Application

IAM = {"iam": {"accountId": "123456789012", "userArn": "arn:aws:iam::123456789012:user/operator"}}


def jwt_for(*partner_sids: str) -> dict[str, Any]:
    """What API Gateway's JWT authorizer hands on: a list claim is flattened to text."""
    claim = partner_sids[0] if len(partner_sids) == 1 else f"[{' '.join(partner_sids)}]"
    return {"jwt": {"claims": {"sub": "customer", "partner_sid": claim}, "scopes": None}}


@dataclass(frozen=True)
class Reply:
    """An API answer, as the caller sees it."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def fields(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass(frozen=True)
class Deployment:
    aws: LocalAws
    stack: Stack
    carrierx: FakeCarrierX
    app: Application

    # the API

    def post(
        self,
        sid: str = INVOICE_SID,
        body: object = None,
        *,
        caller: Mapping[str, Any] = IAM,
        **changes: Any,
    ) -> Reply:
        text = "" if body is None else json.dumps(body)
        return self.send(sid, "POST", caller=caller, body=text, **changes)

    def get(
        self, sid: str = INVOICE_SID, query: Mapping[str, str] | None = None, **changes: Any
    ) -> Reply:
        return self.send(sid, "GET", queryStringParameters=dict(query or {}), **changes)

    def send(
        self, sid: str, method: str, *, caller: Mapping[str, Any] = IAM, **changes: Any
    ) -> Reply:
        event = read_event("api-gateway-http-v2-post")
        event["rawPath"] = event["requestContext"]["http"]["path"] = f"/invoices/{sid}/pdf"
        event["requestContext"]["http"]["method"] = method
        event["requestContext"]["authorizer"] = caller
        return self.call(event | {"body": ""} | changes)

    def call(self, event: object, *, seconds: float = 28) -> Reply:
        answer = self.app.api(event, LambdaContext(timeout_seconds=seconds))
        return Reply(answer["statusCode"], answer["headers"], str(answer["body"]))

    # the worker

    def work(self, event: object, *, seconds: float = 300) -> dict[str, Any]:
        return self.app.worker(event, LambdaContext(timeout_seconds=seconds))

    def work_message(self, body: object, *, attempts: int = 1) -> list[str]:
        """Deliver one message, whose handle is not the queue's; returns the failed ids."""
        event = read_event("sqs-invoice-issued")
        event["Records"][0]["body"] = body if isinstance(body, str) else json.dumps(body)
        event["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(attempts)
        return [each["itemIdentifier"] for each in self.work(event)["batchItemFailures"]]

    def drain(self) -> int:
        """Deliver what is visible in the queue until it is empty; says how many deliveries."""
        worker = self.app.worker
        return QueuePump(self.aws.client("sqs"), self.stack, worker).drain().delivered

    # what is there afterwards

    def stored_keys(self) -> list[str]:
        answer = self.aws.client("s3").list_objects_v2(
            Bucket=self.stack.output_bucket, Prefix="invoices/"
        )
        return [item["Key"] for item in answer.get("Contents", [])]

    def versions(self) -> list[str]:
        answer = self.aws.client("s3").list_object_versions(
            Bucket=self.stack.output_bucket, Prefix="invoices/"
        )
        return [item["VersionId"] for item in answer.get("Versions", [])]

    def parked(self) -> list[dict[str, str]]:
        """The dead letters' attributes, with their ``body``; each is seen once."""
        answer = self.aws.client("sqs").receive_message(
            QueueUrl=self.stack.dead_letter_queue_url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
        )
        return [
            {name: value["StringValue"] for name, value in each["MessageAttributes"].items()}
            | {"body": each["Body"]}
            for each in answer.get("Messages", [])
        ]

    def put_intake(self, key: str, body: bytes) -> None:
        self.aws.client("s3").put_object(Bucket=self.stack.intake_bucket, Key=key, Body=body)

    def download(self, url: str) -> requests.Response:
        session = requests.Session()
        session.trust_env = False
        return session.get(url, timeout=10)
