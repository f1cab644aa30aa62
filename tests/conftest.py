"""What every test may use. Builders, fakes and the PDF vocabulary are modules beside this file.

Nothing of the developer's own AWS set-up is seen, and nothing but loopback is reached.
"""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from hypothesis import HealthCheck, settings
from moto.server import ThreadedMotoServer
from pytest_socket import socket_allow_hosts

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.pdf import engine as engine_module

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

collect_ignore = ["browser"]
"""Those have an environment of their own: ``make test-browser``."""

LOOPBACK = "127.0.0.1"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_XRAY_SDK_ENABLED": "false",
    "POWERTOOLS_TRACE_DISABLED": "true",
    "POWERTOOLS_METRICS_NAMESPACE": "InvoiceRenderer",
    "POWERTOOLS_SERVICE_NAME": "invoice-renderer",
}

for name in [name for name in os.environ if name.startswith(("AWS_", "POWERTOOLS_"))]:
    del os.environ[name]
os.environ.update(ENVIRONMENT)

# Two cores that others use too: modest numbers, and no failure for being slow.
settings.register_profile(
    "tests", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")


def pytest_runtest_setup() -> None:
    """Any connection that is not to loopback fails its test."""
    socket_allow_hosts([LOOPBACK], allow_unix_socket=True)


@pytest.fixture(scope="session")
def renderer() -> DocumentRenderer:
    """One renderer for the whole run, as in a warm Lambda."""
    return DocumentRenderer()


# ----------------------------------------------------------------------------- AWS, by moto


@pytest.fixture(scope="session")
def aws_url() -> Iterator[str]:
    """moto's server, over a real socket; one for the whole run."""
    server = ThreadedMotoServer(ip_address=LOOPBACK, port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def s3(aws_url: str) -> S3Client:
    return _client("s3", aws_url)


@pytest.fixture(scope="session")
def sqs(aws_url: str) -> SQSClient:
    return _client("sqs", aws_url)


@pytest.fixture(scope="session")
def secrets(aws_url: str) -> SecretsManagerClient:
    return _client("secretsmanager", aws_url)


@pytest.fixture
def bucket(s3: S3Client) -> str:
    """The name of an empty bucket that no other test uses."""
    name = f"bucket-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    return name


def _client(service: str, url: str) -> Any:
    config = Config(
        signature_version="s3v4" if service == "s3" else None,
        s3={"addressing_style": "path"},
        connect_timeout=5,
        read_timeout=5,
        retries={"total_max_attempts": 1},
        proxies={},  # botocore would obey HTTP_PROXY even for 127.0.0.1
    )
    return boto3.client(service, endpoint_url=url, config=config)


@pytest.fixture
def laid_out_whole(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Why pages were laid out whole instead of stamped."""
    reasons: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            reasons.append(record.getMessage())

    logger, handler = logging.getLogger(engine_module.__name__), Kept()
    logger.addHandler(handler)
    with caplog.at_level(logging.DEBUG, logger=engine_module.__name__):
        yield reasons
    logger.removeHandler(handler)
