"""What the scenarios stand on: the built archives, and a sandbox where there is root."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from e2e import DIST
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
def api(root: LambdaRoot) -> Iterator[Sandbox]:
    """The API function by itself: no AWS, no CarrierX, and so nothing but refusals."""
    environment = {
        "CARRIERX_BASE_URL": "http://127.0.0.1:9/core/v2",
        "CARRIERX_TOKEN_SECRET": "nowhere",
        "OUTPUT_BUCKET": "nowhere",
        "FONTCONFIG_FILE": "/opt/etc/fonts/fonts.conf",
        "LIBTHAI_DICTDIR": "/opt/share/libthai",
        "POWERTOOLS_SERVICE_NAME": "invoice-renderer",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
    }
    with Sandbox(root, Function("invoice_renderer.app.api", environment=environment)) as sandbox:
        yield sandbox
