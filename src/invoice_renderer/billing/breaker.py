"""A circuit breaker: where CarrierX keeps failing, stop asking for a while.

In memory, one per container. pybreaker would do, but holds its lock during the call, so that
calls from two threads would wait for each other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from invoice_renderer.errors import BillingUnavailable

FAILURES = 5
PATHS = 3  # one invoice that CarrierX cannot serve, asked for over and over, is no outage
OPEN_SECONDS = 20.0


class Breaker:
    """Opens after five failures in a row, on three paths or more.

    Twenty seconds later it lets one call probe. One invoice and its partner are two paths, so
    no single SID opens it.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._paths: set[str] = set()
        self._shut_until = 0.0

    @contextmanager
    def guard(self, path: str) -> Iterator[None]:
        """Count this call; :class:`BillingUnavailable` at once while the breaker is open."""
        self._admit()
        try:
            yield
        except BillingUnavailable:
            self._fail(path)
            raise
        self._succeed()

    def _admit(self) -> None:
        with self._lock:
            if self._failures < FAILURES or len(self._paths) < PATHS:
                return
            wait = self._shut_until - self._clock()
            if wait > 0:
                raise BillingUnavailable(
                    "it failed repeatedly and is left alone", again=False, retry_after=wait
                )
            self._shut_until = self._clock() + OPEN_SECONDS  # this call probes, others wait

    def _fail(self, path: str) -> None:
        with self._lock:
            self._failures += 1
            self._paths.add(path)
            self._shut_until = self._clock() + OPEN_SECONDS

    def _succeed(self) -> None:
        with self._lock:
            self._failures = 0
            self._paths.clear()
