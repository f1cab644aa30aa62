"""Which event is whose."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoice_renderer.errors import InvoiceRendererError, UnknownEvent
from invoice_renderer.request import Ignored, IntakeObject, RenderRequest, Sweep
from invoice_renderer.triggers import Surroundings, parse_event

EVENTS = Path(__file__).parents[3] / "events"
INTAKE = "invoice-renderer-intake-123456789012"
HERE = Surroundings(INTAKE, "123456789012")
SID = "4169705e-4284-482f-8e72-e962a8aaad9d"


def event_named(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
    return event


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("direct-invocation", RenderRequest),
        ("eventbridge-invoice-issued", RenderRequest),
        ("eventbridge-schedule", Sweep),
        ("s3-object-created-notification", IntakeObject),
        ("s3-object-created-eventbridge", IntakeObject),
        ("s3-test-event", Ignored),
    ],
)
def test_every_shipped_event_asks_for_what_it_should(name: str, kind: type) -> None:
    (work,) = parse_event(event_named(name), HERE)

    assert isinstance(work, kind)
    if isinstance(work, RenderRequest):
        assert work.invoice_sid == SID


@pytest.mark.parametrize("event", [{}, [], None, "", 7, [{"invoice_sid": SID}]], ids=repr)
def test_an_empty_event_is_nobodys(event: object) -> None:
    with pytest.raises(UnknownEvent, match="keys are: none"):
        parse_event(event, HERE)


@pytest.mark.parametrize(
    ("event", "keys"),
    [
        ({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "canary"}}]}, "Records"),
        ({"Records": [{"eventSource": "aws:kinesis", "kinesis": {"data": "canary"}}]}, "Records"),
        ({"Records": [{"eventSource": "aws:sqs", "body": "canary"}]}, "Records"),
        ({"Records": [{"eventSource": "aws:s3"}, {"eventSource": "canary"}]}, "Records"),
        ({"Records": [{"eventSource": ["aws:s3"]}]}, "Records"),
        ({"Records": []}, "Records"),
        ({"Records": {}}, "Records"),
        ({"Records": None, "b": "canary", "a": 1}, "Records, a, b"),
        ({"requestContext": {"http": {}}, "rawPath": "canary"}, "rawPath, requestContext"),
        ({"detail-type": "canary"}, "detail-type"),
        ({"Event": "canary"}, "Event"),
    ],
    ids=str,
)
def test_the_event_of_another_service_is_told_by_its_keys_alone(
    event: dict[str, object], keys: str
) -> None:
    with pytest.raises(UnknownEvent, match=f"keys are: {keys}") as error:
        parse_event(event, HERE)

    assert "canary" not in error.value.detail


def test_of_an_event_that_looks_like_two_the_first_trigger_decides() -> None:
    """S3, then EventBridge, then a direct invocation; never two of them."""
    notification = event_named("s3-object-created-notification")
    issued = event_named("eventbridge-invoice-issued")
    direct = {"invoice_sid": "another"}

    (first,) = parse_event({**direct, **issued, **notification}, HERE)
    (second,) = parse_event({**direct, **issued}, HERE)

    assert isinstance(first, IntakeObject)
    assert isinstance(second, RenderRequest)
    assert second.invoice_sid == SID


NAMES = st.sampled_from(
    "Records Event eventSource eventName s3 bucket name object key detail-type source account "
    "detail invoice_sid paper locale time_zone version-id requestContext".split()
)
VALUES = st.sampled_from(
    [
        "aws:s3",
        "s3:TestEvent",
        "ObjectCreated:Put",
        INTAKE,
        "requests/%ff",
        "requests/a",
        "aws.s3",
        "Object Created",
        "carrierx.billing",
        "invoice.issued",
        "123456789012",
        SID,
        "\ud800",
        "a\x00",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | VALUES | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(JSON)
def test_arbitrary_json_is_work_or_refused(event: object) -> None:
    with suppress(InvoiceRendererError):
        assert parse_event(event, HERE)


@given(
    st.fixed_dictionaries(
        {
            "Records": st.lists(
                st.fixed_dictionaries(
                    {
                        "eventSource": st.just("aws:s3"),
                        "eventName": VALUES | JSON,
                        "s3": st.fixed_dictionaries(
                            {
                                "bucket": st.fixed_dictionaries({"name": st.just(INTAKE) | JSON}),
                                "object": st.fixed_dictionaries(
                                    {"key": VALUES | JSON, "versionId": JSON}
                                ),
                            }
                        )
                        | JSON,
                    }
                ),
                min_size=1,
                max_size=2,
            )
        }
    )
)
def test_an_arbitrary_notification_is_work_or_refused(event: object) -> None:
    with suppress(InvoiceRendererError):
        assert parse_event(event, HERE)


@given(
    st.fixed_dictionaries(
        {"detail-type": VALUES | JSON, "source": VALUES | JSON},
        optional={"account": VALUES | JSON, "detail": JSON},
    )
)
def test_an_arbitrary_event_of_the_bus_is_work_or_refused(event: object) -> None:
    with suppress(InvoiceRendererError):
        assert parse_event(event, HERE)
