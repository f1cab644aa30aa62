"""Stand-ins for the collaborators: small ordinary classes that remember what they were asked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from invoice_renderer.billing import InvoiceSummary
from invoice_renderer.deadline import Deadline
from invoice_renderer.document import Document, Presentation
from invoice_renderer.errors import (
    InvoiceNotFound,
    InvoiceRendererError,
    QueueUnavailable,
    StoredDocumentDiffers,
)
from invoice_renderer.intake import RefusedRow
from invoice_renderer.invoice import Invoice, Notice
from invoice_renderer.pipeline import Delivery
from invoice_renderer.profile import SellerProfile
from invoice_renderer.queues import Letter
from invoice_renderer.request import Caller, IntakeObject, RenderOptions, RenderRequest
from invoice_renderer.storage import Link, StoredDocument
from invoice_renderer.sweep import SweepReport
from tests.builders import a_profile

NOW = datetime(2025, 1, 20, 6, 0, tzinfo=UTC)


# ----------------------------------------------------------------------------- time


class FakeClock:
    """A monotonic clock that moves when it is told to."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def plenty_of_time() -> Deadline:
    return Deadline.after(60, clock=FakeClock())


# ----------------------------------------------------------------------------- the pipeline's


class FakeBilling:
    """Has these invoices; ``error`` is raised instead, where it is set."""

    def __init__(self, *invoices: Invoice, error: InvoiceRendererError | None = None) -> None:
        self._invoices = {invoice.invoice_sid: invoice for invoice in invoices}
        self.error = error
        self.asked: list[str] = []

    def fetch_invoice(
        self, invoice_sid: str, *, caller: Caller, max_lines: int, deadline: Deadline
    ) -> Invoice:
        self.asked.append(invoice_sid)
        if self.error:
            raise self.error
        if invoice_sid not in self._invoices:
            raise InvoiceNotFound
        return self._invoices[invoice_sid]


class FakeProfiles:
    """The same seller for every partner, unless one is given."""

    def __init__(self, **by_partner: SellerProfile) -> None:
        self._by_partner = by_partner

    def for_partner(self, partner_sid: str) -> SellerProfile:
        return self._by_partner.get(partner_sid) or a_profile()


class FakeRenderer:
    """Draws the digest of the invoice, and counts how often it does."""

    engine = "engine 1"

    def __init__(self, *, notices: tuple[Notice, ...] = (), version: str = "v1@1") -> None:
        self._notices = notices
        self._version = version
        self.refuses: InvoiceRendererError | None = None
        self.renders = 0

    def check(self, options: RenderOptions) -> None:
        if self.refuses:
            raise self.refuses

    def present(self, options: RenderOptions, profile: SellerProfile) -> Presentation:
        defaults = profile.defaults
        return Presentation(
            options.locale or defaults.locale,
            options.paper or defaults.paper,
            options.time_zone or defaults.time_zone,
            options.template or defaults.template,
        )

    def template_version(self, presentation: Presentation) -> str:
        return self._version

    def render(
        self, invoice: Invoice, profile: SellerProfile, presentation: Presentation
    ) -> Document:
        self.renders += 1
        pdf = b"%PDF-1.7 " + invoice.digest().encode()
        return Document(pdf, 1, hashlib.sha256(pdf).hexdigest(), self._notices)


class MemoryStore:
    """A bucket in a dictionary."""

    def __init__(self) -> None:
        self.documents: dict[str, StoredDocument] = {}
        self.pdfs: dict[str, bytes] = {}
        self.signed: list[tuple[str, int | None, str]] = []

    def find(self, key: str) -> StoredDocument | None:
        return self.documents.get(key)

    def put(
        self, document: StoredDocument, pdf: bytes, *, status: str, file_name: str
    ) -> StoredDocument:
        there = self.documents.setdefault(document.key, document)
        if there.sha256 != document.sha256:
            raise StoredDocumentDiffers
        self.pdfs.setdefault(document.key, pdf)
        return there

    def sign_link(self, key: str, *, seconds: int | None, file_name: str) -> Link:
        self.signed.append((key, seconds, file_name))
        url = f"https://bucket.example/{key}?X-Amz-Signature={len(self.signed)}"
        return Link(url, NOW + timedelta(seconds=seconds or 900))


class RecordingMeter:
    """Knows which stages were timed."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.stages.append(name)
        yield


# ----------------------------------------------------------------------------- the worker's


@dataclass
class RecordingJournal:
    """Every line that the worker wrote, as ``(what, code or reason, sid, attempts)``.

    ``messages`` has the ids that the lines after them belong to.
    """

    lines: list[tuple[object, ...]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def delivered(self, delivery: Delivery) -> None:
        self.lines.append(("delivered", delivery.invoice.invoice_sid))

    def swept(self, report: SweepReport) -> None:
        self.lines.append(("swept", report.queued, report.parked))

    def ignored(self, reason: str) -> None:
        self.lines.append(("ignored", reason))

    def retried(self, error: InvoiceRendererError, *, sid: str, attempts: int) -> None:
        self.lines.append(("retried", error.code, sid, attempts))

    def parked(self, error: InvoiceRendererError, *, sid: str, attempts: int) -> None:
        self.lines.append(("parked", error.code, sid, attempts))

    def unexpected(self) -> None:
        self.lines.append(("unexpected",))

    def taken_in(self, *, key: str, queued: int, parked: int) -> None:
        self.lines.append(("taken_in", key, queued, parked))

    def unknown_options(self, names: tuple[str, ...]) -> None:
        self.lines.append(("unknown_options", *names))

    def started(self, *, sid: str, attempts: int) -> None:
        self.lines.append(("started", sid, attempts))

    def message(self, message_id: str) -> None:
        self.messages.append(message_id)

    @property
    def words(self) -> list[object]:
        return [line[0] for line in self.lines]


class MemoryQueue:
    """A queue and its dead letters, in lists; takes nothing while ``is_down``."""

    def __init__(self, *, is_down: bool = False) -> None:
        self.is_down = is_down
        self.sent: list[Any] = []
        self.parked: list[tuple[str, str, str, int]] = []
        self.postponed: list[tuple[str, float]] = []
        self.batches: list[int] = []

    def send(self, bodies: Iterable[object]) -> int:
        taken = list(bodies)
        self._check()
        self.sent += taken
        return len(taken)

    def park(self, body: str, error: InvoiceRendererError, *, sid: str, attempts: int) -> None:
        self._check()
        self.parked.append((body, error.code, sid, attempts))

    def park_all(self, letters: Sequence[Letter]) -> None:
        self._check()
        self.batches.append(len(letters))
        self.parked += [(each.body, each.error.code, each.sid, each.attempts) for each in letters]

    def postpone(self, receipt_handle: str, seconds: float) -> None:
        self._check()
        self.postponed.append((receipt_handle, seconds))

    def _check(self) -> None:
        if self.is_down:
            raise QueueUnavailable


class FakeIntake:
    """Objects of the intake bucket by key: their rows, or the error that reading them gives."""

    def __init__(self, **rows: list[RenderRequest | RefusedRow] | InvoiceRendererError) -> None:
        self._rows = rows

    def read_requests(self, item: IntakeObject) -> list[RenderRequest | RefusedRow]:
        rows = self._rows[item.key.removeprefix("requests/")]
        if isinstance(rows, InvoiceRendererError):
            raise rows
        return rows


# ----------------------------------------------------------------------------- the sweep's


class IssuedInvoices:
    """CarrierX's list; raises ``then`` after the last one, where it is set."""

    def __init__(
        self, *summaries: InvoiceSummary, then: InvoiceRendererError | None = None
    ) -> None:
        self._summaries = summaries
        self._then = then
        self.since: datetime | None = None

    def list_issued(self, since: datetime, *, deadline: Deadline) -> Iterator[InvoiceSummary]:
        self.since = since
        yield from self._summaries
        if self._then:
            raise self._then


# ----------------------------------------------------------------------------- AWS in trouble


class FailingAws:
    """A boto3 client whose every call ends in ``error``."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.calls = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**arguments: object) -> Mapping[str, Any]:
            self.calls += 1
            raise self.error

        return call


def aws_error(status: int, code: str) -> ClientError:
    """What boto3 raises for an answer with this status and this code."""
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")  # type: ignore[arg-type]


class CredentialsWithAnEnd:
    """Credentials that expire in so many seconds, asked as botocore's are."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def refresh_needed(self, refresh_in: int | None = None) -> bool:
        return self._seconds < (refresh_in or 0)
