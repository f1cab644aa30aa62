"""When to ask again, and how long to wait: full jitter, on top of what CarrierX asks for."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tenacity import RetryCallState

from invoice_renderer.errors import BillingThrottled, BillingUnavailable

CALLS = 3  # for one answer to our caller, whatever goes wrong
BACKOFF_SECONDS = 0.2  # full jitter: each wait is drawn from 0 to this, doubled each time
BACKOFF_CAP_SECONDS = 2.0
RETRY_AFTER_CAP_SECONDS = 24 * 3600.0

_chance = random.SystemRandom()  # every restored snapshot has the ordinary generator's same state


class Calls:
    """The calls that are left for one answer."""

    def __init__(self) -> None:
        self.left = CALLS

    def take(self) -> None:
        if self.left == 0:
            raise BillingUnavailable(f"no answer in {CALLS} calls", again=False)
        self.left -= 1


def is_worth_repeating(error: BaseException) -> bool:
    if isinstance(error, BillingUnavailable):
        return error.again
    return isinstance(error, BillingThrottled)


def wait_for(state: RetryCallState) -> float:
    """Seconds until the next call: jitter, and before it what ``Retry-After`` asked for.

    Without the jitter, everybody who was told "in one second" would be back at the same instant.
    """
    error = state.outcome.exception() if state.outcome else None
    asked = getattr(error, "retry_after", None) or 0.0
    longest = min(BACKOFF_CAP_SECONDS, BACKOFF_SECONDS * 2 ** (state.attempt_number - 1))
    return float(asked) + _chance.uniform(0, longest)


def parse_retry_after(header: str | None, *, now: datetime | None = None) -> float | None:
    """Seconds from RFC 9110, section 10.2.3: a count of seconds or an HTTP date; else ``None``."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(RETRY_AFTER_CAP_SECONDS, float(text))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    return min(RETRY_AFTER_CAP_SECONDS, max(0.0, seconds))
