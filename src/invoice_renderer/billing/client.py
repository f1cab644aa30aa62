"""The CarrierX client: asks for what is documented, believes little, and gives up in time.

Source: CarrierX Core API v2, "Get Invoice by SID", "Get Invoices", "Pagination", "Filtering",
"Responses". 429 and 5xx are not documented there, and come anyway.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tenacity import RetryCallState, Retrying, retry_if_exception
from tenacity.wait import wait_random_exponential

from invoice_renderer.billing.breaker import Breaker
from invoice_renderer.billing.transport import Answer, Transport
from invoice_renderer.credentials import Token, TokenSource
from invoice_renderer.deadline import Deadline
from invoice_renderer.errors import (
    BillingRefused,
    BillingRejected,
    BillingThrottled,
    BillingUnavailable,
    InvoiceMalformed,
    InvoiceNotFound,
)
from invoice_renderer.invoice import Invoice, Partner, parse_invoice, parse_partner, parse_timestamp
from invoice_renderer.request import Caller
from invoice_renderer.strict_json import JsonRefused, parse_json

ATTEMPTS = 3  # calls for one answer, whatever goes wrong
BACKOFF_SECONDS = 0.2  # full jitter: each wait is drawn from 0 to this, doubled each time
BACKOFF_CAP_SECONDS = 2.0
LEAST_SECONDS = 0.2  # no call is begun with less time left
FETCH_SECONDS = 12.0  # for one invoice, attempts and waits together
REPEATABLE_STATUSES = frozenset({500, 502, 503, 504})
INVOICE_SCOPES = ("invoices.read", "invoices.manage")
PARTNER_SCOPES = ("partners.read", "partners.manage")
MAX_PAGES = 10_000

Params = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class InvoiceSummary:
    """What a sweep needs of a list item. ``invoice_sid`` is as CarrierX sent it, unchecked."""

    invoice_sid: object
    date_issued: datetime | None


class BillingClient:
    """Reads invoices with one bearer token, which may see many partners' invoices."""

    def __init__(
        self,
        *,
        base_url: str,
        tokens: TokenSource,
        transport: Transport | None = None,
        fields_parameter: str = "",
        page_size: int = 50,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base_url = base_url
        self._tokens = tokens
        self._transport = transport or Transport()
        self._fields_parameter = fields_parameter
        self._page_size = page_size
        self._sleep = sleep
        self._breaker = Breaker(clock=clock)

    # ------------------------------------------------------------------------- the calls

    def fetch_invoice(
        self, invoice_sid: str, *, caller: Caller, max_lines: int, deadline: Deadline
    ) -> Invoice:
        """``GET /billing/invoices/{sid}?with_related=true``.

        Whose invoice it is, is looked at before anything else of it: to a caller who may not
        read it, a foreign invoice that is broken or too long is missing all the same. Where
        CarrierX leaves the partner out, it is fetched; where that is not permitted either,
        the invoice comes without one.

        :raises InvoiceNotFound: unknown, or not the caller's.
        :raises BillingError: see :mod:`invoice_renderer.errors`.
        :raises InvoiceError: the answer is not a usable invoice, or is another one.
        """
        deadline = deadline.no_later_than(FETCH_SECONDS)
        path = f"/billing/invoices/{invoice_sid}"
        params = {"with_related": "true", **self._fields(Invoice.model_fields)}
        fields = self._get(path, params, scopes=INVOICE_SCOPES, deadline=deadline)
        _check_ownership(fields, caller)
        invoice = parse_invoice(fields, max_lines=max_lines)
        if invoice.invoice_sid != invoice_sid:
            self._transport.close()  # answers may have crossed on a kept connection
            raise InvoiceMalformed("invoice_sid", "is not the one that was asked for")
        if invoice.partner is not None:
            return invoice
        partner = self._fetch_partner(invoice.partner_sid, deadline)
        return invoice if partner is None else invoice.model_copy(update={"partner": partner})

    def list_issued(self, since: datetime, *, deadline: Deadline) -> Iterator[InvoiceSummary]:
        """Every invoice with ``date_issued >= since``, oldest first, page by page.

        Relies on ``has_more`` and ``items``: ``total`` and ``pagination`` may be null.
        """
        offset = 0
        for _page in range(MAX_PAGES):
            fields = self._get_page(since, offset, deadline)
            items = [_parse_summary(item) for item in _items_of(fields)]
            yield from (
                item for item in items if item.date_issued is None or item.date_issued >= since
            )
            offset += len(items)
            if not items or not fields.get("has_more"):
                return
        raise BillingUnavailable("a list that does not end", again=False)

    def _get_page(self, since: datetime, offset: int, deadline: Deadline) -> Mapping[str, object]:
        params = {
            "filter": f"date_issued ge {since.strftime('%Y-%m-%dT%H:%M:%SZ')}",
            "order": "date_issued asc",
            "limit": str(self._page_size),
            "offset": str(offset),
            **self._fields(("invoice_sid", "date_issued")),
        }
        page = deadline.no_later_than(FETCH_SECONDS)
        fields = self._get("/billing/invoices", params, scopes=INVOICE_SCOPES, deadline=page)
        if not isinstance(fields, Mapping):
            raise BillingUnavailable("a list that is not a JSON object", again=False)
        return fields

    def _fetch_partner(self, partner_sid: str, deadline: Deadline) -> Partner | None:
        path = f"/partners/{partner_sid}"
        try:
            fields = self._get(path, {}, scopes=PARTNER_SCOPES, deadline=deadline)
        except (BillingRefused, BillingRejected, InvoiceNotFound):
            return None  # a token with invoice scopes alone may not read partners
        partner = parse_partner(fields)
        if partner.partner_sid != partner_sid:
            raise InvoiceMalformed("partner.partner_sid", "is not the one that was asked for")
        return partner

    def _fields(self, names: Mapping[str, object] | tuple[str, ...]) -> dict[str, str]:
        if not self._fields_parameter:
            return {}
        return {self._fields_parameter: ",".join(names)}

    # ------------------------------------------------------------------------- one answer

    def _get(
        self, path: str, params: Params, *, scopes: tuple[str, ...], deadline: Deadline
    ) -> object:
        """The JSON of a 200; a 401 gets one fresh token and one more call; three calls at most."""
        token = self._tokens.current()
        answer, calls = self._ask(path, params, token, deadline, calls_left=ATTEMPTS)
        if answer.status == 401:
            token = self._tokens.refreshed(token)
            left = max(1, ATTEMPTS - calls)
            answer, _ = self._ask(path, params, token, deadline, calls_left=left)
        return _parse_answer(answer, scopes)

    def _ask(
        self, path: str, params: Params, token: Token, deadline: Deadline, *, calls_left: int
    ) -> tuple[Answer, int]:
        """One answer that is not in trouble, and how many calls it took."""

        def once() -> Answer:
            deadline.require(LEAST_SECONDS, "ask CarrierX")
            with self._breaker.guard():
                url = self._base_url + path
                answer = self._transport.get(url, params, token=token, deadline=deadline)
                _raise_for_trouble(answer)
            return answer

        def is_over(state: RetryCallState) -> bool:
            too_late = state.upcoming_sleep + LEAST_SECONDS > deadline.remaining()
            return too_late or state.attempt_number >= calls_left

        retrying = Retrying(
            retry=retry_if_exception(_is_worth_repeating),
            stop=is_over,
            wait=_wait,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(once), retrying.statistics["attempt_number"]


# ----------------------------------------------------------------------------- retries

_jitter = wait_random_exponential(multiplier=BACKOFF_SECONDS, max=BACKOFF_CAP_SECONDS)


def _wait(state: RetryCallState) -> float:
    """What CarrierX asked for in ``Retry-After``, or full jitter."""
    error = state.outcome.exception() if state.outcome else None
    asked = getattr(error, "retry_after", None)
    return float(asked) if asked is not None else _jitter(state)


def _is_worth_repeating(error: BaseException) -> bool:
    if isinstance(error, BillingUnavailable):
        return error.again
    return isinstance(error, BillingThrottled)


def parse_retry_after(header: str | None, *, now: datetime | None = None) -> float | None:
    """Seconds from RFC 9110, section 10.2.3: a count of seconds or an HTTP date; else ``None``."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit() and len(text) <= 8:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


# ----------------------------------------------------------------------------- answers


def _raise_for_trouble(answer: Answer) -> None:
    """What may heal, raised where it can be counted and repeated."""
    if answer.status == 429:
        raise BillingThrottled(parse_retry_after(answer.headers.get("Retry-After")))
    if answer.status >= 500:
        again = answer.status in REPEATABLE_STATUSES
        retry_after = parse_retry_after(answer.headers.get("Retry-After"))
        raise BillingUnavailable(f"status {answer.status}", again=again, retry_after=retry_after)
    if answer.status == 200 and not _says_json(answer):
        raise BillingUnavailable("an answer that is not JSON", again=False)


def _says_json(answer: Answer) -> bool:
    media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")


def _parse_answer(answer: Answer, scopes: tuple[str, ...]) -> object:
    status = answer.status
    if status == 404:
        raise InvoiceNotFound
    if status in {401, 403}:
        raise BillingRefused(status, scopes if status == 403 else ())
    if 400 <= status < 500:
        raise BillingRejected(status)
    if status != 200:  # 204, 206, a redirect: not an invoice, and never followed
        raise BillingUnavailable(f"status {status}", again=False)
    try:
        return parse_json(answer.body)
    except JsonRefused as refused:
        raise InvoiceMalformed("answer", str(refused)) from None


def _check_ownership(fields: object, caller: Caller) -> None:
    if caller.partner_sids is None:
        return
    partner_sid = fields.get("partner_sid") if isinstance(fields, Mapping) else None
    if not isinstance(partner_sid, str) or not caller.may_read(partner_sid):
        raise InvoiceNotFound


def _items_of(fields: Mapping[str, object]) -> list[Mapping[str, object]]:
    items = fields.get("items")
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise BillingUnavailable("a list without items", again=False)
    return items


def _parse_summary(item: Mapping[str, object]) -> InvoiceSummary:
    try:
        issued = parse_timestamp(item.get("date_issued"))
    except ValueError:
        issued = None
    return InvoiceSummary(item.get("invoice_sid"), issued)
