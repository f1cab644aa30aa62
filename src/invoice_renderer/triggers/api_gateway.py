"""API Gateway: HTTP API (payload 2.0) and REST API (v1 proxy) events, and the answers.

``POST /invoices/{invoice_sid}/pdf`` renders and answers with a link; ``GET`` answers with a
redirect to one. ``GET /health`` says whether the deployment is well, and with ``?deep=1`` tries
everything. Errors are ``application/problem+json`` (RFC 9457) with a stable ``code``.
Who calls is taken from the authorizer alone, never from a header, body, query or path.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from invoice_renderer import errors
from invoice_renderer.errors import InvoiceRendererError
from invoice_renderer.health import Health
from invoice_renderer.pipeline import Delivery
from invoice_renderer.request import (
    OPERATOR,
    Caller,
    HealthRequest,
    RenderRequest,
    is_sid,
    parse_options,
    parse_sid,
)
from invoice_renderer.strict_json import JsonRefused, parse_json

BODY_BYTES = 16 * 1024
_PATH = re.compile(
    r"(?:/[^/]+)*?/invoices/([^/]*)/pdf"
)  # a REST API's path may begin with its stage
_HEALTH = re.compile(r"(?:/[^/]+)?/health")
METHODS = ("GET", "POST")  # of a PDF
DEEP = {"": False, "0": False, "1": True}

STATUS_OF: dict[type[InvoiceRendererError], int] = {
    errors.RouteUnknown: 404,
    errors.MethodNotAllowed: 405,
    errors.MediaTypeUnsupported: 415,
    errors.RequestTooLarge: 413,
    errors.CallerUnknown: 403,
    errors.OperatorOnly: 403,
    errors.RequestError: 400,
    errors.InvoiceNotFound: 404,
    errors.InvoiceTooLarge: 422,
    errors.InvoiceMalformed: 502,
    errors.BillingThrottled: 503,
    errors.BillingUnavailable: 503,
    errors.BillingError: 502,
    errors.SecretUnavailable: 503,
    errors.ProfileUnavailable: 503,
    errors.StorageUnavailable: 503,
    errors.OutOfTime: 504,
}
"""The nearest class in an error's ancestry decides; anything else is a 500."""

OUR_SIDE = "The invoice cannot be delivered at the moment; the operator's log says why."
RETRY_AFTER_SECONDS = 5  # told with a 503 where nobody said better

SAFE_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One call, whichever payload format brought it. Header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    caller: Caller


def matches(event: object) -> TypeGuard[Mapping[str, Any]]:
    if not isinstance(event, Mapping):
        return False
    context = event.get("requestContext")
    return isinstance(context, Mapping) and ("http" in context or "httpMethod" in event)


def parse(
    event: Mapping[str, Any], *, partner_claim: str
) -> tuple[str, RenderRequest | HealthRequest]:
    """The method (GET or POST) and what it asks for.

    :raises RequestError: see :data:`STATUS_OF`.
    """
    call = _parse_call(event, partner_claim)
    if _HEALTH.fullmatch(call.path):
        return call.method, _parse_health(call)
    route = _PATH.fullmatch(call.path)
    if route is None:
        raise errors.RouteUnknown
    if call.method not in METHODS:
        raise errors.MethodNotAllowed(*METHODS)
    fields = _parse_body(call) if call.method == "POST" else call.query
    request = RenderRequest(parse_sid(route[1]), call.caller, parse_options(fields))
    return call.method, request


def answer(method: str, delivery: Delivery) -> dict[str, object]:
    """201 or 200 with the facts and the link; for GET, 303 to the link."""
    if method == "GET":
        return _response(303, {}, {"Location": delivery.link.url})
    return _response(201 if delivery.is_new else 200, delivery.fields())


def answer_health(health: Health) -> dict[str, object]:
    """200 where all that was looked at is well, else 503, with every check that was made."""
    fields: dict[str, object] = {"status": "ok" if health.is_well else "failing"}
    if health.checks:
        fields["checks"] = [check.fields() for check in health.checks]
    return _response(200 if health.is_well else 503, fields)


def answer_error(error: InvoiceRendererError, caller: Caller | None = None) -> dict[str, object]:
    """The problem document of an error. What went wrong on our side is the operator's to know."""
    status = errors.nearest(STATUS_OF, error, otherwise=500)
    ours = status >= 500 and caller != OPERATOR
    problem = {
        "type": "about:blank",
        "title": error.code.replace("-", " ").capitalize(),
        "status": status,
        "code": error.code,
        "detail": OUR_SIDE if ours else error.detail,
    }
    headers = {"Content-Type": "application/problem+json"}
    if status == 503:
        headers["Retry-After"] = str(math.ceil(error.retry_after or RETRY_AFTER_SECONDS))
    if isinstance(error, errors.MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allowed)
    return _response(status, problem, headers)


def _response(
    status: int, fields: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> dict[str, object]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", **SAFE_HEADERS, **(headers or {})},
        "body": json.dumps(fields) if fields else "",
        "isBase64Encoded": False,
    }


# ----------------------------------------------------------------------------- the call


def _parse_call(event: Mapping[str, Any], partner_claim: str) -> HttpRequest:
    context = event["requestContext"]
    method = _table(context, "http").get("method") or event.get("httpMethod") or ""
    path = event.get("rawPath") or event.get("path") or ""
    headers = _strings(event, "headers")
    return HttpRequest(
        method=str(method).upper(),
        path=str(path),
        headers={name.lower(): value for name, value in headers.items()},
        query=_strings(event, "queryStringParameters"),
        body=_body_of(event),
        caller=_caller_of(context, partner_claim),
    )


def _table(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    return value if isinstance(value, Mapping) else {}


def _strings(fields: Mapping[str, Any], name: str) -> dict[str, str]:
    return {key: value for key, value in _table(fields, name).items() if isinstance(value, str)}


def _body_of(event: Mapping[str, Any]) -> bytes:
    body = str(event.get("body") or "")
    if len(body) > 2 * BODY_BYTES:  # judged before it is decoded; base64 takes four bytes for three
        raise errors.RequestTooLarge("The body", BODY_BYTES)
    if not event.get("isBase64Encoded"):
        raw = body.encode("utf-8", "surrogatepass")
    else:
        try:
            raw = base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            raise errors.RequestMalformed(
                "The body is not base64, though it is marked so."
            ) from None
    if len(raw) > BODY_BYTES:
        raise errors.RequestTooLarge("The body", BODY_BYTES)
    return raw


def _parse_health(call: HttpRequest) -> HealthRequest:
    if call.method != "GET":
        raise errors.MethodNotAllowed("GET")
    deep = call.query.get("deep", "")
    if deep not in DEEP:
        raise errors.OptionRefused("deep", "is not one of the choices", ("0", "1"))
    if DEEP[deep] and call.caller != OPERATOR:
        raise errors.OperatorOnly
    return HealthRequest(call.caller, DEEP[deep])


def _parse_body(call: HttpRequest) -> Mapping[str, object]:
    if not call.body.strip():
        return {}
    media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise errors.MediaTypeUnsupported
    try:
        fields = parse_json(call.body)
    except JsonRefused as refused:
        raise errors.RequestMalformed(f"The body {refused}.") from None
    if not isinstance(fields, Mapping):
        raise errors.RequestMalformed("The body must be a JSON object.")
    return fields


# ----------------------------------------------------------------------------- the caller


def _caller_of(context: Mapping[str, Any], partner_claim: str) -> Caller:
    """IAM callers are the operator; a token's claim, or an authorizer's field, names partners.

    :raises CallerUnknown: nobody vouches for the caller, or the claim is missing or malformed.
    """
    claims = _claims_of(_table(context, "authorizer"))
    if claims is not None:
        return Caller(_partner_sids(claims.get(partner_claim)))
    if _is_operator(context):
        return OPERATOR
    raise errors.CallerUnknown


def _claims_of(authorizer: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Claims of a JWT authorizer, fields of a Lambda authorizer, in the order v2 then v1."""
    if isinstance(authorizer.get("jwt"), Mapping):
        return _table(authorizer["jwt"], "claims")
    for name in ("lambda", "claims"):
        fields = authorizer.get(name)
        if isinstance(fields, Mapping):
            return fields
    return authorizer if "principalId" in authorizer else None


def _is_operator(context: Mapping[str, Any]) -> bool:
    """Whether the call was signed with IAM credentials, and not those that an identity pool gives
    to an application's users.
    """
    iam = _table(_table(context, "authorizer"), "iam")  # HTTP API
    identity = iam or _table(context, "identity")  # REST API
    is_user = identity.get("cognitoIdentity") or identity.get("cognitoIdentityId")
    return bool(identity.get("userArn") and identity.get("accountId")) and not is_user


def _partner_sids(claim: object) -> frozenset[str]:
    """One SID, or several: a list, or text as API Gateway flattens a list (``[a b]``)."""
    sids = claim.strip("[]").replace(",", " ").split() if isinstance(claim, str) else claim
    if not isinstance(sids, list) or not sids or not all(is_sid(sid) for sid in sids):
        raise errors.CallerUnknown
    return frozenset(sids)
