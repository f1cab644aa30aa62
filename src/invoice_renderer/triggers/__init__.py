"""Event shapes: the only place that knows them.

Each module has ``matches`` (is it mine?), ``parse`` (what does it ask for?), and, where somebody
waits for one, ``answer``. ``parse_event`` asks them in turn; the first that matches decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from invoice_renderer.errors import UnknownEvent
from invoice_renderer.request import Work
from invoice_renderer.triggers import api_gateway, direct, eventbridge, s3, sqs
from invoice_renderer.triggers.surroundings import Surroundings


class Trigger(Protocol):
    """What each module here offers."""

    def matches(self, event: Mapping[str, Any]) -> bool: ...

    def parse(self, event: Mapping[str, Any], surroundings: Surroundings, /) -> list[Work]: ...


TRIGGERS: tuple[Trigger, ...] = (s3, eventbridge, direct)

__all__ = ["Surroundings", "api_gateway", "parse_event", "sqs"]


def parse_event(event: object, surroundings: Surroundings) -> list[Work]:
    """What an event, other than an HTTP request or a queue's batch, asks for.

    :raises UnknownEvent: no trigger recognises it.
    :raises RequestError: it is ours, and cannot be done.
    """
    if not isinstance(event, Mapping):
        raise UnknownEvent
    for trigger in TRIGGERS:
        if trigger.matches(event):
            return trigger.parse(event, surroundings)
    raise UnknownEvent(tuple(sorted(event)))
