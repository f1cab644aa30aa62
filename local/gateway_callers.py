"""Whom the authorizer found, in the words of each kind of API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from local.stack import ACCOUNT

Fields = dict[str, Any]
Refusal = tuple[int, str]


class Caller(Protocol):
    """What the event says of the caller; ``refusal`` is the gateway's own answer, if any."""

    @property
    def refusal(self) -> Refusal | None: ...

    def http_api_fields(self) -> Fields:
        """``requestContext.authorizer`` of payload 2.0."""

    def rest_api_fields(self) -> Fields:
        """``authorizer`` and ``identity`` of a REST proxy event's ``requestContext``."""


@dataclass(frozen=True, slots=True)
class IamCaller:
    """A principal of the account, as IAM authorization finds it."""

    role: str = "partner-backend"
    account: str = ACCOUNT
    refusal: Refusal | None = None

    @property
    def arn(self) -> str:
        return f"arn:aws:sts::{self.account}:assumed-role/{self.role}/session"

    def http_api_fields(self) -> Fields:
        iam = {
            "accessKey": "AKIAIOSFODNN7EXAMPLE",
            "accountId": self.account,
            "callerId": "AROAEXAMPLEEXAMPLE000:session",
            "cognitoIdentity": None,
            "principalOrgId": "aws:PrincipalOrgID",
            "userArn": self.arn,
            "userId": "AROAEXAMPLEEXAMPLE000:session",
        }
        return {"authorizer": {"iam": iam}}

    def rest_api_fields(self) -> Fields:
        return {
            "identity": {
                "accessKey": "AKIAIOSFODNN7EXAMPLE",
                "accountId": self.account,
                "caller": "AROAEXAMPLEEXAMPLE000:session",
                "user": "AROAEXAMPLEEXAMPLE000:session",
                "userArn": self.arn,
            }
        }


@dataclass(frozen=True, slots=True)
class JwtCaller:
    """The bearer of a token that a JWT authorizer (or, for REST, Cognito) has checked."""

    claims: Mapping[str, object]
    scopes: tuple[str, ...] = ()
    refusal: Refusal | None = None

    def http_api_fields(self) -> Fields:
        claims = {name: _http_api_claim(value) for name, value in self.claims.items()}
        return {"authorizer": {"jwt": {"claims": claims, "scopes": list(self.scopes) or None}}}

    def rest_api_fields(self) -> Fields:
        claims = {name: _rest_api_claim(value) for name, value in self.claims.items()}
        return {"authorizer": {"claims": claims}}


@dataclass(frozen=True, slots=True)
class LambdaAuthorizerCaller:
    """What a Lambda authorizer put into its context."""

    fields: Mapping[str, object]
    refusal: Refusal | None = None

    def http_api_fields(self) -> Fields:
        return {"authorizer": {"lambda": dict(self.fields)}}

    def rest_api_fields(self) -> Fields:
        return {"authorizer": {"principalId": "caller", **self.fields}}


@dataclass(frozen=True, slots=True)
class OpenDoor:
    """No authorizer on the route: a mistake in a template, which the handler must survive."""

    refusal: Refusal | None = None

    def http_api_fields(self) -> Fields:
        return {}

    def rest_api_fields(self) -> Fields:
        return {}


@dataclass(frozen=True, slots=True)
class Stranger:
    """Nobody the authorizer knows: the gateway refuses, and the handler is not called."""

    refusal: Refusal | None = field(default=(403, "Forbidden"))

    def http_api_fields(self) -> Fields:
        return {}

    def rest_api_fields(self) -> Fields:
        return {}


def _http_api_claim(value: object) -> str:
    """HTTP APIs turn every claim into a string, and a list into ``"[a b]"``."""
    if isinstance(value, list | tuple):
        return f"[{' '.join(map(str, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _rest_api_claim(value: object) -> str:
    """Cognito authorizers join a list by commas."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
