"""What the billing tests share: tokens in memory, a client for a server, a fetch in one word."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local.fake_carrierx import INVOICE_SID

from invoice_renderer.billing import BillingClient
from invoice_renderer.billing.transport import Transport
from invoice_renderer.credentials import Token, TokenSource
from invoice_renderer.deadline import Deadline
from invoice_renderer.invoice import Invoice
from invoice_renderer.request import OPERATOR, Caller

MAX_LINES = 1_000
PLENTY_SECONDS = 30.0  # a deadline that is not the point of the test


class Tokens:
    """A token source in memory: each refresh goes on to the next secret, and stays at the last."""

    def __init__(self, *secrets: str) -> None:
        self._secrets = list(secrets)
        self.refreshes = 0

    def current(self) -> Token:
        return Token(self._secrets[0])

    def refreshed(self, refused: Token) -> Token:
        self.refreshes += 1
        if len(self._secrets) > 1 and refused == self.current():
            del self._secrets[0]
        return self.current()


class Waits(list[float]):
    """Instead of ``time.sleep``: remembers, and does not wait."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


class Clock:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def a_client(
    url: str,
    *,
    tokens: TokenSource | None = None,
    verify: bool | str = True,
    waits: Waits | None = None,
    **options: Any,
) -> Any:
    """A client that does not wait between attempts; ``client.waits`` has what it would have."""
    waits = Waits() if waits is None else waits
    client = BillingClient(
        base_url=url,
        tokens=tokens or Tokens("a-token"),
        transport=Transport(verify=verify),
        sleep=waits,
        **options,
    )
    client.waits = waits  # type: ignore[attr-defined]
    return client


def fetch(
    client: BillingClient,
    sid: str = INVOICE_SID,
    *,
    caller: Caller = OPERATOR,
    seconds: float = PLENTY_SECONDS,
    max_lines: int = MAX_LINES,
) -> Invoice:
    return client.fetch_invoice(
        sid, caller=caller, max_lines=max_lines, deadline=Deadline.after(seconds)
    )


def caller_for(*partner_sids: str) -> Caller:
    return Caller(frozenset(partner_sids))


@contextmanager
def ends_within(seconds: float) -> Iterator[None]:
    """The wall clock did end it: never a measure of speed, so bounds are generous."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds
