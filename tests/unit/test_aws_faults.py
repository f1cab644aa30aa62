"""botocore's exceptions: refused for good, or silent for now."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from invoice_renderer.aws_faults import code_of, is_final, status_of, storage_error
from invoice_renderer.errors import StorageRefused, StorageUnavailable
from tests.fakes import aws_error


@pytest.mark.parametrize(
    ("status", "code", "final"),
    [
        (400, "InvalidArgument", True),
        (403, "AccessDenied", True),
        (404, "NoSuchBucket", True),
        (412, "PreconditionFailed", True),
        (400, "RequestTimeout", False),
        (400, "ThrottlingException", False),
        (400, "ExpiredToken", False),
        (403, "RequestTimeTooSkewed", False),
        (409, "ConditionalRequestConflict", False),
        (409, "OperationAborted", False),
        (429, "TooManyRequestsException", False),
        (500, "InternalError", False),
        (503, "SlowDown", False),
        (301, "PermanentRedirect", False),
        (0, "", False),
    ],
)
def test_a_refusal_is_final_unless_it_passes(status: int, code: str, *, final: bool) -> None:
    assert final == is_final(aws_error(status, code))


def test_an_answer_without_code_and_status_is_silence() -> None:
    error = ClientError({}, "Operation")

    assert (code_of(error), status_of(error), is_final(error)) == ("", 0, False)


def test_what_s3_refuses_names_the_setting_and_what_is_silence_may_heal() -> None:
    refused = storage_error(aws_error(404, "NoSuchBucket"), "INTAKE_BUCKET")

    assert isinstance(refused, StorageRefused)
    assert refused.detail == "S3 refused: NoSuchBucket; look at the setting INTAKE_BUCKET."
    assert "without a reason; look at the setting OUTPUT_BUCKET" in (
        storage_error(aws_error(403, "")).detail
    )
    assert isinstance(storage_error(aws_error(503, "SlowDown")), StorageUnavailable)
