"""The scheduled sweep: every issued invoice is queued, whatever happens on the way."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from invoice_renderer.billing import InvoiceSummary
from invoice_renderer.errors import (
    BillingUnavailable,
    InvoiceMalformed,
    OutOfTime,
    QueueUnavailable,
    StorageRefused,
    StorageUnavailable,
)
from invoice_renderer.sweep import (
    CURSOR_KEY,
    OVERLAP,
    Cursor,
    CursorStore,
    SweepReport,
    sweep_issued,
)
from tests.fakes import NOW, FailingAws, IssuedInvoices, MemoryQueue, aws_error, plenty_of_time

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SINCE = NOW - timedelta(days=1)


class MemoryCursors:
    """The cursor in a variable; moved by somebody else first where ``is_overlapped``."""

    def __init__(
        self, issued_until: datetime | None = SINCE, *, is_overlapped: bool = False
    ) -> None:
        self.cursor = Cursor(issued_until, '"etag"' if issued_until else None)
        self.is_overlapped = is_overlapped
        self.moves: list[datetime | None] = []

    def read(self) -> Cursor:
        return self.cursor

    def advance(self, moved: Cursor) -> bool:
        if self.is_overlapped:
            return False
        self.moves.append(moved.issued_until)
        self.cursor = replace(moved, etag='"next"')
        return True


def issued(sid: object, minutes: float | None) -> InvoiceSummary:
    """An invoice issued so many minutes after the last sweep's newest."""
    return InvoiceSummary(sid, None if minutes is None else SINCE + timedelta(minutes=minutes))


def sweep(billing: IssuedInvoices, cursors: Any, queue: Any, first_days: int = 31) -> SweepReport:
    return sweep_issued(
        billing=billing,
        cursors=cursors,
        queue=queue,
        deadline=plenty_of_time(),
        now=NOW,
        first_days=first_days,
    )


def sids_of(queue: MemoryQueue) -> list[str]:
    return [body["invoice_sid"] for body in queue.sent]


# ----------------------------------------------------------------------------- the sweep


def test_everything_issued_since_is_queued_and_the_cursor_moves_to_the_newest() -> None:
    billing, cursors, queue = (
        IssuedInvoices(issued("i-1", 5), issued("i-2", 9)),
        MemoryCursors(),
        MemoryQueue(),
    )

    assert sweep(billing, cursors, queue) == SweepReport(queued=2, parked=0)

    assert sids_of(queue) == ["i-1", "i-2"]
    assert cursors.moves == [SINCE + timedelta(minutes=9)]


def test_the_last_day_is_looked_at_again() -> None:
    """CarrierX may show an invoice a while after the date it is issued on."""
    billing = IssuedInvoices()

    sweep(billing, MemoryCursors(), MemoryQueue())

    assert billing.since == SINCE - OVERLAP == SINCE - timedelta(days=1)


def test_a_billing_run_of_one_instant_is_queued_once() -> None:
    cursors, queue = MemoryCursors(), MemoryQueue()
    billing = IssuedInvoices(*(issued(f"i-{n}", 5) for n in range(1_000)))

    reports = [sweep(billing, cursors, queue) for _ in range(3)]

    assert [report.queued for report in reports] == [1_000, 0, 0]
    assert len(cursors.moves) == 1


def test_an_invoice_that_is_shown_late_is_still_queued() -> None:
    cursors, queue = MemoryCursors(), MemoryQueue()
    sweep(IssuedInvoices(issued("i-2", 9)), cursors, queue)

    sweep(IssuedInvoices(issued("i-1", -60), issued("i-2", 9)), cursors, queue)

    assert sids_of(queue) == ["i-2", "i-1"]
    assert cursors.cursor.issued_until == SINCE + timedelta(minutes=9)


def test_the_cursor_forgets_what_is_no_longer_looked_at() -> None:
    cursors = MemoryCursors()
    sweep(IssuedInvoices(issued("i-1", 0), issued("i-2", 60)), cursors, MemoryQueue())
    assert cursors.cursor.queued == ("i-1", "i-2")

    listed = issued("i-1", 0), issued("i-2", 60), issued("i-3", 24 * 60 + 30)
    sweep(IssuedInvoices(*listed), cursors, MemoryQueue())

    assert cursors.cursor.queued == ("i-2", "i-3")


def test_the_cursor_remembers_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("invoice_renderer.sweep.MAX_QUEUED", 3)
    cursors = MemoryCursors()

    sweep(IssuedInvoices(*(issued(f"i-{n}", n) for n in range(5))), cursors, MemoryQueue())

    assert cursors.cursor.queued == ("i-2", "i-3", "i-4")


def test_the_first_sweep_looks_back_as_far_as_it_is_told() -> None:
    billing = IssuedInvoices()

    sweep(billing, MemoryCursors(None), MemoryQueue(), first_days=31)

    assert NOW - timedelta(days=31) - OVERLAP == billing.since


@pytest.mark.parametrize("first_days", [0, 31])
def test_the_first_sweep_leaves_a_cursor_though_it_found_nothing(first_days: int) -> None:
    """Else the window would slide along with the clock, past what is issued in between."""
    cursors = MemoryCursors(None)

    sweep(IssuedInvoices(), cursors, MemoryQueue(), first_days=first_days)

    assert cursors.moves == [NOW - timedelta(days=first_days)]


def test_a_later_sweep_that_found_nothing_new_leaves_the_cursor_alone() -> None:
    cursors = MemoryCursors()

    cursors.cursor = replace(cursors.cursor, queued=("i-1", "i-2"))

    sweep(IssuedInvoices(issued("i-1", -3), issued("i-2", 0)), cursors, MemoryQueue())

    assert cursors.moves == []


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 25])
def test_none_is_left_behind_in_a_batch(count: int) -> None:
    queue = MemoryQueue()
    billing = IssuedInvoices(*(issued(f"i-{n}", n) for n in range(count)))

    assert count == sweep(billing, MemoryCursors(), queue).queued
    assert sids_of(queue) == [f"i-{n}" for n in range(count)]


def test_an_invoice_without_a_date_is_queued_and_does_not_move_the_cursor() -> None:
    cursors, queue = MemoryCursors(), MemoryQueue()

    sweep(IssuedInvoices(issued("i-1", None)), cursors, queue)

    assert sids_of(queue) == ["i-1"]
    assert cursors.cursor.issued_until == SINCE

    sweep(IssuedInvoices(issued("i-1", None)), cursors, queue)
    assert sids_of(queue) == ["i-1"]


@pytest.mark.parametrize(
    "trouble", [BillingUnavailable("status 503"), OutOfTime("ask CarrierX")], ids=lambda e: e.code
)
def test_a_sweep_that_is_cut_short_moves_as_far_as_it_queued(trouble: Any) -> None:
    cursors, queue = MemoryCursors(), MemoryQueue()
    billing = IssuedInvoices(*(issued(f"i-{n}", n + 1) for n in range(12)), then=trouble)

    with pytest.raises(type(trouble)):
        sweep(billing, cursors, queue)

    assert len(queue.sent) == 12
    assert cursors.moves == [SINCE + timedelta(minutes=12)]


def test_a_sweep_that_was_cut_short_goes_on_from_there() -> None:
    """Else a day with more invoices than one sweep can list would never be passed."""
    cursors, queue = MemoryCursors(), MemoryQueue()
    first = issued("i-1", -120), issued("i-2", -60)
    with pytest.raises(OutOfTime):
        sweep(IssuedInvoices(*first, then=OutOfTime("ask CarrierX")), cursors, queue)
    assert cursors.cursor.issued_until == SINCE

    rest = IssuedInvoices(issued("i-2", -60), issued("i-3", 5))
    sweep(rest, cursors, queue)

    assert rest.since == SINCE - timedelta(minutes=60)
    assert sids_of(queue) == ["i-1", "i-2", "i-3"]
    whole = IssuedInvoices(*first, issued("i-3", 5))
    assert sweep(whole, cursors, queue).queued == 0
    assert whole.since == SINCE + timedelta(minutes=5) - OVERLAP


def test_a_sweep_that_did_not_begin_leaves_the_place_where_the_last_one_stopped() -> None:
    cursors = MemoryCursors()
    cursors.cursor = before = replace(cursors.cursor, resume_at=NOW)

    with pytest.raises(BillingUnavailable):
        sweep(IssuedInvoices(then=BillingUnavailable("status 503")), cursors, MemoryQueue())

    assert cursors.cursor == before


def test_a_list_that_is_not_sorted_and_is_cut_short_moves_nothing() -> None:
    """What lies between the newest seen and the rest of the list may not have come yet."""
    cursors = MemoryCursors()
    billing = IssuedInvoices(
        *(issued(f"i-{n}", 60 - n) for n in range(10)), then=BillingUnavailable("status 503")
    )

    with pytest.raises(BillingUnavailable):
        sweep(billing, cursors, MemoryQueue())

    assert (cursors.cursor.issued_until, cursors.cursor.resume_at) == (SINCE, None)
    assert len(cursors.cursor.queued) == 10


def test_a_list_that_is_not_sorted_and_came_to_its_end_moves_to_the_newest() -> None:
    cursors = MemoryCursors()

    sweep(IssuedInvoices(issued("i-1", 9), issued("i-2", 5)), cursors, MemoryQueue())

    assert cursors.moves == [SINCE + timedelta(minutes=9)]


def test_a_queue_that_is_down_moves_nothing() -> None:
    cursors = MemoryCursors()

    with pytest.raises(QueueUnavailable):
        sweep(IssuedInvoices(issued("i-1", 5)), cursors, MemoryQueue(is_down=True))

    assert cursors.moves == []


def test_a_sweep_that_overlaps_another_is_as_good(caplog: pytest.LogCaptureFixture) -> None:
    queue = MemoryQueue()

    with caplog.at_level(logging.INFO):
        report = sweep(IssuedInvoices(issued("i-1", 5)), MemoryCursors(is_overlapped=True), queue)

    assert report.queued == 1
    assert "sweep_overlapped" in caplog.text


# ----------------------------------------------------------------------------- a bad SID

BAD_SIDS = ["../x", "", None, 7, {"a": 1}, "a\x00", "x" * 9_999]


@pytest.mark.parametrize("sid", BAD_SIDS, ids=lambda sid: str(sid)[:20])
def test_a_sid_that_is_not_one_is_parked_among_the_good(sid: object) -> None:
    cursors, queue = MemoryCursors(), MemoryQueue()
    billing = IssuedInvoices(issued("i-1", 1), issued(sid, 2), issued("i-2", 3))

    assert sweep(billing, cursors, queue) == SweepReport(queued=2, parked=1)

    assert sids_of(queue) == ["i-1", "i-2"]
    ((body, code, name, attempts),) = queue.parked
    assert json.loads(body) == {"invoice_sid": str(sid)[:64]}
    assert (code, name, attempts) == ("invoice-sid-invalid", "unknown", 1)


def test_a_bad_sid_is_parked_once_and_not_at_every_sweep() -> None:
    cursors, queue = MemoryCursors(), MemoryQueue()
    billing = IssuedInvoices(issued("i-1", 1), issued("../x", 2))

    for _ in range(3):
        sweep(billing, cursors, queue)

    assert len(queue.parked) == 1
    assert cursors.cursor.issued_until == SINCE + timedelta(minutes=2)


def test_an_item_that_cannot_be_read_is_parked_once_by_its_place() -> None:
    cursors, queue = MemoryCursors(), MemoryQueue()
    error = InvoiceMalformed("answer", "has the same key twice in one object")
    place = "offset 1 of those since 2024-01-01T00:00:00Z"
    bad = InvoiceSummary(place, None, error=error)
    billing = IssuedInvoices(issued("i-1", 1), bad, issued("i-2", 3))

    reports = [sweep(billing, cursors, queue) for _ in range(2)]

    assert reports == [SweepReport(queued=2, parked=1), SweepReport(queued=0, parked=0)]
    assert queue.parked == [(json.dumps({"list_item": place}), "invoice-malformed", "unknown", 1)]


def test_two_items_without_a_sid_on_two_days_are_two() -> None:
    cursors, queue = MemoryCursors(), MemoryQueue()

    sweep(IssuedInvoices(issued(None, 1)), cursors, queue)
    sweep(IssuedInvoices(issued(None, 1), issued(None, 2)), cursors, queue)

    assert len(queue.parked) == 2


def test_the_cursor_does_not_pass_what_waits_before_a_bad_sid() -> None:
    cursors, queue = MemoryCursors(), MemoryQueue()
    billing = IssuedInvoices(
        issued("i-1", 1), issued("../x", 2), then=BillingUnavailable("status 503")
    )

    with pytest.raises(BillingUnavailable):
        sweep(billing, cursors, queue)

    assert sids_of(queue) == ["i-1"]
    assert cursors.moves == [SINCE + timedelta(minutes=2)]


# ----------------------------------------------------------------------------- the cursor


def test_a_cursor_is_kept_in_the_bucket(s3: S3Client, bucket: str) -> None:
    store = CursorStore(s3, bucket=bucket)
    first = store.read()
    assert first == Cursor()

    assert store.advance(replace(first, issued_until=SINCE, queued=("i-1",), resume_at=NOW))

    second = store.read()
    assert second == Cursor(SINCE, second.etag, ("i-1",), NOW)
    assert store.advance(replace(second, issued_until=NOW, resume_at=None))
    assert store.read().issued_until == NOW


def test_the_cursor_can_be_read_by_a_person(s3: S3Client, bucket: str) -> None:
    CursorStore(s3, bucket=bucket).advance(Cursor(SINCE, queued=("i-1", "i-2")))

    body = s3.get_object(Bucket=bucket, Key=CURSOR_KEY)["Body"].read()
    assert json.loads(body) == {
        "issued_until": f"{SINCE:%Y-%m-%dT%H:%M:%S.%fZ}",
        "queued": ["i-1", "i-2"],
    }


@pytest.mark.parametrize("queued", ["", ', "queued": null', ', "queued": 7', ', "queued": [7]'])
def test_an_older_cursor_without_sids_still_works(s3: S3Client, bucket: str, queued: str) -> None:
    body = f'{{"issued_until": "{SINCE:%Y-%m-%dT%H:%M:%S.%fZ}"{queued}}}'
    s3.put_object(Bucket=bucket, Key=CURSOR_KEY, Body=body.encode())

    cursor = CursorStore(s3, bucket=bucket).read()

    assert (cursor.issued_until, cursor.queued) == (SINCE, ())


def test_a_cursor_that_moved_meanwhile_is_not_moved_back(s3: S3Client, bucket: str) -> None:
    store = CursorStore(s3, bucket=bucket)
    assert store.advance(Cursor(SINCE))
    ours = store.read()
    assert store.advance(replace(ours, issued_until=NOW))

    assert not store.advance(replace(ours, issued_until=SINCE + timedelta(minutes=5)))
    assert not store.advance(Cursor(SINCE))

    assert store.read().issued_until == NOW


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"issued_until": 7}', b'{"issued_until": "soon"}', b"\xff"]
)
def test_a_cursor_that_cannot_be_read_is_replaced(
    s3: S3Client, bucket: str, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    s3.put_object(Bucket=bucket, Key=CURSOR_KEY, Body=body)
    store = CursorStore(s3, bucket=bucket)

    cursor = store.read()

    assert cursor.issued_until is None
    assert "sweep_cursor_unreadable" in caplog.text
    assert store.advance(replace(cursor, issued_until=NOW))
    assert store.read().issued_until == NOW


def failing(error: Exception) -> CursorStore:
    s3: Any = FailingAws(error)
    return CursorStore(s3, bucket="documents")


def test_a_cursor_that_is_not_there_is_the_first_sweeps() -> None:
    assert Cursor() == failing(aws_error(404, "NoSuchKey")).read()


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (404, "NoSuchBucket")])
def test_a_cursor_that_may_not_be_read_is_no_first_sweep(status: int, code: str) -> None:
    """Else every sweep would look back a month."""
    with pytest.raises(StorageRefused, match=code):
        failing(aws_error(status, code)).read()


@pytest.mark.parametrize(
    ("status", "code"),
    [(412, "PreconditionFailed"), (409, "ConditionalRequestConflict"), (404, "NoSuchKey")],
)
def test_a_write_that_meets_another_gives_way(status: int, code: str) -> None:
    assert not failing(aws_error(status, code)).advance(Cursor(NOW, '"etag"'))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (aws_error(403, "AccessDenied"), StorageRefused),
        (aws_error(404, "NoSuchBucket"), StorageRefused),
        (aws_error(503, "SlowDown"), StorageUnavailable),
        (ConnectTimeoutError(endpoint_url="https://documents.example"), StorageUnavailable),
    ],
    ids=str,
)
def test_a_write_in_trouble_is_told_apart(error: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        failing(error).advance(Cursor(NOW))


@pytest.mark.parametrize(
    "error",
    [
        aws_error(500, "InternalError"),
        ConnectTimeoutError(endpoint_url="https://documents.example"),
    ],
    ids=str,
)
def test_a_read_in_trouble_may_heal(error: Exception) -> None:
    with pytest.raises(StorageUnavailable):
        failing(error).read()
