"""HTTP requests in the words of API Gateway: payload 2.0, and REST proxy events."""

from __future__ import annotations

import base64
import re
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from local.gateway_callers import Caller
from local.servers import Exchange
from local.stack import ACCOUNT, REGION

Fields = dict[str, Any]

API_ID = "localxmple"
REST_STAGE = "prod"
SOURCE_IP = "127.0.0.1"

# HTTP APIs pass these as text, and everything else (form data, no type at all) as base64.
_TEXT = re.compile(r"text/.*|application/(json|javascript|xml|[^;]*\+(json|xml))(;.*)?")


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """The route that took the request; ``parameters`` are still percent-encoded."""

    key: str
    parameters: dict[str, str]


class RouteTable:
    """``POST /invoices/{invoice_sid}/pdf``, ``ANY /{proxy+}``, ``$default``."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._routes = [(key, _compile(key)) for key in keys]

    def find(self, method: str, target: str) -> RouteMatch | None:
        path = target.partition("?")[0]
        for key, pattern in self._routes:
            if match := pattern.fullmatch(f"{method} {path}"):
                return RouteMatch(key, match.groupdict())
        return None


def http_api_event(exchange: Exchange, body: bytes, match: RouteMatch, caller: Caller) -> Fields:
    """Payload 2.0. An HTTP API hands on the path *decoded*, where a REST API leaves it encoded."""
    encoded_path, _, query = exchange.path.partition("?")
    path = unquote(encoded_path)
    headers = _joined((name.lower(), value) for name, value in exchange.headers.items())
    cookies = headers.pop("cookie", None)
    now = datetime.now(UTC)
    event: Fields = {
        "version": "2.0",
        "routeKey": match.key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers | _forwarded("x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"),
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": API_ID,
            **caller.http_api_fields(),
            "domainName": f"{API_ID}.execute-api.{REGION}.amazonaws.com",
            "domainPrefix": API_ID,
            "http": {
                "method": exchange.command,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": SOURCE_IP,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": _request_id(),
            "routeKey": match.key,
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(time.time() * 1000),
        },
    }
    if cookies:
        event["cookies"] = cookies.split("; ")
    if query:
        event["queryStringParameters"] = _joined(parse_qsl(query, keep_blank_values=True))
    if match.parameters:
        event["pathParameters"] = {k: unquote(v) for k, v in match.parameters.items()}
    is_text = _TEXT.fullmatch(headers.get("content-type", "").lower()) is not None
    return _with_body(event, body, as_text=is_text)


def rest_api_event(exchange: Exchange, body: bytes, match: RouteMatch, caller: Caller) -> Fields:
    """A REST API's proxy event: absent things are ``null``, and paths stay percent-encoded."""
    path, _, query = exchange.path.partition("?")
    resource = match.key.partition(" ")[2] or path
    headers = list(exchange.headers.items())
    headers += _forwarded("X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto").items()
    parameters = parse_qsl(query, keep_blank_values=True)
    found = caller.rest_api_fields()
    nobody = {
        "sourceIp": SOURCE_IP,
        "userAgent": exchange.headers.get("User-Agent"),
        "userArn": None,
    }
    event: Fields = {
        "resource": resource,
        "path": path,
        "httpMethod": exchange.command,
        "headers": dict(headers),
        "multiValueHeaders": _grouped(headers),
        "queryStringParameters": dict(parameters) or None,
        "multiValueQueryStringParameters": _grouped(parameters) or None,
        "pathParameters": match.parameters or None,
        "stageVariables": None,
        "requestContext": {
            "resourceId": "localx",
            "resourcePath": resource,
            "httpMethod": exchange.command,
            "extendedRequestId": _request_id(),
            "requestTime": datetime.now(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "path": f"/{REST_STAGE}{path}",
            "accountId": ACCOUNT,
            "protocol": "HTTP/1.1",
            "stage": REST_STAGE,
            "domainPrefix": API_ID,
            "requestTimeEpoch": int(time.time() * 1000),
            "requestId": str(uuid.uuid4()),
            **found,
            "identity": nobody | found.get("identity", {}),
            "domainName": f"{API_ID}.execute-api.{REGION}.amazonaws.com",
            "deploymentId": "localx",
            "apiId": API_ID,
        },
        "body": None,
    }
    return _with_body(event, body, as_text=True)


def _compile(key: str) -> re.Pattern[str]:
    if key == "$default":
        return re.compile(".*", re.DOTALL)
    method, _, path = key.partition(" ")
    parts = re.split(r"\{(\w+)(\+?)\}", path)
    pattern = "[A-Z]+ " if method == "ANY" else f"{re.escape(method)} "
    for index in range(0, len(parts), 3):
        pattern += re.escape(parts[index])
        if index + 1 < len(parts):
            pattern += f"(?P<{parts[index + 1]}>{'.+' if parts[index + 2] else '[^/]+'})"
    return re.compile(pattern)


def _with_body(event: Fields, body: bytes, *, as_text: bool) -> Fields:
    """Text as it is where it is UTF-8, base64 otherwise; no key at all where there is no body."""
    if not body:
        return event | {"isBase64Encoded": False}
    try:
        text = body.decode() if as_text else None
    except UnicodeDecodeError:
        text = None
    if text is not None:
        return event | {"body": text, "isBase64Encoded": False}
    return event | {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Payload 2.0 joins what comes twice by a comma."""
    return {name: ",".join(values) for name, values in _grouped(pairs).items()}


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def _forwarded(*names: str) -> dict[str, str]:
    return dict(zip(names, (SOURCE_IP, "443", "https"), strict=True))


def _request_id() -> str:
    return base64.b64encode(uuid.uuid4().bytes[:11]).decode()
