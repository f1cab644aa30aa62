"""Whoever calls the HTTP API: requests over TLS, signed as IAM callers sign them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from e2e.local_aws import REGION, ROOT_KEY, LocalAws

PATIENCE_SECONDS = 120.0


class Caller:
    """``Caller(aws, api_url).post("/invoices/.../pdf")``."""

    def __init__(
        self, aws: LocalAws, api_url: str, credentials: Mapping[str, str] = ROOT_KEY
    ) -> None:
        self._aws = aws
        self._host = urlsplit(api_url).netloc
        self._key = Credentials(
            credentials["AWS_ACCESS_KEY_ID"],
            credentials["AWS_SECRET_ACCESS_KEY"],
            credentials.get("AWS_SESSION_TOKEN"),
        )

    def post(self, path: str, options: Mapping[str, Any] | None = None) -> requests.Response:
        return self._send("POST", path, json.dumps(options).encode() if options else b"")

    def get(self, path: str) -> requests.Response:
        """Without following a redirect."""
        return self._send("GET", path, b"")

    def fetch(self, url: str) -> requests.Response:
        """A link, as a customer's browser opens it: without any key."""
        return self._plainly("GET", url, {}, b"")

    def unsigned(self, path: str) -> requests.Response:
        return self._plainly("POST", f"{self._aws.url}{path}", {"Host": self._host}, b"")

    def _send(self, method: str, path: str, body: bytes) -> requests.Response:
        # The name of the API is not in any DNS here: it is signed, and sent in the Host header.
        headers = {"Content-Type": "application/json"} if body else {}
        signed = AWSRequest(method, f"https://{self._host}{path}", data=body, headers=headers)
        SigV4Auth(self._key, "execute-api", REGION).add_auth(signed)
        together = {**dict(signed.headers.items()), "Host": self._host}
        return self._plainly(method, f"{self._aws.url}{path}", together, body)

    def _plainly(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> requests.Response:
        with requests.Session() as http:
            http.trust_env = False
            return http.request(
                method,
                url,
                headers=dict(headers),
                data=body,
                verify=self._aws.ca,
                timeout=PATIENCE_SECONDS,
                allow_redirects=False,
            )
