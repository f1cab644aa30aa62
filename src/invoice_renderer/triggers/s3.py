"""S3 "Object Created": the classic notification, and the detail of the EventBridge event.

The key is URL-encoded in a notification (S3 user guide, "Event message structure") and as it is
in EventBridge's detail. Powertools decodes the second and not the first, so it is done by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from invoice_renderer.errors import ForeignEvent, RequestMalformed
from invoice_renderer.request import INTAKE_PREFIX, Ignored, IntakeObject, Work
from invoice_renderer.triggers.surroundings import Surroundings

KEY_CHARACTERS = 1024
TEST_EVENT = "s3:TestEvent"


def matches(event: Mapping[str, Any]) -> bool:
    return event.get("Event") == TEST_EVENT or bool(_records_of(event))


def parse(event: Mapping[str, Any], surroundings: Surroundings) -> list[Work]:
    """One piece of work for each record."""
    if event.get("Event") == TEST_EVENT:
        return [Ignored("S3's test event")]
    return [_parse_record(record, surroundings) for record in _records_of(event)]


def split(event: object) -> list[object]:
    """A notification of several records, one record at a time, so that each is judged alone."""
    records = _records_of(event) if isinstance(event, Mapping) else []
    return [{"Records": [record]} for record in records] if len(records) > 1 else [event]


def parse_detail(detail: Mapping[str, Any], surroundings: Surroundings) -> IntakeObject | Ignored:
    """EventBridge's detail: ``bucket.name``, ``object.key`` (not encoded), ``version-id``."""
    bucket, item = _table(detail, "bucket"), _table(detail, "object")
    return _intake_object(bucket.get("name"), item.get("key"), item.get("version-id"), surroundings)


def _records_of(event: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    records = event.get("Records")
    if not isinstance(records, list) or not all(map(_is_ours, records)):
        return []
    return records


def _is_ours(record: object) -> bool:
    return isinstance(record, Mapping) and record.get("eventSource") == "aws:s3"


def _parse_record(record: Mapping[str, Any], surroundings: Surroundings) -> Work:
    name = str(record.get("eventName", ""))
    if not name.startswith("ObjectCreated:"):
        return Ignored("an S3 event other than ObjectCreated")
    entity = _table(record, "s3")
    bucket, item = _table(entity, "bucket"), _table(entity, "object")
    key = _decoded(item.get("key"))
    return _intake_object(bucket.get("name"), key, item.get("versionId"), surroundings)


def _decoded(key: object) -> object:
    try:
        return unquote_plus(key, errors="strict") if isinstance(key, str) else key
    except UnicodeDecodeError:
        raise RequestMalformed("is not URL-encoded UTF-8", path="object.key") from None


def _intake_object(
    bucket: object, key: object, version_id: object, surroundings: Surroundings
) -> IntakeObject | Ignored:
    if not surroundings.intake_bucket or bucket != surroundings.intake_bucket:
        raise ForeignEvent("the object is not in the intake bucket")  # our own output included
    if not isinstance(key, str) or not key.startswith(INTAKE_PREFIX) or len(key) > KEY_CHARACTERS:
        raise ForeignEvent(f"the object's key is not under {INTAKE_PREFIX}")
    if not key.isprintable():
        raise RequestMalformed("has control characters", path="object.key")
    if key.endswith("/"):
        return Ignored("a folder that somebody made in the console")
    return IntakeObject(key, version_id if isinstance(version_id, str) else None)


def _table(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    if not isinstance(value, Mapping):
        raise RequestMalformed("must be an object", path=name)
    return value
