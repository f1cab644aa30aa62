"""What is written about an invoice: counts, codes and times, and nothing of the invoice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from invoice_renderer.errors import BillingRefused, InvoiceMalformed, StoredDocumentDiffers
from invoice_renderer.observability import Observer


class Recorder:
    """Stands for Powertools' logger, metrics and tracer; keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []
        self.metrics: dict[str, float] = {}
        self.annotations: dict[str, str] = {}
        self.correlation_id = ""
        self.traced: list[BaseException] = []
        self.provider = SimpleNamespace(in_subsegment=self._subsegment)

    def info(self, event: str, *, extra: dict[str, Any]) -> None:
        self.lines.append((event, extra))

    warning = error = info

    def set_correlation_id(self, value: str) -> None:
        self.correlation_id = value

    def add_metric(self, name: str, _unit: object, value: float) -> None:
        self.metrics[name] = self.metrics.get(name, 0) + value

    def put_annotation(self, name: str, value: str) -> None:
        self.annotations[name] = value

    @contextmanager
    def _subsegment(self, _name: str) -> Iterator[Recorder]:
        try:
            yield self
        except BaseException as error:
            self.traced.append(error)  # as aws_xray_sdk does: text and all
            raise


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def observer(recorder: Recorder) -> Observer:
    return Observer(recorder, recorder, recorder)  # type: ignore[arg-type]


def test_a_stage_is_timed(observer: Observer, recorder: Recorder) -> None:
    with observer.stage("Fetch"):
        pass
    assert list(recorder.metrics) == ["FetchMilliseconds"]


def test_the_text_of_an_exception_never_reaches_a_trace(
    observer: Observer, recorder: Recorder
) -> None:
    """X-Ray writes down every exception that leaves a subsegment, with its message."""
    with pytest.raises(ValueError, match="Carla Canary"), observer.stage("Render"):
        raise ValueError("Carla Canary owes 42")
    assert recorder.traced == []
    assert recorder.annotations == {"failure": "ValueError"}
    assert "RenderMilliseconds" in recorder.metrics


@pytest.mark.parametrize(
    ("error", "alarm"),
    [(BillingRefused(401), "TokenRefused"), (StoredDocumentDiffers(), "DigestCollision")],
)
def test_what_a_person_must_mend_rings(
    observer: Observer, recorder: Recorder, error: Any, alarm: str
) -> None:
    observer.parked(error, sid="a", attempts=1)
    assert recorder.metrics == {"InvoiceParked": 1, alarm: 1}


def test_a_failure_is_told_by_its_code_and_its_field(
    observer: Observer, recorder: Recorder
) -> None:
    observer.retried(InvoiceMalformed("amount", "is missing"), sid="sid-1", attempts=2)
    ((event, facts),) = recorder.lines
    assert event == "invoice_retried"
    assert facts == {
        "code": "invoice-malformed",
        "detail": "amount: is missing.",
        "may_heal": False,
        "invoice_sid": "sid-1",
        "attempts": 2,
    }


def test_each_message_is_the_correlation_of_its_lines(
    observer: Observer, recorder: Recorder
) -> None:
    observer.message("message-1")
    assert recorder.correlation_id == "message-1"
