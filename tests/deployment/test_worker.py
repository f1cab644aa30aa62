"""The asynchronous side: every message ends as a document, a dead letter, or back in the queue."""

from __future__ import annotations

import io
import json

import pytest
from local.events import read_event, read_intake
from local.fake_carrierx import INVOICE_SID, THE_LIST, Forever, HtmlPage, Literally, Status, Usual

from tests.deployment.in_process import Deployment

ISSUED = {"source": "carrierx.billing", "detail-type": "invoice.issued", "account": "123456789012"}


def issued(sid: str = INVOICE_SID, **changes: object) -> dict[str, object]:
    return {**ISSUED, "detail": {"invoice_sid": sid}, **changes}


def test_an_object_put_into_the_intake_bucket_becomes_a_document(deployment: Deployment) -> None:
    """S3, EventBridge, the queue and the worker, each over a real socket."""
    deployment.put_intake("requests/month-end/one.json", read_intake("intake-one.json"))
    assert deployment.drain() == 1
    assert len(deployment.stored_keys()) == 1


def test_an_empty_object_names_the_invoice_by_its_key(deployment: Deployment) -> None:
    deployment.put_intake(f"requests/{INVOICE_SID}", b"")
    deployment.drain()
    assert len(deployment.stored_keys()) == 1


@pytest.mark.parametrize("name", ["intake-many.json", "intake.ndjson", "intake.csv"])
def test_a_file_of_many_invoices_becomes_one_message_each(
    deployment: Deployment, name: str
) -> None:
    deployment.put_intake(f"requests/{name}", read_intake(name))
    assert deployment.drain() == 1 + 4
    assert len(deployment.stored_keys()) == 4
    assert deployment.parked() == []


def test_a_bad_row_is_parked_with_its_place_and_the_others_are_done(
    deployment: Deployment,
) -> None:
    rows = f"invoice_sid,paper\n{INVOICE_SID},a4\nno/such,a4\n{INVOICE_SID},tabloid\n"
    deployment.put_intake("requests/rows.csv", rows.encode())
    deployment.drain()
    assert len(deployment.stored_keys()) == 1
    parked = deployment.parked()
    assert sorted(each["code"] for each in parked) == ["invoice-sid-invalid", "option-refused"]
    assert {json.loads(each["body"])["where"] for each in parked} == {"line 3", "line 4"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"\xff\xfe\x00", "request-malformed"),
        (b"{", "request-malformed"),
        (b"name,colour\na,b\n", "request-malformed"),
        (b"x" * (1024 * 1024 + 1), "request-too-large"),
    ],
)
def test_an_intake_object_that_cannot_be_read_is_parked_at_once(
    deployment: Deployment, body: bytes, code: str
) -> None:
    deployment.put_intake("requests/file", body)
    assert deployment.drain() == 1
    assert [each["code"] for each in deployment.parked()] == [code]


def test_an_event_on_the_bus_becomes_a_document(deployment: Deployment) -> None:
    deployment.aws.client("events").put_events(
        Entries=[
            {
                "Source": "carrierx.billing",
                "DetailType": "invoice.issued",
                "Detail": json.dumps({"invoice_sid": INVOICE_SID, "paper": "a4"}),
            }
        ]
    )
    assert deployment.drain() == 1
    assert len(deployment.stored_keys()) == 1


def test_the_schedule_renders_what_was_issued_since_the_last_sweep(deployment: Deployment) -> None:
    sids = [
        deployment.carrierx.add_invoice(
            status="closed", date_issued=f"2026-11-0{day}T00:00:00.000Z", display_id=f"10{day}"
        )
        for day in range(1, 8)
    ]
    move_cursor(deployment, "2026-11-03T00:00:00.000000Z")
    deployment.aws.fire_schedule(deployment.stack)
    deployment.drain()
    rendered = {key.split("/")[2] for key in deployment.stored_keys()}
    assert rendered == set(sids[1:])  # a day before the cursor is looked at again

    deployment.carrierx.forget_calls()
    deployment.aws.fire_schedule(deployment.stack)
    deployment.drain()
    assert [call.sid for call in deployment.carrierx.calls] == [THE_LIST]
    assert len(deployment.versions()) == 6


def move_cursor(deployment: Deployment, issued_until: str) -> None:
    deployment.aws.client("s3").put_object(
        Bucket=deployment.stack.output_bucket,
        Key="state/sweep.json",
        Body=json.dumps({"issued_until": issued_until}).encode(),
    )


def test_an_item_of_the_list_that_cannot_be_read_does_not_keep_the_others_back(
    deployment: Deployment,
) -> None:
    sid = deployment.carrierx.add_invoice(status="closed", date_issued="2026-11-20T00:00:00.000Z")
    move_cursor(deployment, "2026-11-19T00:00:00.000000Z")
    bad = Literally(b'{"items": [], "items": []}')
    deployment.carrierx.script(THE_LIST, *[bad] * 6, Forever(Usual()))  # 50, 25, 12, 6, 3, 1
    deployment.aws.fire_schedule(deployment.stack)
    deployment.drain()
    (letter,) = deployment.parked()
    assert letter["code"] == "invoice-malformed"
    assert json.loads(letter["body"])["list_item"].startswith("offset 0 ")
    assert deployment.carrierx.calls[-1].sid == THE_LIST
    deployment.aws.fire_schedule(deployment.stack)  # the whole list can be read again
    deployment.drain()
    assert [key.split("/")[2] for key in deployment.stored_keys()] == [sid]


def test_a_sweep_that_meets_a_broken_page_is_tried_again_and_misses_nothing(
    deployment: Deployment,
) -> None:
    deployment.carrierx.add_invoice(status="closed", date_issued="2026-11-20T00:00:00.000Z")
    deployment.carrierx.script(THE_LIST, HtmlPage())
    deployment.aws.fire_schedule(deployment.stack)
    deployment.drain()
    assert len(deployment.stored_keys()) == 1
    assert deployment.parked() == []


@pytest.mark.parametrize(
    "name",
    ["sqs-invoice-issued", "direct-invocation", "eventbridge-invoice-issued"],
)
def test_every_shape_of_event_that_names_the_invoice_renders_it(
    deployment: Deployment, name: str
) -> None:
    answer = deployment.work(read_event(name))
    assert answer in ({"batchItemFailures": []}, answer | {"invoice_sid": INVOICE_SID})
    assert len(deployment.stored_keys()) == 1


def test_a_direct_invocation_is_answered_like_the_api(deployment: Deployment) -> None:
    answer = deployment.work({"invoice_sid": INVOICE_SID, "paper": "a4"})
    assert answer["document"] == "preliminary"
    assert deployment.download(answer["url"]).content.startswith(b"%PDF-")


def test_a_poison_message_among_others_is_parked_and_the_others_are_done(
    deployment: Deployment,
) -> None:
    answer = deployment.work(read_event("sqs-batch-with-one-bad"))
    assert answer == {"batchItemFailures": []}
    assert len(deployment.stored_keys()) == 2
    assert [each["code"] for each in deployment.parked()] == ["invoice-sid-invalid"]


PERMANENT = [
    (400, "billing-rejected"),
    (403, "billing-refused"),
    (409, "billing-rejected"),
    (422, "billing-rejected"),
]


@pytest.mark.parametrize(("status", "code"), PERMANENT)
def test_what_cannot_heal_is_parked_at_once_with_its_reason(
    deployment: Deployment, status: int, code: str
) -> None:
    deployment.carrierx.script(INVOICE_SID, Forever(Status(status)))
    assert deployment.work_message(issued()) == []
    (letter,) = deployment.parked()
    assert (letter["code"], letter["invoice_sid"], letter["attempts"]) == (code, INVOICE_SID, "1")
    assert json.loads(letter["body"])["detail"] == {"invoice_sid": INVOICE_SID}


HEALING = [
    (401, "billing-refused"),
    (404, "invoice-not-found"),
    (429, "billing-throttled"),
    (503, "billing-unavailable"),
]


@pytest.mark.parametrize(("status", "code"), HEALING)
def test_what_can_heal_comes_back_four_times_and_is_parked_at_the_fifth(
    deployment: Deployment, status: int, code: str
) -> None:
    deployment.carrierx.script(INVOICE_SID, Forever(Status(status)))
    for attempts in range(1, 5):
        assert len(deployment.work_message(issued(), attempts=attempts)) == 1
        assert deployment.parked() == []
    assert deployment.work_message(issued(), attempts=5) == []
    (letter,) = deployment.parked()
    assert (letter["code"], letter["attempts"]) == (code, "5")


def test_a_dead_letter_names_the_invoice_even_where_its_message_does_not(
    deployment: Deployment,
) -> None:
    deployment.carrierx.script(INVOICE_SID, Status(422))
    deployment.put_intake(f"requests/{INVOICE_SID}", b"")
    deployment.drain()
    assert [each["invoice_sid"] for each in deployment.parked()] == [INVOICE_SID]


def test_an_event_that_overtakes_its_invoice_finds_it_at_the_next_delivery(
    deployment: Deployment,
) -> None:
    deployment.carrierx.script(INVOICE_SID, Status(404))
    deployment.put_intake(f"requests/{INVOICE_SID}", b"")
    assert deployment.drain() == 2
    assert len(deployment.stored_keys()) == 1


def test_a_dead_letter_moved_back_after_the_mend_is_delivered(deployment: Deployment) -> None:
    deployment.carrierx.script(INVOICE_SID, Status(422))
    deployment.put_intake(f"requests/{INVOICE_SID}", b"")
    deployment.drain()
    (letter,) = deployment.parked()
    deployment.aws.client("sqs").send_message(
        QueueUrl=deployment.stack.queue_url, MessageBody=letter["body"]
    )
    deployment.drain()
    assert len(deployment.stored_keys()) == 1


FOREIGN = [
    ("another source", issued(source="somebody.else")),
    ("another detail type", issued(**{"detail-type": "invoice.paid"})),
    ("another account", issued(account="999999999999")),
]


@pytest.mark.parametrize("event", [row[1] for row in FOREIGN], ids=[row[0] for row in FOREIGN])
def test_a_foreign_event_is_parked_and_nobody_is_asked(
    deployment: Deployment, event: dict[str, object]
) -> None:
    assert deployment.work_message(event) == []
    assert [each["code"] for each in deployment.parked()] == ["foreign-event"]
    assert deployment.carrierx.calls == ()


MALFORMED = [
    ("{", "request-malformed"),
    ("[]", "unknown-event"),
    ("{}", "unknown-event"),
    (json.dumps(issued(detail=None)), "request-malformed"),
    (json.dumps(issued(detail={})), "invoice-sid-invalid"),
    (json.dumps(issued("../admin")), "invoice-sid-invalid"),
    (json.dumps({"invoice_sid": INVOICE_SID, "locale": "xx"}), "option-refused"),
]


@pytest.mark.parametrize(("body", "code"), MALFORMED)
def test_a_message_that_cannot_be_understood_is_parked_and_nobody_is_asked(
    deployment: Deployment, body: str, code: str
) -> None:
    assert deployment.work_message(body) == []
    assert [each["code"] for each in deployment.parked()] == [code]
    assert deployment.carrierx.calls == ()


def test_our_own_output_is_never_taken_for_a_request(deployment: Deployment) -> None:
    event = read_event("s3-object-created-eventbridge")
    event["detail"]["bucket"]["name"] = deployment.stack.output_bucket
    event["detail"]["object"]["key"] = "invoices/a/b/c.pdf"
    assert deployment.work_message(event) == []
    assert [each["code"] for each in deployment.parked()] == ["foreign-event"]


def test_s3s_test_event_is_ignored(deployment: Deployment) -> None:
    assert deployment.work_message(read_event("s3-test-event")) == []
    assert deployment.parked() == []


def test_an_object_that_is_gone_before_it_is_read_is_parked(deployment: Deployment) -> None:
    event = read_event("s3-object-created-eventbridge")
    event["detail"]["bucket"]["name"] = deployment.stack.intake_bucket
    event["detail"]["object"] = {"key": "requests/gone.json"}
    assert deployment.work_message(event) == []
    assert [each["code"] for each in deployment.parked()] == ["intake-object-missing"]


def test_the_version_that_the_event_names_is_read(deployment: Deployment) -> None:
    """An object that is replaced before we come does not change what was asked for."""
    s3 = deployment.aws.client("s3")
    where = {"Bucket": deployment.stack.intake_bucket, "Key": "requests/a b+c.json"}
    first = s3.put_object(**where, Body=read_intake("intake-one.json"))
    s3.put_object(**where, Body=b"{")
    event = read_event("s3-object-created-eventbridge")
    event["detail"]["bucket"]["name"] = where["Bucket"]
    event["detail"]["object"] = {"key": where["Key"], "version-id": first["VersionId"]}
    assert deployment.work_message(event) == []
    assert len(deployment.stored_keys()) == 1


def test_the_same_event_from_every_trigger_is_one_document(deployment: Deployment) -> None:
    deployment.post()
    deployment.work_message(issued())
    deployment.put_intake(f"requests/{INVOICE_SID}", b"")
    deployment.drain()
    deployment.work({"invoice_sid": INVOICE_SID})
    assert len(deployment.versions()) == 1


def test_a_failed_direct_invocation_is_answered_and_kept(deployment: Deployment) -> None:
    """We cannot tell a caller that waits from one that does not."""
    deployment.carrierx.script(INVOICE_SID, Status(422))
    answer = deployment.work({"invoice_sid": INVOICE_SID})
    assert (answer["code"], answer["parked"]) == ("billing-rejected", True)
    assert len(deployment.parked()) == 1


def test_a_direct_invocation_that_may_heal_is_queued_again(deployment: Deployment) -> None:
    deployment.carrierx.script(INVOICE_SID, Status(503), Status(503), Status(503))
    answer = deployment.work({"invoice_sid": INVOICE_SID})
    assert (answer["code"], answer["queued_again"]) == ("billing-unavailable", True)
    assert deployment.drain() == 1
    assert len(deployment.stored_keys()) == 1


def test_a_failure_in_one_message_leaves_no_trace_in_the_next_ones_log(
    deployment: Deployment, log: io.StringIO
) -> None:
    deployment.work_message(issued("unknown-to-carrierx"))
    log.truncate(0)
    deployment.work_message(issued())
    assert "unknown-to-carrierx" not in log.getvalue()
