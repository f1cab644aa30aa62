"""Time left: one wall-clock deadline per invocation, shared by every step."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from invoice_renderer.errors import OutOfTime

RESERVE_SECONDS = 1.5  # kept for the answer, the logs and the metrics


class LambdaContext(Protocol):
    """What we use of the context object that Lambda hands to a handler."""

    def get_remaining_time_in_millis(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Deadline:
    """``ends_at`` is on the monotonic clock, in seconds."""

    ends_at: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def after(cls, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> Deadline:
        return cls(ends_at=clock() + seconds, clock=clock)

    @classmethod
    def from_context(cls, context: LambdaContext) -> Deadline:
        return cls.after(context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS)

    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.ends_at - self.clock())

    def require(self, seconds: float, step: str) -> None:
        """Do not begin a step that cannot end: :class:`OutOfTime` where less is left."""
        if self.remaining() < seconds:
            raise OutOfTime(step)

    def no_later_than(self, seconds: float) -> Deadline:
        """The nearer of this deadline and ``seconds`` from now."""
        return Deadline(min(self.ends_at, self.clock() + seconds), self.clock)
