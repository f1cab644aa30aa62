"""The asynchronous side: messages of the queue, and direct invocations.

Every message ends as a stored document, as a dead letter with its reason, or back in the queue:
what can heal is tried again with growing pauses, what cannot is parked at once.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from invoice_renderer.deadline import Deadline
from invoice_renderer.errors import (
    BillingRefused,
    InvoiceNotFound,
    InvoiceRendererError,
    QueueUnavailable,
    RequestError,
    Unexpected,
)
from invoice_renderer.intake import Intake, RefusedRow
from invoice_renderer.pipeline import Delivery
from invoice_renderer.queues import BATCH, Letter, RequestQueue
from invoice_renderer.request import (
    UNKNOWN_OPTIONS,
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
LATE_ATTEMPTS = 3  # from here on, a delivery is told of before it is worked on
QUEUE_SECONDS = 5.0  # a chunk of an intake object's rows is not begun with less time left
CHUNK_ROWS = 100  # queued between two looks at the clock
MAX_LETTERS = 100  # of one intake object; past these, one letter tells of all
MAX_PLACES = 1_000  # in that letter

Item = TypeVar("Item")


class Journal(Protocol):
    """Where the worker says what became of a message."""

    def delivered(self, delivery: Delivery) -> None: ...

    def swept(self, report: SweepReport) -> None: ...

    def ignored(self, reason: str) -> None: ...

    def retried(self, error: InvoiceRendererError, *, sid: str, attempts: int) -> None: ...

    def parked(self, error: InvoiceRendererError, *, sid: str, attempts: int) -> None: ...

    def unexpected(self) -> None: ...

    def taken_in(self, *, key: str, queued: int, parked: int) -> None: ...

    def unknown_options(self, names: tuple[str, ...]) -> None: ...

    def message(self, message_id: str) -> None: ...

    def started(self, *, sid: str, attempts: int) -> None: ...


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
        self.journal.message(message.message_id)
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
            self._tell_of_late(work, message)
            self._do(work, deadline)

    def _tell_of_late(self, work: Work, message: sqs.Message) -> None:
        """Before the work: where that kills the function, nothing could be said after it."""
        if message.attempts >= LATE_ATTEMPTS:
            sid = work.invoice_sid if isinstance(work, RenderRequest) else ""
            self.journal.started(sid=sid, attempts=message.attempts)

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
                self._tell_of_unknown(work)
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
        """One request is done now; many are queued one by one, so that each fares alone.

        Rows are queued before any is parked: that can be repeated, and a letter would come twice.
        """
        rows = self.intake.read_requests(item)
        requests = [row for row in rows if isinstance(row, RenderRequest)]
        refused = [row for row in rows if isinstance(row, RefusedRow)]
        self._tell_of_unknown(*requests)
        if len(rows) == 1 and requests:
            self.journal.taken_in(key=item.key, queued=1, parked=0)
            return self._render(requests[0], deadline)
        for some in _chunks(requests, CHUNK_ROWS):
            deadline.require(QUEUE_SECONDS, "queue the rows of an intake object")
            self.queue.send(request_fields(request) for request in some)
        for letters in _chunks(_letters_of(item, refused), BATCH):
            deadline.require(QUEUE_SECONDS, "park the rows of an intake object")
            self._park_all(letters)
        self.journal.taken_in(key=item.key, queued=len(requests), parked=len(refused))
        return {"queued": len(requests), "parked": len(refused)}

    def _park_all(self, letters: Sequence[Letter]) -> None:
        self.queue.park_all(letters)
        for letter in letters:
            self.journal.parked(letter.error, sid=letter.sid, attempts=letter.attempts)

    def _tell_of_unknown(self, *requests: RenderRequest) -> None:
        """Once for a message or an intake object: each name is in every row of a table."""
        names = dict.fromkeys(name for each in requests for name in each.unknown_options)
        if names:
            self.journal.unknown_options(tuple(names)[:UNKNOWN_OPTIONS])


def _letters_of(item: IntakeObject, refused: Sequence[RefusedRow]) -> list[Letter]:
    """A letter for each row, which can be sent again; or one for the whole of a bad file."""
    if len(refused) > MAX_LETTERS:
        return [_summary_of(item, refused)]
    return [
        Letter(
            json.dumps({"intake_key": item.key, "where": row.where, **row.asked}),
            row.error,
            row.sid,
        )
        for row in refused
    ]


def _summary_of(item: IntakeObject, refused: Sequence[RefusedRow]) -> Letter:
    """One letter with the places of the bad rows, under the commonest of their reasons."""
    ((commonest, _),) = Counter(row.error.code for row in refused).most_common(1)
    error = next(row.error for row in refused if row.error.code == commonest)
    places = [row.where for row in refused[:MAX_PLACES]]
    return Letter(
        json.dumps({"intake_key": item.key, "refused": len(refused), "where": places}), error
    )


def _chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _may_heal_later(error: InvoiceRendererError) -> bool:
    """What nobody should wait for, and the queue can.

    An event can overtake the invoice that it announces, so *not found* is tried again; and a
    rotation can end the old token before the new one is in the secret, so a 401 is, too.
    """
    if isinstance(error, BillingRefused):
        return error.status == 401
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
