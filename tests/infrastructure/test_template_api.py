"""Nobody reaches an invoice over HTTP without an identity, in either mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cloudformation import Deployment

JWT = {"JwtIssuer": "https://issuer.example/", "JwtAudience": "invoices,archive"}
DeployedWith = Callable[..., Deployment]


@pytest.fixture(params=[{}, JWT], ids=["IAM", "JWT"])
def either(request: pytest.FixtureRequest, deployed_with: DeployedWith) -> Deployment:
    return deployed_with(**request.param)


def test_these_are_all_the_routes(either: Deployment) -> None:
    routes = either.of_type("AWS::ApiGatewayV2::Route").values()

    assert sorted(route["RouteKey"] for route in routes) == [
        "GET /health",
        "GET /invoices/{invoice_sid}/pdf",
        "POST /invoices/{invoice_sid}/pdf",
    ]


def test_no_route_is_open(either: Deployment) -> None:
    for route in either.of_type("AWS::ApiGatewayV2::Route").values():
        assert route.get("AuthorizationType") in {"AWS_IAM", "JWT"}, route


def test_callers_sign_with_iam_by_default(deployed: Deployment) -> None:
    for route in deployed.of_type("AWS::ApiGatewayV2::Route").values():
        assert route["AuthorizationType"] == "AWS_IAM"
        assert "AuthorizerId" not in route
    assert deployed.of_type("AWS::ApiGatewayV2::Authorizer") == {}


def test_callers_bring_a_token_where_an_issuer_is_given(deployed_with: DeployedWith) -> None:
    deployed = deployed_with(**JWT)

    for name in ("RenderRoute", "LinkRoute"):
        route = deployed.properties(name)
        assert route["AuthorizationType"] == "JWT"
        assert route["AuthorizerId"] == "${JwtAuthorizer}"
    authorizer = deployed.properties("JwtAuthorizer")
    assert authorizer["AuthorizerType"] == "JWT"
    assert authorizer["JwtConfiguration"] == {
        "Issuer": "https://issuer.example/",
        "Audience": ["invoices", "archive"],
    }


def test_health_is_the_operators_in_either_mode(either: Deployment) -> None:
    """A web token of a partner names no operator: the deep check is never its holder's."""
    route, permission = either.properties("HealthRoute"), either.properties("ApiMayAskForHealth")

    assert route["AuthorizationType"] == "AWS_IAM"
    assert "AuthorizerId" not in route
    assert permission["FunctionName"] == "${ApiFunctionAliaslive}"
    assert permission["SourceArn"].endswith(":${HttpApi}/*/GET/health")
    assert permission["SourceAccount"] == "111122223333"


def test_an_issuer_without_an_audience_is_refused(template: dict[str, Any]) -> None:
    """Tokens that the issuer made for any other service would be taken otherwise."""
    rule = template["Rules"]["AudienceGoesWithIssuer"]

    assert rule["RuleCondition"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "JwtIssuer"}, ""]}]}
    (assertion,) = rule["Assertions"]
    assert assertion["Assert"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "JwtAudience"}, ""]}]}


def test_there_is_one_http_api_and_no_other_door(either: Deployment) -> None:
    assert len(either.of_type("AWS::ApiGatewayV2::Api")) == 1
    kinds = {resource["Type"] for resource in either.resources.values()}
    assert not kinds & {"AWS::Lambda::Url", "AWS::ApiGateway::RestApi"}


def test_browsers_of_other_sites_are_not_let_in(deployed: Deployment) -> None:
    assert "CorsConfiguration" not in deployed.properties("HttpApi")


def test_requests_are_throttled_and_logged(deployed: Deployment) -> None:
    stage = deployed.properties("ApiStage")

    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == "10"
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] == "20"
    assert stage["AccessLogSettings"]["DestinationArn"].endswith(":log-group:${AccessLogGroup}")


def test_the_access_log_holds_nothing_personal_and_no_link(deployed: Deployment) -> None:
    told = deployed.properties("ApiStage")["AccessLogSettings"]["Format"]

    for word in ("identity", "sourceIp", "userAgent", "path", "claims", "query", "header"):
        assert word not in told
    assert "$context.requestId" in told


def test_the_api_calls_the_published_version(deployed: Deployment) -> None:
    integration = deployed.properties("ApiIntegration")
    permission = deployed.properties("ApiMayCallFunction")

    assert integration["IntegrationUri"] == "${ApiFunctionAliaslive}"
    assert integration["PayloadFormatVersion"] == "2.0"
    assert permission["FunctionName"] == "${ApiFunctionAliaslive}"
    assert permission["SourceArn"].endswith(":${HttpApi}/*/*/invoices/*/pdf")
    assert permission["SourceAccount"] == "111122223333"


def test_the_function_answers_before_the_gateway_gives_up(deployed: Deployment) -> None:
    function_ms = deployed.properties("ApiFunction")["Timeout"] * 1000

    assert function_ms < deployed.properties("ApiIntegration")["TimeoutInMillis"] <= 30_000
