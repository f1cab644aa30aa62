"""The scheduled sweep: queue every invoice issued since the last one.

The cursor is one small object, ``state/sweep.json``, moved with a conditional write. Queueing is
repeatable (an invoice that is rendered already is found in the store), so a sweep that dies, runs
twice or overlaps another loses nothing.

Each sweep looks back a day before the newest issue date that it knows, for what CarrierX showed
late, and skips what the cursor says is queued: ``{"issued_until": "…", "queued": ["sid", …]}``.
A sweep that was cut short adds ``"resume_at"``, and the next one goes on from there. That, too,
skips what is queued, so however many invoices one day has, every sweep gets further.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from invoice_renderer.aws_faults import code_of, status_of, storage_error
from invoice_renderer.billing import InvoiceSummary
from invoice_renderer.deadline import Deadline
from invoice_renderer.errors import (
    InvoiceRendererError,
    InvoiceSidInvalid,
    StorageUnavailable,
)
from invoice_renderer.field_types import parse_timestamp
from invoice_renderer.queues import BATCH, RequestQueue
from invoice_renderer.request import is_sid
from invoice_renderer.strict_json import JsonRefused, parse_json

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CURSOR_KEY = "state/sweep.json"
OVERLAP = timedelta(days=1)  # CarrierX may show an invoice this long after its issue date
MAX_QUEUED = 50_000  # SIDs in the cursor, about 2 MB; what is older is queued again, and found
SID_CHARACTERS = 64
MOVED_MEANWHILE = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}

logger = logging.getLogger(__name__)


class IssuedInvoices(Protocol):
    def list_issued(self, since: datetime, *, deadline: Deadline) -> Iterator[InvoiceSummary]: ...


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far the sweeps came. ``etag`` is the object's, if it exists.

    ``queued`` are the SIDs issued in the last day before ``issued_until``; what was no SID, and is
    parked, stands there too. ``resume_at`` is where a sweep that was cut short had come to.
    """

    issued_until: datetime | None = None
    etag: str | None = None
    queued: tuple[str, ...] = ()
    resume_at: datetime | None = None


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
            # The role may list ``state/``, so that a missing key is a 404, and a 403 a refusal.
            if status_of(error) == 404 and code_of(error) != "NoSuchBucket":
                return Cursor()
            raise storage_error(error) from None
        except BotoCoreError:
            raise StorageUnavailable from None
        return replace(_parse_cursor(body), etag=answer["ETag"])

    def advance(self, moved: Cursor) -> bool:
        """Move the cursor, unless another sweep moved it meanwhile; says whether it moved."""
        condition: dict[str, Any] = {"IfMatch": moved.etag} if moved.etag else {"IfNoneMatch": "*"}
        body = _format_cursor(moved)
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
            raise storage_error(error) from None
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
    run = _Sweep(queue, cursor, since=since)
    try:
        run.take(billing.list_issued(cursor.resume_at or since - OVERLAP, deadline=deadline))
    except InvoiceRendererError:
        _move(cursors, cursor, run.cut_short())
        raise
    _move(cursors, cursor, run.ended())
    return SweepReport(run.queued, run.parked)


def _move(cursors: CursorStore, cursor: Cursor, moved: Cursor) -> None:
    if moved != cursor and not cursors.advance(moved):
        logger.info("sweep_overlapped: another sweep moved the cursor meanwhile")


class _Sweep:
    def __init__(self, queue: RequestQueue, cursor: Cursor, *, since: datetime) -> None:
        self._queue = queue
        self._cursor = cursor
        self._known = set(cursor.queued)
        self._waiting: list[InvoiceSummary] = []
        self._seen: dict[str, datetime | None] = {}
        self._is_sorted = True
        self._since = self._newest = since
        self._last: datetime | None = None
        self.queued = 0
        self.parked = 0

    def take(self, summaries: Iterable[InvoiceSummary]) -> None:
        """Queue all of them, or all that came before the list ended in an error."""
        try:
            for summary in summaries:
                self._waiting.append(summary)
                if len(self._waiting) == BATCH:
                    self._flush()
        finally:
            self._flush()

    def ended(self) -> Cursor:
        """Where the cursor stands after the whole list. Of the SIDs, those of the last day."""
        oldest = self._newest - OVERLAP
        recent = [name for name, issued in self._seen.items() if issued is None or issued >= oldest]
        earlier = self._cursor.queued if self._cursor.resume_at else ()  # not listed this time
        return self._cursor_at(self._newest, (*earlier, *recent), resume_at=None)

    def cut_short(self) -> Cursor:
        """Where it stands after a part. Of a list that is not sorted, anything may be missing."""
        names = (*self._cursor.queued, *self._seen)
        resume_at = self._cursor.resume_at
        if not self._is_sorted:
            return self._cursor_at(self._since, names, resume_at=resume_at)
        return self._cursor_at(self._newest, names, resume_at=self._last or resume_at)

    def _cursor_at(
        self, issued_until: datetime, names: Iterable[str], *, resume_at: datetime | None
    ) -> Cursor:
        queued = tuple(dict.fromkeys(names))[-MAX_QUEUED:]
        return Cursor(issued_until, self._cursor.etag, queued, resume_at)

    def _flush(self) -> None:
        """Queue what waits and is new; only what is queued moves the cursor."""
        new = [each for each in self._waiting if _name_of(each) not in self._known]
        sids = [each.invoice_sid for each in new if is_sid(each.invoice_sid)]
        self.queued += self._queue.send({"invoice_sid": sid} for sid in sids)
        for summary in new:
            if not is_sid(summary.invoice_sid):
                self._park(summary)
        for summary in self._waiting:
            self._see(summary)
        self._waiting.clear()

    def _park(self, summary: InvoiceSummary) -> None:
        text = str(summary.invoice_sid)[:SID_CHARACTERS]
        body = {"list_item": text} if summary.error else {"invoice_sid": text}
        error = summary.error or InvoiceSidInvalid()
        self._queue.park(json.dumps(body), error, sid="unknown", attempts=1)
        self.parked += 1

    def _see(self, summary: InvoiceSummary) -> None:
        issued = summary.date_issued
        self._seen[_name_of(summary)] = issued
        if issued is None:
            return
        self._is_sorted = self._is_sorted and (self._last is None or issued >= self._last)
        self._last = issued
        self._newest = max(self._newest, issued)


def _name_of(summary: InvoiceSummary) -> str:
    """What the cursor calls an item; one that is no SID is told from others by its date."""
    sid = summary.invoice_sid
    if is_sid(sid):
        return sid
    return f"parked: {str(sid)[:SID_CHARACTERS]}, {summary.date_issued}"


def _parse_cursor(body: bytes) -> Cursor:
    """The cursor; older ones have no ``queued``."""
    try:
        parsed = parse_json(body)
        fields = parsed if isinstance(parsed, dict) else {}
        resume_at = fields.get("resume_at")
        return Cursor(
            issued_until=parse_timestamp(fields.get("issued_until")),
            queued=_sids_of(fields.get("queued")),
            resume_at=None if resume_at is None else parse_timestamp(resume_at),
        )
    except (JsonRefused, ValueError):
        logger.warning("sweep_cursor_unreadable: starting as if it were the first sweep")
        return Cursor()


def _sids_of(raw: object) -> tuple[str, ...]:
    return tuple(sid for sid in raw if isinstance(sid, str)) if isinstance(raw, list) else ()


def _format_cursor(cursor: Cursor) -> str:
    moments = {"issued_until": cursor.issued_until, "resume_at": cursor.resume_at}
    told = {name: f"{at:%Y-%m-%dT%H:%M:%S.%fZ}" for name, at in moments.items() if at}
    return json.dumps({**told, "queued": cursor.queued})
