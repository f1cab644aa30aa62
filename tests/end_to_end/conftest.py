"""What the scenarios stand on: the built archives, and a sandbox where there is root."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from e2e import DIST
from e2e.house import House
from e2e.roots import LambdaRoot, lambda_root
from e2e.sandbox import Function, Sandbox


@pytest.fixture(scope="session")
def root() -> LambdaRoot:
    """The disk of a function on x86_64, from ``dist/``."""
    if os.geteuid() != 0:
        pytest.skip("a sandbox mounts its disk, which needs root")
    if not (DIST / "function-x86_64.zip").exists():
        pytest.skip("the archives are not built: make build")
    return lambda_root("x86_64")


@pytest.fixture
def alone() -> Function:
    """The API function by itself: no AWS, no CarrierX, and so nothing but refusals."""
    environment = {
        "CARRIERX_BASE_URL": "http://127.0.0.1:9/core/v2",
        "CARRIERX_TOKEN_SECRET": "nowhere",
        "OUTPUT_BUCKET": "nowhere",
        "FONTCONFIG_FILE": "/opt/etc/fonts/fonts.conf",
        "LIBTHAI_DICTDIR": "/opt/share/libthai",
        "POWERTOOLS_SERVICE_NAME": "invoice-renderer",
        "POWERTOOLS_METRICS_NAMESPACE": "InvoiceRenderer",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
    }
    return Function("invoice_renderer.app.api", environment=environment)


@pytest.fixture
def api(root: LambdaRoot, alone: Function) -> Iterator[Sandbox]:
    """A sandbox of it."""
    with Sandbox(root, alone) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def deployed(root: LambdaRoot) -> Iterator[House]:
    """The stack, deployed once: that takes most of a minute."""
    with House(root) as house:
        yield house


@pytest.fixture
def house(deployed: House) -> House:
    """The stack with empty queues and a CarrierX that behaves."""
    deployed.carrierx.unscript()
    deployed.empty_queues()
    return deployed
