"""Bytes have an end too: on the wire, unpacked, in headers, and in memory."""

from __future__ import annotations

import subprocess
import sys
import zlib

import pytest
from local.fake_carrierx import (
    INVOICE_SID,
    Deflated,
    EndlessChunks,
    EndlessHeaders,
    Forever,
    GzipBomb,
    Gzipped,
    Literally,
    ManyHeaders,
    Mislabelled,
)

from invoice_renderer.errors import BillingUnavailable, InvoiceTooLarge
from tests.integration.billing_tools import a_client, ends_within, fetch
from tests.integration.raw_servers import RawServer, endlessly, head, invoice_body, with_length

LIMIT = 5_000_000
RISE_BYTES = 20_000_000
GZIP = 31


# ----------------------------------------------------------------------------- too many bytes


def test_an_answer_at_the_limit_is_read(carrierx, client):
    body = invoice_body()
    carrierx.script(INVOICE_SID, Literally(body + b" " * (LIMIT - len(body))))
    assert fetch(client).display_id == "004"


@pytest.mark.parametrize(
    "behaviour", [Literally(b" " * (LIMIT + 1)), GzipBomb(), EndlessChunks(), EndlessChunks(4096)]
)
def test_an_answer_over_the_limit_is_stopped_and_not_asked_for_again(carrierx, client, behaviour):
    carrierx.script(INVOICE_SID, Forever(behaviour))
    with ends_within(20), pytest.raises(InvoiceTooLarge) as large:
        fetch(client)
    assert (large.value.code, large.value.limit) == ("invoice-too-large", LIMIT)
    assert len(carrierx.calls) == 1


def test_a_longer_invoice_may_have_more_bytes(carrierx, client):
    body = invoice_body()
    longer = body + b" " * (8_000_000 - len(body))
    carrierx.script(INVOICE_SID, Literally(longer), Literally(longer + b" "))
    assert fetch(client, max_lines=20_000).display_id == "004"
    with pytest.raises(InvoiceTooLarge) as large:
        fetch(client, max_lines=20_000)
    assert (large.value.count, large.value.limit) == (8_000_001, 8_000_000)


@pytest.mark.parametrize("tiny", [b"[]", b"0", b'""'])
def test_more_values_than_an_invoice_can_have_are_not_parsed(carrierx, client, tiny):
    carrierx.script(INVOICE_SID, Forever(Literally(b"[" + (tiny + b",") * 1_100_000 + tiny + b"]")))
    with ends_within(20), pytest.raises(InvoiceTooLarge) as large:
        fetch(client)
    assert (large.value.count, large.value.limit) == (1_100_000, 1_020_000)
    assert len(carrierx.calls) == 1


def test_after_an_answer_over_the_limit_the_next_is_read(carrierx, client):
    carrierx.script(INVOICE_SID, EndlessChunks())
    with pytest.raises(InvoiceTooLarge):
        fetch(client)
    assert fetch(client).display_id == "004"


@pytest.mark.parametrize(
    "status", ["204 No Content", "302 Found", "404 Not Found", "422 X", "503 Unavailable"]
)
def test_the_body_of_anything_but_a_200_is_not_read(status):
    location = "Location: http://127.0.0.1:1/"
    with RawServer(
        endlessly(b" " * 65536, after=head(status, location, "Content-Length: 999999999999"))
    ) as server:
        with ends_within(3), pytest.raises(Exception, match=r"CarrierX|no such invoice"):
            fetch(a_client(server.url))
        assert server.connections <= 3


# ----------------------------------------------------------------------------- codings


def test_gzip_is_unpacked(carrierx, client):
    carrierx.script(INVOICE_SID, Gzipped())
    assert fetch(client).display_id == "004"


@pytest.mark.parametrize(
    "behaviour",
    [
        Deflated(),
        Mislabelled("br"),
        Mislabelled("zstd"),
        Mislabelled("compress"),
        GzipBomb(layers=2),
    ],
)
def test_a_coding_that_was_not_asked_for_is_refused(carrierx, client, behaviour):
    carrierx.script(INVOICE_SID, Forever(behaviour))
    with pytest.raises(BillingUnavailable, match="coding"):
        fetch(client)
    assert len(carrierx.calls) == 1


def test_what_is_called_gzip_and_is_not_is_asked_again(carrierx, client):
    carrierx.script(INVOICE_SID, Mislabelled("gzip"))
    assert fetch(client).display_id == "004"
    assert len(carrierx.calls) == 2


def test_gzip_that_ends_early_is_asked_again_wherever_it_ends():
    packed = _gzip(invoice_body())
    whole = with_length(packed, "Content-Encoding: gzip")
    for end in (0, 5, 10, len(packed) // 2, len(packed) - 9, len(packed) - 8, len(packed) - 1):
        with RawServer(with_length(packed[:end], "Content-Encoding: gzip"), whole) as server:
            assert fetch(a_client(server.url)).display_id == "004", end
            assert server.connections == 2, end


def test_gzip_whose_checksum_is_wrong_is_a_broken_answer():
    packed = bytearray(_gzip(invoice_body()))
    packed[-6] ^= 1
    with RawServer(with_length(bytes(packed), "Content-Encoding: gzip")) as server:
        with pytest.raises(BillingUnavailable, match="gzip"):
            fetch(a_client(server.url))
        assert server.connections == 3


# ----------------------------------------------------------------------------- headers, framing


@pytest.mark.parametrize(
    "behaviour", [ManyHeaders(), EndlessHeaders(), EndlessHeaders(one_line=True)]
)
def test_headers_without_measure_are_a_broken_answer(carrierx, client, behaviour):
    carrierx.script(INVOICE_SID, Forever(behaviour))
    with ends_within(10), pytest.raises(BillingUnavailable):
        fetch(client)
    assert len(carrierx.calls) == 3


@pytest.mark.parametrize(
    "beginning",
    [b"", b"HTTP/1.1 200 ", head("200 OK", "Transfer-Encoding: chunked")],
    ids=["status line", "reason", "chunk size"],
)
def test_a_line_without_end_is_a_broken_answer(beginning):
    with RawServer(endlessly(b"9" * 65536, after=beginning)) as server:
        with ends_within(10), pytest.raises(BillingUnavailable):
            fetch(a_client(server.url))
        assert server.connections == 3


# ----------------------------------------------------------------------------- memory


MEASURED = """
import resource
from invoice_renderer.errors import InvoiceRendererError
from local.fake_carrierx import FakeCarrierX
from local.fake_carrierx.bad_bodies import gzip_bomb
from tests.integration.billing_tools import Tokens, a_client, fetch
from tests.integration.raw_servers import RawServer, endlessly, head, with_length

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

def refusal_of(play):
    with RawServer(play) as server:
        try:
            fetch(a_client(server.url), seconds=3)
        except InvoiceRendererError as error:
            return type(error).__name__

blanks = b" " * 65536
in_chunks = head("200 OK", "Transfer-Encoding: chunked")
bomb = with_length(gzip_bomb(200_000_000), "Content-Encoding: gzip")
plays = {
    "bomb": bomb,
    "bomb in a redirect": bomb.replace(b"200 OK", b"302 Found\\r\\nLocation: /", 1),
    "chunks": endlessly(b"10000\\r\\n" + blanks + b"\\r\\n", after=in_chunks),
    "a chunk of -1 bytes": endlessly(blanks, after=in_chunks + b"-1\\r\\n"),
    "a chunk size": endlessly(b"0" * 65536, after=in_chunks),
    "a body": endlessly(blanks, after=head("200 OK")),
}
with FakeCarrierX() as carrierx:
    fetch(a_client(carrierx.url, tokens=Tokens(carrierx.token)))
before = peak()
for name, play in plays.items():
    print(name, refusal_of(play), peak() - before, sep="|")
"""


def test_what_has_no_end_takes_little_memory():
    """Peak resident memory of a process of its own, in which nothing else happens."""
    run = subprocess.run(
        [sys.executable, "-c", MEASURED], capture_output=True, text=True, check=True
    )
    rows = [line.split("|") for line in run.stdout.splitlines()]
    assert {name: error for name, error, _ in rows} == {
        "bomb": "InvoiceTooLarge",
        "bomb in a redirect": "BillingUnavailable",
        "chunks": "InvoiceTooLarge",
        "a chunk of -1 bytes": "InvoiceTooLarge",
        "a chunk size": "BillingUnavailable",
        "a body": "InvoiceTooLarge",
    }
    rises = {name: int(rise) for name, _, rise in rows}
    assert max(rises.values()) < RISE_BYTES, rises


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, GZIP)
    return packer.compress(body) + packer.flush()
