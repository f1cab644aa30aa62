"""botocore's exceptions, sorted: refused for good, or silent for now."""

from __future__ import annotations

from botocore.exceptions import ClientError

from invoice_renderer.errors import StorageError, StorageRefused, StorageUnavailable

REFUSED_STATUSES = range(400, 500)
PASSING_CODES = frozenset(
    "RequestTimeout RequestTimeTooSkewed SlowDown Throttling ThrottlingException "
    "RequestLimitExceeded TooManyRequestsException ConditionalRequestConflict "
    "OperationAborted ExpiredToken ExpiredTokenException".split()
)


def code_of(error: ClientError) -> str:
    """AWS's own name of the fault, such as ``NoSuchBucket``."""
    return error.response.get("Error", {}).get("Code", "")


def status_of(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def is_final(error: ClientError) -> bool:
    """Whether the same call will be refused again: a 4xx that is no throttling and no conflict."""
    return status_of(error) in REFUSED_STATUSES and code_of(error) not in PASSING_CODES


def storage_error(error: ClientError, setting: str = "OUTPUT_BUCKET") -> StorageError:
    """What S3's answer means to us; ``setting`` names the bucket that a person must look at."""
    if is_final(error):
        return StorageRefused(setting, code_of(error) or "without a reason")
    return StorageUnavailable()
