"""EventBridge: our own event, the schedule and S3's objects, of our own account."""

from __future__ import annotations

from typing import Any

import pytest

from invoice_renderer.errors import (
    ForeignEvent,
    InvoiceSidInvalid,
    OptionRefused,
    RequestMalformed,
)
from invoice_renderer.request import OPERATOR, IntakeObject, RenderOptions, RenderRequest, Sweep
from invoice_renderer.triggers import Surroundings, eventbridge

HERE = Surroundings("intake", "123456789012")


def an_event(**changes: Any) -> dict[str, Any]:
    event = {
        "source": "carrierx.billing",
        "detail-type": "invoice.issued",
        "account": "123456789012",
        "detail": {"invoice_sid": "i-1", "paper": "a4", "partner_sid": "p-9"},
    }
    return {**event, **{name.replace("_", "-"): value for name, value in changes.items()}}


def test_an_issued_invoice_is_rendered_for_the_operator() -> None:
    expected = RenderRequest("i-1", OPERATOR, RenderOptions(paper="a4"))

    assert [expected] == eventbridge.parse(an_event(), HERE)


def test_the_schedule_asks_for_a_sweep() -> None:
    event = an_event(source="aws.events", detail_type="Scheduled Event", detail={})

    assert [Sweep()] == eventbridge.parse(event, HERE)


def test_an_object_of_the_intake_bucket_is_read() -> None:
    detail = {"bucket": {"name": "intake"}, "object": {"key": "requests/a+b", "version-id": "v1"}}
    event = an_event(source="aws.s3", detail_type="Object Created", detail=detail)

    assert [IntakeObject("requests/a+b", "v1")] == eventbridge.parse(event, HERE)


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "evil.billing"},
        {"source": "CARRIERX.BILLING"},
        {"source": ["carrierx.billing"]},
        {"source": None},
        {"detail_type": "invoice.issued.v2"},
        {"detail_type": "Invoice.Issued"},
        {"detail_type": {}},
        {"source": "aws.s3", "detail_type": "Object Deleted"},
        {"source": "aws.ec2", "detail_type": "Scheduled Event"},
        {"account": "999999999999"},
        {"account": ["123456789012"]},
        {"account": ""},
    ],
    ids=str,
)
def test_another_source_type_or_account_is_foreign(changes: dict[str, Any]) -> None:
    with pytest.raises(ForeignEvent):
        eventbridge.parse(an_event(**changes), HERE)


def test_where_our_own_account_is_not_known_any_is_taken() -> None:
    event = an_event(account="999999999999")

    assert eventbridge.parse(event, Surroundings("intake", ""))


@pytest.mark.parametrize("detail", [None, [], "i-1", 7])
def test_a_detail_that_is_no_object_is_refused(detail: object) -> None:
    with pytest.raises(RequestMalformed, match="detail: must be an object"):
        eventbridge.parse(an_event(detail=detail), HERE)


def test_a_detail_without_a_sid_is_refused() -> None:
    with pytest.raises(InvoiceSidInvalid):
        eventbridge.parse(an_event(detail={}), HERE)
    with pytest.raises(OptionRefused):
        eventbridge.parse(an_event(detail={"invoice_sid": "i-1", "paper": "a3"}), HERE)


@pytest.mark.parametrize("event", [{}, {"source": "a"}, {"detail-type": "a"}], ids=str)
def test_an_event_without_source_and_type_is_not_the_buss(event: dict[str, Any]) -> None:
    assert not eventbridge.matches(event)
    assert eventbridge.matches(an_event())
