"""The scheduled sweep: every issued invoice is queued, whatever happens on the way."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from invoice_renderer.billing import InvoiceSummary
from invoice_renderer.errors import (
    BillingUnavailable,
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
        self.moves: list[datetime] = []

    def read(self) -> Cursor:
        return self.cursor

    def advance(self, cursor: Cursor, issued_until: datetime) -> bool:
        if self.is_overlapped:
            return False
        self.moves.append(issued_until)
        self.cursor = Cursor(issued_until, '"next"')
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


def test_the_last_ten_minutes_are_looked_at_again() -> None:
    """CarrierX may show an invoice a little after the date it is issued on."""
    billing = IssuedInvoices()

    sweep(billing, MemoryCursors(), MemoryQueue())

    assert billing.since == SINCE - OVERLAP


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
    assert cursors.moves == []


@pytest.mark.parametrize(
    "trouble", [BillingUnavailable("status 503"), OutOfTime("ask CarrierX")], ids=lambda e: e.code
)
def test_a_sweep_that_is_cut_short_moves_as_far_as_it_queued(trouble: Any) -> None:
    """Ten are queued; the eleventh and twelfth still wait for their batch, and are not."""
    cursors, queue = MemoryCursors(), MemoryQueue()
    billing = IssuedInvoices(*(issued(f"i-{n}", n + 1) for n in range(12)), then=trouble)

    with pytest.raises(type(trouble)):
        sweep(billing, cursors, queue)

    assert len(queue.sent) == 10
    assert cursors.moves == [SINCE + timedelta(minutes=10)]


def test_a_list_that_is_not_sorted_and_is_cut_short_moves_nothing() -> None:
    """What lies between the newest seen and the rest of the list may not have come yet."""
    cursors = MemoryCursors()
    billing = IssuedInvoices(
        *(issued(f"i-{n}", 60 - n) for n in range(10)), then=BillingUnavailable("status 503")
    )

    with pytest.raises(BillingUnavailable):
        sweep(billing, cursors, MemoryQueue())

    assert cursors.moves == []


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
    assert first == Cursor(None, None)

    assert store.advance(first, SINCE)

    assert store.read().issued_until == SINCE
    assert store.advance(store.read(), NOW)
    assert store.read().issued_until == NOW


def test_a_cursor_that_moved_meanwhile_is_not_moved_back(s3: S3Client, bucket: str) -> None:
    store = CursorStore(s3, bucket=bucket)
    assert store.advance(store.read(), SINCE)
    ours = store.read()
    assert store.advance(store.read(), NOW)

    assert not store.advance(ours, SINCE + timedelta(minutes=5))
    assert not store.advance(Cursor(None, None), SINCE)

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
    assert store.advance(cursor, NOW)
    assert store.read().issued_until == NOW


def failing(error: Exception) -> CursorStore:
    s3: Any = FailingAws(error)
    return CursorStore(s3, bucket="documents")


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (404, "NoSuchKey")])
def test_a_cursor_that_is_not_there_is_the_first_sweeps(status: int, code: str) -> None:
    assert Cursor(None, None) == failing(aws_error(status, code)).read()


@pytest.mark.parametrize(
    ("status", "code"),
    [(412, "PreconditionFailed"), (409, "ConditionalRequestConflict"), (404, "NoSuchKey")],
)
def test_a_write_that_meets_another_gives_way(status: int, code: str) -> None:
    assert not failing(aws_error(status, code)).advance(Cursor(SINCE, '"etag"'), NOW)


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
        failing(error).advance(Cursor(None, None), NOW)


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
