"""The local AWS, the pump and the gateway behave as the real ones, as far as we rely on them."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError
from local.aws import LocalAws
from local.events import EVENTS, read_event, read_intake
from local.fake_carrierx import INVOICE_SID, PARTNER_SID, Ledger
from local.gateway import REQUEST_BYTES, Gateway
from local.gateway_callers import IamCaller, JwtCaller, LambdaAuthorizerCaller, OpenDoor, Stranger
from local.lambda_context import LambdaContext
from local.queue_pump import Pumped, QueuePump
from local.stack import Stack

from invoice_renderer.settings import Settings

Fields = dict[str, Any]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    before = set(threading.enumerate())
    with LocalAws() as local:
        yield local
    assert set(threading.enumerate()) == before, "the local AWS left threads behind"


@pytest.fixture(scope="module")
def only_stack(aws: LocalAws) -> Stack:
    return aws.create_stack(token="a-token")


@pytest.fixture
def stack(aws: LocalAws, only_stack: Stack) -> Stack:
    """The one stack, with nothing in its queues that could still be received."""
    for url in (only_stack.queue_url, only_stack.dead_letter_queue_url):
        while received(aws, url):  # purge_queue may be called once a minute, in moto as in AWS
            pass
    return only_stack


def received(aws: LocalAws, queue_url: str) -> list[str]:
    """Up to ten messages; they stay invisible from then on."""
    answer = aws.client("sqs").receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)
    return [message["Body"] for message in answer.get("Messages", [])]


def bodies_in(aws: LocalAws, queue_url: str) -> list[Any]:
    return [json.loads(body) for body in received(aws, queue_url)]


# ----------------------------------------------------------------------------- the stack


def test_the_default_names_are_those_in_the_events(stack: Stack) -> None:
    s3 = read_event("s3-object-created-eventbridge")
    assert s3["detail"]["bucket"]["name"] == stack.intake_bucket
    assert read_event("sqs-schedule")["Records"][0]["eventSourceARN"] == stack.queue_arn
    assert read_event("eventbridge-schedule")["resources"] == [stack.schedule_rule_arn]


def test_the_environment_makes_valid_settings(stack: Stack) -> None:
    environment = stack.environment(carrierx_url="http://127.0.0.1:1/core/v2")
    settings = Settings.from_environment(environment)
    assert settings.output_bucket == stack.output_bucket
    assert settings.intake_bucket == stack.intake_bucket
    assert settings.queue_url == stack.queue_url
    assert settings.carrierx_token_secret == stack.secret_arn
    assert environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")


def test_the_token_is_in_the_secret(aws: LocalAws, stack: Stack) -> None:
    secret = aws.client("secretsmanager").get_secret_value(SecretId=stack.secret_arn)
    assert secret["SecretString"] == "a-token"


@pytest.mark.parametrize("role", ["intake_bucket", "output_bucket"])
def test_buckets_are_versioned_encrypted_and_closed(aws: LocalAws, stack: Stack, role: str) -> None:
    s3, bucket = aws.client("s3"), getattr(stack, role)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    default = encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    assert default == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": stack.kms_key_arn}


def test_an_object_is_written_once_and_never_replaced(aws: LocalAws, stack: Stack) -> None:
    put = {"Bucket": stack.output_bucket, "Key": "k", "Body": b"1", "IfNoneMatch": "*"}
    aws.client("s3").put_object(**put)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        aws.client("s3").put_object(**put)


def test_an_intake_object_arrives_in_the_queue_once(aws: LocalAws, stack: Stack) -> None:
    put = aws.client("s3").put_object(
        Bucket=stack.intake_bucket, Key="requests/a b+c.json", Body=read_intake("intake-one.json")
    )
    (event,) = bodies_in(aws, stack.queue_url)
    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")
    assert event["detail"]["bucket"]["name"] == stack.intake_bucket
    assert event["detail"]["object"]["key"] == "requests/a b+c.json"
    assert event["detail"]["object"]["version-id"] == put["VersionId"]


def test_objects_elsewhere_do_not_arrive(aws: LocalAws, stack: Stack) -> None:
    aws.client("s3").put_object(Bucket=stack.intake_bucket, Key="other/x.json", Body=b"{}")
    aws.client("s3").put_object(Bucket=stack.output_bucket, Key="requests/x.json", Body=b"{}")
    assert bodies_in(aws, stack.queue_url) == []


def test_our_own_event_arrives_whole_and_others_do_not(aws: LocalAws, stack: Stack) -> None:
    ours = read_event("eventbridge-invoice-issued")
    entry = {
        "Source": ours["source"],
        "DetailType": ours["detail-type"],
        "Detail": json.dumps(ours["detail"]),
    }
    foreign = entry | {"Source": "somebody.else"}
    aws.client("events").put_events(Entries=[entry, foreign])
    (event,) = bodies_in(aws, stack.queue_url)
    assert set(ours) <= set(event)
    assert event["account"] == stack.account
    assert event["detail"] == ours["detail"]


def test_the_schedule_fires_when_told(aws: LocalAws, stack: Stack) -> None:
    aws.fire_schedule(stack, at=datetime(2025, 1, 20, 6, tzinfo=UTC))
    (event,) = bodies_in(aws, stack.queue_url)
    assert event["detail-type"] == "Scheduled Event"
    assert event["time"] == "2025-01-20T06:00:00Z"
    assert event["resources"] == [stack.schedule_rule_arn]


# ----------------------------------------------------------------------------- the pump


class Notebook:
    """A handler that keeps its events and fails the bodies it is told to."""

    def __init__(self, *bad: str, answer: Any = None) -> None:
        self.events: list[Fields] = []
        self._bad = set(bad)
        self._answer = answer

    def __call__(self, event: Fields, context: LambdaContext) -> Any:
        self.events.append(event)
        assert context.get_remaining_time_in_millis() > 290_000
        if self._answer is not None:
            return self._answer
        failed = [r["messageId"] for r in event["Records"] if r["body"] in self._bad]
        return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}


def send(aws: LocalAws, stack: Stack, *bodies: str) -> None:
    for body in bodies:
        aws.client("sqs").send_message(QueueUrl=stack.queue_url, MessageBody=body)


def test_records_have_the_shape_of_the_event_file(aws: LocalAws, stack: Stack) -> None:
    send(aws, stack, '{"invoice_sid": "x"}')
    notebook = Notebook()
    QueuePump(aws.client("sqs"), stack, notebook).drain()
    (record,) = notebook.events[0]["Records"]
    (real,) = read_event("sqs-invoice-issued")["Records"]
    assert set(record) == set(real)
    assert set(real["attributes"]) - set(record["attributes"]) == {"AWSTraceHeader"}
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["eventSourceARN"] == stack.queue_arn


def test_what_succeeded_is_deleted_in_batches(aws: LocalAws, stack: Stack) -> None:
    send(aws, stack, *"abcdefg")
    pumped = QueuePump(aws.client("sqs"), stack, Notebook(), batch_size=5).drain()
    assert pumped == Pumped(batches=2, delivered=7, deleted=7)


def test_a_poison_message_ends_in_the_dead_letters_and_the_others_do_not(
    aws: LocalAws, stack: Stack
) -> None:
    send(aws, stack, '"good"', '"bad"', '"fine"')
    pumped = QueuePump(aws.client("sqs"), stack, Notebook('"bad"')).drain()
    assert (pumped.deleted, pumped.returned) == (2, stack.max_receives)
    assert bodies_in(aws, stack.dead_letter_queue_url) == ["bad"]


def test_a_handler_that_raises_gives_the_whole_batch_back(aws: LocalAws, stack: Stack) -> None:
    def crash(_event: Fields, _context: object) -> None:
        raise ValueError

    send(aws, stack, "a", "b")
    pumped = QueuePump(aws.client("sqs"), stack, crash).pump_once()
    assert pumped == Pumped(batches=1, delivered=2, returned=2, crashes=1)


@pytest.mark.parametrize(
    ("answer", "returned"),
    [
        ({}, 0),
        ({"batchItemFailures": []}, 0),
        ({"batchItemFailures": None}, 0),
        ({"batchItemFailures": [{"itemIdentifier": "nobody's"}]}, 2),
        ({"batchItemFailures": [{"wrong": "x"}]}, 2),
        ("a text", 2),
    ],
)
def test_answers_are_read_as_lambda_reads_them(
    aws: LocalAws, stack: Stack, answer: Any, returned: int
) -> None:
    send(aws, stack, "a", "b")
    pump = QueuePump(aws.client("sqs"), stack, Notebook(answer=answer))
    assert pump.pump_once().returned == returned


# ----------------------------------------------------------------------------- the gateway

get, post, delete = (
    partial(call, timeout=10) for call in (requests.get, requests.post, requests.delete)
)
PATH = f"/invoices/{INVOICE_SID}/pdf"


def echo(event: Fields, _context: object) -> Fields:
    return {"statusCode": 200, "headers": {"X-Answer": "yes"}, "body": json.dumps(event)}


def same_shape(real: Any, ours: Any, path: str = "") -> None:
    """Every key of the real event is in ours, with a value of the same type."""
    assert type(real) is type(ours), path
    if isinstance(real, dict):
        for name in set(real) - VARYING:
            assert name in ours, f"{path}.{name}"
            if ours[name] is not None and real[name] is not None:
                same_shape(real[name], ours[name], f"{path}.{name}")


VARYING = {
    "headers",
    "multiValueHeaders",
    "claims",
    "cognitoIdentityPoolId",
    "cognitoIdentityId",
} | {
    "principalOrgId",
    "cognitoAuthenticationType",
    "cognitoAuthenticationProvider",
}


@pytest.mark.parametrize(
    ("api", "caller", "file"),
    [
        ("http", IamCaller(), "api-gateway-http-v2-post"),
        ("http", JwtCaller({"partner_sid": PARTNER_SID}, ("s",)), "api-gateway-http-v2-jwt-post"),
        ("rest", IamCaller(), "api-gateway-rest-v1-post"),
    ],
)
def test_events_have_the_shape_of_the_event_file(api: Any, caller: Any, file: str) -> None:
    with Gateway(echo, api=api, caller=caller) as gateway:
        post(gateway.url + PATH, json={"paper": "a4"})
        (event,) = gateway.events
    same_shape(read_event(file), event)
    assert json.loads(event["body"]) == {"paper": "a4"}
    assert event["pathParameters"] == {"invoice_sid": INVOICE_SID}


def test_a_get_without_a_body_has_no_body_key() -> None:
    with Gateway(echo) as gateway:
        event = get(f"{gateway.url}{PATH}?paper=a4&paper=letter").json()
    assert "body" not in event
    assert event["queryStringParameters"] == {"paper": "a4,letter"}
    assert event["rawQueryString"] == "paper=a4&paper=letter"


def test_an_http_api_decodes_the_path_and_a_rest_api_does_not() -> None:
    path = "/invoices/%2e%2e%2Fadmin/pdf"
    for api, seen in (("http", "../admin"), ("rest", "%2e%2e%2Fadmin")):
        with Gateway(echo, api=api) as gateway:  # type: ignore[arg-type]
            event = json.loads(get_literally(gateway, path))
        assert event["pathParameters"] == {"invoice_sid": seen}


def get_literally(gateway: Gateway, path: str) -> bytes:
    """``requests`` would tidy the path up before sending it."""
    connection = http.client.HTTPConnection(gateway.url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


def test_form_data_and_binary_come_in_base64() -> None:
    with Gateway(echo) as gateway:
        form = post(gateway.url + PATH, data={"a": "b"}).json()
    assert form["isBase64Encoded"] is True
    assert base64.b64decode(form["body"]) == b"a=b"


def test_claims_that_are_lists_become_text() -> None:
    caller = JwtCaller({"partner_sid": ["a", "b"], "exp": 1, "admin": True})
    with Gateway(echo, caller=caller) as gateway:
        event = get(gateway.url + PATH).json()
    claims = event["requestContext"]["authorizer"]["jwt"]["claims"]
    assert claims == {"partner_sid": "[a b]", "exp": "1", "admin": "true"}


def test_a_lambda_authorizer_and_an_open_door_look_as_in_aws() -> None:
    with Gateway(echo, caller=LambdaAuthorizerCaller({"partner_sid": "a"})) as gateway:
        event = get(gateway.url + PATH).json()
        assert event["requestContext"]["authorizer"] == {"lambda": {"partner_sid": "a"}}
        gateway.caller = OpenDoor()
        assert "authorizer" not in get(gateway.url + PATH).json()["requestContext"]


def test_strangers_and_unknown_routes_never_reach_the_handler() -> None:
    with Gateway(echo, caller=Stranger()) as gateway:
        refused = get(gateway.url + PATH)
        unknown = get(gateway.url + "/nothing")
        assert gateway.events == []
    assert (refused.status_code, refused.json()) == (403, {"message": "Forbidden"})
    assert (unknown.status_code, unknown.json()) == (404, {"message": "Not Found"})


def test_a_default_route_takes_everything() -> None:
    with Gateway(echo, routes=("$default",)) as gateway:
        event = delete(gateway.url + "/any/thing").json()
    assert (event["routeKey"], event["rawPath"]) == ("$default", "/any/thing")


def test_status_headers_and_binary_bodies_reach_the_client() -> None:
    def answer(_event: Fields, _context: object) -> Fields:
        body = base64.b64encode(b"%PDF").decode()
        headers = {"Location": "https://x/"}
        return {"statusCode": 303, "headers": headers, "body": body, "isBase64Encoded": True}

    with Gateway(answer) as gateway:
        got = get(gateway.url + PATH, allow_redirects=False)
    assert (got.status_code, got.headers["Location"], got.content) == (303, "https://x/", b"%PDF")


def test_multi_value_headers_reach_the_client() -> None:
    def answer(_event: Fields, _context: object) -> Fields:
        many = {"Set-Cookie": ["a=1", "b=2"]}
        return {"statusCode": 200, "multiValueHeaders": many, "body": ""}

    with Gateway(answer, api="rest") as gateway:
        got = get(gateway.url + PATH)
    assert got.cookies.get_dict() == {"a": "1", "b": "2"}


@pytest.mark.parametrize(("api", "status"), [("http", 500), ("rest", 502)])
@pytest.mark.parametrize("fault", ["raises", "too big", "not JSON"])
def test_a_bad_answer_becomes_the_gateways_own_error(api: Any, status: int, fault: str) -> None:
    def answer(_event: Fields, _context: object) -> Fields:
        if fault == "raises":
            raise ValueError("a secret")
        body: Any = "x" * 6_300_000 if fault == "too big" else object()
        return {"statusCode": 200, "body": body}

    with Gateway(answer, api=api) as gateway:
        got = get(gateway.url + PATH)
    assert got.status_code == status
    assert got.json()["message"].lower() == "internal server error"


def test_ten_megabytes_are_refused_unread() -> None:
    with Gateway(echo) as gateway:
        connection = requests.Session()
        try:
            got = connection.post(gateway.url + PATH, timeout=10, data=b"x" * (REQUEST_BYTES + 1))
            assert got.status_code == 413
        except requests.ConnectionError:  # the answer may come while the body is still sent
            pass
        finally:
            connection.close()
        assert gateway.events == []


# ----------------------------------------------------------------------------- context, events


def test_the_context_counts_down_and_knows_its_account() -> None:
    context = LambdaContext("f", timeout_seconds=0.0)
    assert context.get_remaining_time_in_millis() == 0
    assert context.invoked_function_arn == "arn:aws:lambda:us-east-1:123456789012:function:f"
    assert context.aws_request_id != LambdaContext().aws_request_id


@pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda path: path.stem)
def test_every_event_file_is_json_of_the_fictional_account(path: Any) -> None:
    text = path.read_text()
    assert json.loads(text)
    assert set(re.findall(r"\b\d{12}\b", text)) <= {"123456789012"}
    assert f"`{path.name}`" in (EVENTS / "README.md").read_text()


@pytest.mark.parametrize("path", sorted(EVENTS.glob("sqs-*.json")), ids=lambda path: path.stem)
def test_queue_messages_carry_the_hash_of_their_body(path: Any) -> None:
    for record in json.loads(path.read_text())["Records"]:
        assert (
            hashlib.md5(record["body"].encode(), usedforsecurity=False).hexdigest()
            == record["md5OfBody"]
        )


def test_queue_messages_hold_the_events_of_the_other_files() -> None:
    for name, inner in {
        "sqs-s3-notification": "s3-object-created-notification",
        "sqs-s3-eventbridge": "s3-object-created-eventbridge",
        "sqs-invoice-issued": "eventbridge-invoice-issued",
        "sqs-schedule": "eventbridge-schedule",
    }.items():
        (record,) = read_event(name)["Records"]
        assert json.loads(record["body"]) == read_event(inner)


def test_intake_bodies_list_invoices_that_the_fake_knows() -> None:
    many = json.loads(read_intake("intake-many.json"))
    lines = [json.loads(line) for line in read_intake("intake.ndjson").splitlines()]
    head, *rows = read_intake("intake.csv").decode().splitlines()
    sids = [item["invoice_sid"] for item in many]
    assert lines == many
    assert head.split(",")[0] == "invoice_sid"
    assert [row.split(",")[0] for row in rows] == sids
    assert set(sids) == set(Ledger.documented().invoices)
