"""A deployment for each test; one local AWS for all of them."""

from __future__ import annotations

import dataclasses
import io
import os
import uuid
from collections.abc import Iterator

import pytest
from local.aws import LocalAws
from local.fake_carrierx import FakeCarrierX
from local.s3_door import S3Door

from invoice_renderer import application
from invoice_renderer.application import Application
from tests.deployment.in_process import Deployment


@pytest.fixture(scope="session")
def aws() -> Iterator[LocalAws]:
    with LocalAws() as local_aws:
        yield local_aws


@pytest.fixture
def carrierx() -> Iterator[FakeCarrierX]:
    with FakeCarrierX() as fake:
        yield fake


@pytest.fixture
def deployment(
    aws: LocalAws, carrierx: FakeCarrierX, monkeypatch: pytest.MonkeyPatch
) -> Deployment:
    stack = aws.create_stack(name=f"t-{uuid.uuid4().hex[:12]}", token=carrierx.token)
    for name, value in stack.environment(carrierx_url=carrierx.url).items():
        monkeypatch.setenv(name, value)
    return Deployment(aws, stack, carrierx, Application.from_environment(os.environ))


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the functions write to CloudWatch."""
    handler = application.logger.registered_handler
    stream = handler.setStream(io.StringIO())  # type: ignore[attr-defined]
    yield handler.stream  # type: ignore[attr-defined]
    handler.setStream(stream)  # type: ignore[attr-defined]


@pytest.fixture
def door(aws: LocalAws) -> Iterator[S3Door]:
    with S3Door(aws.url) as s3_door:
        yield s3_door


@pytest.fixture
def guarded(deployment: Deployment, door: S3Door, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """A deployment whose S3 stands behind the door."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", door.url)
    return dataclasses.replace(deployment, app=Application.from_environment(os.environ))
