"""Connections that fail, end early or get mixed up: asked again, and never half believed."""

from __future__ import annotations

import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from local.fake_carrierx import (
    INVOICE_SID,
    CrossedAnswers,
    Forever,
    Reset,
    StaleAnswerFollows,
    Truncated,
)
from local.servers import LOOPBACK, dead_end, free_port

from invoice_renderer.billing import wall_clock
from invoice_renderer.errors import BillingUnavailable, InvoiceMalformed
from tests.integration.billing_tools import Tokens, a_client, ends_within, fetch
from tests.integration.raw_servers import (
    RawServer,
    chunked,
    head,
    invoice_body,
    read_head,
    with_length,
)

MISSING_NAME = "api.carrierx.invalid"  # RFC 6761: never resolves


# ----------------------------------------------------------------------------- no connection


def test_a_refused_connection_is_tried_three_times():
    client = a_client(f"http://{LOOPBACK}:{free_port()}")
    with pytest.raises(BillingUnavailable, match="no connection"):
        fetch(client)
    assert len(client.waits) == 2


def test_a_name_that_does_not_resolve_is_tried_three_times(monkeypatch):
    asked = []

    def no_such_name(host, *_, **__):
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    with pytest.raises(BillingUnavailable, match="no connection"):
        fetch(a_client(f"http://{MISSING_NAME}"))
    assert asked == [MISSING_NAME] * 3


def test_a_connection_that_hangs_is_given_up_and_tried_three_times(monkeypatch):
    monkeypatch.setattr(wall_clock, "CONNECT_SECONDS", 0.3)
    with dead_end() as url, ends_within(10):
        client = a_client(url)
        with pytest.raises(BillingUnavailable):
            fetch(client)
    assert len(client.waits) == 2


def test_an_address_that_refuses_gives_way_to_the_next(carrierx, monkeypatch):
    port = int(carrierx.url.split(":")[2].split("/")[0])
    _resolve_to(monkeypatch, "many.example", (LOOPBACK, free_port()), (LOOPBACK, port))
    client = a_client("http://many.example/core/v2", tokens=Tokens(carrierx.token))
    assert fetch(client).display_id == "004"
    assert client.waits == []


def test_a_name_without_addresses_is_no_connection(monkeypatch):
    _resolve_to(monkeypatch, "many.example")
    with pytest.raises(BillingUnavailable, match="no connection"):
        fetch(a_client("http://many.example"))


# ----------------------------------------------------------------------------- cut short


@pytest.mark.parametrize("when", ["before-headers", "in-headers", "after-headers", "in-body"])
def test_a_reset_is_asked_again(carrierx, client, when):
    carrierx.script(INVOICE_SID, Reset(when))
    assert fetch(client).display_id == "004"
    assert len(carrierx.calls) == 2


@pytest.mark.parametrize("when", ["before-headers", "in-headers", "after-headers", "in-body"])
def test_resets_without_end_are_three_calls_and_never_half_an_invoice(carrierx, client, when):
    carrierx.script(INVOICE_SID, Forever(Reset(when)))
    with pytest.raises(BillingUnavailable):
        fetch(client)
    assert len(carrierx.calls) == 3


@pytest.mark.parametrize("octets", [0, 1, None])
def test_a_body_shorter_than_its_length_is_asked_again(carrierx, client, octets):
    carrierx.script(INVOICE_SID, Truncated(octets))
    assert fetch(client).display_id == "004"
    assert len(carrierx.calls) == 2


def test_an_end_anywhere_in_an_answer_is_asked_again_and_never_believed():
    answer = with_length(invoice_body())
    body_at = answer.index(b"\r\n\r\n") + 4
    ends = [*range(0, body_at, 7), body_at - 1, body_at, len(answer) - 1]
    for end in ends:
        with RawServer(answer[:end], answer) as server:
            client = a_client(server.url)
            assert fetch(client).display_id == "004", answer[:end]
            assert (server.connections, len(client.waits)) == (2, 1), answer[:end]


def test_an_end_anywhere_in_chunks_is_asked_again_and_never_believed():
    body = invoice_body()
    answer = chunked(body[:40], body[40:])
    body_at = answer.index(b"\r\n\r\n") + 4
    last_chunk_at = answer.index(b"\r\n0\r\n\r\n")
    for end in [body_at, body_at + 1, body_at + 3, body_at + 30, last_chunk_at - 5, last_chunk_at]:
        with RawServer(answer[:end], answer) as server:
            assert fetch(a_client(server.url)).display_id == "004", answer[body_at:end]
            assert server.connections == 2, answer[body_at:end]


def test_an_unannounced_end_in_mid_body_is_asked_again():
    body = invoice_body()
    with RawServer(head() + body[:300], head() + body) as server:
        assert fetch(a_client(server.url)).display_id == "004"
    assert server.connections == 2


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x16\x03\x01\x02\x00",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\nno colon\r\n\r\n",
        head("200 OK", "Transfer-Encoding: chunked") + b"zz",
        b"\0" * 1000,
    ],
)
def test_an_answer_that_is_not_http_is_a_broken_one(nonsense):
    with RawServer(nonsense) as server, pytest.raises(BillingUnavailable):
        fetch(a_client(server.url))
    assert server.connections == 3


# ----------------------------------------------------------------------------- kept connections


def test_a_connection_is_kept_from_call_to_call(carrierx, client):
    fetch(client)
    fetch(client)
    first, second = carrierx.calls
    assert first.connection == second.connection


def test_a_kept_connection_that_the_server_closed_meanwhile_costs_no_attempt():
    answer = with_length(invoice_body())
    with RawServer(answer) as server:  # closes after each answer, without saying so
        client = a_client(server.url)
        fetch(client)
        time.sleep(0.1)
        fetch(client)
    assert (server.connections, client.waits) == (2, [])


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_a_kept_connection_that_dies_as_we_ask_is_asked_again(ending):
    answer = with_length(invoice_body())

    def answer_once_then_die(connection):
        connection.sendall(answer)
        read_head(connection)
        if ending == "reset":
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    with RawServer(answer_once_then_die, answer) as server:
        client = a_client(server.url)
        fetch(client)
        assert fetch(client).display_id == "004"
    assert (server.connections, len(client.waits)) == (2, 1)


def test_an_answer_that_nobody_asked_for_does_not_meet_the_next_question(carrierx, client):
    other = carrierx.add_invoice(display_id="005")
    carrierx.script(INVOICE_SID, StaleAnswerFollows(invoice_body()))
    assert fetch(client).display_id == "004"
    time.sleep(0.1)
    assert fetch(client, other).display_id == "005"


def test_an_answer_that_comes_before_its_question_is_told_by_its_sid():
    """The stale answer arrives after the connection was looked at and found quiet."""
    stale, asked = invoice_body(), threading.Event()

    def one_too_many(connection):
        connection.sendall(with_length(stale))
        read_head(connection)
        asked.set()
        connection.sendall(with_length(stale))
        read_head(connection)

    other = "22222222-2222-4222-8222-222222222222"
    right = with_length(invoice_body(invoice_sid=other, display_id="005"))
    with RawServer(one_too_many, right) as server:
        client = a_client(server.url)
        assert fetch(client).display_id == "004"
        with pytest.raises(InvoiceMalformed, match="invoice_sid"):
            fetch(client, other)
        assert fetch(client, other).display_id == "005"
    assert asked.is_set()
    assert server.connections == 2


def test_two_answers_that_crossed_are_both_refused(carrierx, client):
    other = carrierx.add_invoice(display_id="005")
    crossed = CrossedAnswers()
    carrierx.script(INVOICE_SID, crossed)
    carrierx.script(other, crossed)
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(fetch, client, sid) for sid in (INVOICE_SID, other)]
        errors = [one.exception() for one in both]
    assert [type(error) for error in errors] == [InvoiceMalformed] * 2
    assert fetch(client).display_id == "004"
    assert fetch(client, other).display_id == "005"


# ----------------------------------------------------------------------------- helpers


def _resolve_to(monkeypatch, name, *addresses):
    resolve = socket.getaddrinfo

    def resolve_ours(host, *args, **kwargs):
        if host != name:
            return resolve(host, *args, **kwargs)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve_ours)
