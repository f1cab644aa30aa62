"""What API Gateway does: HTTP in front, a Lambda handler behind.

Speaks as an HTTP API (payload 2.0) or as a REST API (proxy events). The authorizer is not run:
``gateway.caller`` is whoever it is said to have found. API Gateway's own time-out is not played.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable
from typing import Any, Literal, Self

from local.gateway_callers import Caller, IamCaller
from local.gateway_events import RouteTable, http_api_event, rest_api_event
from local.lambda_context import LambdaContext
from local.servers import Answer, Exchange, LoopbackServer

Handler = Callable[[dict[str, Any], Any], Any]

ROUTES = (
    "POST /invoices/{invoice_sid}/pdf",
    "GET /invoices/{invoice_sid}/pdf",
    "GET /health",
)
REQUEST_BYTES = 10_000_000  # API Gateway's limit
INVOKE_BYTES = 6_291_556  # Lambda's, for a synchronous answer

logger = logging.getLogger(__name__)


class Gateway:
    """``with Gateway(app.api) as gateway: requests.post(gateway.url + "/invoices/.../pdf")``.

    :param api: ``"http"`` for payload 2.0, ``"rest"`` for REST proxy events.
    :param routes: as in the template; add ``"$default"`` to let everything through.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        api: Literal["http", "rest"] = "http",
        routes: tuple[str, ...] = ROUTES,
        caller: Caller | None = None,
        timeout_seconds: float = 28.0,
    ) -> None:
        self.caller: Caller = caller or IamCaller()
        self.events: list[dict[str, Any]] = []
        """Every event that was handed to the handler."""
        self._handler = handler
        self._api = api
        self._routes = RouteTable(routes)
        self._timeout_seconds = timeout_seconds
        self._server = LoopbackServer(self._respond)

    @property
    def url(self) -> str:
        return self._server.url

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def _respond(self, exchange: Exchange) -> None:
        length = exchange.headers.get("Content-Length", "0")
        if length.isdigit() and int(length) > REQUEST_BYTES:
            exchange.hang_up()  # the body is not read
            exchange.send(_message(413, self._words("Request Entity Too Large")))
            return
        exchange.send(self._answer(exchange, exchange.read_body()))

    def _answer(self, exchange: Exchange, body: bytes) -> Answer:
        match = self._routes.find(exchange.command, exchange.path)
        if match is None:  # a REST API hides its routes behind its authentication
            status, words = (404, "Not Found") if self._api == "http" else (403, "Forbidden")
            return _message(status, words)
        if self.caller.refusal:
            return _message(*self.caller.refusal)
        make_event = http_api_event if self._api == "http" else rest_api_event
        event = make_event(exchange, body, match, self.caller)
        self.events.append(event)
        try:
            result = self._invoke(event)
            return http_api_answer(result) if self._api == "http" else rest_api_answer(result)
        except Exception:  # as API Gateway: no word of what it was
            logger.exception("the handler raised, or its answer cannot be used")
            return _message(
                500 if self._api == "http" else 502, self._words("Internal Server Error")
            )

    def _invoke(self, event: dict[str, Any]) -> Any:
        context = LambdaContext(timeout_seconds=self._timeout_seconds)
        answer = json.dumps(self._handler(json.loads(json.dumps(event)), context))
        if len(answer.encode()) > INVOKE_BYTES:
            raise ValueError(f"the answer is over Lambda's limit of {INVOKE_BYTES} bytes")
        return json.loads(answer)

    def _words(self, words: str) -> str:
        return words if self._api == "http" else words.capitalize()


def http_api_answer(result: Any) -> Answer:
    """Payload 2.0: without a ``statusCode``, the whole result is the body of a 200."""
    if not isinstance(result, dict) or "statusCode" not in result:
        body = result if isinstance(result, str) else json.dumps(result)
        return Answer(200, (("Content-Type", "application/json"),), body.encode())
    cookies = [("Set-Cookie", cookie) for cookie in result.get("cookies", ())]
    return _proxied(result, cookies)


def rest_api_answer(result: Any) -> Answer:
    """A REST proxy answer; ``multiValueHeaders`` wins over ``headers`` of the same name."""
    if not isinstance(result, dict) or "statusCode" not in result:
        raise ValueError("malformed Lambda proxy response")
    many = result.get("multiValueHeaders") or {}
    single = {k: v for k, v in (result.get("headers") or {}).items() if k not in many}
    extra = [(name, str(value)) for name, values in many.items() for value in values]
    return _proxied({**result, "headers": single}, extra)


def _proxied(result: dict[str, Any], extra: list[tuple[str, str]]) -> Answer:
    text = result.get("body") or ""
    body = base64.b64decode(text) if result.get("isBase64Encoded") else text.encode()
    headers = [(name, str(value)) for name, value in (result.get("headers") or {}).items()]
    return Answer(int(result["statusCode"]), (*headers, *extra), body)


def _message(status: int, words: str) -> Answer:
    body = json.dumps({"message": words}).encode()
    return Answer(status, (("Content-Type", "application/json"),), body)
