"""The bearer token: asked for seldom, replaced when it is refused, and never shown."""

from __future__ import annotations

import json
import logging
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError

from invoice_renderer.credentials import (
    FRESH_SECONDS,
    PAUSE_SECONDS,
    REFUSED_PAUSE_SECONDS,
    STALE_SECONDS,
    SecretToken,
    Token,
    parse_token,
)
from invoice_renderer.errors import SecretUnavailable, SecretUnreadable
from tests.fakes import FailingAws, FakeClock, aws_error

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CANARY = "5ebc03d6-canary-49dd"


class FakeSecrets:
    """Secrets Manager with one secret; ``error`` is raised instead, where it is set."""

    def __init__(self, text: str = "old") -> None:
        self.secret = text
        self.error: Exception | None = None
        self.calls = 0

    def get_secret_value(self, **_arguments: object) -> dict[str, str]:
        self.calls += 1
        if self.error:
            raise self.error
        return {"SecretString": self.secret}


def a_token_of(secrets: Any, clock: FakeClock | None = None, field: str = "") -> SecretToken:
    return SecretToken(secrets, secret_id="carrierx", field=field, clock=clock or FakeClock())


# ----------------------------------------------------------------------------- the secret's text


@pytest.mark.parametrize("text", [CANARY, f"{CANARY}\n", f"{CANARY}\r\n", f"{CANARY}\r"])
def test_the_line_end_of_an_editor_is_dropped(text: str) -> None:
    assert parse_token(text).reveal() == CANARY


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        ("\r\n", "is empty"),
        (f"{CANARY}\n\n", "line breaks"),
        (f"{CANARY}\r\nX-Evil: 1", "line breaks"),
        (f"{CANARY}\nX", "line breaks"),
        (f" {CANARY}", "spaces"),
        (f"Bearer {CANARY}", "spaces"),
        (f"{CANARY}\x00", "line breaks"),
        (f"{CANARY}\u00e9", "non-ASCII"),
        (f"{CANARY}\u2028", "non-ASCII"),
        (CANARY * 300, "is not a bearer token"),
        (json.dumps({"token": CANARY}, separators=(",", ":")), "set CARRIERX_TOKEN_FIELD"),
    ],
)
def test_a_secret_that_cannot_be_a_header_is_refused_and_not_shown(text: str, problem: str) -> None:
    with pytest.raises(SecretUnreadable, match=problem) as error:
        parse_token(text)

    assert CANARY not in error.value.detail
    assert error.value.__cause__ is None


def test_the_token_may_be_a_field_of_json() -> None:
    assert parse_token(json.dumps({"a": 1, "token": CANARY}), field="token").reveal() == CANARY


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (CANARY, "is not JSON"),
        (json.dumps({"other": CANARY}), "has no text in its field token"),
        (json.dumps({"token": None}), "has no text"),
        (json.dumps({"token": [CANARY]}), "has no text"),
        (json.dumps([CANARY]), "has no text"),
        (json.dumps({"token": ""}), "is empty"),
        (f'{{"token": "{CANARY}", "token": "{CANARY}"}}', "is not JSON"),
    ],
)
def test_a_secret_without_its_field_is_refused_and_not_shown(text: str, problem: str) -> None:
    with pytest.raises(SecretUnreadable, match=problem) as error:
        parse_token(text, field="token")

    assert CANARY not in error.value.detail


def test_a_token_does_not_print_itself() -> None:
    token = Token(CANARY)

    assert CANARY not in f"{token} {token!r} {[token]} {vars(type(token))}"
    assert token == Token(CANARY)
    assert token != Token("other")
    assert hash(token) == hash(Token(CANARY))


# ----------------------------------------------------------------------------- caching


def test_a_young_token_is_used_without_asking() -> None:
    secrets, clock = FakeSecrets(), FakeClock()
    token = a_token_of(secrets, clock)

    token.current()
    clock.advance(FRESH_SECONDS - 1)
    token.current()
    assert secrets.calls == 1

    secrets.secret = "new"
    clock.advance(1)
    assert token.current() == Token("new")


def test_an_old_token_serves_while_secrets_manager_is_silent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    secrets, clock = FakeSecrets(CANARY), FakeClock()
    token = a_token_of(secrets, clock)
    token.current()
    secrets.error = aws_error(500, "InternalServiceError")

    clock.advance(STALE_SECONDS - 1)
    with caplog.at_level(logging.DEBUG):
        assert token.current() == Token(CANARY)
    assert "secret_stale" in caplog.text
    assert CANARY not in caplog.text

    clock.advance(1)
    with pytest.raises(SecretUnavailable):
        token.current()


def test_a_silent_secrets_manager_is_not_asked_at_every_call() -> None:
    """Its time-outs cost seconds each."""
    secrets, clock = FakeSecrets(), FakeClock()
    token = a_token_of(secrets, clock)
    token.current()
    secrets.error = aws_error(500, "InternalServiceError")
    clock.advance(FRESH_SECONDS)

    for _ in range(10):
        token.current()
    assert secrets.calls == 2

    clock.advance(PAUSE_SECONDS)
    token.current()
    assert secrets.calls == 3


@pytest.mark.parametrize(
    "error",
    [
        aws_error(500, "InternalServiceError"),
        aws_error(503, "ServiceUnavailable"),
        aws_error(400, "ThrottlingException"),
        aws_error(400, "ExpiredTokenException"),
        ConnectTimeoutError(endpoint_url="https://secretsmanager.example"),
        EndpointConnectionError(endpoint_url="https://secretsmanager.example"),
    ],
    ids=str,
)
def test_silence_without_a_cached_token_may_heal(error: Exception) -> None:
    with pytest.raises(SecretUnavailable) as found:
        a_token_of(FailingAws(error)).current()

    assert found.value.may_heal
    assert "example" not in found.value.detail


@pytest.mark.parametrize(
    "code",
    [
        "AccessDeniedException",
        "InvalidRequestException",
        "DecryptionFailure",
        "ValidationException",
        "UnrecognizedClientException",
    ],
)
def test_a_secret_that_is_missing_or_denied_needs_a_person(code: str) -> None:
    with pytest.raises(SecretUnreadable, match=rf"cannot be read \({code}\)") as error:
        a_token_of(FailingAws(aws_error(400, code))).current()

    assert not error.value.may_heal


# ----------------------------------------------------------------------------- rotation


def test_a_refused_token_is_replaced_at_once() -> None:
    secrets = FakeSecrets("old")
    token = a_token_of(secrets)
    old = token.current()
    secrets.secret = "new"

    assert token.refreshed(old) == Token("new")
    assert token.current() == Token("new")
    assert secrets.calls == 2


def test_whoever_comes_second_gets_what_the_first_fetched() -> None:
    secrets = FakeSecrets("old")
    token = a_token_of(secrets)
    old = token.current()
    secrets.secret = "new"
    token.refreshed(old)

    assert token.refreshed(old) == Token("new")
    assert secrets.calls == 2


def test_a_token_that_stays_refused_does_not_hammer_secrets_manager() -> None:
    secrets, clock = FakeSecrets("old"), FakeClock()
    token = a_token_of(secrets, clock)
    old = token.current()

    for _ in range(10):
        assert token.refreshed(old) == old
    assert secrets.calls == 2

    clock.advance(REFUSED_PAUSE_SECONDS)
    token.refreshed(old)
    assert secrets.calls == 3


def test_a_rotation_right_after_another_is_seen() -> None:
    secrets = FakeSecrets("one")
    token = a_token_of(secrets)
    one = token.current()
    secrets.secret = "two"
    two = token.refreshed(one)
    secrets.secret = "three"

    assert token.refreshed(two) == Token("three")


def test_a_forgotten_token_is_asked_for_again() -> None:
    secrets = FakeSecrets("before")
    token = a_token_of(secrets)
    token.current()
    secrets.secret = "after"

    token.forget()

    assert token.current() == Token("after")


# ----------------------------------------------------------------------------- the real client


@pytest.fixture
def secret_id() -> str:
    return f"secret-{uuid.uuid4()}"


def test_a_secret_is_read_from_secrets_manager(
    secrets: SecretsManagerClient, secret_id: str
) -> None:
    secrets.create_secret(Name=secret_id, SecretString=json.dumps({"token": f"{CANARY}\n"}))

    assert SecretToken(secrets, secret_id=secret_id, field="token").current() == Token(CANARY)


def test_a_rotated_secret_is_seen_on_refusal(secrets: SecretsManagerClient, secret_id: str) -> None:
    secrets.create_secret(Name=secret_id, SecretString="old")
    token = SecretToken(secrets, secret_id=secret_id)
    old = token.current()
    secrets.put_secret_value(SecretId=secret_id, SecretString="new")

    assert token.current() == old
    assert token.refreshed(old) == Token("new")


def test_a_secret_that_is_not_there_says_so(secrets: SecretsManagerClient, secret_id: str) -> None:
    with pytest.raises(SecretUnreadable, match="does not exist or has no value yet"):
        SecretToken(secrets, secret_id=secret_id).current()


def test_a_binary_secret_is_refused(secrets: SecretsManagerClient, secret_id: str) -> None:
    secrets.create_secret(Name=secret_id, SecretBinary=b"\x00\x01")

    with pytest.raises(SecretUnreadable, match="is binary"):
        SecretToken(secrets, secret_id=secret_id).current()


def test_a_secret_on_its_way_to_deletion_needs_a_person(
    secrets: SecretsManagerClient, secret_id: str
) -> None:
    secrets.create_secret(Name=secret_id, SecretString="old")
    secrets.delete_secret(SecretId=secret_id)

    with pytest.raises(SecretUnreadable):
        SecretToken(secrets, secret_id=secret_id).current()
