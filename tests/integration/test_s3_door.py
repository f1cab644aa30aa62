"""The door checks links as S3 does; without it, moto would serve forged and expired ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from local.aws import LocalAws
from local.s3_door import (
    ACCESS_DENIED,
    CONFLICT,
    INTERNAL_ERROR,
    PRECONDITION_FAILED,
    SLOW_DOWN,
    LoseAnswer,
    LoseRequest,
    S3Door,
)
from local.s3_links import SigningKey
from local.stack import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

BUCKET, KEY = "documents", "invoices/p/s/dïgest 1.pdf"
get = partial(requests.get, timeout=10)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws() as local:
        local.client("s3").create_bucket(Bucket=BUCKET)
        local.client("s3").put_object(Bucket=BUCKET, Key=KEY, Body=b"%PDF-1.7")
        yield local


@pytest.fixture
def door(aws: LocalAws) -> Iterator[S3Door]:
    before = set(threading.enumerate())
    with S3Door(aws.url) as opened:
        yield opened
    assert before >= {t for t in threading.enumerate() if "process_request" not in t.name}


_session = boto3.Session(region_name=REGION)  # one: each reads the service models anew


def a_client(door: S3Door, *, signature: str = "s3v4", **credentials: str) -> Any:
    keys = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_ACCESS_KEY}
    config = Config(signature_version=signature, proxies={}, retries={"total_max_attempts": 1})
    return _session.client("s3", endpoint_url=door.url, config=config, **(keys | credentials))


def a_link(door: S3Door, *, seconds: int = 900, client: Any = None, **overrides: str) -> str:
    params = {"Bucket": BUCKET, "Key": KEY, **overrides}
    url: str = (client or a_client(door)).generate_presigned_url(
        "get_object", Params=params, ExpiresIn=seconds
    )
    return url


def test_a_link_works(door: S3Door) -> None:
    answer = get(a_link(door))
    assert (answer.status_code, answer.content) == (200, b"%PDF-1.7")


def test_signed_overrides_reach_the_reader(door: S3Door) -> None:
    disposition = "attachment; filename=\"a b.pdf\"; filename*=UTF-8''a%20b.pdf"
    answer = get(a_link(door, ResponseContentDisposition=disposition))
    assert answer.headers["Content-Disposition"] == disposition


def test_a_link_expires_to_the_second(door: S3Door) -> None:
    link = a_link(door, seconds=60)
    door.move_clock(57)
    assert get(link).status_code == 200
    door.move_clock(4)
    assert (get(link).status_code, "Request has expired" in get(link).text) == (403, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("s/d", "s/e"),
        ("X-Amz-Expires=900", "X-Amz-Expires=9000"),
        ("X-Amz-Signature=", "X-Amz-Signature=0"),
        ("a.pdf", "b.pdf"),
        ("X-Amz-Date=", "response-content-type=text%2Fhtml&X-Amz-Date="),
    ],
    ids=["key", "expiry", "signature", "file name", "added override"],
)
def test_a_changed_link_is_refused(door: S3Door, old: str, new: str) -> None:
    link = a_link(door, ResponseContentDisposition="attachment; filename=a.pdf")
    assert get(link).status_code == 200
    assert old in link
    answer = get(link.replace(old, new, 1))
    assert (answer.status_code, "SignatureDoesNotMatch" in answer.text) == (403, True)
    assert answer.headers["Content-Type"] == "application/xml"


def test_a_link_is_for_its_method_only(door: S3Door) -> None:
    assert requests.put(a_link(door), data=b"x", timeout=10).status_code == 403
    assert requests.delete(a_link(door), timeout=10).status_code == 403


def test_without_a_signature_nothing_is_served(door: S3Door) -> None:
    answer = get(f"{door.url}/{BUCKET}/{quote(KEY)}?response-content-type=text%2Fhtml")
    assert (answer.status_code, "AccessDenied" in answer.text) == (403, True)


def test_signature_version_2_is_not_accepted(door: S3Door) -> None:
    assert get(a_link(door, client=a_client(door, signature="s3"))).status_code == 400


def test_an_unknown_key_or_a_wrong_secret_is_refused(door: S3Door) -> None:
    stranger = a_client(door, aws_access_key_id="stranger")
    forger = a_client(door, aws_secret_access_key="guess")
    assert get(a_link(door, client=stranger)).status_code == 403
    assert get(a_link(door, client=forger)).status_code == 403


def test_a_life_beyond_seven_days_is_refused(door: S3Door) -> None:
    assert get(a_link(door, seconds=604_801)).status_code == 400


def test_a_link_dies_with_the_session_that_signed_it(door: S3Door) -> None:
    end = door.now() + timedelta(seconds=300)
    door.keys["role"] = SigningKey("role-secret", session_token="session", expires_at=end)
    role = a_client(
        door,
        aws_access_key_id="role",
        aws_secret_access_key="role-secret",
        aws_session_token="session",
    )
    link = a_link(door, client=role)
    assert get(link).status_code == 200
    door.move_clock(301)
    assert (get(link).status_code, "ExpiredToken" in get(link).text) == (400, True)


def test_header_signed_requests_pass(door: S3Door) -> None:
    s3 = a_client(door)
    s3.put_object(Bucket=BUCKET, Key="new", Body=b"1", Metadata={"pages": "1"})
    head = s3.head_object(Bucket=BUCKET, Key="new")
    assert (head["ContentLength"], head["Metadata"]) == (1, {"pages": "1"})
    assert [(call.method, call.status) for call in door.calls] == [("PUT", 200), ("HEAD", 200)]
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket=BUCKET, Key="missing")


def test_a_missing_key_can_look_forbidden(door: S3Door) -> None:
    door.hide_missing = True
    with pytest.raises(ClientError, match="403"):
        a_client(door).head_object(Bucket=BUCKET, Key="missing")


@pytest.mark.parametrize(
    "fault",
    [INTERNAL_ERROR, SLOW_DOWN, CONFLICT, PRECONDITION_FAILED, ACCESS_DENIED],
    ids=lambda fault: fault.code,
)
def test_an_injected_refusal_is_told_and_nothing_is_written(door: S3Door, fault: Any) -> None:
    s3 = a_client(door)
    door.inject("PUT", fault)
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=BUCKET, Key=fault.code, Body=b"1")
    assert caught.value.response["Error"]["Code"] == fault.code
    s3.put_object(Bucket=BUCKET, Key=fault.code, Body=b"1", IfNoneMatch="*")


def test_a_lost_answer_leaves_the_object_written(door: S3Door) -> None:
    s3 = a_client(door)
    door.inject("PUT", LoseAnswer())
    with pytest.raises(HTTPClientError, match=r"[Cc]onnection"):
        s3.put_object(Bucket=BUCKET, Key="lost-answer", Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=BUCKET, Key="lost-answer", Body=b"1", IfNoneMatch="*")


def test_a_lost_request_leaves_nothing_written(door: S3Door) -> None:
    s3 = a_client(door)
    door.inject("PUT", LoseRequest())
    with pytest.raises(HTTPClientError, match=r"[Cc]onnection"):
        s3.put_object(Bucket=BUCKET, Key="lost-request", Body=b"1")
    s3.put_object(Bucket=BUCKET, Key="lost-request", Body=b"1", IfNoneMatch="*")
