"""SnapStart: what a snapshot holds, and that each restore of it is a process of its own.

The real runtime client goes through snapshot and restore; AWS, CarrierX and the place that hands
out credentials are real sockets that count who asks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from e2e.roots import LambdaRoot
from e2e.runtime_api import SnapStartSandbox
from e2e.sandbox import Function, FunctionFailed
from local.aws import LocalAws
from local.events import read_event
from local.exchange import Answer, Exchange
from local.fake_carrierx import INVOICE_SID, FakeCarrierX
from local.servers import LoopbackServer
from local.stack import Stack

PROBE = Path(__file__).with_name("snapshot")
PLACE = "/usr/share/doc"  # any folder of the system's that nobody reads
COLLABORATORS = {"billing", "tokens", "s3", "store", "queue", "profiles"}


@dataclass
class CredentialsPlace:
    """Where a function that SnapStart restored asks for its role's credentials."""

    asked: int = 0
    server: LoopbackServer = field(init=False)

    def __post_init__(self) -> None:
        self.server = LoopbackServer(self._respond)

    def _respond(self, exchange: Exchange) -> None:
        self.asked += 1
        ends = datetime.now(UTC) + timedelta(hours=1)
        credentials = {
            "AccessKeyId": f"FRESH{self.asked}",
            "SecretAccessKey": "secret",
            "Token": "session",
            "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        exchange.send(Answer(200, body=json.dumps(credentials).encode()))


@dataclass(frozen=True)
class World:
    """Everything that a function can talk to."""

    aws: LocalAws
    stack: Stack
    carrierx: FakeCarrierX
    credentials: CredentialsPlace

    def function(self, **changes: str) -> Function:
        environment = {
            **self.stack.environment(carrierx_url=self.carrierx.url),
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self.credentials.server.url}/role",
            "PYTHONPATH": PLACE,
            **changes,
        }
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):  # SnapStart gives none
            del environment[name]
        return Function("snapshot_probe.handler", environment=environment)


@pytest.fixture
def world() -> Iterator[World]:
    credentials = CredentialsPlace()
    with LocalAws() as aws, FakeCarrierX() as carrierx, credentials.server:
        stack = aws.create_stack(token="not yet the token")
        yield World(aws, stack, carrierx, credentials)


def sandbox(root: LambdaRoot, world: World, **changes: str) -> SnapStartSandbox:
    return SnapStartSandbox(root, world.function(**changes), binds={PLACE: PROBE})


def a_post() -> dict[str, Any]:
    event = read_event("api-gateway-http-v2-post")
    return event | {"body": ""}


def test_a_page_is_drawn_before_the_snapshot_and_nothing_is_asked_of_anybody(
    root: LambdaRoot, world: World
) -> None:
    """Fonts and templates are warm; credentials, secrets and connections are not in it."""
    with sandbox(root, world) as box:
        box.snapshot()
        assert world.credentials.asked == 0
        assert world.carrierx.calls == ()

        box.restore()
        seen = box.invoke("look")
    assert "renderer" in seen["held_at_snapshot"]
    assert COLLABORATORS.isdisjoint(seen["held_at_snapshot"])
    assert COLLABORATORS.isdisjoint(seen["held_now"])


def test_libraries_come_from_the_layer_and_bindings_from_the_build(
    root: LambdaRoot, world: World
) -> None:
    with sandbox(root, world) as box:
        box.snapshot()
        box.restore()
        seen = box.invoke("look")
    assert len(seen["libraries"]) == 6
    assert all(path.startswith("/opt/lib/") for path in seen["libraries"])
    assert (seen["bindings"], seen["cffi"]) == (True, False)


def test_two_restores_draw_other_random_numbers(root: LambdaRoot, world: World) -> None:
    """Both had one state of ``random`` at the snapshot."""
    drawn = set()
    for _ in range(2):
        with sandbox(root, world) as box:
            box.snapshot()
            box.restore()
            drawn.add(box.invoke("look")["random"])
    assert len(drawn) == 2


def test_secret_credentials_and_clock_are_those_after_the_restore(
    root: LambdaRoot, world: World
) -> None:
    """The token is put into the secret between snapshot and restore; the link is signed after."""
    with sandbox(root, world) as box:
        box.snapshot()
        world.aws.client("secretsmanager").put_secret_value(
            SecretId=world.stack.secret_arn, SecretString=world.carrierx.token
        )
        restored_at = datetime.now(UTC).replace(microsecond=0)
        box.restore()
        reply = box.invoke(a_post())

    assert reply["statusCode"] == 201, reply["body"]
    link = parse_qs(urlsplit(json.loads(reply["body"])["url"]).query)
    signed_at = datetime.strptime(link["X-Amz-Date"][0], "%Y%m%dT%H%M%S%z")
    assert signed_at >= restored_at
    assert link["X-Amz-Credential"][0].startswith("FRESH")
    assert world.credentials.asked >= 1
    assert len(world.carrierx.calls_for(INVOICE_SID)) == 1


def test_the_first_invoice_after_a_restore_imports_nothing(root: LambdaRoot, world: World) -> None:
    """Everything that it needs is in the snapshot: what is left is its own work."""
    with sandbox(root, world) as box:
        box.snapshot()
        world.aws.client("secretsmanager").put_secret_value(
            SecretId=world.stack.secret_arn, SecretString=world.carrierx.token
        )
        box.restore()
        assert box.invoke(a_post())["statusCode"] == 201
        assert box.invoke("look")["imported_since"] == []


def test_a_version_that_cannot_be_prepared_is_not_published(root: LambdaRoot, world: World) -> None:
    with sandbox(root, world, OUTPUT_BUCKET="") as box, pytest.raises(FunctionFailed) as failed:
        box.snapshot()

    assert failed.value.kind == "Runtime.BeforeSnapshotError"
    assert "OUTPUT_BUCKET" in failed.value.message
