"""Settings of one deployment, read from the environment once, at start.

``template.yaml`` sets every variable; names and defaults are documented on the fields. Nothing
secret is ever a setting: the token is in Secrets Manager, and only its name is here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from invoice_renderer.errors import SettingsError
from invoice_renderer.validation import first_problem

LINK_SECONDS_CEILING = 7 * 24 * 3600  # SigV4 query signatures live seven days at most

_BASE_URL = re.compile(
    r"(?:https://[A-Za-z0-9.-]+(?::[0-9]+)?|http://(?:127\.0\.0\.1|localhost):[0-9]+)"
    r"(?:/[A-Za-z0-9._~-]+)*/?"
)


def _base_url(value: str) -> str:
    if not _BASE_URL.fullmatch(value):
        raise ValueError("must be an https:// address without user, query or fragment")
    return value.rstrip("/")


class Settings(BaseModel):
    """Every field is the environment variable of the same name in capitals."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    carrierx_base_url: Annotated[str, AfterValidator(_base_url)] = (
        "https://api.carrierx.com/core/v2"
    )
    carrierx_token_secret: Annotated[str, Field(min_length=1)]
    """Name or ARN of the Secrets Manager secret with the bearer token."""
    carrierx_token_field: str = ""
    """Field of a JSON secret; empty where the secret is the plain token."""
    carrierx_fields_parameter: str = ""
    """Query parameter for field filtering, such as ``include_fields``; empty: ask for all."""
    carrierx_page_size: Annotated[int, Field(ge=1, le=1000)] = 50
    """Invoices per page of the list, for the scheduled sweep."""

    output_bucket: Annotated[str, Field(min_length=3)]
    output_kms_key: str = ""
    """KMS key for stored PDFs; empty: the bucket's own default encryption."""
    intake_bucket: str = ""
    """The only bucket whose ``requests/`` objects are read; empty: none."""
    queue_url: str = ""
    dead_letter_queue_url: str = ""
    max_receives: Annotated[int, Field(ge=1, le=1000)] = 5
    """Deliveries of one message after which it is parked."""

    seller_profile: str = "example.toml"
    """``s3://bucket/key``, a path, or the name of a profile that ships in ``profiles/``."""
    partner_claim: str = "partner_sid"
    """Claim of the JWT (or field of a Lambda authorizer) that names the caller's partners."""
    link_seconds: Annotated[int, Field(ge=60, le=LINK_SECONDS_CEILING)] = 900
    """Life of a presigned link, and the longest that a caller can ask for."""
    max_lines: Annotated[int, Field(ge=1)] = 5_000
    """Item, tax and payment lines of one invoice."""
    max_plain_rows: Annotated[int, Field(ge=1)] = 1_200
    """Rows and blocks of a page that cannot be stamped and is laid out whole: 7 to 10 ms each."""
    first_sweep_days: Annotated[int, Field(ge=0, le=366)] = 31
    """How far back the very first scheduled sweep looks."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read the variables; :class:`SettingsError` names the first that is missing or bad."""
        given = {
            name: environ[name.upper()] for name in cls.model_fields if environ.get(name.upper())
        }
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            name, problem = first_problem(error, root="environment")
            raise SettingsError(name.upper(), problem) from None
