"""Logs, metrics and traces, with AWS Lambda Powertools.

Only SIDs, codes, counts and times are written: no bodies, names, addresses, links or tokens. Log
lines are JSON with the correlation id; metrics go out in the embedded metric format.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

from invoice_renderer.errors import (
    BillingRefused,
    InvoiceRendererError,
    SecretUnreadable,
    StoredDocumentDiffers,
)
from invoice_renderer.health import Health
from invoice_renderer.pipeline import Delivery
from invoice_renderer.sweep import SweepReport

ALARMING = {
    BillingRefused: "TokenRefused",
    SecretUnreadable: "TokenRefused",
    StoredDocumentDiffers: "DigestCollision",
}


class Observer:
    """One place that says what happened; the pipeline's meter and the worker's journal."""

    def __init__(self, logger: Logger, metrics: Metrics, tracer: Tracer) -> None:
        self._logger = logger
        self._metrics = metrics
        self._tracer = tracer

    # the pipeline's meter

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage: ``FetchMilliseconds``, ``RenderMilliseconds``, ``StoreMilliseconds``."""
        started = time.perf_counter()
        failure: Exception | None = None
        with self._tracer.provider.in_subsegment(f"## {name}") as subsegment:
            try:
                yield
            except Exception as error:  # noqa: BLE001  X-Ray would write down its text
                failure = error
                subsegment.put_annotation("failure", type(error).__name__)
        elapsed = (time.perf_counter() - started) * 1000
        self._metrics.add_metric(f"{name}Milliseconds", MetricUnit.Milliseconds, elapsed)
        if failure is not None:
            raise failure

    # what became of a request

    def delivered(self, delivery: Delivery) -> None:
        name = "InvoiceRendered" if delivery.is_new else "InvoiceStoredAlready"
        self._count(name)
        if delivery.is_new:
            self._metrics.add_metric("Pages", MetricUnit.Count, delivery.document.pages)
            self._metrics.add_metric("PdfBytes", MetricUnit.Bytes, delivery.document.size)
        self._metrics.add_metric("Warnings", MetricUnit.Count, len(delivery.notices))
        self._logger.info(
            "invoice_delivered",
            extra={
                "invoice_sid": delivery.invoice.invoice_sid,
                "partner_sid": delivery.invoice.partner_sid,
                "is_new": delivery.is_new,
                "pages": delivery.document.pages,
                "pdf_bytes": delivery.document.size,
                "sha256": delivery.document.sha256,
                "template": delivery.template,
                "warnings": sorted({notice.code for notice in delivery.notices}),
            },
        )

    def refused(self, error: InvoiceRendererError) -> None:
        """An error that a caller was told."""
        self._count("InvoiceRefused")
        self._alarm(error)
        self._logger.warning("invoice_refused", extra=_facts(error))

    def retried(self, error: InvoiceRendererError, *, sid: str, attempts: int) -> None:
        self._count("InvoiceRetried")
        self._alarm(error)
        self._logger.warning(
            "invoice_retried", extra={**_facts(error), "invoice_sid": sid, "attempts": attempts}
        )

    def parked(self, error: InvoiceRendererError, *, sid: str, attempts: int) -> None:
        self._count("InvoiceParked")
        self._alarm(error)
        self._logger.error(
            "invoice_parked", extra={**_facts(error), "invoice_sid": sid, "attempts": attempts}
        )

    def message(self, message_id: str) -> None:
        """From here on, log lines are about this message of the queue."""
        self._logger.set_correlation_id(message_id)

    def started(self, *, sid: str, attempts: int) -> None:
        """Said before the work of a message that failed before, lest it dies without a word."""
        self._logger.info("invoice_started", extra={"invoice_sid": sid, "attempts": attempts})

    def taken_in(self, *, key: str, queued: int, parked: int) -> None:
        self._logger.info("taken_in", extra={"key": key, "queued": queued, "parked": parked})

    def unknown_options(self, names: tuple[str, ...]) -> None:
        self._logger.warning("option_unknown", extra={"options": names})

    def swept(self, report: SweepReport) -> None:
        self._metrics.add_metric("SweptInvoices", MetricUnit.Count, report.queued)
        self._logger.info("swept", extra={"queued": report.queued, "parked": report.parked})

    def ignored(self, reason: str) -> None:
        self._logger.info("event_ignored", extra={"reason": reason})

    def checked(self, health: Health) -> None:
        failing = {check.name: check.code for check in health.checks if not check.is_well}
        if failing:
            self._logger.error("health_failing", extra={"failing": failing})

    def unexpected(self) -> None:
        """A bug: the stack goes to the log, without the exception's own text."""
        self._logger.error("unexpected_error", extra={"stack": _current_stack()})

    def _alarm(self, error: InvoiceRendererError) -> None:
        for kind, name in ALARMING.items():
            if isinstance(error, kind):
                self._count(name)

    def _count(self, name: str) -> None:
        self._metrics.add_metric(name, MetricUnit.Count, 1)


def _facts(error: InvoiceRendererError) -> dict[str, object]:
    facts = {"code": error.code, "detail": error.detail, "may_heal": error.may_heal}
    return facts | {"invoice_sid": error.sid} if error.sid else facts


def _current_stack() -> list[str]:
    """Files, lines and classes of the exception in flight; its text may hold an invoice's data."""
    kind, _, trace = sys.exc_info()
    frames = [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)
    ]
    return [*frames, kind.__name__ if kind else ""]
