"""A local AWS on 127.0.0.1: S3, SQS, EventBridge, Secrets Manager and KMS, by moto.

    with LocalAws() as aws:
        stack = aws.create_stack(token="...")
        os.environ.update(stack.environment(carrierx_url=...))
        aws.client("s3").put_object(Bucket=stack.intake_bucket, Key="requests/<sid>", Body=b"")

moto keeps its state per *process*: use one ``LocalAws`` at a time; leaving it wipes everything.

What moto does not do, and where it is made up for:

===============================================  ==============================================
presigned links: neither expiry nor signature    :mod:`local.s3_door`
is checked
nothing polls the queue, no function runs        :mod:`local.queue_pump`
schedules never fire                             :meth:`LocalAws.fire_schedule`
a schedule rule matches every event of the bus   it has no target, in :mod:`local.stack`
events from ``put_events`` lose ``account``      an input transformer, in :mod:`local.stack`
IAM, KMS and queue policies are not enforced     nothing
===============================================  ==============================================

S3's events are nearly AWS's: ``id`` and ``sequencer`` are constants, ``etag`` is spelled ``eTag``,
``reason`` is ``ObjectCreated`` where AWS says ``PutObject``. ``events/`` has the real shape.
"""

from __future__ import annotations

import contextlib
import json
import os
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any, Self

import boto3
import botocore.session
from botocore.config import Config
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import ThreadedWSGIServer

from local.events import read_event
from local.servers import LOOPBACK, ClosesConnections
from local.stack import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Stack, build_stack

TIMEOUT_SECONDS = 10


class LocalAws:
    """The services, and clients for them; every client is closed at the end."""

    def __init__(self, *, port: int = 0) -> None:
        application = DomainDispatcherApplication(create_backend_app)
        self._server = _MotoServer(LOOPBACK, port, application, _QuietHandler)
        self._session = _session_of_its_own()
        self._clients: dict[tuple[str, str], Any] = {}

    @property
    def url(self) -> str:
        """What AWS_ENDPOINT_URL should be."""
        return f"http://{LOOPBACK}:{self._server.server_port}"

    def client(self, service: str, *, endpoint_url: str | None = None) -> Any:
        """A boto3 client; ``endpoint_url`` for one that goes through a door or a proxy."""
        url = endpoint_url or self.url
        if (service, url) not in self._clients:
            config = Config(
                signature_version="s3v4" if service == "s3" else None,
                connect_timeout=TIMEOUT_SECONDS,
                read_timeout=TIMEOUT_SECONDS,
                retries={"total_max_attempts": 1},
                proxies={},  # botocore would obey HTTP_PROXY even for 127.0.0.1
            )
            self._clients[service, url] = self._session.client(
                service,  # type: ignore[call-overload]
                endpoint_url=url,
                config=config,
            )
        return self._clients[service, url]

    def create_stack(
        self,
        *,
        name: str = "invoice-renderer",
        token: str = "",
        visibility_seconds: int = 1800,
        max_receives: int = 5,
    ) -> Stack:
        """What template.yaml deploys, by name; ``token`` goes into the secret unless empty."""
        return build_stack(
            self.client,
            name=name,
            endpoint_url=self.url,
            token=token,
            visibility_seconds=visibility_seconds,
            max_receives=max_receives,
        )

    def fire_schedule(self, stack: Stack, *, at: datetime | None = None) -> str:
        """Do what the schedule rule would, now or as if it were ``at``; returns the message id.

        moto stores schedule expressions and never acts on them.
        """
        moment = (at or datetime.now(UTC)).astimezone(UTC)
        event = read_event("eventbridge-schedule") | {
            "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "resources": [stack.schedule_rule_arn],
        }
        sent = self.client("sqs").send_message(
            QueueUrl=stack.queue_url, MessageBody=json.dumps(event)
        )
        return str(sent["MessageId"])

    def start(self) -> Self:
        self._server.start()
        return self

    def stop(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        with contextlib.suppress(OSError):
            moto = HTTPConnection(LOOPBACK, self._server.server_port, timeout=TIMEOUT_SECONDS)
            moto.request("POST", "/moto-api/reset")
            moto.getresponse().read()
            moto.close()
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _session_of_its_own() -> boto3.Session:
    """Blind to the profile, files and variables of the machine's own AWS account."""
    nowhere = {"config_file": (None, None, os.devnull, None), "profile": (None, None, None, None)}
    return boto3.Session(
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        region_name=REGION,
        botocore_session=botocore.session.Session(session_vars=nowhere),
    )


class _MotoServer(ClosesConnections, ThreadedWSGIServer):
    """moto's application, as ``ThreadedMotoServer`` serves it, on a server that really stops.

    moto's own leaves a thread for every connection that a client keeps open.
    """

    daemon_threads = False


class _QuietHandler(MotoRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
        """Nothing: werkzeug would write a line per request to stderr."""

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            super().handle()
