"""What the scenarios stand on: the built archives, and sandboxes where there can be any."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e import DIST
from e2e.house import House
from e2e.roots import LambdaRoot, lambda_root
from e2e.sandbox import Function, Sandbox, why_no_sandbox

QEMU = Path("/usr/bin/qemu-aarch64-static")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two processes share the work: the one stack, mostly waiting; and arm64, emulated."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if group := next((name for name in ("deployed", "arm64") if name in fixtures), ""):
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def root() -> LambdaRoot:
    """The disk of a function on x86_64, from ``dist/``."""
    if reason := why_no_sandbox():
        pytest.skip(reason)
    if not (DIST / "function-x86_64.zip").exists():
        pytest.skip("the archives are not built: make build")
    return lambda_root("x86_64")


@pytest.fixture(scope="session")
def arm64(root: LambdaRoot) -> LambdaRoot:
    """The same of arm64, for an emulated processor."""
    if not QEMU.exists() or not (DIST / "function-arm64.zip").exists():
        pytest.skip("needs qemu-user-static, and the archives of arm64 (make build)")
    return lambda_root("arm64")


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
