"""A fake CarrierX for each test, and a billing client for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from local.fake_carrierx import FakeCarrierX

from tests.integration.billing_tools import Tokens, a_client


@pytest.fixture
def carrierx() -> Iterator[FakeCarrierX]:
    with FakeCarrierX() as server:
        yield server


@pytest.fixture
def client(carrierx: FakeCarrierX) -> Any:
    """A billing client with the right token, which does not wait between attempts."""
    return a_client(carrierx.url, tokens=Tokens(carrierx.token))
