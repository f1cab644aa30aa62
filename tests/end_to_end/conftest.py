"""What the scenarios stand on: the built archives, and sandboxes where there can be any."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from e2e import DIST
from e2e.house import House
from e2e.roots import LambdaRoot, lambda_root
from e2e.sandbox import Function, Sandbox, why_no_sandbox
from xdist.scheduler.loadscope import LoadScopeScheduling

QEMU = Path("/usr/bin/qemu-aarch64-static")


STACK_FILES = ("test_events.py", "test_health.py", "test_http.py", "test_permissions.py")
"""Scenarios of the one stack, mostly waiting."""
EMULATED = "_on_arm64_"
"""At work for minutes."""


def part_of(nodeid: str) -> str:
    """Tests of one part run in one process; every other test is a part of its own."""
    file = nodeid.partition("::")[0].rpartition("/")[2]
    return "the stack" if file in STACK_FILES else nodeid


class Parts(LoadScopeScheduling):
    """Two processes share the work: xdist gives out the largest part first, the others in order.

    Not ``xdist_group``: xdist 3.8 writes the group where pytest 9.2 no longer looks, and the stack
    would be deployed in both.
    """

    def _split_scope(self, nodeid: str) -> str:
        return part_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Parts:
    return Parts(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is emulated first: the other process takes what is left."""
    items.sort(key=lambda item: EMULATED not in item.nodeid)


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


@dataclass(frozen=True)
class ShortLink:
    """A link that lived as short as one can."""

    url: str
    status_when_fresh: int
    over_at: float
    """By ``time.monotonic``."""


@pytest.fixture(scope="session")
def short_link(deployed: House) -> ShortLink:
    """Made before the first test of the stack: its minute passes while the others run."""
    sid = deployed.carrierx.add_invoice()
    made = deployed.caller.post(f"/invoices/{sid}/pdf", {"link_seconds": 60})
    over_at = time.monotonic() + 61
    url = made.json()["url"]
    return ShortLink(url, deployed.caller.fetch(url).status_code, over_at)


@pytest.fixture
def house(deployed: House, short_link: ShortLink) -> House:
    """The stack with empty queues and a CarrierX that behaves."""
    deployed.carrierx.unscript()
    deployed.empty_queues()
    return deployed
