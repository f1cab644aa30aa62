"""The scheduled sweep: queue every invoice issued since the last one.

The cursor is one small object, ``state/sweep.json``, moved with a conditional write. Queueing is
repeatable (an invoice that is rendered already is found in the store), so a sweep that dies, runs
twice or overlaps another loses nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from invoice_renderer.aws_faults import code_of, is_final, status_of
from invoice_renderer.billing import InvoiceSummary
from invoice_renderer.deadline import Deadline
from invoice_renderer.errors import (
    InvoiceRendererError,
    InvoiceSidInvalid,
    StorageRefused,
    StorageUnavailable,
)
from invoice_renderer.invoice import parse_timestamp
from invoice_renderer.queues import BATCH, RequestQueue
from invoice_renderer.request import parse_sid
from invoice_renderer.strict_json import JsonRefused, parse_json

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CURSOR_KEY = "state/sweep.json"
OVERLAP = timedelta(minutes=10)  # invoices that CarrierX shows a little after their issue date
SID_CHARACTERS = 64
MOVED_MEANWHILE = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}

logger = logging.getLogger(__name__)


class IssuedInvoices(Protocol):
    def list_issued(self, since: datetime, *, deadline: Deadline) -> Iterator[InvoiceSummary]: ...


@dataclass(frozen=True, slots=True)
class Cursor:
    """Invoices issued up to ``issued_until`` are queued; ``etag`` is the object's, if it exists."""

    issued_until: datetime | None
    etag: str | None


@dataclass(frozen=True, slots=True)
class SweepReport:
    queued: int
    parked: int


class CursorStore:
    """``state/sweep.json`` in the output bucket."""

    def __init__(self, s3: S3Client, *, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def read(self) -> Cursor:
        """The cursor; an empty one before the first sweep, or where it cannot be understood."""
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=CURSOR_KEY)
            body = answer["Body"].read()
        except ClientError as error:
            if status_of(error) in {403, 404}:  # 403 for a missing key: we may not list
                return Cursor(None, None)
            raise _translated(error) from None
        except BotoCoreError:
            raise StorageUnavailable from None
        return Cursor(_issued_until(body), answer["ETag"])

    def advance(self, cursor: Cursor, issued_until: datetime) -> bool:
        """Move the cursor, unless another sweep moved it meanwhile; says whether it moved."""
        condition: dict[str, Any] = (
            {"IfMatch": cursor.etag} if cursor.etag else {"IfNoneMatch": "*"}
        )
        body = json.dumps({"issued_until": f"{issued_until:%Y-%m-%dT%H:%M:%S.%fZ}"})
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=CURSOR_KEY,
                Body=body.encode(),
                ContentType="application/json",
                **condition,
            )
        except ClientError as error:
            if code_of(error) in MOVED_MEANWHILE:
                return False
            raise _translated(error) from None
        except BotoCoreError:
            raise StorageUnavailable from None
        return True


def sweep_issued(
    *,
    billing: IssuedInvoices,
    cursors: CursorStore,
    queue: RequestQueue,
    deadline: Deadline,
    now: datetime,
    first_days: int,
) -> SweepReport:
    """Queue what was issued since the cursor, then move it to the newest issue date seen.

    CarrierX lists oldest first, so a sweep that is cut short still moves as far as it came.
    """
    cursor = cursors.read()
    since = cursor.issued_until or now - timedelta(days=first_days)
    run = _Sweep(queue, newest=since)
    try:
        for summary in billing.list_issued(since - OVERLAP, deadline=deadline):
            run.take(summary)
        run.flush()
    except InvoiceRendererError:
        if run.is_sorted and run.newest > since:
            cursors.advance(cursor, run.newest)
        raise
    is_first = cursor.issued_until is None  # its look back must not slide along with the clock
    if (is_first or run.newest > since) and not cursors.advance(cursor, run.newest):
        logger.info("sweep_overlapped: another sweep moved the cursor meanwhile")
    return SweepReport(run.queued, run.parked)


class _Sweep:
    def __init__(self, queue: RequestQueue, *, newest: datetime) -> None:
        self._queue = queue
        self._since = newest
        self._waiting: list[tuple[str, datetime | None]] = []
        self.newest = newest
        self.is_sorted = True
        self.queued = 0
        self.parked = 0
        self._last: datetime | None = None

    def take(self, summary: InvoiceSummary) -> None:
        try:
            sid = parse_sid(summary.invoice_sid)
        except InvoiceSidInvalid as error:
            self.flush()
            self._park(summary, error)
            return
        self._waiting.append((sid, summary.date_issued))
        if len(self._waiting) == BATCH:
            self.flush()

    def flush(self) -> None:
        """Queue what waits; only what is queued moves the cursor."""
        self.queued += self._queue.send({"invoice_sid": sid} for sid, _ in self._waiting)
        for _, issued in self._waiting:
            self._see(issued)
        self._waiting.clear()

    def _park(self, summary: InvoiceSummary, error: InvoiceSidInvalid) -> None:
        """Once: in the overlap with the last sweep, it was parked then."""
        issued = summary.date_issued
        if issued is None or issued > self._since:
            text = str(summary.invoice_sid)[:SID_CHARACTERS]
            self._queue.park(json.dumps({"invoice_sid": text}), error, sid="unknown", attempts=1)
            self.parked += 1
        self._see(issued)

    def _see(self, issued: datetime | None) -> None:
        if issued is None:
            return
        self.is_sorted = self.is_sorted and (self._last is None or issued >= self._last)
        self._last = issued
        self.newest = max(self.newest, issued)


def _issued_until(body: bytes) -> datetime | None:
    try:
        fields = parse_json(body)
        return parse_timestamp(fields.get("issued_until") if isinstance(fields, dict) else None)
    except (JsonRefused, ValueError):
        logger.warning("sweep_cursor_unreadable: starting as if it were the first sweep")
        return None


def _translated(error: ClientError) -> InvoiceRendererError:
    if is_final(error):
        return StorageRefused("OUTPUT_BUCKET", code_of(error) or "without a reason")
    return StorageUnavailable()
