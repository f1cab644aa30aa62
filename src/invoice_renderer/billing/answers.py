"""What an answer means: trouble that may pass, a final refusal, or the JSON that was asked for."""

from __future__ import annotations

from invoice_renderer.billing.retries import parse_retry_after
from invoice_renderer.billing.transport import Answer
from invoice_renderer.errors import (
    BillingRefused,
    BillingRejected,
    BillingThrottled,
    BillingUnavailable,
    InvoiceMalformed,
    InvoiceNotFound,
)
from invoice_renderer.strict_json import JsonRefused, parse_json

REPEATABLE_STATUSES = frozenset({500, 502, 503, 504})


def raise_for_trouble(answer: Answer) -> None:
    """What may heal, raised where it can be counted and repeated."""
    if answer.status == 429:
        raise BillingThrottled(parse_retry_after(answer.headers.get("Retry-After")))
    if answer.status >= 500:
        again = answer.status in REPEATABLE_STATUSES
        retry_after = parse_retry_after(answer.headers.get("Retry-After"))
        raise BillingUnavailable(f"status {answer.status}", again=again, retry_after=retry_after)
    if answer.status != 200:
        return
    if not answer.is_framed and not _is_json(answer.body):
        raise BillingUnavailable("a truncated answer")
    if not _says_json(answer):
        raise BillingUnavailable("an answer that is not JSON", again=False)


def parse_answer(answer: Answer, scopes: tuple[str, ...]) -> object:
    """The JSON of a 200; anything else is final.

    :param scopes: what the token needs for this call; a 403 names them.
    """
    status = answer.status
    if status == 404:
        raise InvoiceNotFound
    if status in {401, 403}:
        raise BillingRefused(status, scopes if status == 403 else ())
    if 400 <= status < 500:
        raise BillingRejected(status)
    if status != 200:  # 103, 204, 206, a redirect: not an invoice, and never followed
        raise BillingUnavailable(f"status {status}", again=False)
    try:
        return parse_json(answer.body)
    except JsonRefused as refused:
        raise InvoiceMalformed("answer", str(refused)) from None


def _is_json(body: bytes) -> bool:
    try:
        parse_json(body)
    except JsonRefused:
        return False
    return True


def _says_json(answer: Answer) -> bool:
    media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")
