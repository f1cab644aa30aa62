"""Objects, events, the schedule and the queue, through the deployed rules and the real poller."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from e2e.deployment import STACK, WORKER
from e2e.house import House
from local.fake_carrierx.behaviours import Forever, Status
from local.fake_carrierx.ledger import an_issued_invoice

ABSENT_SID = "00000000-0000-4000-8000-00000000abcd"


def issued_now(house: House, display_id: str) -> str:
    """An invoice that was issued a moment ago."""
    end = datetime.now(UTC) - timedelta(minutes=1)
    start = end - timedelta(days=30)
    written = [f"{moment:%Y-%m-%dT%H:%M:%S}.000Z" for moment in (start, end)]
    return house.carrierx.ledger.add_invoice(an_issued_invoice(display_id, *written))


def reasons(letter: dict[str, Any]) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}


def test_an_object_in_the_intake_bucket_becomes_pdfs(house: House) -> None:
    """One object, three invoices: S3, EventBridge, the queue, the worker, three documents."""
    sids = [house.carrierx.add_invoice() for _ in range(3)]
    body = "\n".join(["invoice_sid", *sids])
    house.client("s3").put_object(
        Bucket=house.stack["IntakeBucketName"], Key="requests/month.csv", Body=body.encode()
    )
    for sid in sids:
        house.wait_for(lambda sid=sid: house.stored(sid), "the document")


def test_an_event_on_the_bus_becomes_a_pdf(house: House) -> None:
    """What a billing system says when it has issued an invoice."""
    sid = house.carrierx.add_invoice()
    event = {
        "Source": "carrierx.billing",
        "DetailType": "invoice.issued",
        "Detail": json.dumps({"invoice_sid": sid, "locale": "es-MX"}),
    }
    assert house.client("events").put_events(Entries=[event])["FailedEntryCount"] == 0
    house.wait_for(lambda: house.stored(sid), "the document")


def test_one_poison_message_spoils_no_other_and_is_put_aside_with_its_reason(house: House) -> None:
    """Four messages, one of them nonsense: three documents, and one letter that says why."""
    sids = [house.carrierx.add_invoice() for _ in range(3)]
    house.send(*({"invoice_sid": sid} for sid in sids), {"invoice_sid": "../../etc/passwd"})
    for sid in sids:
        house.wait_for(lambda sid=sid: house.stored(sid), "the document")
    (letter,) = house.wait_for(house.dead_letters, "the dead letter")
    assert reasons(letter)["code"] == "invoice-sid-invalid"
    assert json.loads(letter["Body"])["invoice_sid"] == "../../etc/passwd"


def test_a_batch_with_a_poison_message_fails_for_that_one_only(house: House) -> None:
    """Should an operator raise the batch size: the real runtime reports the one that must come
    back, and none of the others."""
    sid = house.carrierx.add_invoice()
    house.carrierx.script(ABSENT_SID, Forever(Status(503)))
    records = [a_record(number, each) for number, each in enumerate((sid, ABSENT_SID))]
    answer = house.pool.invoke(WORKER, {"Records": records})
    assert answer["batchItemFailures"] == [{"itemIdentifier": "1"}]
    assert len(house.stored(sid)) == 1


def a_record(number: int, sid: str) -> dict[str, Any]:
    return {
        "messageId": str(number),
        "receiptHandle": f"handle-{number}",
        "body": json.dumps({"invoice_sid": sid}),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:012345678912:{STACK}-invoices",
        "awsRegion": "us-east-1",
    }


def test_dead_letters_are_rendered_once_the_cause_is_mended(house: House) -> None:
    """A redrive moves the letter back as it is, and that is all it takes."""
    sid = house.carrierx.add_invoice()
    house.carrierx.script(sid, Forever(Status(422)))
    house.send({"invoice_sid": sid})
    (letter,) = house.wait_for(house.dead_letters, "the dead letter")
    assert reasons(letter)["invoice_sid"] == sid
    house.carrierx.unscript()
    house.redrive()
    house.wait_for(lambda: house.stored(sid), "the document")
    house.wait_for(lambda: not house.dead_letters(), "the end of the dead letter")


def test_a_token_that_is_rotated_mid_run_loses_no_invoice(house: House) -> None:
    """A warm worker holds the old token; CarrierX refuses it; the secret has the new one."""
    before, after = house.carrierx.add_invoice(), house.carrierx.add_invoice()
    house.send({"invoice_sid": before})
    house.wait_for(lambda: house.stored(before), "the document")
    house.put_token(house.carrierx.rotate())
    house.send({"invoice_sid": after})
    house.wait_for(lambda: house.stored(after), "the document")
    assert house.dead_letters() == []


@pytest.fixture
def impatient_queue(house: House) -> None:
    """A message that nobody settled comes back after seconds, not after half an hour."""
    house.client("sqs").set_queue_attributes(
        QueueUrl=house.stack["QueueUrl"], Attributes={"VisibilityTimeout": "20"}
    )


@pytest.mark.usefixtures("impatient_queue")
def test_a_worker_that_is_killed_mid_render_is_followed_by_one_that_stores_once(
    house: House,
) -> None:
    """SIGKILL while it works on the invoice: the message comes back, and there is one document."""
    line = house.carrierx.ledger.invoices[house.carrierx.add_invoice()]["invoice_items"][0]
    sid = house.carrierx.add_invoice(invoice_items=[line] * 5000)  # seconds of drawing
    house.pool.retire()
    house.send({"invoice_sid": sid})
    house.wait_for(lambda: house.carrierx.calls_for(sid), "the fetch")
    time.sleep(0.5)  # it has the invoice, and draws
    assert house.pool.kill_busy(WORKER) == 1
    assert house.stored(sid) == []
    house.wait_for(lambda: house.stored(sid), "the document")
    time.sleep(1)
    assert len(house.stored(sid)) == 1
    assert len(house.carrierx.calls_for(sid)) >= 2
    assert house.dead_letters() == []


def test_the_schedule_finds_every_new_invoice(house: House) -> None:
    """The rule fires by itself; what was issued since is looked up and rendered."""
    sids = [issued_now(house, f"7{number}") for number in range(3)]
    events = house.client("events")
    rule = next(
        each["Name"] for each in events.list_rules()["Rules"] if "ScheduleExpression" in each
    )
    events.enable_rule(Name=rule)
    try:
        for sid in sids:
            house.wait_for(lambda sid=sid: house.stored(sid), "the document")
    finally:
        events.disable_rule(Name=rule)
