"""HTTP API and REST API: the authorizer says who calls; path and body say what is asked."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoice_renderer import errors
from invoice_renderer.errors import InvoiceRendererError
from invoice_renderer.health import Check, Health
from invoice_renderer.invoice import Notice
from invoice_renderer.pipeline import Delivery
from invoice_renderer.request import OPERATOR, Caller, HealthRequest, RenderOptions, RenderRequest
from invoice_renderer.storage import Link, StoredDocument
from invoice_renderer.triggers import api_gateway
from invoice_renderer.triggers.api_gateway import BODY_BYTES, STATUS_OF, answer, answer_error
from tests.builders import an_invoice
from tests.unit.test_errors import EVERY_ERROR, name_of

EVENTS = Path(__file__).parents[3] / "events"
SID = "4169705e-4284-482f-8e72-e962a8aaad9d"
IAM = {"iam": {"userArn": "arn:aws:iam::123456789012:user/ops", "accountId": "123456789012"}}
IDENTITY = {"userArn": "arn:aws:iam::123456789012:user/ops", "accountId": "123456789012"}
JSON_TYPE = {"Content-Type": "application/json"}


def status_of(error: InvoiceRendererError) -> int:
    return errors.nearest(STATUS_OF, error, otherwise=500)


def http(
    method: str = "POST",
    path: str = f"/invoices/{SID}/pdf",
    authorizer: object = IAM,
    **changes: Any,
) -> dict[str, Any]:
    """HTTP API, payload 2.0."""
    event = {
        "version": "2.0",
        "rawPath": path,
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": method, "path": path}, "authorizer": authorizer},
    }
    return {**event, **changes}


def rest(
    method: str = "POST", path: str = f"/invoices/{SID}/pdf", **changes: Any
) -> dict[str, Any]:
    """REST API, payload 1.0."""
    event = {
        "httpMethod": method,
        "path": path,
        "headers": JSON_TYPE,
        "requestContext": {"httpMethod": method, "identity": IDENTITY},
    }
    return {**event, **changes}


def rest_by(authorizer: object = None, identity: object = None) -> dict[str, Any]:
    return rest(requestContext={"authorizer": authorizer, "identity": identity})


def parsed(event: dict[str, Any], claim: str = "partner_sid") -> tuple[str, RenderRequest]:
    return api_gateway.parse(event, partner_claim=claim)


def caller_of(event: dict[str, Any], claim: str = "partner_sid") -> Caller:
    return parsed(event, claim)[1].caller


def refusal_of(event: dict[str, Any]) -> InvoiceRendererError:
    with pytest.raises(InvoiceRendererError) as error:
        parsed(event)
    return error.value


# ----------------------------------------------------------------------------- what is asked


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("api-gateway-http-v2-post", "POST"),
        ("api-gateway-http-v2-get", "GET"),
        ("api-gateway-http-v2-jwt-post", "POST"),
        ("api-gateway-rest-v1-post", "POST"),
    ],
)
def test_every_shipped_event_asks_for_the_invoice(name: str, method: str) -> None:
    event = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))

    assert api_gateway.matches(event)
    found, request = parsed(event)
    assert (found, request.invoice_sid) == (method, SID)


@pytest.mark.parametrize("make", [http, rest])
def test_both_kinds_of_api_ask_for_the_same(make: Any) -> None:
    expected = RenderRequest(SID, OPERATOR, RenderOptions(paper="a4", link_seconds=120))

    assert ("POST", expected) == parsed(make(body='{"paper": "a4", "link_seconds": 120}'))
    query = {"paper": "a4", "link_seconds": "120"}
    assert ("GET", expected) == parsed(make("GET", queryStringParameters=query))


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        "x",
        {},
        {"requestContext": None},
        {"requestContext": {}},
        {"httpMethod": "GET"},
        {"Records": []},
    ],
    ids=str,
)
def test_anything_else_is_no_call(event: object) -> None:
    assert not api_gateway.matches(event)


@pytest.mark.parametrize(
    "path", [f"/invoices/{SID}/pdf", f"/live/invoices/{SID}/pdf", f"/a/b/invoices/{SID}/pdf"]
)
def test_a_stage_may_stand_before_the_path(path: str) -> None:
    assert parsed(http(path=path))[1].invoice_sid == SID
    assert parsed(rest(path=path))[1].invoice_sid == SID


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/invoices",
        f"/invoices/{SID}",
        f"/invoices/{SID}/pdf/",
        f"/invoices/{SID}/pdf\n",
        f"/invoices/{SID}/html",
        f"invoices/{SID}/pdf",
        "/invoices/../admin/pdf",
        "/invoices/a/../b/pdf",
    ],
)
def test_another_path_is_unknown(path: str) -> None:
    assert isinstance(refusal_of(http(path=path)), errors.RouteUnknown)


@pytest.mark.parametrize(
    "sid",
    [
        "",
        "..",
        "%2e%2e",
        "a%2Fb",
        "a%00",
        f"{SID}%0a",
        f"{SID}\n",
        "a b",
        "a;b",
        "\uff11",
        "x" * 65,
        "@evil",
    ],
)
def test_a_sid_that_is_not_plain_is_refused_as_it_stands(sid: str) -> None:
    """Nothing is decoded, so that nothing can be decoded twice."""
    assert isinstance(refusal_of(http(path=f"/invoices/{sid}/pdf")), errors.InvoiceSidInvalid)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "", "post "])
def test_another_method_is_told_which_there_are(method: str) -> None:
    response = answer_error(refusal_of(http(method)))

    assert response["statusCode"] == 405
    assert response["headers"]["Allow"] == "GET, POST"  # type: ignore[index]


# ----------------------------------------------------------------------------- the body


@pytest.mark.parametrize("body", [None, "", "  \n", "{}"])
def test_a_body_is_optional(body: str | None) -> None:
    assert parsed(http(body=body))[1].options == RenderOptions()
    assert (
        parsed(http(body=body or "", headers=JSON_TYPE if body else {}))[1].options
        == RenderOptions()
    )


def test_a_body_may_come_as_base64() -> None:
    body = base64.b64encode(b'{"paper": "a4"}').decode()

    assert parsed(http(body=body, isBase64Encoded=True))[1].options.paper == "a4"


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        " application/json ;x=y",
    ],
)
def test_the_media_type_is_json(media_type: str) -> None:
    assert parsed(http(body="{}", headers={"CONTENT-TYPE": media_type}))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        None,
        {"content-type": ""},
        {"content-type": "text/plain"},
        {"content-type": "application/xml"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/jsonp"},
        {"content-type": None},
        [],
    ],
    ids=str,
)
def test_another_media_type_is_not_supported(headers: object) -> None:
    error = refusal_of(http(body="{}", headers=headers))

    assert isinstance(error, errors.MediaTypeUnsupported)
    assert status_of(error) == 415


@pytest.mark.parametrize(
    ("body", "is_base64"),
    [
        ("{", False),
        ("[]", False),
        ("null", False),
        ('"x"', False),
        ("hello", False),
        ("{'paper': 'a4'}", False),
        ('{"paper": "a4", "paper": "a4"}', False),
        ('{"paper": NaN}', False),
        ("\ufeff{}", False),
        ("\ud800", False),
        (base64.b64encode(b"{}").decode(), False),
        (base64.b64encode("{}".encode("utf-16")).decode(), True),
        (base64.b64encode(b"\xef\xbb\xbf{}").decode(), True),
        (base64.b64encode(b'{"a": "\xff"}').decode(), True),
        ('{"paper": "a4"}', True),
        ("e30", True),
        ("e30=\n", True),
        ("\u00e9", True),
    ],
)
def test_a_body_that_is_not_plain_json_is_malformed(body: str, *, is_base64: bool) -> None:
    error = refusal_of(http(body=body, isBase64Encoded=is_base64))

    assert isinstance(error, errors.RequestMalformed)
    assert status_of(error) == 400


def padded(size: int) -> str:
    return '{"note": "' + "x" * (size - 12) + '"}'


def test_a_body_over_16_kb_is_too_large() -> None:
    assert parsed(http(body=padded(BODY_BYTES)))
    as_base64 = base64.b64encode(padded(BODY_BYTES).encode()).decode()
    assert parsed(http(body=as_base64, isBase64Encoded=True))

    for event in (
        http(body=padded(BODY_BYTES + 1)),
        http(body="\u00e9" * BODY_BYTES),
        http(body=base64.b64encode(padded(BODY_BYTES + 1).encode()).decode(), isBase64Encoded=True),
        http("GET", body=padded(10_000_000)),
        http(body=padded(10_000_000), headers={}),
    ):
        error = refusal_of(event)
        assert isinstance(error, errors.RequestTooLarge)
        assert status_of(error) == 413


def test_unknown_fields_are_ignored() -> None:
    body = json.dumps({"paper": "a4", "colour": "red", "partner_sid": "p-9", "caller": None})

    assert parsed(http(body=body))[1] == RenderRequest(SID, OPERATOR, RenderOptions(paper="a4"))


@pytest.mark.parametrize(
    "fields",
    [
        {"paper": "a3"},
        {"locale": "../x"},
        {"time_zone": 7},
        {"template": []},
        {"link_seconds": "soon"},
    ],
    ids=str,
)
def test_an_option_that_is_not_offered_is_refused(fields: dict[str, object]) -> None:
    error = refusal_of(http(body=json.dumps(fields)))

    assert isinstance(error, errors.OptionRefused)
    assert status_of(error) == 400


# ----------------------------------------------------------------------------- who asks


@pytest.mark.parametrize("event", [http(), rest()])
def test_a_caller_with_iam_credentials_is_the_operator(event: dict[str, Any]) -> None:
    assert caller_of(event) == OPERATOR


@pytest.mark.parametrize(
    "event",
    [
        http(authorizer={"iam": {**IAM["iam"], "cognitoIdentity": {"identityId": "us-east-1:1"}}}),
        rest_by(identity={**IDENTITY, "cognitoIdentityId": "us-east-1:1"}),
    ],
)
def test_a_user_of_an_identity_pool_is_not_the_operator(event: dict[str, Any]) -> None:
    """An application's users sign with IAM credentials too, and may not read every invoice."""
    assert isinstance(refusal_of(event), errors.CallerUnknown)


CLAIMS = [
    ("p-1", ["p-1"]),
    ("[p-1]", ["p-1"]),
    ("[p-1 p-2]", ["p-1", "p-2"]),
    ("p-1 p-2", ["p-1", "p-2"]),
    ("p-1,p-2", ["p-1", "p-2"]),
    ("[p-1, p-2]", ["p-1", "p-2"]),
    (["p-1"], ["p-1"]),
    (["p-1", "p-2", "p-1"], ["p-1", "p-2"]),
]
BAD_CLAIMS = [
    None,
    "",
    "[]",
    " ",
    [],
    {},
    {"p-1": 1},
    7,
    True,
    "*",
    "p-1 *",
    "../p-1",
    "p_1",
    "p-1\x00",
    "\uff50-1",
    "x" * 65,
    ["p-1", None],
    [None],
    ["p-1", 7],
    ["7", 7],
    [["p-1"]],
    [""],
]


def by_every_authorizer(claim: object) -> list[dict[str, Any]]:
    fields = {"partner_sid": claim, "sub": "user-1"}
    return [
        http(authorizer={"jwt": {"claims": fields, "scopes": None}}),
        http(authorizer={"lambda": fields}),
        rest_by(authorizer={"claims": fields}),
        rest_by(authorizer={"principalId": "user-1", "integrationLatency": 3, **fields}),
    ]


@pytest.mark.parametrize(("claim", "expected"), CLAIMS, ids=str)
def test_a_claim_names_the_partners_whose_invoices_may_be_read(
    claim: object, expected: list[str]
) -> None:
    for event in by_every_authorizer(claim):
        assert caller_of(event) == Caller(frozenset(expected))


@pytest.mark.parametrize("claim", BAD_CLAIMS, ids=repr)
def test_a_claim_that_names_nobody_is_never_a_default(claim: object) -> None:
    for event in by_every_authorizer(claim):
        error = refusal_of(event)
        assert isinstance(error, errors.CallerUnknown)
        assert status_of(error) == 403


@pytest.mark.parametrize(
    "event",
    [
        http(authorizer=None),
        http(authorizer={}),
        http(authorizer=[]),
        http(authorizer="iam"),
        http(authorizer={"iam": None}),
        http(authorizer={"iam": {}}),
        http(authorizer={"iam": "yes"}),
        http(authorizer={"jwt": {}}),
        http(authorizer={"jwt": {"claims": None}}),
        http(authorizer={"jwt": None, "lambda": None}),
        http(authorizer={"partner_sid": "p-1"}),
        rest_by(),
        rest_by(identity={"userArn": None, "accountId": None, "sourceIp": "203.0.113.1"}),
        rest_by(identity={"accountId": "123456789012", "apiKey": "x"}),
        rest_by(authorizer={"principalId": "user-1"}),
        rest_by(authorizer={"principalId": "user-1"}, identity=IDENTITY),
    ],
)
def test_a_caller_for_whom_nobody_vouches_is_unknown(event: dict[str, Any]) -> None:
    assert isinstance(refusal_of(event), errors.CallerUnknown)


def test_a_token_weighs_more_than_credentials() -> None:
    event = rest_by(authorizer={"claims": {"partner_sid": "p-1"}}, identity=IDENTITY)

    assert caller_of(event) == Caller(frozenset({"p-1"}))


def test_an_authorizer_that_calls_a_field_iam_makes_nobody_the_operator() -> None:
    authorizer = {"principalId": "user-1", "iam": "yes", "partner_sid": "p-1"}

    assert caller_of(rest_by(authorizer=authorizer)) == Caller(frozenset({"p-1"}))


def test_the_claim_has_the_name_that_the_operator_gave_it() -> None:
    event = http(authorizer={"jwt": {"claims": {"custom:partner": "p-1", "partner_sid": "p-2"}}})

    assert caller_of(event, claim="custom:partner") == Caller(frozenset({"p-1"}))


def test_only_the_authorizer_counts_wherever_else_a_partner_is_named() -> None:
    event = http(
        authorizer={"jwt": {"claims": {"partner_sid": "p-1"}}},
        body=json.dumps({"partner_sid": "p-2", "partner_sids": ["p-2"], "account": "p-2"}),
        headers={**JSON_TYPE, "partner_sid": "p-2", "x-partner-sid": "p-2"},
        queryStringParameters={"partner_sid": "p-2"},
        pathParameters={"invoice_sid": "other", "partner_sid": "p-2"},
    )

    assert caller_of(event) == Caller(frozenset({"p-1"}))
    assert parsed(event)[1].invoice_sid == SID


# ----------------------------------------------------------------------------- anything at all

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {
            "requestContext": st.fixed_dictionaries(
                {"http": JSON, "authorizer": st.just(IAM) | JSON, "identity": JSON}
            )
        },
        optional={
            "rawPath": st.just(f"/invoices/{SID}/pdf") | JSON,
            "path": JSON,
            "httpMethod": st.sampled_from(["GET", "POST"]) | JSON,
            "headers": st.just(JSON_TYPE) | JSON,
            "queryStringParameters": JSON,
            "body": JSON,
            "isBase64Encoded": JSON,
        },
    )
)
def test_an_arbitrary_call_is_a_request_or_refused(event: dict[str, Any]) -> None:
    with suppress(errors.RequestError):
        method, request = parsed(event)
        assert (method in {"GET", "POST"}, request.invoice_sid) == (True, SID)


@given(st.text(max_size=100) | JSON.map(json.dumps), st.booleans())
def test_an_arbitrary_body_is_options_or_refused(body: str, is_base64: bool) -> None:
    with suppress(errors.OptionRefused, errors.RequestMalformed, errors.RequestTooLarge):
        parsed(http(body=body, isBase64Encoded=is_base64))


# ----------------------------------------------------------------------------- answers


def a_delivery(*, is_new: bool = True) -> Delivery:
    return Delivery(
        an_invoice(),
        StoredDocument("invoices/p/i/d.pdf", "ab" * 32, 2, 4_711),
        Link(
            "https://bucket.example/x?X-Amz-Signature=1", datetime(2025, 1, 20, 6, 15, tzinfo=UTC)
        ),
        "v1@abc",
        (Notice("balance-differs", "a cent"),),
        is_new,
    )


def test_a_new_document_is_201_and_a_stored_one_200() -> None:
    assert answer("POST", a_delivery())["statusCode"] == 201
    assert answer("POST", a_delivery(is_new=False))["statusCode"] == 200


def test_the_answer_has_the_facts_and_the_link() -> None:
    assert json.loads(str(answer("POST", a_delivery())["body"])) == {
        "invoice_sid": SID,
        "display_id": "004",
        "document": "preliminary",
        "url": "https://bucket.example/x?X-Amz-Signature=1",
        "url_expires_at": "2025-01-20T06:15:00Z",
        "sha256": "ab" * 32,
        "pages": 2,
        "bytes": 4_711,
        "template": "v1@abc",
        "warnings": [{"code": "balance-differs", "detail": "a cent"}],
    }


@pytest.mark.parametrize("path", ["/health", "/prod/health"])
@pytest.mark.parametrize(("deep", "is_deep"), [("", False), ("0", False), ("1", True)])
def test_the_operator_may_ask_for_health(path: str, deep: str, *, is_deep: bool) -> None:
    query = {"deep": deep} if deep else None
    asked = parsed(http("GET", path, queryStringParameters=query))

    assert asked == ("GET", HealthRequest(OPERATOR, is_deep))


@pytest.mark.parametrize(
    ("event", "refusal"),
    [
        (http("POST", "/health"), errors.MethodNotAllowed),
        (http("GET", "/health", queryStringParameters={"deep": "yes"}), errors.OptionRefused),
        (http("GET", "/health/"), errors.RouteUnknown),
        (http("GET", "/a/b/health"), errors.RouteUnknown),
    ],
)
def test_other_questions_after_health_are_refused(
    event: dict[str, Any], refusal: type[InvoiceRendererError]
) -> None:
    assert isinstance(refusal_of(event), refusal)


def test_health_is_told_with_every_check_that_was_made() -> None:
    well = Check("fonts", 12, {"count": 17})
    ill = Check("secret", 3, code="secret-unreadable", detail="The CarrierX token secret is empty.")

    response = api_gateway.answer_health(Health((well, ill)))
    assert response["statusCode"] == 503
    assert json.loads(str(response["body"])) == {
        "status": "failing",
        "checks": [
            {"check": "fonts", "ok": True, "milliseconds": 12, "count": 17},
            {
                "check": "secret",
                "ok": False,
                "milliseconds": 3,
                "code": "secret-unreadable",
                "detail": "The CarrierX token secret is empty.",
            },
        ],
    }
    assert api_gateway.answer_health(Health((well,)))["statusCode"] == 200


@pytest.mark.parametrize("is_new", [True, False])
def test_get_is_a_redirect_to_the_link(*, is_new: bool) -> None:
    response = answer("GET", a_delivery(is_new=is_new))

    assert response["statusCode"] == 303
    assert response["headers"]["Location"] == "https://bucket.example/x?X-Amz-Signature=1"  # type: ignore[index]
    assert response["body"] == ""


STATUSES = {
    "RouteUnknown": 404,
    "InvoiceNotFound": 404,
    "MethodNotAllowed": 405,
    "MediaTypeUnsupported": 415,
    "RequestTooLarge": 413,
    "CallerUnknown": 403,
    "OperatorOnly": 403,
    "InvoiceTooLarge": 422,
    "InvoiceMalformed": 502,
    "BillingRefused": 502,
    "BillingRejected": 502,
    "BillingUntrusted": 502,
    "BillingThrottled": 503,
    "BillingUnavailable": 503,
    "SecretUnavailable": 503,
    "ProfileUnavailable": 503,
    "StorageUnavailable": 503,
    "OutOfTime": 504,
    "UnknownEvent": 400,
    "ForeignEvent": 400,
    "RequestMalformed": 400,
    "InvoiceSidInvalid": 400,
    "OptionRefused": 400,
    "IntakeObjectMissing": 400,
}


@pytest.mark.parametrize("error", EVERY_ERROR, ids=name_of)
def test_every_error_is_a_problem_document(error: InvoiceRendererError) -> None:
    response = answer_error(error, OPERATOR)
    problem = json.loads(str(response["body"]))

    assert response["statusCode"] == STATUSES.get(name_of(error), 500)
    assert response["headers"]["Content-Type"] == "application/problem+json"  # type: ignore[index]
    assert problem == {
        "type": "about:blank",
        "title": problem["title"],
        "status": response["statusCode"],
        "code": error.code,
        "detail": error.detail,
    }


@pytest.mark.parametrize("caller", [None, Caller(frozenset({"p-1"}))])
@pytest.mark.parametrize("error", EVERY_ERROR, ids=name_of)
def test_what_went_wrong_on_our_side_is_the_operators_to_know(
    error: InvoiceRendererError, caller: Caller | None
) -> None:
    problem = json.loads(str(answer_error(error, caller)["body"]))

    assert problem["code"] == error.code
    assert (problem["detail"] == error.detail) == (problem["status"] < 500)


@pytest.mark.parametrize(
    "response",
    [answer("GET", a_delivery()), answer("POST", a_delivery()), *map(answer_error, EVERY_ERROR)],
)
def test_no_answer_is_kept_or_told_on(response: dict[str, Any]) -> None:
    assert response["headers"]["Cache-Control"] == "no-store"
    assert response["headers"]["Referrer-Policy"] == "no-referrer"
    assert all(isinstance(value, str) for value in response["headers"].values())
    assert response["isBase64Encoded"] is False


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.BillingThrottled(2.2), "3"),
        (errors.BillingThrottled(), "5"),
        (errors.BillingThrottled(0.0), "5"),
        (errors.StorageUnavailable(), "5"),
        (errors.InvoiceNotFound(), None),
    ],
)
def test_who_may_try_again_is_told_when(error: InvoiceRendererError, expected: str | None) -> None:
    assert expected == answer_error(error)["headers"].get("Retry-After")  # type: ignore[attr-defined]
