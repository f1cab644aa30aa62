"""The HTTPS endpoint, as a partner's backend and a customer's browser meet it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from local.events import read_event
from local.fake_carrierx import INVOICE_SID, PARTNER_SID, Edited, Forever, Status

from tests.deployment.in_process import Deployment, jwt_for


def test_a_post_renders_stores_and_answers_201_with_the_facts_and_a_link(
    deployment: Deployment,
) -> None:
    reply = deployment.post()
    fields = reply.fields
    pdf = deployment.download(fields["url"])

    assert reply.status == 201
    assert list(fields) == [
        "invoice_sid", "display_id", "document", "url", "url_expires_at", "sha256", "pages",
        "bytes", "template", "warnings",
    ]  # fmt: skip
    assert (fields["invoice_sid"], fields["display_id"]) == (INVOICE_SID, "004")
    assert fields["document"] == "preliminary"  # the documented invoice is open
    assert fields["template"].startswith("v1@")
    assert fields["pages"] == 1
    assert fields["bytes"] == len(pdf.content)
    assert fields["sha256"] == hashlib.sha256(pdf.content).hexdigest()
    assert pdf.content.startswith(b"%PDF-")
    assert pdf.headers["Content-Type"] == "application/pdf"
    assert pdf.headers["Content-Disposition"] == (
        "attachment; filename=\"invoice-004.pdf\"; filename*=UTF-8''invoice-004.pdf"
    )


def test_totals_that_disagree_are_a_warning_in_the_answer(deployment: Deployment) -> None:
    """CarrierX's own documented invoice does not reconcile."""
    assert [each["code"] for each in deployment.post().fields["warnings"]] == ["balance-differs"]


def test_a_second_request_for_unchanged_data_renders_nothing(deployment: Deployment) -> None:
    first, second = deployment.post(), deployment.post()

    assert (first.status, second.status) == (201, 200)
    without_link = [
        {name: value for name, value in reply.fields.items() if not name.startswith("url")}
        for reply in (first, second)
    ]
    assert without_link[0] == without_link[1]
    assert len(deployment.versions()) == 1


def test_a_changed_open_invoice_is_a_new_document_and_the_old_one_stays(
    deployment: Deployment,
) -> None:
    first = deployment.post()
    deployment.carrierx.script(INVOICE_SID, Edited(amount_due="12.50"))
    second = deployment.post()

    assert (first.status, second.status) == (201, 201)
    assert first.fields["sha256"] != second.fields["sha256"]
    assert len(deployment.stored_keys()) == 2


def test_the_key_names_partner_invoice_and_digest(deployment: Deployment) -> None:
    deployment.post()
    prefix, partner, invoice, name = deployment.stored_keys()[0].split("/")
    assert (prefix, partner, invoice) == ("invoices", PARTNER_SID, INVOICE_SID)
    digest, _, extension = name.partition(".")
    assert (len(digest), extension) == (64, "pdf")


def test_the_stored_object_is_encrypted_with_the_key_and_says_what_it_is(
    deployment: Deployment,
) -> None:
    fields = deployment.post().fields
    head = deployment.aws.client("s3").head_object(
        Bucket=deployment.stack.output_bucket, Key=deployment.stored_keys()[0]
    )
    assert head["ServerSideEncryption"] == "aws:kms"
    assert head["SSEKMSKeyId"] == deployment.stack.kms_key_arn
    assert head["ContentType"] == "application/pdf"
    assert head["Metadata"]["sha256"] == fields["sha256"]
    assert head["Metadata"]["pages"] == "1"
    assert head["Metadata"]["status"] == "open"


def test_a_get_answers_303_to_a_fresh_link(deployment: Deployment) -> None:
    reply = deployment.get()
    assert (reply.status, reply.body) == (303, "")
    assert deployment.download(reply.headers["Location"]).content.startswith(b"%PDF-")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_answer_is_cached_and_no_link_goes_out_as_a_referrer(
    deployment: Deployment, method: str
) -> None:
    reply = deployment.send(INVOICE_SID, method)
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Referrer-Policy"] == "no-referrer"


def test_options_choose_locale_paper_and_life_of_the_link(deployment: Deployment) -> None:
    options = {
        "locale": "es-MX",
        "paper": "A4",
        "time_zone": "America/Mexico_City",
        "link_seconds": 120,
    }
    reply = deployment.post(body=options)
    expires = datetime.fromisoformat(reply.fields["url_expires_at"])

    assert reply.status == 201
    assert reply.fields["sha256"] != deployment.post().fields["sha256"]
    assert expires - datetime.now(UTC) < timedelta(seconds=121)
    assert "X-Amz-Expires=120" in reply.fields["url"]


def test_options_of_a_get_come_from_its_query(deployment: Deployment) -> None:
    deployment.post(body={"paper": "a4"})
    deployment.get(query={"paper": "a4"})
    assert len(deployment.versions()) == 1


def test_a_link_never_lives_longer_than_fifteen_minutes(deployment: Deployment) -> None:
    url = deployment.post(body={"link_seconds": 86_400}).fields["url"]
    assert "X-Amz-Expires=900" in url
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url


def test_an_issued_and_closed_invoice_is_final(deployment: Deployment) -> None:
    sid = deployment.carrierx.add_invoice(
        status="closed", date_issued="2025-01-20T00:00:00.000Z", display_id="005"
    )
    assert deployment.post(sid).fields["document"] == "final"


@pytest.mark.parametrize(
    "name", ["api-gateway-http-v2-post", "api-gateway-rest-v1-post", "api-gateway-http-v2-jwt-post"]
)
def test_every_shape_of_api_event_renders(deployment: Deployment, name: str) -> None:
    assert deployment.call(read_event(name)).status == 201


def test_the_get_event_redirects(deployment: Deployment) -> None:
    assert deployment.call(read_event("api-gateway-http-v2-get")).status == 303


# ----------------------------------------------------------------------------- refusals

PROBLEMS = [
    ("an unknown SID", {"sid": "no-such-invoice"}, 404, "invoice-not-found"),
    ("a SID with a dot", {"sid": "a.b"}, 400, "invoice-sid-invalid"),
    ("a SID of 65 characters", {"sid": "a" * 65}, 400, "invoice-sid-invalid"),
    ("a percent-encoded path trick", {"sid": "%2e%2e"}, 400, "invoice-sid-invalid"),
    ("a line end after the SID", {"sid": INVOICE_SID + "\n"}, 400, "invoice-sid-invalid"),
    ("a NUL in the SID", {"sid": "a\0b"}, 400, "invoice-sid-invalid"),
    ("full-width digits", {"sid": "１２３"}, 400, "invoice-sid-invalid"),
    ("a Cyrillic look-alike", {"sid": "а1"}, 400, "invoice-sid-invalid"),
    ("a path that climbs", {"sid": "../admin"}, 404, "route-unknown"),
    ("an unknown locale", {"body": {"locale": "xx-YY"}}, 400, "option-refused"),
    ("a locale that is a path", {"body": {"locale": "../../etc"}}, 400, "option-refused"),
    ("an unknown paper", {"body": {"paper": "tabloid"}}, 400, "option-refused"),
    ("an unknown time zone", {"body": {"time_zone": "Mars/Olympus"}}, 400, "option-refused"),
    ("a time zone that is a path", {"body": {"time_zone": "/etc/passwd"}}, 400, "option-refused"),
    ("an unknown template", {"body": {"template": "v999"}}, 400, "option-refused"),
    ("a life that is not a number", {"body": {"link_seconds": "soon"}}, 400, "option-refused"),
    ("a body that is a list", {"body": [1]}, 400, "request-malformed"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "status", "code"), [row[1:] for row in PROBLEMS], ids=[row[0] for row in PROBLEMS]
)
def test_what_cannot_be_done_is_a_problem_document(
    deployment: Deployment, call: dict, status: int, code: str
) -> None:
    reply = deployment.post(**call)
    assert (reply.status, reply.fields["code"]) == (status, code)
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert set(reply.fields) == {"type", "title", "status", "code", "detail"}
    assert deployment.stored_keys() == []


@pytest.mark.parametrize(
    "sid", ["../admin", "a/../../x", "%2e%2e/x", "..;/x", "a?x=1", "a#f", "@evil/", "a\0b", "１２"]
)
def test_a_sid_that_is_not_a_plain_token_never_reaches_the_network(
    deployment: Deployment, sid: str
) -> None:
    assert deployment.post(sid).status in {400, 404}
    assert deployment.carrierx.calls == ()


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        ("{", 400, "request-malformed"),
        ('{"locale": "es", "locale": "en"}', 400, "request-malformed"),
        ('{"link_seconds": NaN}', 400, "request-malformed"),
        ("\ufeff{}", 400, "request-malformed"),
        ("x" * 17_000, 413, "request-too-large"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    deployment: Deployment, raw: str, status: int, code: str
) -> None:
    reply = deployment.send(INVOICE_SID, "POST", body=raw)
    assert (reply.status, reply.fields["code"]) == (status, code)


def test_a_body_of_another_media_type_is_refused(deployment: Deployment) -> None:
    reply = deployment.post(body={}, headers={"content-type": "text/plain"})
    assert (reply.status, reply.fields["code"]) == (415, "media-type-unsupported")


def test_another_method_is_refused_with_those_allowed(deployment: Deployment) -> None:
    reply = deployment.send(INVOICE_SID, "DELETE")
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("event", [{}, [], None, "x", {"Records": [{"eventSource": "aws:sns"}]}])
def test_an_event_of_another_service_is_refused(deployment: Deployment, event: object) -> None:
    reply = deployment.call(event)
    assert (reply.status, reply.fields["code"]) == (400, "unknown-event")
    assert deployment.carrierx.calls == ()


UPSTREAM = [
    (400, 502, "billing-rejected", 1),
    (401, 502, "billing-refused", 2),
    (403, 502, "billing-refused", 1),
    (404, 404, "invoice-not-found", 1),
    (409, 502, "billing-rejected", 1),
    (422, 502, "billing-rejected", 1),
    (429, 503, "billing-throttled", 3),
    (500, 503, "billing-unavailable", 3),
    (502, 503, "billing-unavailable", 3),
    (503, 503, "billing-unavailable", 3),
    (504, 503, "billing-unavailable", 3),
    (599, 503, "billing-unavailable", 1),
]


@pytest.mark.parametrize(("upstream", "status", "code", "calls"), UPSTREAM)
def test_what_carrierx_answers_has_one_answer_here(
    deployment: Deployment, upstream: int, status: int, code: str, calls: int
) -> None:
    deployment.carrierx.script(INVOICE_SID, Forever(Status(upstream)))
    reply = deployment.post()
    assert (reply.status, reply.fields["code"]) == (status, code)
    assert len(deployment.carrierx.calls) == calls
    assert ("Retry-After" in reply.headers) == (status == 503)
    assert deployment.stored_keys() == []


def test_a_missing_scope_is_named(deployment: Deployment) -> None:
    deployment.carrierx.script(INVOICE_SID, Status(403))
    detail = deployment.post().fields["detail"]
    assert "invoices.read" in detail
    assert "invoices.manage" in detail


def test_a_caller_that_nobody_vouches_for_is_refused_unseen(deployment: Deployment) -> None:
    for caller in ({}, {"jwt": {"claims": {}}}, {"jwt": {"claims": {"partner_sid": ""}}}):
        reply = deployment.post(caller=caller)
        assert (reply.status, reply.fields["code"]) == (403, "caller-unknown")
    assert deployment.carrierx.calls == ()


def test_a_customer_with_a_claim_reads_their_own_invoice(deployment: Deployment) -> None:
    assert deployment.post(caller=jwt_for("other", PARTNER_SID)).status == 201


def test_a_request_that_comes_too_late_is_not_begun(deployment: Deployment) -> None:
    event = read_event("api-gateway-http-v2-post")
    reply = deployment.call(event, seconds=1.5)
    assert (reply.status, reply.fields["code"]) == (504, "out-of-time")
    assert deployment.carrierx.calls == ()


def test_a_rotated_token_costs_no_invoice(deployment: Deployment) -> None:
    assert deployment.post().status == 201
    token = deployment.carrierx.rotate()
    deployment.aws.client("secretsmanager").put_secret_value(
        SecretId=deployment.stack.secret_arn, SecretString=token
    )
    assert deployment.post().status == 200


@pytest.mark.parametrize(
    ("secret", "problem"),
    [("", "is empty"), ("a\r\nX-Evil: 1", "line breaks"), ("two words", "spaces")],
)
def test_an_unusable_secret_has_one_clear_error(
    deployment: Deployment, secret: str, problem: str
) -> None:
    # AWS takes no empty secret; a lone line end is the emptiest that can be stored
    deployment.aws.client("secretsmanager").put_secret_value(
        SecretId=deployment.stack.secret_arn, SecretString=secret or "\n"
    )
    reply = deployment.post()
    assert (reply.status, reply.fields["code"]) == (500, "secret-unreadable")
    assert problem in reply.fields["detail"]
    assert "Evil" not in reply.body
    assert deployment.carrierx.calls == ()


def test_a_missing_secret_has_one_clear_error(deployment: Deployment) -> None:
    deployment.aws.client("secretsmanager").delete_secret(
        SecretId=deployment.stack.secret_arn, ForceDeleteWithoutRecovery=True
    )
    reply = deployment.post()
    assert (reply.status, reply.fields["code"]) == (500, "secret-unreadable")


def test_a_missing_bucket_names_the_setting(deployment: Deployment) -> None:
    deployment.aws.client("s3").delete_bucket(Bucket=deployment.stack.output_bucket)
    reply = deployment.post()
    assert (reply.status, reply.fields["code"]) == (500, "storage-refused")
    assert "OUTPUT_BUCKET" in reply.fields["detail"]
    assert deployment.stack.output_bucket not in reply.body


def test_a_bucket_that_denies_writing_is_refused_not_retried(deployment: Deployment) -> None:
    bucket = deployment.stack.output_bucket
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    deployment.aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    reply = deployment.post()
    assert (reply.status, reply.fields["code"]) == (500, "storage-refused")


def test_an_invoice_longer_than_this_path_takes_is_refused_before_any_work(
    deployment: Deployment,
) -> None:
    line = {"type": "toll", "amount": "0.01", "usage": 60}
    sid = deployment.carrierx.add_invoice(invoice_items=[line] * 5_001)
    reply = deployment.post(sid)
    assert (reply.status, reply.fields["code"]) == (422, "invoice-too-large")
    assert "5000 at most" in reply.fields["detail"]
