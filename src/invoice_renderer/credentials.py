"""The bearer token for CarrierX, from Secrets Manager: cached, and refreshed when refused.

The token never appears in a log, a ``repr``, an error, a setting or the environment. A rotated
token costs no invoice: the first 401 makes the holder of the old token ask for the new one.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from invoice_renderer.aws_faults import code_of, is_final
from invoice_renderer.errors import SecretUnavailable, SecretUnreadable
from invoice_renderer.strict_json import JsonRefused, parse_json

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

FRESH_SECONDS = 300  # a secret this young is used without asking
STALE_SECONDS = 900  # and one this old still is, where Secrets Manager does not answer
PAUSE_SECONDS = 30  # between two questions to a silent Secrets Manager: each costs its time-outs
# Between two questions about a refused token that is still the newest one. A rotation may end the
# old token before it stores the new one, so that soon asking again finds it; a lasting 401 costs
# twelve questions a minute from each container.
REFUSED_PAUSE_SECONDS = 5

_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")  # visible ASCII: a header value without surprises

logger = logging.getLogger(__name__)
logging.getLogger("botocore.parsers").setLevel(logging.INFO)  # at DEBUG it prints the secret


class Token:
    """A secret that does not print itself."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def reveal(self) -> str:
        return self._secret

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and other._secret == self._secret

    def __hash__(self) -> int:
        return hash(self._secret)

    def __repr__(self) -> str:
        return "Token(…)"


class TokenSource(Protocol):
    """Where a client gets its token, and says that one was refused."""

    def current(self) -> Token: ...

    def refreshed(self, refused: Token) -> Token: ...


class SecretToken:
    """The token in a secret: the whole string, or one ``field`` of a JSON object."""

    def __init__(
        self,
        secrets: SecretsManagerClient,
        *,
        secret_id: str,
        field: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._secrets = secrets
        self._secret_id = secret_id
        self._field = field
        self._clock = clock
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Drop what is known, as after a restore from a snapshot."""
        with self._lock:
            self._token: Token | None = None
            self._fetched_at = self._ask_again_at = float("-inf")
            self._refused: Token | None = None
            self._refused_at = float("-inf")

    def current(self) -> Token:
        """The token; from the cache for five minutes, or for fifteen while AWS is silent.

        :raises SecretUnreadable: missing, denied, empty or malformed: a person must mend it.
        :raises SecretUnavailable: Secrets Manager does not answer, and nothing is cached.
        """
        with self._lock:
            if self._token is not None and self._clock() < self._ask_again_at:
                return self._token
            try:
                return self._fetch()
            except SecretUnavailable:
                if self._token is None or self._clock() >= self._fetched_at + STALE_SECONDS:
                    raise
                return self._stale(self._token)

    def refreshed(self, refused: Token) -> Token:
        """A newer token than ``refused`` where there is one, and the same one where not.

        The same one is believed for five seconds, and then the secret is read again.
        """
        with self._lock:
            if self._token is not None and self._token != refused:
                return self._token  # another thread was first
            pause_ends_at = self._refused_at + REFUSED_PAUSE_SECONDS
            if refused == self._refused and self._clock() < pause_ends_at:
                return refused
            token = self._fetch()
            if token == refused:
                self._refused, self._refused_at = refused, self._clock()
            return token

    def _stale(self, token: Token) -> Token:
        logger.warning("secret_stale: Secrets Manager is silent; using the cached token")
        pause_ends_at = self._clock() + PAUSE_SECONDS
        self._ask_again_at = min(pause_ends_at, self._fetched_at + STALE_SECONDS)
        return token

    def _fetch(self) -> Token:
        token = parse_token(self._read_secret(), field=self._field)
        self._token, self._fetched_at = token, self._clock()
        self._ask_again_at = self._fetched_at + FRESH_SECONDS
        return token

    def _read_secret(self) -> str:
        try:
            answer: Mapping[str, object] = self._secrets.get_secret_value(SecretId=self._secret_id)
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                raise SecretUnreadable("does not exist or has no value yet; put it in") from None
            if is_final(error):
                raise SecretUnreadable(f"cannot be read ({code_of(error)})") from None
            raise SecretUnavailable from None
        except NoCredentialsError:
            raise SecretUnreadable("cannot be read: there are no AWS credentials") from None
        except BotoCoreError:
            raise SecretUnavailable from None
        if "SecretBinary" in answer:
            raise SecretUnreadable("is binary; store the token as text")
        text = answer.get("SecretString")
        if not isinstance(text, str):
            raise SecretUnavailable  # whoever answered was not Secrets Manager
        return text


def parse_token(secret: str, *, field: str = "") -> Token:
    """Take the token out of a secret's text; one trailing line end is an editor's, and dropped.

    A line break anywhere else would be a header injection, and is refused.
    """
    text = _field_of(secret, field) if field else secret
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise SecretUnreadable("is empty")
    if text.startswith("{"):
        raise SecretUnreadable("is JSON; set CARRIERX_TOKEN_FIELD to the field with the token")
    if not _TOKEN.fullmatch(text):
        raise SecretUnreadable("is not a bearer token: it has spaces, line breaks or non-ASCII")
    return Token(text)


def _field_of(secret: str, field: str) -> str:
    try:
        fields = parse_json(secret)
    except JsonRefused:
        raise SecretUnreadable("is not JSON, though CARRIERX_TOKEN_FIELD names a field") from None
    value = fields.get(field) if isinstance(fields, dict) else None
    if not isinstance(value, str):
        raise SecretUnreadable(f"has no text in its field {field}")
    return value
