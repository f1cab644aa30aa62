"""From an HTTPS call to a link that works, and to links that must not."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

from e2e.deployment import API
from e2e.house import House
from local.fake_carrierx import INVOICE_SID

from tests.end_to_end.conftest import ShortLink
from tests.pdf_reading import pages_of, words_of

EVENTS = Path(__file__).resolve().parents[2] / "events"
ABSENT_SID = "00000000-0000-4000-8000-00000000abcd"
LAMBDA_ANSWER_BYTES = 6 * 1024 * 1024


def path_of(sid: str) -> str:
    return f"/invoices/{sid}/pdf"


def asked(house: House, sid: str = INVOICE_SID, **options: Any) -> dict[str, Any]:
    answer = house.caller.post(path_of(sid), options)
    assert answer.status_code in {200, 201}, answer.text
    facts: dict[str, Any] = answer.json()
    return facts


def test_a_post_stores_the_pdf_and_its_link_opens_it(house: House) -> None:
    """The whole product in one call: signed HTTPS in, a link to the promised bytes out."""
    sid = house.carrierx.add_invoice()
    answer = house.caller.post(path_of(sid))
    assert answer.status_code == 201, answer.text
    facts = answer.json()
    pdf = house.caller.fetch(facts["url"])
    assert (pdf.status_code, pdf.headers["Content-Type"]) == (200, "application/pdf")
    assert sha256(pdf.content).hexdigest() == facts["sha256"]
    assert pages_of(pdf.content) == facts["pages"]
    assert "PRELIMINARY" in words_of(pdf.content).replace(" ", "")
    assert len(house.stored(sid)) == 1


def test_the_second_call_is_answered_from_the_store(house: House) -> None:
    """200 instead of 201, the same document, and nothing new in the bucket."""
    sid = house.carrierx.add_invoice()
    first, second = (house.caller.post(path_of(sid)) for _ in range(2))
    assert [first.status_code, second.status_code] == [201, 200]
    assert first.json()["sha256"] == second.json()["sha256"]
    assert len(house.stored(sid)) == 1


def test_a_get_redirects_to_a_fresh_link(house: House) -> None:
    """What a person's browser follows."""
    answer = house.caller.get(path_of(INVOICE_SID))
    assert answer.status_code == 303, answer.text
    assert house.caller.fetch(answer.headers["Location"]).content.startswith(b"%PDF-")


def test_an_expired_link_is_refused(house: House, short_link: ShortLink) -> None:
    """A link lives as long as was asked for, and S3 refuses it afterwards."""
    assert short_link.status_when_fresh == 200
    time.sleep(max(0.0, short_link.over_at - time.monotonic()))
    assert house.caller.fetch(short_link.url).status_code == 403


def test_a_tampered_link_is_refused(house: House) -> None:
    """Neither another object, nor a longer life, nor another signature."""
    url: str = asked(house)["url"]
    other = house.stored(house.carrierx.add_invoice()) or ["invoices/another.pdf"]
    key = house.stored(INVOICE_SID)[0]
    changed = [
        url.replace(key, other[0]),
        url.replace("X-Amz-Expires=", "X-Amz-Expires=9"),
        url[:-1] + ("0" if url[-1] != "0" else "1"),
    ]
    assert [house.caller.fetch(link).status_code for link in changed] == [403, 403, 403]


def test_a_call_without_a_signature_is_refused(house: House) -> None:
    """Before it reaches the function."""
    before = len(house.pool.answers)
    assert house.caller.unsigned(path_of(INVOICE_SID)).status_code == 403
    assert len(house.pool.answers) == before


def test_two_calls_at_once_leave_one_document(house: House) -> None:
    """Both render, in two sandboxes; the conditional write lets one of them store."""
    sid = house.carrierx.add_invoice()
    house.pool.warm(API, 2)
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(house.caller.post, [path_of(sid)] * 2))
    assert {200, 201} >= {answer.status_code for answer in answers}, answers
    assert len({answer.json()["sha256"] for answer in answers}) == 1
    assert len(house.stored(sid)) == 1


def test_an_answer_never_comes_near_lambdas_limit(house: House) -> None:
    """As long an invoice as the API takes: the document is in S3, the answer is a link to it."""
    line = house.carrierx.ledger.invoices[INVOICE_SID]["invoice_items"][0]
    sid = house.carrierx.add_invoice(invoice_items=[line] * 900)
    assert asked(house, sid)["pages"] > 10
    _, biggest = max(house.pool.answers, key=lambda answer: len(answer[1]))
    assert len(biggest) < LAMBDA_ANSWER_BYTES / 100


def test_a_foreign_partner_finds_nothing(house: House) -> None:
    """The claim of a verified token decides; the answer is that of an invoice that is not there.

    Straight to the function: the local AWS has no issuer of tokens to trust.
    """
    event = json.loads((EVENTS / "api-gateway-http-v2-jwt-post.json").read_text())
    claims = event["requestContext"]["authorizer"]["jwt"]["claims"]
    own = house.pool.invoke(API, event)
    claims["partner_sid"] = "00000000-0000-4000-8000-000000000000"
    foreign = house.pool.invoke(API, event)
    absent = house.pool.invoke(
        API, json.loads(json.dumps(event).replace(INVOICE_SID, "f" * 8 + INVOICE_SID[8:]))
    )
    assert own["statusCode"] in {200, 201}
    assert foreign["statusCode"] == 404
    assert json.loads(foreign["body"])["code"] == json.loads(absent["body"])["code"]
