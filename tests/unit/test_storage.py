"""The output bucket: one key for one content, written once, and links that end."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from botocore.exceptions import ConnectTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from invoice_renderer.errors import StorageRefused, StorageUnavailable, StoredDocumentDiffers
from invoice_renderer.invoice import Notice
from invoice_renderer.storage import (
    InvoiceStore,
    Link,
    StoredDocument,
    ascii_token,
    content_disposition,
    document_key,
)
from tests.fakes import NOW, CredentialsWithAnEnd, FailingAws, aws_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PDF = b"%PDF-1.7 of invoice 004"
SHA256 = hashlib.sha256(PDF).hexdigest()
KEY = document_key("p-1", "i-1", "d" * 64)
NOTICES = (Notice("balance-differs", 'a "quoted" detail\u2026'), Notice("glyph-missing", "U+1234"))


def a_document(key: str = KEY, **changes: Any) -> StoredDocument:
    fields = {"sha256": SHA256, "pages": 2, "size": len(PDF), "notices": NOTICES, **changes}
    return StoredDocument(key, **fields)


def put(store: InvoiceStore, document: StoredDocument | None = None) -> StoredDocument:
    return store.put(document or a_document(), PDF, status="open", file_name="invoice-004")


@pytest.fixture
def store(s3: S3Client, bucket: str) -> InvoiceStore:
    return InvoiceStore(s3, bucket=bucket)


# ----------------------------------------------------------------------------- put and find


def test_what_was_put_is_found_with_everything_known_about_it(store: InvoiceStore) -> None:
    assert store.find(KEY) is None

    put(store)

    assert a_document() == store.find(KEY)


def test_an_object_is_a_private_pdf_to_be_saved(s3: S3Client, bucket: str) -> None:
    put(InvoiceStore(s3, bucket=bucket))

    head = s3.head_object(Bucket=bucket, Key=KEY)
    assert head["ContentType"] == "application/pdf"
    assert head["ContentDisposition"].startswith('attachment; filename="invoice-004.pdf"')
    assert head["CacheControl"] == "private, no-store"
    assert head["Metadata"]["status"] == "open"
    assert all(value.isascii() for value in head["Metadata"].values())


def test_the_second_of_two_writers_finds_the_work_done(
    s3: S3Client, bucket: str, store: InvoiceStore
) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    put(store)

    assert a_document() == put(store)
    assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 1


def test_other_bytes_under_the_same_digest_are_never_replaced(
    s3: S3Client, bucket: str, store: InvoiceStore
) -> None:
    put(store)
    other = b"%PDF-1.7 of something else"

    with pytest.raises(StoredDocumentDiffers):
        store.put(
            a_document(sha256=hashlib.sha256(other).hexdigest()), other, status="x", file_name="x"
        )

    assert s3.get_object(Bucket=bucket, Key=KEY)["Body"].read() == PDF


def test_a_status_from_outside_becomes_an_ascii_token(s3: S3Client, bucket: str) -> None:
    store = InvoiceStore(s3, bucket=bucket)

    store.put(a_document(), PDF, status="ge\u00f6ffnet\r\nx-evil: 1", file_name='\u202e\r\n"')

    assert s3.head_object(Bucket=bucket, Key=KEY)["Metadata"]["status"] == "ge-ffnet-x-evil-1"


def test_warnings_too_long_for_metadata_are_kept_as_far_as_they_fit(store: InvoiceStore) -> None:
    """S3 takes 2 kB of metadata."""
    many = tuple(Notice("glyph-missing", f"no bundled font has U+{n:04X}") for n in range(100))
    put(store, a_document(notices=many))

    found = store.find(KEY)
    assert found is not None
    kept, rest = found.notices[:-1], found.notices[-1]
    assert many[: len(kept)] == kept
    assert Notice("more-warnings", f"{100 - len(kept)} more") == rest


@pytest.mark.parametrize("warnings", ["", "5", "null", "[1]", '["x"]', "[[1,2,3]]", "{", '{"a":1}'])
def test_metadata_that_somebody_else_wrote_does_no_harm(
    s3: S3Client, bucket: str, store: InvoiceStore, warnings: str
) -> None:
    s3.put_object(Bucket=bucket, Key=KEY, Body=PDF, Metadata={"warnings": warnings, "pages": "two"})

    found = store.find(KEY)
    assert found is not None
    assert (found.pages, found.sha256, found.size) == (0, "", len(PDF))
    assert found.notices == ()


def test_a_key_of_the_bucket_is_used_where_one_is_set() -> None:
    class RecordingS3:
        def put_object(self, **arguments: object) -> None:
            self.arguments = arguments

    s3: Any = RecordingS3()
    put(InvoiceStore(s3, bucket="b", kms_key="alias/documents"))

    assert s3.arguments["ServerSideEncryption"] == "aws:kms"
    assert s3.arguments["SSEKMSKeyId"] == "alias/documents"
    assert s3.arguments["BucketKeyEnabled"] is True
    assert s3.arguments["IfNoneMatch"] == "*"


# ----------------------------------------------------------------------------- S3 in trouble


def failing_store(error: Exception) -> InvoiceStore:
    s3: Any = FailingAws(error)
    return InvoiceStore(s3, bucket="documents")


@pytest.mark.parametrize("status", [403, 404])
def test_a_key_that_may_not_be_listed_is_not_there(status: int) -> None:
    assert failing_store(aws_error(status, str(status))).find(KEY) is None


@pytest.mark.parametrize(
    "error",
    [
        aws_error(500, "InternalError"),
        aws_error(503, "SlowDown"),
        aws_error(400, "RequestTimeout"),
        aws_error(409, "ConditionalRequestConflict"),
        ConnectTimeoutError(endpoint_url="https://documents.example"),
    ],
    ids=str,
)
def test_silence_may_heal(error: Exception) -> None:
    with pytest.raises(StorageUnavailable):
        put(failing_store(error))
    with pytest.raises(StorageUnavailable):
        failing_store(error).find(KEY)


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "AccessDenied"), (404, "NoSuchBucket"), (400, "KMS.DisabledException")],
)
def test_a_refusal_names_the_setting_to_look_at(status: int, code: str) -> None:
    with pytest.raises(StorageRefused, match=f"{code}; look at the setting OUTPUT_BUCKET"):
        put(failing_store(aws_error(status, code)))


def test_a_bucket_that_is_missing_is_named_by_its_setting(s3: S3Client) -> None:
    store = InvoiceStore(s3, bucket="no-such-bucket-anywhere")

    assert store.find(KEY) is None
    with pytest.raises(StorageRefused, match="NoSuchBucket") as error:
        put(store)
    assert error.value.setting == "OUTPUT_BUCKET"


def test_a_write_that_lost_to_one_that_went_away_is_tried_again() -> None:
    class Vanishing:
        def put_object(self, **_arguments: object) -> None:
            raise aws_error(412, "PreconditionFailed")

        def head_object(self, **_arguments: object) -> None:
            raise aws_error(404, "404")

    s3: Any = Vanishing()
    with pytest.raises(StorageUnavailable):
        put(InvoiceStore(s3, bucket="documents"))


# ----------------------------------------------------------------------------- keys


def test_a_key_is_made_of_sids_and_the_digest_alone() -> None:
    assert document_key("p-1", "i-1", "abc") == "invoices/p-1/i-1/abc.pdf"


def test_two_partners_with_the_same_invoice_number_have_two_keys() -> None:
    assert document_key("p-1", "i-1", "abc") != document_key("p-2", "i-1", "abc")


@given(
    st.text(st.characters(codec="utf-8"), min_size=1),
    st.text(st.characters(codec="utf-8"), min_size=1),
)
def test_no_sid_can_leave_its_folder(partner: str, invoice: str) -> None:
    folder, partner_part, invoice_part, name = document_key(partner, invoice, "abc").split("/")

    assert (folder, name) == ("invoices", "abc.pdf")
    assert (partner, invoice) == (unquote(partner_part), unquote(invoice_part))


# ----------------------------------------------------------------------------- file names


@given(st.text(max_size=400))
def test_a_file_name_cannot_break_the_header(file_name: str) -> None:
    header = content_disposition(file_name)

    assert header.isascii()
    assert header.isprintable()
    assert len(header) <= 300
    assert re.fullmatch(
        r'attachment; filename="[A-Za-z0-9._-]{1,70}"; '
        r"filename\*=UTF-8''(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+\.pdf",
        header,
    )


@pytest.mark.parametrize(
    ("file_name", "plain", "exact"),
    [
        ("invoice-004", "invoice-004.pdf", "invoice-004.pdf"),
        ("invoice-\u00dcn\u00ef", "invoice--n.pdf", "invoice-\u00dcn\u00ef.pdf"),
        ('invoice-"x"; a=b', "invoice--x--a-b.pdf", "invoice--x-; a=b.pdf"),
        (
            "invoice-a\r\nSet-Cookie: x",
            "invoice-a-Set-Cookie--x.pdf",
            "invoice-a-Set-Cookie- x.pdf",
        ),
        ("../../etc/passwd", "etc-passwd.pdf", "etc-passwd.pdf"),
        ("invoice-2025/004", "invoice-2025-004.pdf", "invoice-2025-004.pdf"),
        ("\u4e2d\u6587", "invoice.pdf", "\u4e2d\u6587.pdf"),
        ("...", "invoice.pdf", "invoice.pdf"),
        ("", "invoice.pdf", "invoice.pdf"),
    ],
)
def test_a_file_name_is_ascii_and_beside_it_exact(file_name: str, plain: str, exact: str) -> None:
    header = content_disposition(file_name)

    assert f'filename="{plain}"' in header
    assert exact == unquote(header.partition("UTF-8''")[2])


def test_a_long_name_is_cut_between_characters() -> None:
    exact = unquote(content_disposition("\U0001f600" * 60).partition("UTF-8''")[2], errors="strict")

    assert exact == "\U0001f600" * 15 + ".pdf"


@given(st.text(max_size=300))
def test_a_token_is_short_ascii(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._-]{0,60}", ascii_token(text))


# ----------------------------------------------------------------------------- links


def link_of(s3: S3Client, seconds: int | None = None, **changes: Any) -> tuple[int, Link]:
    """The life that the signature has, and what is promised."""
    store = InvoiceStore(s3, bucket="documents", now=lambda: NOW, **changes)
    link = store.sign_link(KEY, seconds=seconds, file_name="invoice-004")
    return int(query_of(link)["X-Amz-Expires"][0]), link


def query_of(link: Link) -> dict[str, list[str]]:
    return parse_qs(urlsplit(link.url).query)


@pytest.mark.parametrize(
    ("asked", "longest", "expected"),
    [
        (None, 900, 900),
        (60, 900, 60),
        (900, 900, 900),
        (3_600, 900, 900),
        (10**9, 900, 900),
        (None, 60, 60),
    ],
)
def test_a_link_lives_as_long_as_asked_and_no_longer_than_allowed(
    s3: S3Client, asked: int | None, longest: int, expected: int
) -> None:
    life, link = link_of(s3, asked, link_seconds=longest)

    assert expected == life
    assert NOW + timedelta(seconds=expected) == link.expires_at


@pytest.mark.parametrize(
    ("left", "expected"),
    [(3_600, 900), (900, 900), (899.5, 899), (120, 120), (60.2, 60), (1, 1), (0, 1), (-5, 1)],
)
def test_a_link_never_outlives_the_credentials_that_sign_it(
    s3: S3Client, left: float, expected: int
) -> None:
    life, link = link_of(s3, credentials=CredentialsWithAnEnd(left))

    assert expected == life
    assert NOW + timedelta(seconds=expected) == link.expires_at


def test_a_link_is_not_said_to_live_longer_than_its_signature(s3: S3Client) -> None:
    link = InvoiceStore(s3, bucket="documents").sign_link(KEY, seconds=60, file_name="x")
    signed_at = datetime.fromisoformat(query_of(link)["X-Amz-Date"][0])

    assert link.expires_at <= signed_at + timedelta(seconds=60)


def test_a_link_is_for_one_attachment(s3: S3Client) -> None:
    _, link = link_of(s3)

    assert urlsplit(link.url).path.endswith(f"/documents/{KEY}")
    assert query_of(link)["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query_of(link)["response-content-type"] == ["application/pdf"]
    assert query_of(link)["response-content-disposition"] == [content_disposition("invoice-004")]


def test_a_link_does_not_print_itself(s3: S3Client) -> None:
    _, link = link_of(s3)

    assert "Signature" not in f"{link!r} {link} {[link]}"
