"""The deep self-check tries every part by itself and tells what is wrong, and no secret."""

from __future__ import annotations

import json

import pytest

from invoice_renderer.credentials import Token
from invoice_renderer.document import DocumentRenderer
from invoice_renderer.errors import InvoiceRendererError, SecretUnreadable, StorageRefused
from invoice_renderer.health import Check, Health, check_health
from tests.fakes import FakeProfiles

CHECKS = ["libraries", "fonts", "profile", "secret", "canary", "bucket"]
RENDERER = DocumentRenderer()


class FakeTokens:
    def __init__(self, error: InvoiceRendererError | None = None) -> None:
        self._error = error

    def current(self) -> Token:
        if self._error:
            raise self._error
        return Token("canary-4711")


class FakeBucket:
    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.written: list[bytes] = []

    def prove_writable(self, content: bytes) -> None:
        if self._error:
            raise self._error
        self.written.append(content)


def health(
    *,
    tokens: FakeTokens | None = None,
    bucket: FakeBucket | None = None,
    renderer: object = RENDERER,
) -> Health:
    def make() -> DocumentRenderer:
        if isinstance(renderer, Exception):
            raise renderer
        return RENDERER

    return check_health(
        renderer=make,
        profiles=FakeProfiles,
        tokens=lambda: tokens or FakeTokens(),
        bucket=lambda: bucket or FakeBucket(),
    )


def checks(found: Health) -> dict[str, Check]:
    return {check.name: check for check in found.checks}


def test_a_deployment_in_order_is_well() -> None:
    found = health()

    assert [check.name for check in found.checks] == CHECKS
    assert all(check.is_well for check in found.checks)
    assert found.is_well


def test_versions_and_the_files_in_use_are_told() -> None:
    facts = checks(health())["libraries"].fields()

    assert set(facts) > {"python", "machine", "weasyprint", "babel", "pango", "harfbuzz"}
    assert "libpango-1.0.so.0" in facts["files"]  # type: ignore[operator]


def test_the_fonts_are_those_that_the_engine_draws_with() -> None:
    """Read again from the disk: damage after the start would show."""
    facts = checks(health())["fonts"].fields()

    assert facts["count"] > 10  # type: ignore[operator]
    assert f"fonts {facts['digest']}" in RENDERER.engine


def test_the_canary_has_the_same_bytes_every_time_and_is_what_is_written() -> None:
    bucket = FakeBucket()
    first, second = health(bucket=bucket), health(bucket=bucket)

    assert checks(first)["canary"].facts == checks(second)["canary"].facts
    assert len(set(bucket.written)) == 1
    assert bucket.written[0].startswith(b"%PDF-")


def test_an_unreadable_secret_is_told_with_its_code_and_nothing_else_suffers() -> None:
    found = checks(health(tokens=FakeTokens(SecretUnreadable("is empty"))))

    assert found["secret"].fields() == {
        "check": "secret",
        "ok": False,
        "milliseconds": found["secret"].milliseconds,
        "code": "secret-unreadable",
        "detail": "The CarrierX token secret is empty.",
    }
    assert [name for name, check in found.items() if not check.is_well] == ["secret"]


def test_a_bucket_that_refuses_is_told() -> None:
    found = health(bucket=FakeBucket(StorageRefused("OUTPUT_BUCKET", "AccessDenied")))

    assert not found.is_well
    assert checks(found)["bucket"].code == "storage-refused"


@pytest.mark.parametrize("failing", [SecretUnreadable("is empty"), ValueError("canary-4711")])
def test_a_part_that_cannot_even_be_made_spoils_its_own_checks_alone(failing: Exception) -> None:
    found = checks(health(renderer=failing))

    assert {name for name, check in found.items() if not check.is_well} == {"canary", "bucket"}


def test_a_bug_is_told_by_its_class_and_never_by_its_text() -> None:
    told = json.dumps([each.fields() for each in health(renderer=ValueError("4711")).checks])

    assert "An unexpected ValueError" in told
    assert "4711" not in told


def test_the_token_is_never_told() -> None:
    assert "canary-4711" not in json.dumps([each.fields() for each in health().checks])


def test_a_shallow_answer_looked_at_nothing_and_is_well() -> None:
    assert Health().is_well
