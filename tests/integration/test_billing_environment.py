"""The environment has no say in where the token goes or whom we trust."""

from __future__ import annotations

import ssl

import pytest
import trustme
from local.fake_carrierx import FakeCarrierX
from local.fake_carrierx.calls import fingerprint
from local.servers import LOOPBACK

from invoice_renderer.errors import BillingUntrusted
from tests.integration.billing_tools import Tokens, a_client, fetch
from tests.integration.raw_servers import RawServer, invoice_body, with_length

PROXIES = "HTTP_PROXY http_proxy HTTPS_PROXY https_proxy ALL_PROXY all_proxy".split()


@pytest.fixture(autouse=True)
def no_exceptions(monkeypatch):
    """Somebody's NO_PROXY must not make these tests pass."""
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_in_the_environment_sees_nothing(carrierx, client, monkeypatch, name):
    with RawServer(with_length(invoice_body(display_id="999"))) as proxy:
        monkeypatch.setenv(name, proxy.url)
        assert fetch(client).display_id == "004"
    assert (len(carrierx.calls), proxy.connections) == (1, 0)


def test_a_netrc_does_not_replace_our_authorization(carrierx, client, monkeypatch, tmp_path):
    netrc = tmp_path / ".netrc"
    netrc.write_text(f"machine {LOOPBACK} login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    fetch(client)
    assert carrierx.calls[0].authorization_sha256 == fingerprint(f"Bearer {carrierx.token}")


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_authorities_in_the_environment_are_not_trusted(tls, monkeypatch, name):
    carrierx, bundle = tls
    monkeypatch.setenv(name, bundle)
    with pytest.raises(BillingUntrusted):
        fetch(a_client(carrierx.url, tokens=Tokens(carrierx.token)))
    assert carrierx.calls == ()


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR"])
def test_nonsense_in_the_environment_does_no_harm(tls, monkeypatch, name):
    carrierx, bundle = tls
    monkeypatch.setenv(name, "/nowhere/at/all")
    client = a_client(carrierx.url, tokens=Tokens(carrierx.token), verify=bundle)
    assert fetch(client).display_id == "004"


def test_a_proxy_for_tls_sees_nothing_either(tls, monkeypatch):
    carrierx, bundle = tls
    with RawServer() as proxy:
        for name in PROXIES:
            monkeypatch.setenv(name, proxy.url)
        client = a_client(carrierx.url, tokens=Tokens(carrierx.token), verify=bundle)
        assert fetch(client).display_id == "004"
    assert proxy.connections == 0


@pytest.fixture
def tls(tmp_path):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(LOOPBACK).configure_cert(context)
    bundle = str(tmp_path / "ca.pem")
    authority.cert_pem.write_to_path(bundle)
    with FakeCarrierX(tls=context) as carrierx:
        yield carrierx, bundle
