"""The asynchronous side: messages of the queue, and direct invocations.

Every message ends as a stored document, as a dead letter with its reason, or back in the queue:
what can heal is tried again with growing pauses, what cannot is parked at once.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from invoice_renderer.deadline import Deadline
from invoice_renderer.errors import (
    InvoiceNotFound,
    InvoiceRendererError,
    QueueUnavailable,
    RequestError,
)
from invoice_renderer.intake import Intake, RefusedRow
from invoice_renderer.pipeline import Delivery
from invoice_renderer.queues import RequestQueue
from invoice_renderer.request import (
    Ignored,
    IntakeObject,
    RenderRequest,
    Sweep,
    Work,
    is_sid,
    request_fields,
)
from invoice_renderer.sweep import SweepReport
from invoice_renderer.triggers import Surroundings, parse_event, s3, sqs

PAUSE_SECONDS = 15.0  # before the second delivery; doubled for each one after
PAUSE_CAP_SECONDS = 900.0


class Unexpected(InvoiceRendererError):
    """A fault of our own. Its text stays in the log; the class is all that is told."""

    may_heal = True

    def __init__(self, error: Exception) -> None:
        super().__init__(f"An unexpected {type(error).__name__}; the log has its stack.")


class Journal(Protocol):
    """Where the worker says what became of a message."""

    def delivered(self, delivery: Delivery) -> None: ...

    def swept(self, report: SweepReport) -> None: ...

    def ignored(self, reason: str) -> None: ...

    def retried(self, error: InvoiceRendererError, *, sid: str, attempts: int) -> None: ...

    def parked(self, error: InvoiceRendererError, *, sid: str, attempts: int) -> None: ...

    def unexpected(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Worker:
    """One deployment's asynchronous side: :meth:`handle_batch` and :meth:`handle_event`."""

    deliver: Callable[[RenderRequest, Deadline], Delivery]
    sweep: Callable[[Deadline], SweepReport]
    intake: Intake
    queue: RequestQueue
    journal: Journal
    surroundings: Surroundings
    max_receives: int
    draw: Callable[[float, float], float] = random.SystemRandom().uniform

    # ------------------------------------------------------------------------- the queue

    def handle_batch(self, messages: list[sqs.Message], deadline: Deadline) -> list[sqs.Message]:
        """Each message alone; returns those that must come back."""
        return [message for message in messages if not self._settle(message, deadline)]

    def _settle(self, message: sqs.Message, deadline: Deadline) -> bool:
        """Whether the message is done with, and may leave the queue."""
        try:
            self._do_message(message, deadline)
        except InvoiceRendererError as error:
            return self._settle_failed(message, error)
        except Exception as error:  # noqa: BLE001  one message's bug must not take the batch along
            self.journal.unexpected()
            return self._settle_failed(message, Unexpected(error))
        return True

    def _do_message(self, message: sqs.Message, deadline: Deadline) -> None:
        event = sqs.parse_body(message.body)
        notifications = s3.split(event)
        if len(notifications) > 1:
            self.queue.send(notifications)
            return
        for work in parse_event(event, self.surroundings):
            self._do(work, deadline)

    def _settle_failed(self, message: sqs.Message, error: InvoiceRendererError) -> bool:
        sid = _sid_of(error, message.body)
        try:
            if _may_heal_later(error) and message.attempts < self.max_receives:
                self.journal.retried(error, sid=sid, attempts=message.attempts)
                self.queue.postpone(message.receipt_handle, self._pause(error, message.attempts))
                return False
            self.queue.park(message.body, error, sid=sid, attempts=message.attempts)
        except QueueUnavailable:
            return False  # it comes back after the visibility time-out
        self.journal.parked(error, sid=sid, attempts=message.attempts)
        return True

    def _pause(self, error: InvoiceRendererError, attempts: int) -> float:
        """What the error asks for, or 15, 30, 60... seconds, with jitter."""
        longest = min(PAUSE_CAP_SECONDS, PAUSE_SECONDS * 2 ** (attempts - 1))
        pause = self.draw(longest / 2, longest)
        return min(PAUSE_CAP_SECONDS, max(pause, error.retry_after or 0.0))

    # ------------------------------------------------------------------------- direct events

    def handle_event(self, event: object, deadline: Deadline) -> dict[str, object]:
        """An event that came without the queue, and an answer for whoever waits for one.

        A caller may wait (``RequestResponse``) or not (``Event``), and we cannot tell: so a
        failure is answered, and also queued again or parked, so that nothing is lost.

        :raises QueueUnavailable: neither could be done; Lambda delivers an ``Event`` again.
        """
        answers = [self._answer(each, deadline) for each in s3.split(event)]
        return answers[0] if len(answers) == 1 else {"results": answers}

    def _answer(self, event: object, deadline: Deadline) -> dict[str, object]:
        try:
            answers = [self._do(work, deadline) for work in parse_event(event, self.surroundings)]
        except InvoiceRendererError as error:
            return self._refuse(event, error)
        except Exception as error:  # noqa: BLE001  the caller gets a problem, never a stack trace
            self.journal.unexpected()
            return self._refuse(event, Unexpected(error))
        return answers[0]

    def _refuse(self, event: object, error: InvoiceRendererError) -> dict[str, object]:
        body = json.dumps(event, default=str)
        sid = _sid_of(error, body)
        again = _may_heal_later(error)
        if again:
            self.queue.send([event])
            self.journal.retried(error, sid=sid, attempts=1)
        else:
            self.queue.park(body, error, sid=sid, attempts=1)
            self.journal.parked(error, sid=sid, attempts=1)
        fate = {"queued_again": True} if again else {"parked": True}
        return {"code": error.code, "detail": error.detail, **fate}

    # ------------------------------------------------------------------------- the work

    def _do(self, work: Work, deadline: Deadline) -> dict[str, object]:
        match work:
            case RenderRequest():
                return self._render(work, deadline)
            case IntakeObject():
                return self._take_in(work, deadline)
            case Sweep():
                report = self.sweep(deadline)
                self.journal.swept(report)
                return {"queued": report.queued, "parked": report.parked}
            case Ignored():
                self.journal.ignored(work.reason)
                return {"ignored": work.reason}

    def _render(self, request: RenderRequest, deadline: Deadline) -> dict[str, object]:
        delivery = self.deliver(request, deadline)
        self.journal.delivered(delivery)
        return delivery.fields()

    def _take_in(self, item: IntakeObject, deadline: Deadline) -> dict[str, object]:
        """One request is done now; many are queued one by one, so that each fares alone."""
        rows = self.intake.read_requests(item)
        requests = [row for row in rows if isinstance(row, RenderRequest)]
        refused = [row for row in rows if isinstance(row, RefusedRow)]
        if len(rows) == 1 and requests:
            return self._render(requests[0], deadline)
        self.queue.send(request_fields(request) for request in requests)
        for row in refused:
            self._park_row(item, row)
        return {"queued": len(requests), "parked": len(refused)}

    def _park_row(self, item: IntakeObject, row: RefusedRow) -> None:
        body = json.dumps({"intake_key": item.key, "where": row.where, **row.asked})
        self.queue.park(body, row.error, sid=row.sid, attempts=1)
        self.journal.parked(row.error, sid=row.sid, attempts=1)


def _may_heal_later(error: InvoiceRendererError) -> bool:
    """An event can overtake the invoice that it announces, so *not found* is tried again here."""
    return error.may_heal or isinstance(error, InvoiceNotFound)


def _sid_of(error: InvoiceRendererError, body: str) -> str:
    """The SID that a failure is about: as the work knew it, or as the message names it."""
    if error.sid:
        return error.sid
    try:
        event = sqs.parse_body(body)
    except RequestError:
        return ""
    fields = event.get("detail", event) if isinstance(event, Mapping) else {}
    sid = fields.get("invoice_sid") if isinstance(fields, Mapping) else None
    return sid if is_sid(sid) else ""
