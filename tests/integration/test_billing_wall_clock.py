"""Whatever CarrierX does or does not do, a call ends when its deadline passes."""

from __future__ import annotations

import socket
import ssl
import threading
import time

import pytest
import trustme
from local.fake_carrierx import (
    INVOICE_SID,
    Delay,
    Drip,
    EndlessChunks,
    FakeCarrierX,
    Forever,
    Silence,
    Status,
)
from local.servers import LOOPBACK, dead_end

from invoice_renderer.billing import transport
from invoice_renderer.billing.wall_clock import cut_at
from invoice_renderer.deadline import Deadline
from invoice_renderer.errors import BillingUnavailable, OutOfTime
from tests.integration.billing_tools import Tokens, a_client, ends_within, fetch
from tests.integration.raw_servers import (
    RawServer,
    endlessly,
    head,
    then_silence,
)

DEADLINE_SECONDS = 1.0
BOUND_SECONDS = 5.0

FAULTS = {
    "silence": Silence(),
    "silence after the headers": Silence("headers"),
    "a drip in the headers": Drip(0.2, "headers"),
    "a drip in the body": Drip(0.2, "body"),
    "an answer that is late": Delay(30),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_the_deadline_ends_it(carrierx, client, fault):
    carrierx.script(INVOICE_SID, Forever(fault))
    with ends_within(BOUND_SECONDS), pytest.raises(BillingUnavailable, match="no answer in time"):
        fetch(client, seconds=DEADLINE_SECONDS)
    assert len(carrierx.calls) <= 3


@pytest.mark.parametrize("fault", [Silence(), Drip(0.2, "headers"), Drip(0.2, "body")])
def test_the_deadline_ends_it_over_tls(tls_carrierx, fault):
    carrierx, client = tls_carrierx
    carrierx.script(INVOICE_SID, Forever(fault))
    with ends_within(BOUND_SECONDS), pytest.raises(BillingUnavailable, match="no answer in time"):
        fetch(client, seconds=DEADLINE_SECONDS)
    assert len(carrierx.calls) <= 3


@pytest.mark.parametrize(
    "play",
    [
        endlessly(b"HTTP/1.1 100 Continue\r\n\r\n"),
        endlessly(
            b"1;" + b"x" * 1000 + b"\r\n \r\n", after=head("200 OK", "Transfer-Encoding: chunked")
        ),
        endlessly(b"X-T: x\r\n", after=head("200 OK", "Transfer-Encoding: chunked") + b"0\r\n"),
        then_silence(head("200 OK", "Transfer-Encoding: chunked") + b"2\r\n{"),
        then_silence(head() + b"{"),
    ],
    ids=["100 for ever", "chunk extensions", "trailers", "half a chunk", "no end announced"],
)
def test_the_deadline_ends_what_is_odd(play):
    with RawServer(play) as server, ends_within(BOUND_SECONDS + 1):
        with pytest.raises(BillingUnavailable):
            fetch(a_client(server.url), seconds=DEADLINE_SECONDS)
        assert server.connections <= 3


def test_the_deadline_ends_a_connection_that_hangs():
    with dead_end() as url, ends_within(BOUND_SECONDS), pytest.raises(BillingUnavailable):
        fetch(a_client(url), seconds=DEADLINE_SECONDS)


def test_the_deadline_ends_a_host_with_many_addresses_that_all_hang(monkeypatch):
    resolve = socket.getaddrinfo
    with dead_end() as url:
        dead = (LOOPBACK, int(url.rpartition(":")[2]))

        def resolve_ours(host, *args, **kwargs):
            if host != "many.example":
                return resolve(host, *args, **kwargs)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", dead)] * 20

        monkeypatch.setattr(socket, "getaddrinfo", resolve_ours)
        with ends_within(BOUND_SECONDS), pytest.raises(BillingUnavailable):
            fetch(a_client("http://many.example"), seconds=DEADLINE_SECONDS)


@pytest.mark.parametrize("says", [b"", b"\x16\x03\x03\x00\x7a\x02"], ids=["nothing", "a little"])
def test_the_deadline_ends_a_tls_handshake_that_hangs(says):
    with RawServer(then_silence(says), reads_request=False) as server, ends_within(BOUND_SECONDS):
        with pytest.raises(BillingUnavailable):
            fetch(a_client(f"https://{LOOPBACK}:{server.port}"), seconds=DEADLINE_SECONDS)
        assert server.connections <= 3


def test_silence_is_given_up_sooner_than_the_deadline_and_asked_again(
    carrierx, client, monkeypatch
):
    monkeypatch.setattr(transport, "READ_SECONDS", 0.3)
    carrierx.script(INVOICE_SID, Silence(), Silence("headers"))
    assert fetch(client).display_id == "004"
    assert len(carrierx.calls) == 3


def test_a_retry_that_would_come_too_late_is_not_waited_for(carrierx, client):
    carrierx.script(INVOICE_SID, Forever(Status(503, retry_after="5")))
    with ends_within(BOUND_SECONDS), pytest.raises(BillingUnavailable, match="status 503"):
        fetch(client, seconds=DEADLINE_SECONDS)
    assert (len(carrierx.calls), client.waits) == (1, [])


def test_nothing_is_asked_when_there_is_no_time_left(carrierx, client):
    with pytest.raises(OutOfTime) as late:
        fetch(client, seconds=0.1)
    assert late.value.code == "out-of-time"
    assert carrierx.calls == ()


def test_a_connection_that_was_cut_is_not_used_again(carrierx, client):
    carrierx.script(INVOICE_SID, Drip(0.2))
    with pytest.raises(BillingUnavailable):
        fetch(client, seconds=DEADLINE_SECONDS)
    assert fetch(client).display_id == "004"
    dripped, whole = carrierx.calls
    assert dripped.connection != whole.connection


def test_no_timer_outlives_its_call(carrierx, client):
    before = threading.active_count()
    for _ in range(20):
        fetch(client)
    assert _settles_at(
        before + 2
    )  # one connection's thread at the fake, and a timer on its way out


def test_a_timer_that_is_late_does_not_touch_the_next_call():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with cut_at(Deadline.after(60)) as cut:
            cut.watch(ours)
        cut.fall()
        theirs.sendall(b"still here")
        assert ours.recv(100) == b"still here"


def test_a_socket_that_comes_too_late_is_not_used():
    ours, theirs = socket.socketpair()
    with ours, theirs, cut_at(Deadline.after(60)) as cut:
        cut.fall()
        with pytest.raises(TimeoutError):
            cut.watch(ours)


def test_a_fast_flood_ends_at_the_cap_and_not_at_the_deadline(carrierx, client):
    carrierx.script(INVOICE_SID, Forever(EndlessChunks()))
    with ends_within(20), pytest.raises(Exception, match="5000000"):
        fetch(client)


@pytest.fixture
def tls_carrierx(tmp_path):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(LOOPBACK).configure_cert(context)
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    with FakeCarrierX(tls=context) as carrierx:
        yield carrierx, a_client(carrierx.url, tokens=Tokens(carrierx.token), verify=str(bundle))


def _settles_at(count: int) -> bool:
    end = time.monotonic() + 2
    while threading.active_count() > count and time.monotonic() < end:
        time.sleep(0.02)
    return threading.active_count() <= count
