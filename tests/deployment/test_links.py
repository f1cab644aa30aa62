"""Links and storage, against a door that checks signatures and clocks as S3 does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from local.fake_carrierx import INVOICE_SID
from local.s3_door import (
    ACCESS_DENIED,
    CONFLICT,
    INTERNAL_ERROR,
    SLOW_DOWN,
    LoseAnswer,
    LoseRequest,
    S3Door,
)

from tests.deployment.in_process import Deployment


def test_a_link_works_until_its_last_second_and_not_after(
    guarded: Deployment, door: S3Door
) -> None:
    url = guarded.post(body={"link_seconds": 120}).fields["url"]
    assert guarded.download(url).status_code == 200
    door.move_clock(118)
    assert guarded.download(url).status_code == 200
    door.move_clock(3)
    assert guarded.download(url).status_code == 403


def test_the_answer_says_when_the_link_ends(guarded: Deployment) -> None:
    fields = guarded.post(body={"link_seconds": 120}).fields
    signed = dict(parse_qsl(urlsplit(fields["url"]).query))["X-Amz-Date"]
    signed_at = datetime.strptime(signed, "%Y%m%dT%H%M%S%z")
    life = datetime.fromisoformat(fields["url_expires_at"]) - signed_at
    assert abs(life - timedelta(seconds=120)) <= timedelta(seconds=1)


TAMPERED = [
    ("another key", lambda url: url.replace(INVOICE_SID, "another-invoice")),
    ("a longer life", lambda url: url.replace("X-Amz-Expires=900", "X-Amz-Expires=90000")),
    ("another file name", lambda url: url.replace("invoice-004.pdf", "evil.exe")),
    ("another signature", lambda url: url[:-4] + ("0000" if url[-4:] != "0000" else "1111")),
    ("another media type", lambda url: url.replace("application%2Fpdf", "text%2Fhtml")),
    ("a media type more", lambda url: url + "&response-content-type=text%2Fhtml"),
    ("no signature at all", lambda url: url.partition("?")[0]),
]  # fmt: skip


@pytest.mark.parametrize("tamper", [row[1] for row in TAMPERED], ids=[row[0] for row in TAMPERED])
def test_a_tampered_link_is_refused(guarded: Deployment, tamper: object) -> None:
    url = guarded.post().fields["url"]
    forged = tamper(url)  # type: ignore[operator]
    assert forged != url
    assert guarded.download(forged).status_code == 403


@pytest.mark.parametrize("fault", [SLOW_DOWN, INTERNAL_ERROR, CONFLICT, LoseRequest()])
def test_a_storage_hiccup_costs_nothing(guarded: Deployment, door: S3Door, fault: object) -> None:
    door.inject("PUT", fault)  # type: ignore[arg-type]
    reply = guarded.post()
    again = guarded.post() if reply.status == 503 else reply  # a conflict is told, and healed
    assert again.status == 201
    assert len(guarded.versions()) == 1


def test_a_write_whose_answer_was_lost_is_found_to_have_succeeded(
    guarded: Deployment, door: S3Door
) -> None:
    door.inject("PUT", LoseAnswer())
    assert guarded.post().status == 201
    assert len(guarded.versions()) == 1


def test_storage_that_stays_down_is_unavailable_and_leaves_nothing(
    guarded: Deployment, door: S3Door
) -> None:
    door.inject("PUT", *[SLOW_DOWN] * 3)
    reply = guarded.post()
    assert (reply.status, reply.fields["code"]) == (503, "storage-unavailable")
    assert guarded.stored_keys() == []


def test_storage_that_refuses_is_not_asked_again(guarded: Deployment, door: S3Door) -> None:
    door.inject("PUT", ACCESS_DENIED)
    reply = guarded.post()
    assert (reply.status, reply.fields["code"]) == (500, "storage-refused")
    assert [call.method for call in door.calls if call.method == "PUT"] == ["PUT"]


def test_a_role_that_may_not_list_the_bucket_loses_nothing(
    guarded: Deployment, door: S3Door
) -> None:
    """S3 answers 403, not 404, for a key that is missing."""
    door.hide_missing = True
    assert [guarded.post().status, guarded.post().status] == [201, 200]


def test_sixteen_requests_at_once_are_one_object_with_one_version(guarded: Deployment) -> None:
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: guarded.post(), range(16)))
    assert {reply.status for reply in replies} <= {200, 201}
    assert len({reply.fields["sha256"] for reply in replies}) == 1
    assert len(guarded.versions()) == 1
