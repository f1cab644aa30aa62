"""Whoever cannot prove to be CarrierX gets no token, and is not asked twice."""

from __future__ import annotations

import ssl
import warnings
from datetime import UTC, datetime

import pytest
import trustme
from local.fake_carrierx import INVOICE_SID, FakeCarrierX, Status, Truncated
from local.fake_carrierx.calls import fingerprint
from local.servers import LOOPBACK

from invoice_renderer.errors import BillingUnavailable, BillingUntrusted
from tests.integration.billing_tools import Tokens, a_client, fetch
from tests.integration.raw_servers import RawServer, wait_for_the_client_to_leave


def test_the_right_certificate_is_trusted(authority, bundle):
    with FakeCarrierX(tls=_context(authority)) as carrierx:
        assert fetch(_client(carrierx, bundle)).display_id == "004"
        (call,) = carrierx.calls
        assert call.authorization_sha256 == fingerprint(f"Bearer {carrierx.token}")


def test_faults_are_asked_again_over_tls_as_well(authority, bundle):
    with FakeCarrierX(tls=_context(authority)) as carrierx:
        carrierx.script(INVOICE_SID, Truncated(), Status(503))
        assert fetch(_client(carrierx, bundle)).display_id == "004"
        assert len(carrierx.calls) == 3


def test_a_connection_is_kept_over_tls(authority, bundle):
    with FakeCarrierX(tls=_context(authority, no_tickets=True)) as carrierx:
        client = _client(carrierx, bundle)
        fetch(client)
        fetch(client)
        first, second = carrierx.calls
        assert first.connection == second.connection


def test_a_certificate_that_nobody_vouches_for_is_refused(authority):
    with FakeCarrierX(tls=_context(authority)) as carrierx:
        _is_refused(carrierx, verify=True)


def test_an_authority_of_the_same_name_is_refused(authority, bundle):
    with FakeCarrierX(tls=_context(trustme.CA())) as carrierx:
        _is_refused(carrierx, verify=bundle)


def test_an_expired_certificate_is_refused(authority, bundle):
    expired = datetime(2020, 1, 1, tzinfo=UTC)
    with FakeCarrierX(tls=_context(authority, not_after=expired)) as carrierx:
        _is_refused(carrierx, verify=bundle)


def test_a_certificate_for_another_host_is_refused(authority, bundle):
    with FakeCarrierX(tls=_context(authority, host="api.carrierx.example")) as carrierx:
        _is_refused(carrierx, verify=bundle)


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_an_old_protocol_is_refused(authority, bundle, version):
    with FakeCarrierX(tls=_old(_context(authority), version)) as carrierx:
        _is_refused(carrierx, verify=bundle)


def test_plain_http_behind_https_is_refused(bundle):
    with RawServer(b"HTTP/1.1 400 Bad Request\r\n\r\n", reads_request=False) as server:
        client = a_client(f"https://{LOOPBACK}:{server.port}", verify=bundle)
        with pytest.raises(BillingUntrusted):
            fetch(client)
        assert server.connections == 1


def test_a_handshake_that_the_network_cuts_short_is_no_distrust(bundle):
    def close_after_hello(connection):
        connection.recv(65536)

    with RawServer(close_after_hello, reads_request=False) as server:
        client = a_client(f"https://{LOOPBACK}:{server.port}", verify=bundle)
        with pytest.raises(BillingUnavailable, match="no connection"):
            fetch(client)
        assert server.connections == 3


def test_the_host_is_not_offered_the_token_before_it_is_trusted(authority):
    heard = []

    def listen(connection):
        connection.settimeout(0.5)
        heard.append(connection.recv(65536))
        wait_for_the_client_to_leave(connection)

    with RawServer(listen, reads_request=False) as server, pytest.raises(BillingUnavailable):
        fetch(a_client(f"https://{LOOPBACK}:{server.port}", tokens=Tokens("canary")), seconds=0.5)
    assert heard
    assert b"canary" not in b"".join(heard)


# ----------------------------------------------------------------------------- helpers


@pytest.fixture
def authority():
    return trustme.CA()


@pytest.fixture
def bundle(authority, tmp_path):
    path = str(tmp_path / "ca.pem")
    authority.cert_pem.write_to_path(path)
    return path


def _context(authority, *, host=LOOPBACK, not_after=None, no_tickets=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host, not_after=not_after).configure_cert(context)
    if no_tickets:  # urllib3 takes an unread ticket for a dropped connection
        context.num_tickets = 0
    return context


def _old(context, version):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion[version]
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _client(carrierx, verify):
    return a_client(carrierx.url, tokens=Tokens(carrierx.token), verify=verify)


def _is_refused(carrierx, *, verify):
    client = _client(carrierx, verify)
    with pytest.raises(BillingUntrusted) as untrusted:
        fetch(client)
    assert (untrusted.value.code, untrusted.value.may_heal) == ("billing-untrusted", False)
    assert (carrierx.calls, client.waits) == ((), [])
