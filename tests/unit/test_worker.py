"""Every message ends as a document, as a dead letter with its reason, or back in the queue."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoice_renderer.deadline import Deadline
from invoice_renderer.errors import (
    BillingRefused,
    BillingThrottled,
    IntakeObjectMissing,
    InvoiceNotFound,
    InvoiceRendererError,
    InvoiceSidInvalid,
    OptionRefused,
    QueueUnavailable,
    Unexpected,
)
from invoice_renderer.intake import RefusedRow
from invoice_renderer.pipeline import Delivery
from invoice_renderer.request import OPERATOR, RenderOptions, RenderRequest
from invoice_renderer.storage import Link, StoredDocument
from invoice_renderer.sweep import SweepReport
from invoice_renderer.triggers import Surroundings
from invoice_renderer.triggers.sqs import Message
from invoice_renderer.worker import PAUSE_CAP_SECONDS, Worker
from tests.builders import an_invoice
from tests.fakes import NOW, FakeClock, FakeIntake, MemoryQueue, RecordingJournal, plenty_of_time
from tests.unit.test_errors import EVERY_ERROR, name_of

MAX_RECEIVES = 5
Deliver = Callable[[RenderRequest, Deadline], Delivery]


def a_delivery(sid: str) -> Delivery:
    return Delivery(
        an_invoice(invoice_sid=sid, partner=None),
        StoredDocument(f"invoices/p/{sid}/d.pdf", "ab" * 32, 1, 9),
        Link("https://bucket.example/x", NOW + timedelta(minutes=15)),
        "v1@1",
        (),
        is_new=True,
    )


class House:
    """A worker over fakes; ``troubles`` are what delivering an invoice ends in, by SID."""

    def __init__(
        self,
        troubles: dict[str, Exception] | None = None,
        *,
        is_queue_down: bool = False,
        **rows: Any,
    ) -> None:
        self.queue: Any = MemoryQueue(is_down=is_queue_down)
        self.journal = RecordingJournal()
        self.delivered: list[RenderRequest] = []
        self.sweep_error: InvoiceRendererError | None = None
        self._troubles = troubles or {}
        intake: Any = FakeIntake(**rows)
        self.worker = Worker(
            deliver=self._deliver,
            sweep=self._sweep,
            intake=intake,
            queue=self.queue,
            journal=self.journal,
            surroundings=Surroundings("intake", "123456789012"),
            max_receives=MAX_RECEIVES,
            draw=lambda _low, high: high,
        )

    def batch(self, *messages: Message) -> list[str]:
        """The messages that must come back."""
        return [
            each.message_id for each in self.worker.handle_batch(list(messages), plenty_of_time())
        ]

    def event(self, event: object) -> dict[str, Any]:
        return self.worker.handle_event(event, plenty_of_time())

    @property
    def delivered_sids(self) -> list[str]:
        return [request.invoice_sid for request in self.delivered]

    def _deliver(self, request: RenderRequest, _deadline: Deadline) -> Delivery:
        if request.invoice_sid in self._troubles:
            raise self._troubles[request.invoice_sid]
        self.delivered.append(request)
        return a_delivery(request.invoice_sid)

    def _sweep(self, _deadline: Deadline) -> SweepReport:
        if self.sweep_error:
            raise self.sweep_error
        return SweepReport(queued=3, parked=1)


def a_message(body: object, *, attempts: int = 1, number: int = 1) -> Message:
    text = body if isinstance(body, str) else json.dumps(body)
    return Message(f"m-{number}", f"r-{number}", text, attempts)


def asking_for(sid: str, *, attempts: int = 1, number: int = 1) -> Message:
    return a_message({"invoice_sid": sid}, attempts=attempts, number=number)


def a_notification(*keys: str) -> dict[str, Any]:
    records = [
        {
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": "intake"}, "object": {"key": f"requests/{key}"}},
        }
        for key in keys
    ]
    return {"Records": records}


UNAUTHORIZED = BillingRefused(401)


def heals_later(error: InvoiceRendererError) -> bool:
    return error.may_heal or isinstance(error, InvoiceNotFound) or error is UNAUTHORIZED


SCHEDULE = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}


# ----------------------------------------------------------------------------- three ends


def test_a_message_that_is_done_leaves_the_queue() -> None:
    house = House()

    assert house.batch(a_message({"invoice_sid": "i-1", "paper": "a4"})) == []

    assert house.delivered == [RenderRequest("i-1", OPERATOR, RenderOptions(paper="a4"))]
    assert house.journal.lines == [("delivered", "i-1")]
    assert (house.queue.sent, house.queue.parked, house.queue.postponed) == ([], [], [])


@pytest.mark.parametrize("attempts", [1, MAX_RECEIVES - 1, MAX_RECEIVES, MAX_RECEIVES + 1])
@pytest.mark.parametrize("error", [*EVERY_ERROR, UNAUTHORIZED], ids=name_of)
def test_what_may_heal_comes_back_until_it_came_too_often_and_the_rest_is_parked(
    error: InvoiceRendererError, attempts: int
) -> None:
    """An invoice that is not found may come yet: an event can overtake what it announces. So may
    the new token: a rotation can end the old one first. A 403 wants a person.
    """
    house = House({"i-1": error})
    comes_back = heals_later(error) and attempts < MAX_RECEIVES

    assert house.batch(asking_for("i-1", attempts=attempts)) == (["m-1"] if comes_back else [])

    if attempts >= 3:
        assert house.journal.lines.pop(0) == ("started", "i-1", attempts)
    if comes_back:
        assert house.journal.lines == [("retried", error.code, "i-1", attempts)]
        assert [handle for handle, _ in house.queue.postponed] == ["r-1"]
        assert house.queue.parked == []
        return
    assert house.journal.lines == [("parked", error.code, "i-1", attempts)]
    assert house.queue.parked == [('{"invoice_sid": "i-1"}', error.code, "i-1", attempts)]
    assert house.queue.postponed == []


@pytest.mark.parametrize(
    ("attempts", "asked", "expected"),
    [
        (1, None, 15),
        (2, None, 30),
        (3, None, 60),
        (4, None, 120),
        (1, 1.0, 15),
        (1, 40.0, 40),
        (1, 86_400.0, PAUSE_CAP_SECONDS),
    ],
)
def test_the_pause_doubles_and_is_at_least_what_was_asked_for(
    attempts: int, asked: float | None, expected: float
) -> None:
    house = House({"i-1": BillingThrottled(asked)})

    house.batch(asking_for("i-1", attempts=attempts))

    assert house.queue.postponed == [("r-1", expected)]


def test_one_poison_among_nine_good_is_parked_alone() -> None:
    house = House({"i-5": OptionRefused("paper", "is not offered by this template")})

    assert house.batch(*(asking_for(f"i-{n}", number=n) for n in range(10))) == []

    assert len(house.delivered) == 9
    assert [sid for _, _, sid, _ in house.queue.parked] == ["i-5"]


def test_one_that_may_heal_among_nine_good_comes_back_alone() -> None:
    house = House({"i-5": BillingThrottled()})

    assert house.batch(*(asking_for(f"i-{n}", number=n) for n in range(10))) == ["m-5"]
    assert len(house.delivered) == 9


def test_a_bug_does_not_take_the_batch_along() -> None:
    house = House({"i-1": KeyError("canary")})

    assert house.batch(asking_for("i-1"), asking_for("i-2", number=2)) == ["m-1"]

    assert house.journal.lines == [
        ("unexpected",),
        ("retried", "unexpected", "i-1", 1),
        ("delivered", "i-2"),
    ]
    assert "canary" not in Unexpected(KeyError("canary")).detail


def test_a_bug_that_stays_is_parked_in_the_end() -> None:
    house = House({"i-1": KeyError("canary")})

    assert house.batch(asking_for("i-1", attempts=MAX_RECEIVES)) == []
    assert house.queue.parked == [('{"invoice_sid": "i-1"}', "unexpected", "i-1", MAX_RECEIVES)]


@pytest.mark.parametrize("error", [BillingThrottled(), InvoiceSidInvalid()], ids=name_of)
def test_with_the_queue_down_a_message_comes_back_by_itself(error: InvoiceRendererError) -> None:
    """After the visibility time-out: SQS's own redrive is the last resort."""
    house = House({"i-1": error}, is_queue_down=True)

    assert house.batch(asking_for("i-1"), asking_for("i-2", number=2)) == ["m-1"]
    assert house.delivered_sids == ["i-2"]
    assert ("parked",) not in [line[:1] for line in house.journal.lines]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "request-malformed"),
        ("hello", "request-malformed"),
        ("[]", "unknown-event"),
        ("{}", "unknown-event"),
        ('{"Records": []}', "unknown-event"),
        ('{"invoice_sid": null}', "invoice-sid-invalid"),
        ('{"invoice_sid": "a\\u0000b"}', "invoice-sid-invalid"),
        ('{"invoice_sid": "Jane Roe"}', "invoice-sid-invalid"),
        ('{"detail-type": "x", "source": "y"}', "request-malformed"),
        ('{"detail-type": "x", "source": "y", "detail": {}}', "foreign-event"),
        (
            '{"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}]}',
            "request-malformed",
        ),
        (json.dumps({"Records": [{"eventSource": "aws:sns"}]}), "unknown-event"),
        ("[" * 9_999, "request-malformed"),
    ],
    ids=lambda value: value[:30],
)
def test_a_message_that_nobody_can_read_is_parked_at_once(body: str, code: str) -> None:
    house = House()

    assert house.batch(a_message(body)) == []
    assert house.queue.parked == [(body, code, "", 1)]


def test_a_dead_letter_names_only_a_sound_sid() -> None:
    """What stands in the place of a SID may be a name, and goes to logs."""
    house = House()

    house.batch(a_message({"invoice_sid": "Jane Roe"}))
    house.batch(a_message({"detail-type": "x", "source": "y", "detail": {"invoice_sid": "i-1"}}))

    assert [sid for _, _, sid, _ in house.queue.parked] == ["", "i-1"]


def test_the_test_event_of_s3_is_ignored_and_told_once() -> None:
    house = House()

    assert house.batch(a_message({"Event": "s3:TestEvent", "Records": 5})) == []
    assert house.journal.lines == [("ignored", "S3's test event")]


# ----------------------------------------------------------------------------- S3 and the intake


def a_row(sid: str, **options: Any) -> RenderRequest:
    return RenderRequest(sid, OPERATOR, RenderOptions(**options))


def a_refused_row(where: str = "line 3", **asked: str) -> RefusedRow:
    return RefusedRow(where, OptionRefused("paper", "is not a paper size we print on"), asked)


def test_a_notification_of_three_records_is_split() -> None:
    house = House()

    assert house.batch(a_message(a_notification("a", "b", "c"))) == []

    assert house.queue.sent == [a_notification("a"), a_notification("b"), a_notification("c")]
    assert house.journal.lines == []


def test_each_message_says_whose_the_next_lines_are() -> None:
    house = House()

    house.batch(asking_for("i-1"), a_message("{", number=2))

    assert house.journal.messages == ["m-1", "m-2"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"invoice_sid": "i-1"}, [("started", "i-1", 3), ("delivered", "i-1")]),
        (SCHEDULE, [("started", "", 3), ("swept", 3, 1)]),
    ],
    ids=["invoice", "schedule"],
)
def test_a_late_delivery_is_told_of_before_its_work(
    body: object, expected: list[tuple[object, ...]]
) -> None:
    """Work that kills the function leaves no other word of what it was."""
    house = House()

    house.batch(a_message(body, attempts=3))

    assert expected == house.journal.lines


def test_a_notification_that_cannot_be_split_comes_back_whole() -> None:
    house = House(is_queue_down=True)

    assert house.batch(a_message(a_notification("a", "b"))) == ["m-1"]


def test_one_request_of_an_object_is_done_at_once() -> None:
    house = House(one=[a_row("i-1", paper="a4")])

    assert house.batch(a_message(a_notification("one"))) == []

    assert house.delivered == [a_row("i-1", paper="a4")]
    assert house.queue.sent == []


def test_many_requests_are_queued_one_by_one_and_bad_rows_parked() -> None:
    rows = [a_row("i-1", paper="a4"), a_refused_row(invoice_sid="i-2", paper="a3"), a_row("i-3")]
    house = House(many=rows)

    assert house.batch(a_message(a_notification("many"))) == []

    assert house.queue.sent == [{"invoice_sid": "i-1", "paper": "a4"}, {"invoice_sid": "i-3"}]
    ((body, code, sid, attempts),) = house.queue.parked
    assert (code, sid, attempts) == ("option-refused", "i-2", 1)
    assert json.loads(body) == {
        "intake_key": "requests/many",
        "where": "line 3",
        "invoice_sid": "i-2",
        "paper": "a3",
    }
    assert house.delivered == []


def test_the_dead_letter_of_a_row_asks_for_the_same_when_it_is_sent_again() -> None:
    house = House(many=[a_refused_row(invoice_sid="i-2", paper="a3"), a_row("i-1")])
    house.batch(a_message(a_notification("many")))
    ((body, *_),) = house.queue.parked

    house.batch(a_message(body))

    assert house.delivered == []
    assert house.queue.parked[1][:3] == (body, "option-refused", "i-2")


def test_a_single_bad_row_is_parked_and_the_message_done() -> None:
    house = House(one=[a_refused_row(invoice_sid="i-1")])

    assert house.batch(a_message(a_notification("one"))) == []
    assert [code for _, code, _, _ in house.queue.parked] == ["option-refused"]


def test_a_list_of_nothing_is_done_and_told() -> None:
    house = House(none=[])

    assert house.batch(a_message(a_notification("none"))) == []
    assert (house.queue.sent, house.queue.parked) == ([], [])
    assert house.journal.lines == [("taken_in", "requests/none", 0, 0)]


@pytest.mark.parametrize(
    ("rows", "counts"),
    [
        ([a_row("i-1")], (1, 0)),
        ([a_row("i-1"), a_row("i-2"), a_refused_row()], (2, 1)),
        ([a_refused_row()], (0, 1)),
    ],
)
def test_every_intake_object_is_told_of(rows: list[Any], counts: tuple[int, int]) -> None:
    house = House(rows=rows)

    house.batch(a_message(a_notification("rows")))

    assert ("taken_in", "requests/rows", *counts) in house.journal.lines


def test_refused_rows_are_parked_ten_at_a_time_after_the_others_are_queued() -> None:
    rows = [a_refused_row(f"line {n}", invoice_sid=f"i-{n}") for n in range(100)]
    house = House(bad=[*rows, a_row("i-100")])

    assert house.batch(a_message(a_notification("bad"))) == []

    assert house.queue.batches == [10] * 10
    assert len(house.queue.parked) == house.journal.words.count("parked") == 100
    assert house.queue.sent == [{"invoice_sid": "i-100"}]


def test_a_file_of_bad_rows_is_one_letter_that_lists_their_places() -> None:
    odd = RefusedRow("line 0", InvoiceSidInvalid(), {})
    rows = [odd, *(a_refused_row(f"line {n}") for n in range(1, 2_500))]
    house = House(bad=[*rows, a_row("i-1")])

    assert house.batch(a_message(a_notification("bad"))) == []

    ((body, code, sid, attempts),) = house.queue.parked
    assert (code, sid, attempts) == ("option-refused", "", 1)
    letter = json.loads(body)
    assert (letter["intake_key"], letter["refused"]) == ("requests/bad", 2_500)
    assert letter["where"] == [f"line {n}" for n in range(1_000)]
    assert ("taken_in", "requests/bad", 1, 2_500) in house.journal.lines
    assert house.queue.sent == [{"invoice_sid": "i-1"}]


def test_rows_are_not_begun_without_time_to_end_them() -> None:
    house = House(many=[a_row("i-1"), a_row("i-2")], bad=[a_refused_row()])
    soon = Deadline.after(1, clock=FakeClock())
    messages = [a_message(a_notification(key)) for key in ("many", "bad")]

    assert house.worker.handle_batch(messages, soon) == messages

    assert (house.queue.sent, house.queue.parked) == ([], [])
    assert [line[1] for line in house.journal.lines] == ["out-of-time", "out-of-time"]


def test_options_that_we_do_not_know_are_told_once_by_name() -> None:
    rows = [replace(a_row(f"i-{n}"), unknown_options=("papier", f"n{n}")) for n in range(9)]
    house = House(many=rows, one=rows[:1])

    house.batch(a_message({"invoice_sid": "i-1", "Paper": "a4"}))
    house.batch(a_message(a_notification("one")))
    house.batch(a_message(a_notification("many")))

    assert [line for line in house.journal.lines if line[0] == "unknown_options"] == [
        ("unknown_options", "Paper"),
        ("unknown_options", "papier", "n0"),
        ("unknown_options", "papier", "n0", "n1", "n2", "n3"),
    ]


def test_an_object_that_went_away_is_parked() -> None:
    house = House(gone=IntakeObjectMissing())

    assert house.batch(a_message(a_notification("gone"))) == []
    assert [code for _, code, _, _ in house.queue.parked] == ["intake-object-missing"]


# ----------------------------------------------------------------------------- the schedule


def test_a_schedule_sweeps() -> None:
    house = House()

    assert house.batch(a_message(SCHEDULE)) == []
    assert house.journal.lines == [("swept", 3, 1)]


def test_a_sweep_that_was_cut_short_comes_back() -> None:
    house = House()
    house.sweep_error = BillingThrottled()

    assert house.batch(a_message(SCHEDULE)) == ["m-1"]


# ----------------------------------------------------------------------------- direct events


def test_a_direct_invocation_is_answered_with_the_link() -> None:
    house = House()

    assert house.event({"invoice_sid": "i-1"}) == a_delivery("i-1").fields()


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (SCHEDULE, {"queued": 3, "parked": 1}),
        ({"Event": "s3:TestEvent"}, {"ignored": "S3's test event"}),
        (a_notification("many"), {"queued": 2, "parked": 0}),
    ],
    ids=["schedule", "test event", "notification"],
)
def test_a_direct_event_is_answered_with_what_became_of_it(
    event: dict[str, Any], expected: dict[str, object]
) -> None:
    assert expected == House(many=[a_row("i-1"), a_row("i-2")]).event(event)


@pytest.mark.parametrize("error", [*EVERY_ERROR, UNAUTHORIZED], ids=name_of)
def test_a_direct_invocation_that_fails_is_answered_and_not_lost(
    error: InvoiceRendererError,
) -> None:
    house = House({"i-1": error})
    event = {"invoice_sid": "i-1"}
    told = {"code": error.code, "detail": error.detail}

    answer = house.event(event)

    if heals_later(error):
        assert answer == {**told, "queued_again": True}
        assert house.queue.sent == [event]
        assert house.journal.lines == [("retried", error.code, "i-1", 1)]
        return
    assert answer == {**told, "parked": True}
    assert house.queue.parked == [(json.dumps(event), error.code, "i-1", 1)]
    assert house.journal.lines == [("parked", error.code, "i-1", 1)]


@pytest.mark.parametrize("event", [{}, None, [], "hello", 7, {"Records": []}], ids=repr)
def test_an_event_that_is_nobodys_is_parked(event: object) -> None:
    house = House()

    assert house.event(event)["code"] == "unknown-event"
    assert house.queue.parked == [(json.dumps(event), "unknown-event", "", 1)]


def test_a_bug_is_answered_without_its_text() -> None:
    house = House({"i-1": RuntimeError("canary /var/task secret")})

    answer = house.event({"invoice_sid": "i-1"})

    assert answer["code"] == "unexpected"
    assert answer["queued_again"] is True
    assert "canary" not in json.dumps(answer)
    assert house.journal.words == ["unexpected", "retried"]


def test_each_record_of_a_direct_notification_is_judged_alone() -> None:
    house = House(a=[a_row("i-1")], b=IntakeObjectMissing(), c=[a_row("i-3")])

    answer = house.event(a_notification("a", "b", "c"))

    assert house.delivered_sids == ["i-1", "i-3"]
    assert [result.get("code") for result in answer["results"]] == [
        None,
        "intake-object-missing",
        None,
    ]
    assert [json.loads(body) for body, *_ in house.queue.parked] == [a_notification("b")]


@pytest.mark.parametrize("error", [BillingThrottled(), InvoiceSidInvalid()], ids=name_of)
def test_with_the_queue_down_a_direct_event_fails_so_that_lambda_sends_it_again(
    error: InvoiceRendererError,
) -> None:
    house = House({"i-1": error}, is_queue_down=True)

    with pytest.raises(QueueUnavailable):
        house.event({"invoice_sid": "i-1"})


# ----------------------------------------------------------------------------- anything at all

NAMES = st.sampled_from(
    "Records Event eventSource eventName s3 bucket name object key detail-type source account "
    "detail invoice_sid paper".split()
)
JSON = st.recursive(
    st.none()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        ["aws:s3", "ObjectCreated:Put", "intake", "requests/%ff", "i-1", "\ud800\x00"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=15,
)


@given(JSON)
def test_no_message_can_surprise_the_worker(body: object) -> None:
    house = House()

    house.batch(a_message(body))
    house.event(body)

    assert "unexpected" not in house.journal.words
