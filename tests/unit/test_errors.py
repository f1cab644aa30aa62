"""The tree of errors: stable codes, and messages that are safe to show to anybody."""

from __future__ import annotations

import re

import pytest

from invoice_renderer import errors
from invoice_renderer.errors import InvoiceRendererError

CANARY = "canary-4711"

EVERY_ERROR: list[InvoiceRendererError] = [
    errors.SettingsError("OUTPUT_BUCKET", "is missing"),
    errors.Unexpected(ValueError("secret")),
    errors.UnknownEvent(("Records",)),
    errors.ForeignEvent("it comes from another AWS account"),
    errors.RouteUnknown(),
    errors.MethodNotAllowed("GET", "POST"),
    errors.MediaTypeUnsupported(),
    errors.RequestMalformed("The body is not JSON."),
    errors.RequestTooLarge("The body", 16_384),
    errors.InvoiceSidInvalid(),
    errors.OptionRefused("paper", "is not a paper size we print on", ("letter", "a4")),
    errors.CallerUnknown(),
    errors.OperatorOnly(),
    errors.IntakeObjectMissing(),
    errors.SecretUnreadable("is empty"),
    errors.SecretUnavailable(),
    errors.InvoiceNotFound(),
    errors.BillingRefused(403, ("invoices.read", "invoices.manage")),
    errors.BillingRejected(409),
    errors.BillingUntrusted(),
    errors.BillingThrottled(3.0),
    errors.BillingUnavailable("status 503"),
    errors.InvoiceMalformed("amount", "is missing"),
    errors.InvoiceTooLarge("lines", 1_001, 1_000),
    errors.RecordUnreadable("it has no invoice.json"),
    errors.ProfileMalformed("currency", "is missing"),
    errors.ProfileUnavailable(),
    errors.RenderingError("The page cannot be drawn."),
    errors.TemplateBroken("v1", "_head.html", 3, "UndefinedError"),
    errors.AssetRefused(2, ("file", "http")),
    errors.DocumentTooLarge("pages", 201, 200),
    errors.StorageRefused("OUTPUT_BUCKET", "NoSuchBucket"),
    errors.StoredDocumentDiffers(),
    errors.StorageUnavailable(),
    errors.QueueUnavailable(),
    errors.QueueRefused("AccessDenied"),
    errors.OutOfTime("render the invoice"),
]
MAY_HEAL = {
    "Unexpected",
    "SecretUnavailable",
    "BillingThrottled",
    "BillingUnavailable",
    "ProfileUnavailable",
    "StorageUnavailable",
    "QueueUnavailable",
    "QueueRefused",
    "OutOfTime",
}
GROUPS = {
    "RequestError",
    "CredentialsError",
    "BillingError",
    "InvoiceError",
    "ProfileError",
    "StorageError",
    "QueueError",
}


def every_class() -> list[type[InvoiceRendererError]]:
    return [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, InvoiceRendererError)
    ]


def name_of(error: InvoiceRendererError) -> str:
    return type(error).__name__


def test_this_list_has_every_error() -> None:
    leaves = {kind.__name__ for kind in every_class()} - GROUPS - {"InvoiceRendererError"}

    assert leaves == {name_of(error) for error in EVERY_ERROR}


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = re.findall(r"([A-Z]\w+)", "\n".join(re.findall(r"── \w+", errors.__doc__ or "")))

    assert sorted(drawn) == sorted(
        kind.__name__ for kind in every_class() if kind is not InvoiceRendererError
    )


def test_codes_are_unique_and_readable() -> None:
    codes = [kind.code for kind in every_class()]

    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)
    assert errors.InvoiceNotFound.code == "invoice-not-found"


@pytest.mark.parametrize("error", EVERY_ERROR, ids=name_of)
def test_only_these_may_heal_by_themselves(error: InvoiceRendererError) -> None:
    assert error.may_heal == (name_of(error) in MAY_HEAL)


@pytest.mark.parametrize("error", EVERY_ERROR, ids=name_of)
def test_a_message_is_a_short_sentence_without_stack_path_host_or_link(
    error: InvoiceRendererError,
) -> None:
    assert re.fullmatch(r"[A-Za-z].{9,200}\.", error.detail)
    assert not re.search(r"Traceback|\.py|://|amazonaws|/work|/var|line \d+, in", error.detail)


def test_facts_are_attributes() -> None:
    assert errors.BillingThrottled(3.0).retry_after == 3.0
    assert errors.BillingThrottled().retry_after is None
    assert errors.BillingUnavailable("reset", again=False).again is False
    assert errors.BillingRefused(401).scopes == ()
    assert errors.InvoiceTooLarge("lines", 7, 5).limit == 5
    assert errors.AssetRefused(2, ("file",)).schemes == ("file",)


def test_a_scope_that_is_needed_is_named() -> None:
    refused = errors.BillingRefused(403, ("invoices.read", "invoices.manage"))
    assert "invoices.read, invoices.manage" in refused.detail


def test_an_unknown_event_tells_the_names_of_its_keys_and_few_of_them() -> None:
    error = errors.UnknownEvent(tuple(f"key-{n}" for n in range(100)))

    assert "key-7." in error.detail
    assert "key-8" not in error.detail


def test_the_keys_of_an_unknown_event_cannot_break_a_log_or_a_dead_letter() -> None:
    error = errors.UnknownEvent(("a\x00\ud800\u202e\n", "x" * 500))

    assert error.keys == ("a????", "x" * 40)
