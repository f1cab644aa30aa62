"""Objects of the intake bucket: every row is judged alone, and the file as a whole only once."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ConnectTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from invoice_renderer.errors import (
    IntakeObjectMissing,
    InvoiceRendererError,
    InvoiceSidInvalid,
    RequestMalformed,
    RequestTooLarge,
    StorageRefused,
    StorageUnavailable,
)
from invoice_renderer.intake import INTAKE_BYTES, MAX_ROWS, Intake, RefusedRow, parse_rows
from invoice_renderer.request import OPERATOR, IntakeObject, RenderOptions, RenderRequest
from tests.fakes import FailingAws, aws_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = "requests/october.json"


def rows_of(body: str | bytes, key: str = KEY) -> list[RenderRequest | RefusedRow]:
    return list(parse_rows(body.encode() if isinstance(body, str) else body, key=key))


def sids_of(rows: list[RenderRequest | RefusedRow]) -> list[str]:
    return [row.invoice_sid for row in rows if isinstance(row, RenderRequest)]


def refused_of(rows: list[RenderRequest | RefusedRow]) -> list[tuple[str, str, str]]:
    return [(row.where, row.error.code, row.sid) for row in rows if isinstance(row, RefusedRow)]


# ----------------------------------------------------------------------------- what a file may be


@pytest.mark.parametrize(
    "body",
    [
        '{"invoice_sid": "i-1", "paper": "a4"}',
        '[{"invoice_sid": "i-1", "paper": "a4"}]',
        '\n[\n  {"invoice_sid": "i-1",\n   "paper": "a4"}\n]\n',
        "invoice_sid,paper\ni-1,a4\n",
        "invoice_sid,paper\r\ni-1,a4\r\n",
        'paper,invoice_sid\n"a4","i-1"',
        "\ufeffinvoice_sid,paper,note\ni-1,a4,hello\n",
        '\ufeff{"invoice_sid": "i-1", "paper": "a4", "note": "hello"}',
    ],
)
def test_one_request_may_be_written_as_json_or_csv(body: str) -> None:
    assert [RenderRequest("i-1", OPERATOR, RenderOptions(paper="a4"))] == rows_of(body)


@pytest.mark.parametrize(
    "body",
    [
        '[{"invoice_sid": "i-1"}, {"invoice_sid": "i-2"}]',
        '{"invoice_sid": "i-1"}\n{"invoice_sid": "i-2"}',
        '{"invoice_sid": "i-1"}\r\n\r\n{"invoice_sid": "i-2"}\r\n',
        "invoice_sid\ni-1\n\ni-2\n",
    ],
)
def test_many_requests_keep_their_order(body: str) -> None:
    assert sids_of(rows_of(body)) == ["i-1", "i-2"]


def test_a_line_separator_within_a_json_line_does_not_end_it() -> None:
    body = '{"invoice_sid": "i-1", "note": "a\u2028b\x85c"}\n{"invoice_sid": "i-2"}'

    assert sids_of(rows_of(body)) == ["i-1", "i-2"]


@pytest.mark.parametrize("body", ["", "  \n ", "\ufeff"])
def test_an_empty_object_names_the_invoice_by_its_key(body: str) -> None:
    assert [RenderRequest("i-1", OPERATOR)] == rows_of(body, key="requests/i-1")


@pytest.mark.parametrize(
    "key", ["requests/", "requests/a b", "requests/2025/i-1", "requests/i-1.json"]
)
def test_an_empty_object_whose_key_is_no_sid_is_refused(key: str) -> None:
    with pytest.raises(InvoiceSidInvalid):
        rows_of("", key=key)


def test_an_empty_cell_is_an_option_that_was_not_asked_for() -> None:
    body = "invoice_sid,locale,paper,link_seconds\ni-1,,a4,120\ni-2\n"

    assert rows_of(body) == [
        RenderRequest("i-1", OPERATOR, RenderOptions(paper="a4", link_seconds=120)),
        RenderRequest("i-2", OPERATOR),
    ]


@pytest.mark.parametrize("body", ["[]", "invoice_sid\n"])
def test_a_list_of_nothing_asks_for_nothing(body: str) -> None:
    assert rows_of(body) == []


# ----------------------------------------------------------------------------- bad rows


def test_a_bad_row_does_not_spoil_the_good_ones() -> None:
    rows = rows_of(
        json.dumps([{"invoice_sid": "i-1"}, 7, {"invoice_sid": "../x"}, {}, {"invoice_sid": "i-2"}])
    )

    assert sids_of(rows) == ["i-1", "i-2"]
    assert refused_of(rows) == [
        ("row 2", "request-malformed", ""),
        ("row 3", "invoice-sid-invalid", ""),
        ("row 4", "invoice-sid-invalid", ""),
    ]


def test_a_bad_line_does_not_spoil_the_good_ones() -> None:
    rows = rows_of('{"invoice_sid": "i-1"}\n{"invoice_sid": \n[]\n{"invoice_sid": "i-2"}')

    assert sids_of(rows) == ["i-1", "i-2"]
    assert [where for where, _, _ in refused_of(rows)] == ["line 2", "line 3"]


def test_a_bad_line_of_a_table_does_not_spoil_the_good_ones() -> None:
    rows = rows_of("invoice_sid,paper\ni-1,\ni-2,a3\n a b,\ni-3,a4,too,many\n")

    assert sids_of(rows) == ["i-1", "i-3"]
    assert refused_of(rows) == [
        ("line 3", "option-refused", "i-2"),
        ("line 4", "invoice-sid-invalid", ""),
    ]


def test_a_refused_row_keeps_what_it_asked_for() -> None:
    """Else its dead letter, sent again, would ask for something else."""
    (row,) = rows_of('{"invoice_sid": "i-1", "paper": "a3", "link_seconds": 5, "note": "hello"}')

    assert isinstance(row, RefusedRow)
    assert row.asked == {"invoice_sid": "i-1", "paper": "a3", "link_seconds": "5"}


def test_of_a_refused_row_little_is_kept() -> None:
    (row,) = rows_of(json.dumps({"invoice_sid": "x" * 9_999, "paper": ["a4"]}))

    assert isinstance(row, RefusedRow)
    assert row.asked == {"invoice_sid": "x" * 65, "paper": "?"}
    assert row.sid == ""


@pytest.mark.parametrize(
    "body",
    [
        " invoice_sid , paper\n i-1 , a4 \n",
        'invoice_sid, paper\ni-1, "a4"\n',
        "invoice_sid,\tpaper\ni-1,\ta4\n",
        "\n \r\ninvoice_sid,paper\n,\n  \ni-1,a4\n,,\n   \n",
    ],
)
def test_spaces_and_empty_lines_of_a_table_mean_nothing(body: str) -> None:
    assert [RenderRequest("i-1", OPERATOR, RenderOptions(paper="a4"))] == rows_of(body)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("\n\n\ninvoice_sid\ni-1\na/b\n", "line 6"),
        ("\r\n\r\ninvoice_sid\r\ni-1\r\na/b\r\n", "line 5"),
        ('\n  \n{"invoice_sid": "i-1"}\n\n{"invoice_sid": "a/b"}\n', "line 5"),
        ('\ufeff\n{"invoice_sid": "i-1"}\n{"invoice_sid": "a/b"}', "line 3"),
    ],
)
def test_a_line_is_numbered_as_an_editor_does(body: str, line: str) -> None:
    assert [where for where, _, _ in refused_of(rows_of(body))] == [line]


@pytest.mark.parametrize(
    "body",
    [
        '{"invoice_sid": "i-1", "papier": "a4"}',
        "invoice_sid,papier\ni-1,a4\n",
        "invoice_sid, papier ,paper\ni-1,a4,\n",
    ],
)
def test_an_option_that_we_do_not_know_is_named(body: str) -> None:
    (row,) = rows_of(body)

    assert isinstance(row, RenderRequest)
    assert row.unknown_options == ("papier",)


# ----------------------------------------------------------------------------- bad files


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"\xff\xfe{\x00}\x00", "is not UTF-8"),
        (b"invoice_sid\n\xe9", "is not UTF-8"),
        (b'{"invoice_sid": ', "is not JSON"),
        (b'{"invoice_sid": "i-1", "invoice_sid": "i-2"}', "the same key twice"),
        (b'[\n{"invoice_sid": "i-1"},\n{"invoice_sid": "i-2"}\n', "is not JSON"),
        (b'{\n"invoice_sid": "i-1",\n}', "is not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"hello", "no column invoice_sid"),
        (b'"i-1"', "no column invoice_sid"),
        (b"sid,paper\ni-1,a4", "no column invoice_sid"),
        (b'invoice_sid\n"i-1', "neither JSON nor NDJSON nor CSV"),
        (b"invoice_sid\n" + b"x" * 200_000, "neither JSON nor NDJSON nor CSV"),
        (b"%PDF-1.7", "no column invoice_sid"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_file_that_is_broken_as_a_whole_is_refused_once(body: bytes, problem: str) -> None:
    with pytest.raises(RequestMalformed, match=problem):
        rows_of(body)


@pytest.mark.parametrize("row", ['{"invoice_sid":"i"}\n', "i-1\n"])
def test_a_list_too_long_is_refused(row: str) -> None:
    head = "" if row[0] == "{" else "invoice_sid\n"

    assert len(rows_of(head + row * MAX_ROWS)) == MAX_ROWS
    with pytest.raises(RequestMalformed, match="over 10000 invoices; split it"):
        rows_of(head + row * (MAX_ROWS + 1))


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
def test_arbitrary_bytes_are_rows_or_refused(body: bytes) -> None:
    with suppress(InvoiceRendererError):
        rows_of(body)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["invoice_sid", "paper", "locale", "link_seconds", "time_zone"]),
            st.none() | st.integers() | st.text(max_size=9) | st.lists(st.integers(), max_size=2),
        ),
        max_size=5,
    ),
    st.sampled_from(["array", "lines"]),
)
def test_every_row_is_a_request_or_refused(rows: list[dict[str, object]], form: str) -> None:
    body = json.dumps(rows) if form == "array" else "\n".join(map(json.dumps, rows))

    if body:
        assert len(rows) == len(rows_of(body))


# ----------------------------------------------------------------------------- the bucket


def test_an_object_is_read(s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key=KEY, Body=b'{"invoice_sid": "i-1"}')

    assert sids_of(Intake(s3, bucket=bucket).read_requests(IntakeObject(KEY))) == ["i-1"]


def test_the_version_that_the_event_names_is_read(s3: S3Client, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key=KEY, Body=b'{"invoice_sid": "i-1"}')["VersionId"]
    s3.put_object(Bucket=bucket, Key=KEY, Body=b'{"invoice_sid": "i-2"}')
    intake = Intake(s3, bucket=bucket)

    assert sids_of(intake.read_requests(IntakeObject(KEY, first))) == ["i-1"]
    assert sids_of(intake.read_requests(IntakeObject(KEY))) == ["i-2"]


def test_an_object_that_went_away_is_missing(s3: S3Client, bucket: str) -> None:
    with pytest.raises(IntakeObjectMissing):
        Intake(s3, bucket=bucket).read_requests(IntakeObject(KEY))


def test_a_bucket_that_is_missing_is_named_by_its_setting(s3: S3Client) -> None:
    with pytest.raises(StorageRefused, match="NoSuchBucket; look at the setting INTAKE_BUCKET"):
        Intake(s3, bucket="no-such-bucket-anywhere").read_requests(IntakeObject(KEY))


def test_an_object_over_the_limit_is_refused_before_it_is_read(s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key=KEY, Body=b" " * (INTAKE_BYTES + 1))

    with pytest.raises(RequestTooLarge):
        Intake(s3, bucket=bucket).read_requests(IntakeObject(KEY))


def test_the_size_is_told_before_the_body_is_touched() -> None:
    class SixGigabytes:
        def get_object(self, **_arguments: object) -> dict[str, object]:
            return {"ContentLength": 6 * 2**30}

    s3: Any = SixGigabytes()
    with pytest.raises(RequestTooLarge):
        Intake(s3, bucket="intake").read_requests(IntakeObject(KEY))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (aws_error(403, "AccessDenied"), StorageRefused),
        (aws_error(400, "InvalidArgument"), StorageRefused),
        (aws_error(404, "NoSuchVersion"), IntakeObjectMissing),
        (aws_error(503, "SlowDown"), StorageUnavailable),
        (aws_error(500, "InternalError"), StorageUnavailable),
        (ConnectTimeoutError(endpoint_url="https://intake.example"), StorageUnavailable),
    ],
    ids=str,
)
def test_s3_in_trouble_is_told_apart(error: Exception, expected: type[Exception]) -> None:
    s3: Any = FailingAws(error)

    with pytest.raises(expected):
        Intake(s3, bucket="intake").read_requests(IntakeObject(KEY))
