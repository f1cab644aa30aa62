"""The CarrierX client: asks for what is documented, believes little, and gives up in time.

Source: CarrierX Core API v2, "Get Invoice by SID", "Get Invoices", "Pagination", "Filtering",
"Responses". 429 and 5xx are not documented there, and come anyway.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from tenacity import RetryCallState, Retrying, retry_if_exception

from invoice_renderer.billing.answers import parse_answer, raise_for_trouble
from invoice_renderer.billing.breaker import Breaker
from invoice_renderer.billing.caps import Caps
from invoice_renderer.billing.listing import InvoiceSummary, Page, parse_page
from invoice_renderer.billing.retries import Calls, is_worth_repeating, wait_for
from invoice_renderer.billing.transport import Answer, Transport
from invoice_renderer.credentials import Token, TokenSource
from invoice_renderer.deadline import Deadline
from invoice_renderer.errors import (
    BillingRefused,
    BillingRejected,
    BillingUnavailable,
    InvoiceError,
    InvoiceMalformed,
    InvoiceNotFound,
    InvoiceSidInvalid,
)
from invoice_renderer.invoice import Invoice, Partner, parse_invoice, parse_partner
from invoice_renderer.request import Caller, parse_sid

LEAST_SECONDS = 0.2  # no call is begun with less time left
FETCH_SECONDS = 12.0  # for one invoice, attempts and waits together
INVOICE_SCOPES = ("invoices.read", "invoices.manage")
PARTNER_SCOPES = ("partners.read", "partners.manage")
MAX_PAGES = 10_000
CAPS = Caps()
MAX_UNREADABLE = 10  # items one after the other: then it is the list that cannot be read

Params = Mapping[str, str]


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

    # ------------------------------------------------------------------------- one invoice

    def fetch_invoice(
        self, invoice_sid: str, *, caller: Caller, max_lines: int, deadline: Deadline
    ) -> Invoice:
        """``GET /billing/invoices/{sid}?with_related=true``.

        Whose invoice it is, is looked at before anything else of it: to a caller who may not
        read it, a foreign invoice that is broken or too long is missing all the same, and so is
        an answer that does not tell. Where CarrierX leaves the partner out, it is fetched; where
        that is not permitted either, the invoice comes without one. Three calls at most, all in
        all.

        :raises InvoiceNotFound: unknown, or not the caller's.
        :raises BillingError: see :mod:`invoice_renderer.errors`.
        :raises InvoiceError: the answer is not a usable invoice, or is another one.
        """
        deadline, calls = deadline.no_later_than(FETCH_SECONDS), Calls()
        path = f"/billing/invoices/{parse_sid(invoice_sid)}"
        params = {"with_related": "true", **self._fields(Invoice.model_fields)}
        try:
            fields = self._get(
                path,
                params,
                scopes=INVOICE_SCOPES,
                deadline=deadline,
                calls=calls,
                caps=Caps.for_lines(max_lines),
            )
        except InvoiceError:  # whose it is cannot be read
            if caller.partner_sids is None:
                raise
            raise InvoiceNotFound from None
        if _field(fields, "invoice_sid") != invoice_sid:
            self._transport.close()  # answers may have crossed on a kept connection
        _check_ownership(fields, caller)
        invoice = parse_invoice(_with_partner_sid(fields), max_lines=max_lines)
        if invoice.invoice_sid != invoice_sid:
            raise InvoiceMalformed("invoice_sid", "is not the one that was asked for")
        if invoice.partner is not None:
            return invoice
        partner = self._fetch_partner(invoice.partner_sid, deadline, calls)
        return invoice if partner is None else invoice.model_copy(update={"partner": partner})

    def _fetch_partner(self, partner_sid: str, deadline: Deadline, calls: Calls) -> Partner | None:
        try:
            path = f"/partners/{parse_sid(partner_sid)}"
            fields = self._get(path, {}, scopes=PARTNER_SCOPES, deadline=deadline, calls=calls)
        except InvoiceSidInvalid:
            raise InvoiceMalformed("partner_sid", "is not a plain token") from None
        except (BillingRefused, BillingRejected, InvoiceNotFound):
            return None  # a token with invoice scopes alone may not read partners
        partner = parse_partner(fields)
        if partner.partner_sid != partner_sid:
            self._transport.close()
            raise InvoiceMalformed("partner.partner_sid", "is not the one that was asked for")
        return partner

    def _fields(self, names: Mapping[str, object] | tuple[str, ...]) -> dict[str, str]:
        if not self._fields_parameter:
            return {}
        return {self._fields_parameter: ",".join(names)}

    # ------------------------------------------------------------------------- the list

    def list_issued(self, since: datetime, *, deadline: Deadline) -> Iterator[InvoiceSummary]:
        """Every invoice with ``date_issued >= since``, oldest first, page by page.

        Relies on ``has_more`` and ``items``: ``total`` and ``pagination`` may be null. An item
        that cannot be read comes as a summary with an ``error``, and the list goes on.

        :raises BillingUnavailable: also where a page brings nothing that was not seen before.
        """
        seen: set[str] = set()
        for items in self._pages(since, deadline):
            new = [item for item in items if repr(item.invoice_sid) not in seen]
            if not new:
                raise BillingUnavailable("a list that repeats itself", again=False)
            seen.update(repr(item.invoice_sid) for item in new)
            yield from (item for item in new if item.is_issued and _is_since(item, since))

    def _pages(self, since: datetime, deadline: Deadline) -> Iterator[tuple[InvoiceSummary, ...]]:
        """The pages that have items. One that cannot be read is asked for again in halves, down
        to the item that is to blame.
        """
        offset, limit, unreadable = 0, self._page_size, 0
        for _ in range(MAX_PAGES):
            try:
                page = self._get_page(since, offset, limit, deadline)
                unreadable = 0
            except InvoiceError as error:
                if limit > 1:
                    limit //= 2
                    continue
                unreadable += 1
                if unreadable > MAX_UNREADABLE:
                    raise
                page = _unreadable_page(since, offset, error)
            if page.items:
                yield page.items
            if not page.items or not page.has_more:
                return
            offset += len(page.items)
            limit = min(2 * limit, self._page_size)
        raise BillingUnavailable("a list that does not end", again=False)

    def _get_page(self, since: datetime, offset: int, limit: int, deadline: Deadline) -> Page:
        params = {
            "filter": f"date_issued ge {_utc(since)}",
            "order": "date_issued asc",
            "limit": str(limit),
            "offset": str(offset),
            **self._fields(("invoice_sid", "date_issued")),
        }
        return parse_page(
            self._get(
                "/billing/invoices",
                params,
                scopes=INVOICE_SCOPES,
                deadline=deadline.no_later_than(FETCH_SECONDS),
                calls=Calls(),
            )
        )

    # ------------------------------------------------------------------------- one answer

    def _get(
        self,
        path: str,
        params: Params,
        *,
        scopes: tuple[str, ...],
        deadline: Deadline,
        calls: Calls,
        caps: Caps = CAPS,
    ) -> object:
        """The JSON of a 200; a 401 gets one fresh token and, if one is left, one more call."""
        token = self._tokens.current()
        answer = self._ask(path, params, token, deadline, calls, caps)
        if answer.status == 401:
            token = self._tokens.refreshed(token)
            answer = self._ask(path, params, token, deadline, calls, caps)
        return parse_answer(answer, scopes)

    def _ask(
        self,
        path: str,
        params: Params,
        token: Token,
        deadline: Deadline,
        calls: Calls,
        caps: Caps,
    ) -> Answer:
        """One answer that is not in trouble."""

        def once() -> Answer:
            deadline.require(LEAST_SECONDS, "ask CarrierX")
            calls.take()
            with self._breaker.guard(path):
                url = self._base_url + path
                answer = self._transport.get(
                    url, params, token=token, deadline=deadline, max_bytes=caps.max_bytes
                )
                caps.check(answer.body)
                raise_for_trouble(answer)
            return answer

        def is_over(state: RetryCallState) -> bool:
            too_late = state.upcoming_sleep + LEAST_SECONDS > deadline.remaining()
            return too_late or calls.left == 0

        retrying = Retrying(
            retry=retry_if_exception(is_worth_repeating),
            stop=is_over,
            wait=wait_for,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(once)


# ----------------------------------------------------------------------------- answers


def _field(fields: object, name: str) -> object:
    return fields.get(name) if isinstance(fields, Mapping) else None


def _with_partner_sid(fields: object) -> object:
    """An abridged partner may leave out what the invoice says already; a strict model may not."""
    partner = _field(fields, "partner")
    if not isinstance(fields, Mapping) or not isinstance(partner, Mapping):
        return fields
    if partner.get("partner_sid") is not None:
        return fields
    return {**fields, "partner": {**partner, "partner_sid": fields.get("partner_sid")}}


def _unreadable_page(since: datetime, offset: int, error: InvoiceError) -> Page:
    """A page of the one item that cannot be read."""
    place = f"offset {offset} of those since {_utc(since)}"
    return Page((InvoiceSummary(place, None, error=error),), has_more=True)


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _is_since(item: InvoiceSummary, since: datetime) -> bool:
    return item.date_issued is None or item.date_issued >= since


def _check_ownership(fields: object, caller: Caller) -> None:
    if caller.partner_sids is None:
        return
    partner_sid = _field(fields, "partner_sid")
    if not isinstance(partner_sid, str) or not caller.may_read(partner_sid):
        raise InvoiceNotFound
