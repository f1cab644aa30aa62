"""S3's events: each record alone, from the intake bucket alone, its key decoded exactly once."""

from __future__ import annotations

from typing import Any

import pytest

from invoice_renderer.errors import ForeignEvent, RequestMalformed
from invoice_renderer.request import Ignored, IntakeObject
from invoice_renderer.triggers import Surroundings, s3

HERE = Surroundings("intake")


def a_record(
    key: object = "requests/a.json", *, bucket: object = "intake", **changes: Any
) -> dict[str, Any]:
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {"key": key}},
    }
    return {**record, **changes}


def a_detail(key: object = "requests/a.json", *, bucket: object = "intake") -> dict[str, Any]:
    return {"bucket": {"name": bucket}, "object": {"key": key, "version-id": "v1"}}


def parsed(*records: dict[str, Any]) -> list[Any]:
    return s3.parse({"Records": list(records)}, HERE)


def test_a_record_names_an_object_and_its_version() -> None:
    record = a_record()
    record["s3"]["object"]["versionId"] = "v1"

    assert [IntakeObject("requests/a.json", "v1")] == parsed(record)
    assert [IntakeObject("requests/a.json")] == parsed(a_record())


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("requests/INV%2F1+a.json", "requests/INV/1 a.json"),
        ("requests/a%2Bb.json", "requests/a+b.json"),
        ("requests/a%252Fb.json", "requests/a%2Fb.json"),
        ("requests/%C3%BCber.json", "requests/\u00fcber.json"),
    ],
)
def test_the_key_of_a_notification_is_decoded_once(key: str, expected: str) -> None:
    assert [IntakeObject(expected)] == parsed(a_record(key))


@pytest.mark.parametrize("key", ["requests/a+b c.json", "requests/a%2Fb.json", "requests/100%.csv"])
def test_the_key_of_an_eventbridge_event_is_not_decoded(key: str) -> None:
    assert IntakeObject(key, "v1") == s3.parse_detail(a_detail(key), HERE)


@pytest.mark.parametrize("name", ["ObjectRemoved:Delete", "ObjectRestore:Completed", "", None, 7])
def test_any_other_event_of_a_bucket_is_ignored(name: object) -> None:
    (work,) = parsed(a_record(eventName=name))

    assert isinstance(work, Ignored)


def test_the_test_event_is_ignored() -> None:
    event = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "intake"}

    assert s3.matches(event)
    assert [Ignored("S3's test event")] == s3.parse(event, HERE)
    assert [event] == s3.split(event)


@pytest.mark.parametrize("bucket", ["documents", "Intake", "", None, ["intake"]])
def test_an_object_of_another_bucket_is_foreign(bucket: object) -> None:
    """Our own output above all: a PDF that asks for a PDF would never end."""
    with pytest.raises(ForeignEvent, match="not in the intake bucket"):
        parsed(a_record("invoices/p-1/i-1/d.pdf", bucket=bucket))
    with pytest.raises(ForeignEvent, match="not in the intake bucket"):
        s3.parse_detail(a_detail(bucket=bucket), HERE)


@pytest.mark.parametrize("bucket", ["", None])
def test_without_an_intake_bucket_every_object_is_foreign(bucket: object) -> None:
    with pytest.raises(ForeignEvent):
        s3.parse({"Records": [a_record(bucket=bucket)]}, Surroundings(""))


@pytest.mark.parametrize(
    "key",
    [
        "invoices/p-1/i-1/d.pdf",
        "request/a",
        "/requests/a",
        "",
        None,
        7,
        ["requests/a"],
        "requests/" + "x" * 1_024,
    ],
    ids=lambda key: str(key)[:20],
)
def test_a_key_that_is_not_under_requests_is_foreign(key: object) -> None:
    with pytest.raises(ForeignEvent, match="is not under requests/"):
        parsed(a_record(key))


@pytest.mark.parametrize(
    "key", ["requests/%ff", "requests/%00", "requests/a%0Ab", "requests/\ud800"]
)
def test_a_key_that_no_request_has_is_refused(key: str) -> None:
    with pytest.raises(RequestMalformed, match=r"object\.key"):
        parsed(a_record(key))


@pytest.mark.parametrize(
    "entity",
    [None, [], "x", {}, {"bucket": None}, {"bucket": {}}, {"bucket": {}, "object": []}],
    ids=str,
)
def test_a_record_without_its_tables_is_refused_by_path(entity: object) -> None:
    with pytest.raises(RequestMalformed, match="must be an object"):
        parsed(a_record(s3=entity))


def test_three_records_become_three_notifications() -> None:
    records = [a_record(f"requests/{n}") for n in range(3)]

    parts = s3.split({"Records": records, "other": 1})

    assert parts == [{"Records": [record]} for record in records]
    assert all(isinstance(part, dict) and s3.matches(part) for part in parts)


@pytest.mark.parametrize(
    "event",
    [{}, None, [], "x", {"Records": 5}, {"Records": []}, {"Records": [a_record()]}],
    ids=str,
)
def test_what_is_not_several_records_stays_whole(event: object) -> None:
    assert [event] == s3.split(event)


def test_records_of_two_services_are_not_split() -> None:
    mixed = {"Records": [a_record(), {"eventSource": "aws:sqs"}]}

    assert not s3.matches(mixed)
    assert [mixed] == s3.split(mixed)


@pytest.mark.parametrize("key", ["requests/", "requests/month-end/"])
def test_a_folder_made_in_the_console_asks_for_nothing(key: str) -> None:
    (work,) = parsed(a_record(key))

    assert isinstance(work, Ignored)
    assert isinstance(s3.parse_detail(a_detail(key), HERE), Ignored)
