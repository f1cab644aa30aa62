"""The token's secret in Secrets Manager: read, cached, rotated, silent, or not usable."""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from local.servers import Answer, Exchange, LoopbackServer

from invoice_renderer.credentials import SecretToken, Token
from invoice_renderer.errors import SecretUnavailable, SecretUnreadable
from tests.integration.billing_tools import Clock, a_client, fetch

NAME = "carrierx/token"
CANARY = "canary-5ebc03d6-8b2b-44ad-bf65-72d4f1491dda"
OTHER = "canary-2-9d1f3c"


# ----------------------------------------------------------------------------- what is in it


def test_a_plain_secret_is_the_token(vault):
    vault.put(CANARY)
    assert vault.token().current() == Token(CANARY)


def test_one_field_of_a_json_secret_is_the_token(vault):
    vault.put(json.dumps({"token": CANARY, "client_id": "x"}))
    assert vault.token(field="token").current() == Token(CANARY)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_one_line_end_is_an_editors(vault, end):
    vault.put(CANARY + end)
    assert vault.token().current() == Token(CANARY)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a\r\nX-Evil: 1", "line breaks"),
        ("a\nb", "line breaks"),
        (f"{CANARY}\n\n", "line breaks"),
        ("two words", "spaces"),
        (f" {CANARY}", "spaces"),
        ("tökén", "non-ASCII"),
        ("a\tb", "spaces"),
        ("\n", "empty"),
        ("x" * 5000, "not a bearer token"),
        (json.dumps({"token": CANARY}), "CARRIERX_TOKEN_FIELD"),
    ],
)
def test_a_text_that_is_no_token_is_unreadable(vault, text, problem):
    vault.put(text)
    _is_unreadable(vault.token(), problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (CANARY, "not JSON"),
        ("[]", "field token"),
        ("{}", "field token"),
        ('{"token": null}', "field token"),
        ('{"token": 5}', "field token"),
        ('{"token": ""}', "empty"),
        ('{"token": "a", "token": "b"}', "not JSON"),
        ('{"token": "a\\r\\nb"}', "line breaks"),
    ],
)
def test_a_json_secret_without_the_field_is_unreadable(vault, text, problem):
    vault.put(text)
    _is_unreadable(vault.token(field="token"), problem)


def test_a_binary_secret_is_unreadable(vault):
    vault.client.create_secret(Name=vault.name, SecretBinary=b"\0\1")
    _is_unreadable(vault.token(), "binary")


def test_a_missing_secret_is_unreadable(vault):
    _is_unreadable(vault.token(), "does not exist or has no value yet")


def test_a_secret_marked_for_deletion_is_unreadable(vault):
    vault.put(CANARY)
    vault.client.delete_secret(SecretId=vault.name)
    _is_unreadable(vault.token(), "InvalidRequestException")


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "DecryptionFailure", "UnrecognizedClientException"]
)
def test_a_secret_that_we_may_not_read_is_unreadable(stub, code):
    stub.refuse(code)
    _is_unreadable(stub.token(), code)


# ----------------------------------------------------------------------------- cached


def test_the_secret_is_read_again_after_five_minutes(stub, clock):
    token = stub.token()
    for _ in range(10):
        token.current()
    clock.now += 299
    token.current()
    assert stub.asked == 1
    stub.secret = OTHER
    clock.now += 2
    assert token.current() == Token(OTHER)
    assert stub.asked == 2


FAULTS = ["throttled", "broken", "silent", "gone", "garbled"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_cached_token_is_used_while_secrets_manager_is_silent(stub, clock, caplog, fault):
    token = stub.token()
    token.current()
    stub.fail(fault)
    clock.now += 301
    assert token.current() == Token(CANARY)
    clock.now += 598
    assert token.current() == Token(CANARY)
    assert "secret_stale" in caplog.text
    clock.now += 2
    with pytest.raises(SecretUnavailable):
        token.current()


def test_silence_is_not_waited_for_with_every_invoice(stub, clock):
    token = stub.token()
    token.current()
    stub.fail("silent")
    clock.now += 301
    for _ in range(20):
        token.current()
    assert stub.asked == 2
    clock.now += 31
    token.current()
    assert stub.asked == 3


def test_a_token_that_was_stale_is_fresh_again_when_secrets_manager_is_back(stub, clock):
    token = stub.token()
    token.current()
    stub.fail("throttled")
    clock.now += 400
    token.current()
    stub.mend(OTHER)
    clock.now += 31
    assert token.current() == Token(OTHER)
    clock.now += 299
    token.current()
    assert stub.asked == 3


@pytest.mark.parametrize("fault", FAULTS)
def test_without_a_cached_token_silence_may_heal(stub, fault):
    stub.fail(fault)
    token = stub.token()
    with pytest.raises(SecretUnavailable) as unavailable:
        token.current()
    assert (unavailable.value.code, unavailable.value.may_heal) == ("secret-unavailable", True)
    stub.mend(CANARY)
    assert token.current() == Token(CANARY)


def test_after_a_restore_the_token_is_read_again(stub):
    token = stub.token()
    token.current()
    token.forget()
    stub.fail("throttled")
    with pytest.raises(SecretUnavailable):
        token.current()


# ----------------------------------------------------------------------------- refreshed


def test_a_refused_token_is_refreshed_once_in_five_seconds(stub, clock):
    token = stub.token()
    refused = token.current()
    for _ in range(20):
        assert token.refreshed(refused) == refused
    assert stub.asked == 2
    clock.now += 4
    token.refreshed(refused)
    assert stub.asked == 2
    clock.now += 1
    token.refreshed(refused)
    assert stub.asked == 3


def test_a_rotation_that_ends_the_old_token_first_is_seen_within_seconds(stub, clock):
    token = stub.token()
    refused = token.current()
    assert token.refreshed(refused) == refused
    stub.secret = OTHER
    clock.now += 5
    assert token.refreshed(refused) == Token(OTHER)


def test_a_token_that_was_just_read_is_still_refreshed_when_it_is_refused(stub, clock):
    """The pause belongs to the token that was refused, and not to the one that came after it."""
    token = stub.token()
    first = token.current()
    token.refreshed(first)
    stub.secret = OTHER
    clock.now += 301
    second = token.current()
    stub.secret = "third"
    assert token.refreshed(second) == Token("third")


def test_whoever_comes_second_with_a_refused_token_gets_the_newer_one(stub):
    token = stub.token()
    refused = token.current()
    stub.secret = OTHER
    with ThreadPoolExecutor(8) as pool:
        renewed = list(pool.map(token.refreshed, [refused] * 8))
    assert renewed == [Token(OTHER)] * 8
    assert stub.asked == 2


def test_two_containers_refresh_with_one_question_each(stub):
    containers = [stub.token(), stub.token()]
    refused = [container.current() for container in containers]
    stub.secret = OTHER
    with ThreadPoolExecutor(8) as pool:
        renewed = list(
            pool.map(lambda n: containers[n % 2].refreshed(refused[n % 2]), range(8), timeout=30)
        )
    assert renewed == [Token(OTHER)] * 8
    assert stub.asked == 2 + 2


def test_a_rotation_in_mid_run_costs_no_invoice(vault, carrierx):
    """Eight at once; the new token is valid before the old one dies, as CarrierX has it."""
    vault.put(carrierx.token)
    client = a_client(carrierx.url, tokens=vault.token())
    stop, errors, done = threading.Event(), [], []

    def keep_fetching(_number):
        while not stop.is_set():
            try:
                done.append(fetch(client).display_id)
            except Exception as error:  # every kind counts  # noqa: BLE001
                errors.append(error)

    with ThreadPoolExecutor(8) as pool:
        runs = pool.map(keep_fetching, range(8))
        for _ in range(2):
            time.sleep(0.3)
            old, new = carrierx.token, carrierx.allow(f"new-{time.monotonic_ns()}")
            vault.put(new)
            carrierx.revoke(old)
            carrierx.token = new
        time.sleep(0.3)
        stop.set()
        list(runs)
    assert errors == []
    assert len(done) > 16


# ----------------------------------------------------------------------------- nothing prints it


def test_the_secret_is_in_no_log_though_botocore_logs_at_debug(vault, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="botocore")
    caplog.set_level(logging.DEBUG, logger="urllib3")
    vault.put(CANARY)
    caplog.clear()
    token = vault.token()
    token.refreshed(token.current())
    assert "secretsmanager" in caplog.text  # botocore does log at this level
    assert CANARY not in caplog.text
    assert CANARY not in f"{token!r} {vars(token)!r}"


def test_an_unreadable_secret_is_not_quoted(vault, caplog):
    caplog.set_level(logging.DEBUG)
    vault.put(f"{CANARY} with words")
    caplog.clear()
    error = _is_unreadable(vault.token(), "spaces")
    assert CANARY not in f"{error!r} {error.__context__!r} {error.__cause__!r}"
    assert CANARY not in caplog.text


# ----------------------------------------------------------------------------- helpers


class Vault:
    """The local Secrets Manager, and one secret in it that no other test uses."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.name = f"carrierx/{uuid.uuid4()}"

    def put(self, text: str) -> None:
        try:
            self.client.put_secret_value(SecretId=self.name, SecretString=text)
        except self.client.exceptions.ResourceNotFoundException:
            self.client.create_secret(Name=self.name, SecretString=text)

    def token(self, **options: Any) -> SecretToken:
        return SecretToken(self.client, secret_id=self.name, **options)


class StubSecretsManager:
    """Answers GetSecretValue as Secrets Manager does, or fails as it might; counts."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._fault = ""
        self.secret = CANARY
        self.asked = 0
        self._server = LoopbackServer(self._respond)

    def fail(self, fault: str) -> None:
        self._fault = fault

    def refuse(self, code: str) -> None:
        self._fault = code

    def mend(self, secret: str) -> None:
        self._fault, self.secret = "", secret

    def token(self) -> SecretToken:
        client = boto3.client(
            "secretsmanager",
            region_name="eu-central-1",
            endpoint_url=self._server.url,
            aws_access_key_id="x",
            aws_secret_access_key="x",
            config=Config(
                read_timeout=0.3, connect_timeout=1, retries={"total_max_attempts": 1}, proxies={}
            ),
        )
        return SecretToken(client, secret_id=NAME, clock=self._clock)

    def _respond(self, exchange: Exchange) -> None:
        exchange.read_body()
        self.asked += 1
        if self._fault == "silent":
            exchange.pause(60)
        if self._fault == "gone":
            exchange.reset()
            return
        exchange.send(self._answer())

    def _answer(self) -> Answer:
        if self._fault == "broken":
            return _aws_error(500, "InternalServiceError")
        if self._fault == "throttled":
            return _aws_error(400, "ThrottlingException")
        if self._fault == "garbled":
            return Answer(200, (), b"<html>")
        if self._fault:
            return _aws_error(400, self._fault)
        return Answer(200, (), json.dumps({"Name": NAME, "SecretString": self.secret}).encode())

    def __enter__(self) -> StubSecretsManager:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()


def _aws_error(status: int, code: str) -> Answer:
    return Answer(status, (), json.dumps({"__type": code, "message": "because"}).encode())


def _is_unreadable(token: SecretToken, problem: str) -> SecretUnreadable:
    with pytest.raises(SecretUnreadable, match=problem) as unreadable:
        token.current()
    assert (unreadable.value.code, unreadable.value.may_heal) == ("secret-unreadable", False)
    return unreadable.value


@pytest.fixture
def vault(secrets: Any) -> Vault:
    return Vault(secrets)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stub(clock: Clock) -> Iterator[StubSecretsManager]:
    with StubSecretsManager(clock) as server:
        yield server
