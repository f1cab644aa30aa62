"""EventBridge: ``invoice.issued`` of our own source, the schedule, and S3's objects.

The bus is the operator's: its policy and the rule decide who may put events there. The source and
the account are checked all the same. Shapes: EventBridge user guide, "Events"; S3 user guide,
"EventBridge event message structure".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from invoice_renderer.errors import ForeignEvent, RequestMalformed
from invoice_renderer.request import OPERATOR, Sweep, Work, parse_request
from invoice_renderer.triggers import s3
from invoice_renderer.triggers.surroundings import Surroundings

SOURCE = "carrierx.billing"
INVOICE_ISSUED = "invoice.issued"
SCHEDULE = ("aws.events", "Scheduled Event")
S3_OBJECT_CREATED = ("aws.s3", "Object Created")


def matches(event: Mapping[str, Any]) -> bool:
    return "detail-type" in event and "source" in event


def parse(event: Mapping[str, Any], surroundings: Surroundings) -> list[Work]:
    """One piece of work: an invoice, an intake object, or a sweep.

    :raises ForeignEvent: another account, source or detail type.
    """
    if surroundings.account and event.get("account") not in (None, surroundings.account):
        raise ForeignEvent("it comes from another AWS account")
    kind = (event["source"], event["detail-type"])
    if kind == SCHEDULE:
        return [Sweep()]
    detail = event.get("detail")
    if not isinstance(detail, Mapping):
        raise RequestMalformed("must be an object", path="detail")
    if kind == (SOURCE, INVOICE_ISSUED):
        return [parse_request(detail, OPERATOR)]
    if kind == S3_OBJECT_CREATED:
        return [s3.parse_detail(detail, surroundings)]
    raise ForeignEvent("its source and detail-type are not ones we act on")
