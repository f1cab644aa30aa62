"""The check of a presigned link: who signed it, over what, and until when (AWS Signature V4)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.servers import Exchange

LONGEST = timedelta(days=7)
EARLIEST = timedelta(minutes=15)  # how far in the future a signature may lie
TIMESTAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A secret key; a role's comes with a session token and an end."""

    secret: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None


class LinkRefused(Exception):
    """S3 would not serve this link."""

    def __init__(self, code: str, message: str, *, status: int = 403) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def check_link(exchange: Exchange, *, keys: Mapping[str, SigningKey], now: datetime) -> None:
    """Signature, expiry and credentials of a query-signed request.

    A parameter that was not signed, such as an added ``response-content-type``, is part of what is
    signed here, and so breaks the signature.

    :raises LinkRefused: with S3's code and words.
    """
    path, _, query = exchange.path.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    link = dict(pairs)
    if "Signature" in link and "AWSAccessKeyId" in link:
        words = "The authorization mechanism you have provided is not supported."
        raise LinkRefused("InvalidRequest", f"{words} Please use AWS4-HMAC-SHA256.", status=400)
    if "X-Amz-Signature" not in link:
        raise LinkRefused("AccessDenied", "Access Denied")
    access_key, region = _scope(link)
    key = keys.get(access_key)
    if key is None:
        raise LinkRefused("InvalidAccessKeyId", "The AWS Access Key Id does not exist.")
    _check_time(link, now)
    signed = _signature(exchange, path, pairs, key, region)
    if not hmac.compare_digest(signed, link["X-Amz-Signature"]):
        words = "The request signature we calculated does not match the signature you provided."
        raise LinkRefused("SignatureDoesNotMatch", words)
    _check_session(link, key, now)


def _scope(link: Mapping[str, str]) -> tuple[str, str]:
    """Access key and region of ``key/date/region/s3/aws4_request``."""
    scope = link.get("X-Amz-Credential", "").split("/")
    date = link.get("X-Amz-Date", "")[:8]
    if len(scope) != 5 or scope[1] != date or scope[3:] != ["s3", "aws4_request"]:
        raise _bad_parameters("the credential scope")
    if link.get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256":
        raise _bad_parameters("X-Amz-Algorithm")
    return scope[0], scope[2]


def _check_time(link: Mapping[str, str], now: datetime) -> None:
    try:
        begin = datetime.strptime(link["X-Amz-Date"], TIMESTAMP).replace(tzinfo=UTC)
        life = timedelta(seconds=int(link["X-Amz-Expires"]))
    except (KeyError, ValueError):
        raise _bad_parameters("X-Amz-Date or X-Amz-Expires") from None
    if not timedelta(seconds=1) <= life <= LONGEST:
        raise _bad_parameters("X-Amz-Expires, which is from 1 to 604800")
    if now < begin - EARLIEST:
        raise LinkRefused("AccessDenied", "Request is not valid yet")
    if now >= begin + life:
        raise LinkRefused("AccessDenied", "Request has expired")


def _signature(
    exchange: Exchange, path: str, pairs: list[tuple[str, str]], key: SigningKey, region: str
) -> str:
    """The signature that the link should have, by botocore's own steps."""
    link = dict(pairs)
    names = link.get("X-Amz-SignedHeaders", "").split(";")
    if "host" not in names:
        raise _bad_parameters("X-Amz-SignedHeaders, which must name host")
    request = AWSRequest(
        method=exchange.command,
        url=f"http://{exchange.headers.get('Host', '')}{path}",
        headers={name: exchange.headers.get(name, "") for name in names},
        # botocore takes pairs too, and a parameter given twice must stay given twice
        params=[pair for pair in pairs if pair[0] != "X-Amz-Signature"],  # type: ignore[arg-type]
    )
    request.context["timestamp"] = link["X-Amz-Date"]
    signer = S3SigV4QueryAuth(Credentials("", key.secret), "s3", region)
    to_sign = signer.string_to_sign(request, signer.canonical_request(request))
    return str(signer.signature(to_sign, request))


def _check_session(link: Mapping[str, str], key: SigningKey, now: datetime) -> None:
    """A link dies with the session of the role that signed it, whatever its own expiry says."""
    if link.get("X-Amz-Security-Token") != key.session_token:
        raise LinkRefused("InvalidToken", "The provided token is malformed.", status=400)
    if key.expires_at is not None and now >= key.expires_at:
        raise LinkRefused("ExpiredToken", "The provided token has expired.", status=400)


def _bad_parameters(which: str) -> LinkRefused:
    words = f"Error parsing {which}."
    return LinkRefused("AuthorizationQueryParametersError", words, status=400)
