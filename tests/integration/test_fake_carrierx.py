"""The fake CarrierX API answers as documented, and misbehaves exactly as told."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme
from local.fake_carrierx import (
    EVERY_CALL,
    INVOICE_SID,
    PARTNER_SID,
    THE_LIST,
    BomBefore,
    CrossedAnswers,
    DeepNesting,
    Deflated,
    Delay,
    Drip,
    DuplicateKeys,
    EarlyHints,
    Edited,
    EndlessChunks,
    EndlessHeaders,
    FakeCarrierX,
    Forever,
    GzipBomb,
    Gzipped,
    HtmlPage,
    InvalidUtf8,
    Literally,
    ManyHeaders,
    Mislabelled,
    NotANumber,
    Partial,
    Redirect,
    Reset,
    Silence,
    StaleAnswerFollows,
    Status,
    Truncated,
    Usual,
    WrongPartner,
    WrongSid,
)
from local.fake_carrierx.calls import fingerprint
from local.servers import dead_end, free_port
from urllib3.exceptions import ProtocolError

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "tests" / "samples"
INVOICE = f"/billing/invoices/{INVOICE_SID}"
LIST = "/billing/invoices"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def carrierx() -> Iterator[FakeCarrierX]:
    before = set(threading.enumerate())
    with FakeCarrierX() as fake:
        yield fake
    assert set(threading.enumerate()) == before, "the server left threads behind"


@pytest.fixture
def client(carrierx: FakeCarrierX) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {carrierx.token}"
        session.headers["Accept-Encoding"] = "identity"
        yield session


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


# ----------------------------------------------------------------------------- documented answers


def test_the_documented_invoice_is_served_word_for_word(
    carrierx: FakeCarrierX, client: requests.Session
) -> None:
    answer = client.get(carrierx.url + INVOICE)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == sample("invoice-get-by-sid.json")


def test_with_related_nests_the_partner(carrierx: FakeCarrierX, client: requests.Session) -> None:
    answer = client.get(carrierx.url + INVOICE, params={"with_related": "true"})
    assert answer.json()["partner"] == sample("partner-get-by-sid.json")


def test_the_partner_is_served_by_itself(carrierx: FakeCarrierX, client: requests.Session) -> None:
    answer = client.get(f"{carrierx.url}/partners/{PARTNER_SID}")
    assert answer.json() == sample("partner-get-by-sid.json")


@pytest.mark.parametrize("path", [f"{LIST}/no-such-sid", "/partners/no-such-sid"])
def test_an_unknown_sid_gets_the_documented_error_body(
    carrierx: FakeCarrierX, client: requests.Session, path: str
) -> None:
    answer = client.get(carrierx.url + path)
    assert answer.status_code == 404
    assert answer.json() == sample("error-404-no-item.json")


@pytest.mark.parametrize("path", ["/nothing", "/partners", INVOICE + ".pdf", INVOICE + "/x"])
def test_other_paths_are_404(carrierx: FakeCarrierX, client: requests.Session, path: str) -> None:
    assert client.get(carrierx.url + path).status_code == 404


def test_other_methods_are_405(carrierx: FakeCarrierX, client: requests.Session) -> None:
    assert client.post(carrierx.url + INVOICE, json={}).status_code == 405


# ----------------------------------------------------------------------------- tokens


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic dXNlcjpwYXNz"])
def test_without_a_valid_token_the_answer_is_401(
    carrierx: FakeCarrierX, authorization: str
) -> None:
    answer = requests.get(
        carrierx.url + INVOICE, headers={"Authorization": authorization}, timeout=5
    )
    assert answer.status_code == 401
    assert answer.json()["message"] == "Bad credentials"


def test_a_missing_scope_is_403_and_named(carrierx: FakeCarrierX, client: requests.Session) -> None:
    token = carrierx.allow("narrow", scopes=frozenset({"invoices.read"}))
    client.headers["Authorization"] = f"Bearer {token}"
    assert client.get(carrierx.url + INVOICE).status_code == 200
    refused = client.get(f"{carrierx.url}/partners/{PARTNER_SID}")
    assert refused.status_code == 403
    assert "partners.read" in refused.json()["errors"][0]["message"]


def test_during_a_rotation_both_tokens_are_valid(
    carrierx: FakeCarrierX, client: requests.Session
) -> None:
    carrierx.allow("newer")
    assert client.get(carrierx.url + INVOICE).status_code == 200
    client.headers["Authorization"] = "Bearer newer"
    assert client.get(carrierx.url + INVOICE).status_code == 200


def test_after_a_rotation_the_old_token_is_refused(
    carrierx: FakeCarrierX, client: requests.Session
) -> None:
    carrierx.rotate()
    assert client.get(carrierx.url + INVOICE).status_code == 401
    client.headers["Authorization"] = f"Bearer {carrierx.token}"
    assert client.get(carrierx.url + INVOICE).status_code == 200


# ----------------------------------------------------------------------------- lists


def list_of(carrierx: FakeCarrierX, client: requests.Session, **query: Any) -> dict[str, Any]:
    answer = client.get(carrierx.url + LIST, params=query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def numbers_of(page: dict[str, Any]) -> list[str]:
    return [item["display_id"] for item in page["items"]]


def test_the_list_has_the_documented_envelope(
    carrierx: FakeCarrierX, client: requests.Session
) -> None:
    page = list_of(carrierx, client, limit=1)
    assert set(page) == set(sample("invoice-get-list.json"))
    assert (page["count"], page["limit"], page["offset"], page["total"]) == (1, 1, 0, 4)
    assert page["has_more"] is True
    assert page["pagination"] == {"next": f"{carrierx.url}{LIST}?limit=1&offset=1"}


def test_following_next_sees_every_invoice_once(
    carrierx: FakeCarrierX, client: requests.Session
) -> None:
    page = list_of(carrierx, client, limit=3)
    rest = client.get(page["pagination"]["next"]).json()
    assert numbers_of(page) + numbers_of(rest) == ["001", "002", "003", "004"]
    assert (rest["has_more"], rest["pagination"]) == (False, {})


def test_ten_is_the_default_limit(carrierx: FakeCarrierX, client: requests.Session) -> None:
    for _ in range(8):
        carrierx.add_invoice()
    page = list_of(carrierx, client)
    assert (page["limit"], page["count"], page["total"]) == (10, 10, 12)


@pytest.mark.parametrize(
    ("order", "numbers"),
    [
        ("display_id", ["001", "002", "003", "004"]),
        ("display_id desc", ["004", "003", "002", "001"]),
        ("date_issued asc", ["001", "002", "003", "004"]),
        ("date_issued desc", ["003", "002", "001", "004"]),
    ],
)
def test_order_sorts_and_nulls_come_last(
    carrierx: FakeCarrierX, client: requests.Session, order: str, numbers: list[str]
) -> None:
    assert numbers_of(list_of(carrierx, client, order=order)) == numbers


@pytest.mark.parametrize(
    ("rule", "numbers"),
    [
        ("status eq open", ["004"]),
        ('status ne "open"', ["001", "002", "003"]),
        ("date_issued gt 2024-11-19T23:59:59.000Z", ["003"]),
        ("date_issued ge 2024-11-19T23:59:59Z", ["002", "003"]),
        ("date_issued lt 2024-11-01", ["001"]),
        ("date_issued le '2024-11-19T23:59:59.000Z' and paid eq true", ["001", "002"]),
        ("display_id like 00%", ["001", "002", "003", "004"]),
        ('display_id like "%3"', ["003"]),
        ("amount gt 0.379 and amount lt 0.381", ["001", "002", "003", "004"]),
        (f"partner_sid eq {PARTNER_SID} and display_id eq 002", ["002"]),
        ("status eq nothing", []),
    ],
)
def test_filter_understands_the_documented_rules(
    carrierx: FakeCarrierX, client: requests.Session, rule: str, numbers: list[str]
) -> None:
    assert numbers_of(list_of(carrierx, client, filter=rule)) == numbers


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"filter": "status"}, "filter"),
        ({"filter": "status eq open or paid eq true"}, "filter"),
        ({"filter": "status eq open and"}, "filter"),
        ({"filter": "nothing eq 1"}, "filter"),
        ({"filter": "amount gt much"}, "filter"),
        ({"filter": "date_issued gt yesterday"}, "filter"),
        ({"order": "display_id up"}, "order"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"offset": "-1"}, "offset"),
    ],
)
def test_a_query_that_makes_no_sense_is_400(
    carrierx: FakeCarrierX, client: requests.Session, query: dict[str, str], field: str
) -> None:
    answer = client.get(carrierx.url + LIST, params=query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field


def test_chosen_fields_are_the_only_ones(carrierx: FakeCarrierX, client: requests.Session) -> None:
    query = {"include_fields": "invoice_sid,status"}
    answer = client.get(carrierx.url + INVOICE, params=query)
    assert answer.json() == {"invoice_sid": INVOICE_SID, "status": "open"}
    assert set(list_of(carrierx, client, **query)["items"][0]) == {"invoice_sid", "status"}


# ----------------------------------------------------------------------------- the record


def test_a_call_is_recorded_without_its_token(
    carrierx: FakeCarrierX, client: requests.Session
) -> None:
    before = time.monotonic()
    client.get(carrierx.url + INVOICE, params={"with_related": "true"})
    (call,) = carrierx.calls
    assert (call.method, call.sid) == ("GET", INVOICE_SID)
    assert call.parameter("with_related") == "true"
    assert before <= call.at <= time.monotonic()
    assert call.authorization_sha256 == fingerprint(f"Bearer {carrierx.token}")
    assert carrierx.token not in repr((call, dict(call.headers)))


def test_calls_over_one_kept_connection_are_recognised(
    carrierx: FakeCarrierX, client: requests.Session
) -> None:
    client.get(carrierx.url + INVOICE)
    client.get(carrierx.url + LIST)
    client.close()
    client.get(carrierx.url + INVOICE)
    first, second, third = (call.connection for call in carrierx.calls)
    assert first == second != third
    assert len(carrierx.calls_for(INVOICE_SID)) == 2
    assert len(carrierx.calls_for(THE_LIST)) == 1


# ----------------------------------------------------------------------------- scripts


def statuses(client: requests.Session, url: str, count: int) -> list[int]:
    return [client.get(url).status_code for _ in range(count)]


def test_scripted_behaviours_are_played_in_order_and_then_all_is_well(
    carrierx: FakeCarrierX, client: requests.Session
) -> None:
    carrierx.script(INVOICE_SID, Status(503), Usual(), Status(502))
    assert statuses(client, carrierx.url + INVOICE, 4) == [503, 200, 502, 200]


def test_a_script_for_a_sid_goes_before_one_for_every_call(
    carrierx: FakeCarrierX, client: requests.Session
) -> None:
    carrierx.script(EVERY_CALL, Status(500))
    carrierx.script(INVOICE_SID, Status(503))
    assert statuses(client, carrierx.url + INVOICE, 3) == [503, 500, 200]


def test_forever_lasts_until_it_is_unscripted(
    carrierx: FakeCarrierX, client: requests.Session
) -> None:
    carrierx.script(EVERY_CALL, Forever(Status(503)))
    assert statuses(client, carrierx.url + INVOICE, 3) == [503, 503, 503]
    carrierx.unscript()
    assert statuses(client, carrierx.url + INVOICE, 1) == [200]


@pytest.mark.parametrize(
    "retry_after", ["1", "3600", "-5", "soon", "Wed, 21 Oct 2026 07:28:00 GMT"]
)
def test_retry_after_is_sent_as_scripted(
    carrierx: FakeCarrierX, client: requests.Session, retry_after: str
) -> None:
    carrierx.script(INVOICE_SID, Status(429, retry_after=retry_after))
    answer = client.get(carrierx.url + INVOICE)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, retry_after)


@pytest.mark.parametrize("code", [200, 204, 206, 400, 403, 409, 418, 422, 500, 504])
def test_any_status_can_be_scripted(
    carrierx: FakeCarrierX, client: requests.Session, code: int
) -> None:
    carrierx.script(INVOICE_SID, Status(code))
    answer = client.get(carrierx.url + INVOICE)
    assert answer.status_code == code
    assert bool(answer.content) is (code != 204)


# ----------------------------------------------------------------------------- wrong answers


def text_of(carrierx: FakeCarrierX, client: requests.Session, behaviour: Any) -> str:
    carrierx.script(INVOICE_SID, behaviour)
    answer = client.get(carrierx.url + INVOICE, params={"with_related": "true"})
    assert answer.status_code == 200
    return answer.content.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b'""', b""])
def test_a_body_can_be_anything(
    carrierx: FakeCarrierX, client: requests.Session, body: bytes
) -> None:
    assert text_of(carrierx, client, Literally(body)) == body.decode()


def test_the_answer_can_be_for_another_invoice_or_partner(
    carrierx: FakeCarrierX, client: requests.Session
) -> None:
    assert json.loads(text_of(carrierx, client, WrongSid("x")))["invoice_sid"] == "x"
    foreign = json.loads(text_of(carrierx, client, WrongPartner("y")))
    assert (foreign["partner_sid"], foreign["partner"]["partner_sid"]) == ("y", "y")


def test_fields_can_be_changed_and_left_out(
    carrierx: FakeCarrierX, client: requests.Session
) -> None:
    edited = Edited(without=("paid",), status="paid", amount=lambda amount: amount + "1")
    fields = json.loads(text_of(carrierx, client, edited))
    assert (fields["status"], fields["amount"], "paid" in fields) == ("paid", "0.381", False)


def test_json_can_be_broken_in_every_way(carrierx: FakeCarrierX, client: requests.Session) -> None:
    assert text_of(carrierx, client, DuplicateKeys()).count('"amount": ') == 6
    assert '"amount": NaN' in text_of(carrierx, client, NotANumber())
    assert '"amount": -Infinity' in text_of(carrierx, client, NotANumber("-Infinity"))
    assert text_of(carrierx, client, BomBefore()).startswith("\ufeff")
    assert "\udcff" in text_of(carrierx, client, InvalidUtf8())
    with pytest.raises(RecursionError):
        json.loads(text_of(carrierx, client, DeepNesting()))


def test_a_maintenance_page_comes_with_200(
    carrierx: FakeCarrierX, client: requests.Session
) -> None:
    carrierx.script(INVOICE_SID, HtmlPage())
    answer = client.get(carrierx.url + INVOICE)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<!doctype html>")


def test_a_redirect_says_where_to(carrierx: FakeCarrierX, client: requests.Session) -> None:
    carrierx.script(INVOICE_SID, Redirect("http://127.0.0.1:9/", status=307))
    answer = client.get(carrierx.url + INVOICE, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (307, "http://127.0.0.1:9/")


def test_a_partial_answer_is_206_and_half(carrierx: FakeCarrierX, client: requests.Session) -> None:
    whole = client.get(carrierx.url + INVOICE).content
    carrierx.script(INVOICE_SID, Partial())
    answer = client.get(carrierx.url + INVOICE)
    assert (answer.status_code, answer.content) == (206, whole[: len(whole) // 2])


def test_early_hints_come_before_the_answer(carrierx: FakeCarrierX) -> None:
    carrierx.script(INVOICE_SID, EarlyHints())
    octets = raw_answer(carrierx, INVOICE)
    assert octets.startswith(b"HTTP/1.1 103 ")
    assert b"HTTP/1.1 200 OK" in octets


@pytest.mark.parametrize(
    ("behaviour", "encoding"),
    [(Gzipped(), "gzip"), (Deflated(), "deflate"), (Mislabelled("br"), "br")],
)
def test_bodies_can_be_encoded_unasked(
    carrierx: FakeCarrierX, client: requests.Session, behaviour: Any, encoding: str
) -> None:
    carrierx.script(INVOICE_SID, behaviour)
    answer = client.get(carrierx.url + INVOICE, stream=True)
    assert answer.headers["Content-Encoding"] == encoding
    assert answer.raw.read(decode_content=False)


@pytest.mark.parametrize(("layers", "wire_kilobytes"), [(1, 250), (2, 5)])
def test_a_gzip_bomb_is_small_on_the_wire_and_huge_unpacked(
    carrierx: FakeCarrierX, client: requests.Session, layers: int, wire_kilobytes: int
) -> None:
    carrierx.script(INVOICE_SID, GzipBomb(layers=layers))
    packed = client.get(carrierx.url + INVOICE, stream=True).raw.read(decode_content=False)
    assert len(packed) < wire_kilobytes * 1000
    unpacked = packed if layers == 1 else gzip.decompress(packed)
    assert int.from_bytes(unpacked[-4:], "little") == 200_000_000  # gzip's own size field


# ----------------------------------------------------------------------------- broken wires


@pytest.mark.parametrize(
    "behaviour",
    [
        Reset("before-headers"),
        Reset("in-headers"),
        Reset("after-headers"),
        Reset("in-body"),
        Truncated(),
        ManyHeaders(),
        EndlessHeaders(),
        EndlessHeaders(one_line=True),
        Silence(),
        Silence(after="headers"),
        Delay(5.0),
    ],
    ids=repr,
)
def test_a_broken_wire_breaks_the_call_and_the_next_is_fine(
    carrierx: FakeCarrierX, client: requests.Session, behaviour: Any
) -> None:
    carrierx.script(INVOICE_SID, behaviour)
    with pytest.raises((requests.RequestException, ProtocolError)):
        client.get(carrierx.url + INVOICE, timeout=0.3)
    assert client.get(carrierx.url + INVOICE, timeout=5).status_code == 200


def test_a_reset_is_a_reset_and_not_an_end(carrierx: FakeCarrierX) -> None:
    carrierx.script(INVOICE_SID, Reset())
    with pytest.raises(ConnectionResetError):
        raw_answer(carrierx, INVOICE)


@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_drip_outlives_a_read_timeout(
    carrierx: FakeCarrierX, client: requests.Session, where: Any
) -> None:
    carrierx.script(INVOICE_SID, Drip(seconds=0.1, where=where, at_a_time=150))
    began = time.monotonic()
    answer = client.get(carrierx.url + INVOICE, timeout=0.3)
    assert time.monotonic() - began > 0.5
    assert answer.json()["invoice_sid"] == INVOICE_SID


def test_an_endless_body_ends_when_the_reader_has_enough(
    carrierx: FakeCarrierX, client: requests.Session
) -> None:
    carrierx.script(INVOICE_SID, EndlessChunks())
    with client.get(carrierx.url + INVOICE, stream=True) as answer:
        read = sum(len(chunk) for chunk in islice(answer.iter_content(65536), 100))
    assert read > 5_000_000


def test_two_calls_can_get_each_others_answers(carrierx: FakeCarrierX) -> None:
    other = carrierx.add_invoice()
    crossed = CrossedAnswers()
    carrierx.script(INVOICE_SID, crossed)
    carrierx.script(other, crossed)

    def sid_in_answer(sid: str) -> str:
        headers = {"Authorization": f"Bearer {carrierx.token}"}
        answer = requests.get(f"{carrierx.url}{LIST}/{sid}", headers=headers, timeout=5)
        return str(answer.json()["invoice_sid"])

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(sid_in_answer, (INVOICE_SID, other))) == [other, INVOICE_SID]


def test_a_stale_answer_waits_for_the_next_call_on_the_connection(
    carrierx: FakeCarrierX,
) -> None:
    carrierx.script(INVOICE_SID, StaleAnswerFollows(b'{"invoice_sid": "stale"}'))
    octets = raw_answer(carrierx, INVOICE)
    assert octets.count(b"HTTP/1.1 200 OK") == 2
    assert octets.endswith(b'{"invoice_sid": "stale"}')


def raw_answer(carrierx: FakeCarrierX, path: str) -> bytes:
    """Every octet that the server sends within 0.3 s of one request."""
    host, port = carrierx.url.split("/")[2].split(":")
    with socket.create_connection((host, int(port)), timeout=0.3) as wire:
        head = f"GET /core/v2{path} HTTP/1.1\r\nHost: {host}\r\n"
        wire.sendall(f"{head}Authorization: Bearer {carrierx.token}\r\n\r\n".encode())
        octets = b""
        try:
            while more := wire.recv(65536):
                octets += more
        except TimeoutError:
            pass
    return octets


# ----------------------------------------------------------------------------- addresses, ends


def test_https_with_a_certificate_of_ones_own() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with FakeCarrierX(tls=context) as carrierx, authority.cert_pem.tempfile() as pem:
        headers = {"Authorization": f"Bearer {carrierx.token}"}
        assert carrierx.url.startswith("https://127.0.0.1:")
        assert requests.get(carrierx.url + INVOICE, headers=headers, verify=pem, timeout=5).ok
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(carrierx.url + INVOICE, headers=headers, timeout=5)


def test_it_listens_on_loopback_only(carrierx: FakeCarrierX) -> None:
    assert carrierx.url.startswith("http://127.0.0.1:")
    port = int(carrierx.url.split(":")[2].split("/")[0])
    listening = Path("/proc/net/tcp").read_text()
    assert f"0100007F:{port:04X}" in listening
    assert f"00000000:{port:04X}" not in listening


def test_it_stops_at_once_though_clients_hang() -> None:
    with FakeCarrierX() as carrierx, requests.Session() as kept, ThreadPoolExecutor(1) as pool:
        headers = {"Authorization": f"Bearer {carrierx.token}"}
        kept.get(carrierx.url + INVOICE, headers=headers)
        carrierx.script(INVOICE_SID, Silence())
        hanging = pool.submit(requests.get, carrierx.url + INVOICE, timeout=30)
        while len(carrierx.calls) < 2:
            time.sleep(0.01)
        began = time.monotonic()
        carrierx.stop()
        assert time.monotonic() - began < 2
        assert isinstance(hanging.exception(timeout=5), requests.ConnectionError)


def test_a_dead_end_takes_no_connection() -> None:
    with dead_end() as url, pytest.raises(requests.ConnectTimeout):
        requests.get(url, timeout=0.3)


def test_nobody_listens_on_a_free_port() -> None:
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{free_port()}", timeout=1)


def test_it_runs_by_itself_and_ends_with_ctrl_c() -> None:
    command = [sys.executable, "-m", "local.fake_carrierx", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url, token = (process.stdout.readline().split()[1] for _ in range(2))
        answer = requests.get(
            url + INVOICE, headers={"Authorization": f"Bearer {token}"}, timeout=5
        )
        assert answer.json()["display_id"] == "004"
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(timeout=10) == 0
