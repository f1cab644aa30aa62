"""The server: who may ask, what is found, and what was scripted to happen instead."""

from __future__ import annotations

import re
import ssl
import threading
import uuid
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Self

from local.fake_carrierx.behaviours import Behaviour, Forever, Usual, error_answer, json_answer
from local.fake_carrierx.calls import Call, record
from local.fake_carrierx.ledger import Fields, Ledger, an_invoice, no_item_error
from local.fake_carrierx.listing import BadQuery, list_page
from local.servers import Answer, Exchange, LoopbackServer

BASE_PATH = "/core/v2"
EVERY_CALL = "*"
THE_LIST = "invoices"  # the last part of the list's path, as a SID is of an invoice's

INVOICE_SCOPES = ("invoices.manage", "invoices.read")
PARTNER_SCOPES = ("partners.manage", "partners.read")
ALL_SCOPES = frozenset({"invoices.read", "partners.read"})

_ROUTE = re.compile(BASE_PATH + r"/(?P<kind>billing/invoices|partners)(?:/(?P<sid>[^/?]+))?")


class FakeCarrierX:
    """``with FakeCarrierX() as carrierx:``; ``carrierx.url`` is what CARRIERX_BASE_URL should be.

    :param ledger: what there is to find; the documented invoice, three earlier ones and their
        partner by default.
    :param fields_parameter: the query parameter that names the fields wanted, comma-separated.
    :param tls: a server-side context, for ``https``.
    """

    def __init__(
        self,
        ledger: Ledger | None = None,
        *,
        port: int = 0,
        fields_parameter: str = "include_fields",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.ledger = ledger or Ledger.documented()
        self._tokens: dict[str, frozenset[str]] = {}
        self.token = self.allow(str(uuid.uuid4()))
        self._fields_parameter = fields_parameter
        self._server = LoopbackServer(self._respond, port=port, tls=tls)
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self._scripts: defaultdict[str, deque[Behaviour]] = defaultdict(deque)

    # ------------------------------------------------------------------------- for the test

    @property
    def url(self) -> str:
        return self._server.url + BASE_PATH

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call so far, in the order of arrival."""
        return tuple(self._calls)

    def calls_for(self, sid: str) -> tuple[Call, ...]:
        """The calls whose path ends in ``sid`` (or :data:`THE_LIST`)."""
        return tuple(call for call in self._calls if call.sid == sid)

    def forget_calls(self) -> None:
        self._calls.clear()

    def allow(self, token: str, *, scopes: frozenset[str] = ALL_SCOPES) -> str:
        """Make a token valid, beside those that are: a rotation has two for a while."""
        self._tokens[token] = scopes
        return token

    def revoke(self, token: str) -> None:
        self._tokens.pop(token, None)

    def rotate(self) -> str:
        """Revoke the token and make a new one at once; returns the new one."""
        self.revoke(self.token)
        self.token = self.allow(str(uuid.uuid4()))
        return self.token

    def add_invoice(self, **changes: object) -> str:
        """Add a variant of the documented invoice, with a SID of its own unless one is given."""
        return self.ledger.add_invoice(an_invoice(**{"invoice_sid": str(uuid.uuid4()), **changes}))

    def script(self, sid: str, *behaviours: Behaviour) -> None:
        """Queue what happens to the next calls for a SID, :data:`THE_LIST` or :data:`EVERY_CALL`.

        The queue of the SID goes first; after the queues, calls have their usual answers.
        """
        with self._lock:
            self._scripts[sid].extend(behaviours)

    def unscript(self) -> None:
        """Drop everything that was queued."""
        with self._lock:
            self._scripts.clear()

    def stop(self) -> None:
        """Go down before the end of the ``with``: connections are refused from here on."""
        self._server.stop()

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # ------------------------------------------------------------------------- for the client

    def _respond(self, exchange: Exchange) -> None:
        exchange.read_body()
        call = record(exchange)
        with self._lock:
            self._calls.append(call)
            behaviour = self._next_behaviour(call.sid)
        authorization = exchange.headers.get("Authorization", "")
        behaviour.play(exchange, self._usual_answer(call, authorization))

    def _next_behaviour(self, sid: str) -> Behaviour:
        for key in (sid, EVERY_CALL):
            queue = self._scripts.get(key)
            if queue:
                return queue[0] if isinstance(queue[0], Forever) else queue.popleft()
        return Usual()

    def _usual_answer(self, call: Call, authorization: str) -> Answer:
        route = _ROUTE.fullmatch(call.path)
        if route is None or (route["kind"] == "partners" and route["sid"] is None):
            return error_answer(404)
        if call.method != "GET":
            return error_answer(405)
        needed = PARTNER_SCOPES if route["kind"] == "partners" else INVOICE_SCOPES
        return self._refusal(authorization, needed) or self._find(route, dict(call.query))

    def _refusal(self, authorization: str, needed: tuple[str, ...]) -> Answer | None:
        scheme, _, token = authorization.partition(" ")
        scopes = self._tokens.get(token)
        if scheme.lower() != "bearer" or scopes is None:
            return error_answer(401)
        if scopes.isdisjoint(needed):
            return error_answer(403, problem=f"one of the scopes {', '.join(needed)} is required")
        return None

    def _find(self, route: re.Match[str], query: Mapping[str, str]) -> Answer:
        related = query.get("with_related") == "true"
        if route["sid"] is None:
            return self._list(query, with_related=related)
        if route["kind"] == "partners":
            found = self.ledger.partners.get(route["sid"])
        else:
            found = self.ledger.find_invoice(route["sid"], with_related=related)
        if found is None:
            return json_answer(404, no_item_error())
        return json_answer(200, self._chosen_fields(found, query))

    def _list(self, query: Mapping[str, str], *, with_related: bool) -> Answer:
        items = self.ledger.list_invoices(with_related=with_related)
        try:
            page = list_page(items, query, url=f"{self.url}/billing/invoices")
        except BadQuery as problem:
            return error_answer(400, field=problem.field, problem=str(problem))
        page["items"] = [self._chosen_fields(item, query) for item in page["items"]]
        return json_answer(200, page)

    def _chosen_fields(self, item: Fields, query: Mapping[str, str]) -> Fields:
        wanted = query.get(self._fields_parameter)
        if wanted is None:
            return item
        names = wanted.split(",")
        return {name: value for name, value in item.items() if name in names}
