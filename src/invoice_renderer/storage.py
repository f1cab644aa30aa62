"""Where PDFs live: one key for one content, written once, read through short-lived links.

The key is ``invoices/{partner_sid}/{invoice_sid}/{digest}.pdf``. The digest covers everything
that decides the bytes, so a stored object is never stale, never overwritten, and every
redelivery finds it: no idempotency table is needed.
"""

from __future__ import annotations

import base64
import json
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from invoice_renderer.aws_faults import status_of, storage_error
from invoice_renderer.errors import (
    StorageUnavailable,
    StoredDocumentDiffers,
)
from invoice_renderer.invoice import Notice
from invoice_renderer.strict_json import JsonRefused, parse_json

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FILE_NAME_CHARACTERS = 60
ENCODED_NAME_CHARACTERS = 180
NOTICE_BYTES = 1_200
CONTENT_TYPE = "application/pdf"
PROOF_KEY = "invoices/_health/canary.pdf"  # by the permissions of invoices; no SID has a _
KEPT_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9._-]+")
NEVER_IN_FILE_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')  # of Windows, macOS or Linux


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A PDF in the bucket; ``size`` is in bytes. A found one is known by its object's metadata."""

    key: str
    sha256: str
    pages: int
    size: int
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A presigned GET: whoever holds it may download until ``expires_at``."""

    url: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Link(expires_at={self.expires_at:%Y-%m-%dT%H:%M:%SZ})"  # the URL is a secret


class SigningCredentials(Protocol):
    """What botocore's credentials say of their own end."""

    def refresh_needed(self, refresh_in: int | None = None) -> bool: ...


class InvoiceStore:
    """The output bucket."""

    def __init__(
        self,
        s3: S3Client,
        *,
        bucket: str,
        kms_key: str = "",
        link_seconds: int = 900,
        credentials: SigningCredentials | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._kms_key = kms_key
        self._link_seconds = link_seconds
        self._credentials = credentials
        self._now = now

    def find(self, key: str) -> StoredDocument | None:
        """The document under ``key``, or ``None``.

        S3 answers 403, not 404, for a missing key where the role may not list the bucket; both
        read as "not there", and a write that is really forbidden will say so.
        """
        try:
            head = self._s3.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if status_of(error) in {403, 404}:
                return None
            raise storage_error(error) from None
        except BotoCoreError:
            raise StorageUnavailable from None
        return _stored(key, head["Metadata"], head["ContentLength"])

    def put(
        self, document: StoredDocument, pdf: bytes, *, status: str, file_name: str
    ) -> StoredDocument:
        """Write once; an object that is there already with the same bytes is a success.

        :raises StoredDocumentDiffers: other bytes lie under this digest.
        """
        metadata = {
            "sha256": document.sha256,
            "pages": str(document.pages),
            "status": ascii_token(status),
            "warnings": _packed(document.notices),
        }
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=document.key,
                Body=pdf,
                IfNoneMatch="*",
                ContentType=CONTENT_TYPE,
                ContentDisposition=content_disposition(file_name),
                CacheControl="private, no-store",
                ChecksumSHA256=base64.b64encode(bytes.fromhex(document.sha256)).decode(),
                Metadata=metadata,
                **self._encryption(),
            )
        except ClientError as error:
            if status_of(error) != 412:
                raise storage_error(error) from None
            return self._already_there(document)
        except BotoCoreError:
            raise StorageUnavailable from None
        return document

    def prove_writable(self, content: bytes) -> None:
        """Write one object with the bucket's own key, over the one of the last proof, and read it.

        :raises StorageError: and then no invoice could be stored or found either.
        """
        try:
            self._s3.put_object(
                Bucket=self._bucket, Key=PROOF_KEY, Body=content, **self._encryption()
            )
            answer = self._s3.get_object(Bucket=self._bucket, Key=PROOF_KEY)
            if answer["Body"].read() != content:
                raise StoredDocumentDiffers
        except ClientError as error:
            raise storage_error(error) from None
        except BotoCoreError:
            raise StorageUnavailable from None

    def sign_link(self, key: str, *, seconds: int | None, file_name: str) -> Link:
        """A fresh link, clamped to the store's longest life and to the signing credentials'."""
        life = self._clamped(seconds)
        signed_at = self._now().replace(microsecond=0)  # before, so as never to promise too much
        url = self._s3.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ResponseContentType": CONTENT_TYPE,
                "ResponseContentDisposition": content_disposition(file_name),
            },
            ExpiresIn=life,
        )
        return Link(url, signed_at + timedelta(seconds=life))

    def _already_there(self, wanted: StoredDocument) -> StoredDocument:
        there = self.find(wanted.key)
        if there is None:  # it went away again, or may not be read: the next delivery will tell
            raise StorageUnavailable
        if there.sha256 != wanted.sha256:
            raise StoredDocumentDiffers
        return there

    def _encryption(self) -> dict[str, Any]:
        if not self._kms_key:
            return {}
        return {
            "ServerSideEncryption": "aws:kms",
            "SSEKMSKeyId": self._kms_key,
            "BucketKeyEnabled": True,
        }

    def _clamped(self, seconds: int | None) -> int:
        """A link dies with the credentials that signed it, whatever its own expiry says."""
        life = min(seconds or self._link_seconds, self._link_seconds)
        if self._credentials is None:
            return life
        outlived = bisect_left(range(life + 1), x=True, key=self._credentials.refresh_needed)
        return max(1, outlived - 1)


def document_key(partner_sid: str, invoice_sid: str, digest: str) -> str:
    """Where the document of this content lies. SIDs are plain tokens; nothing else is used."""
    return f"invoices/{quote(partner_sid, safe='')}/{quote(invoice_sid, safe='')}/{digest}.pdf"


def content_disposition(file_name: str) -> str:
    """An attachment with an ASCII name and, beside it, the exact one (RFC 6266, RFC 8187)."""
    name = NEVER_IN_FILE_NAMES.sub("-", file_name[:FILE_NAME_CHARACTERS]).strip("-. ")
    plain = KEPT_IN_FILE_NAMES.sub("-", name).strip("-.") or "invoice"
    return f"attachment; filename=\"{plain}.pdf\"; filename*=UTF-8''{_percent_encoded(name)}.pdf"


def _percent_encoded(name: str) -> str:
    """Cut between characters: one of them may take twelve (an emoji is ``%F0%9F%98%80``)."""
    encoded = ""
    for character in name:
        more = quote(character, safe="", errors="replace")
        if len(encoded + more) > ENCODED_NAME_CHARACTERS:
            break
        encoded += more
    return encoded or "invoice"


def ascii_token(text: str) -> str:
    """S3 metadata is ASCII; anything else in a status or number is replaced."""
    return KEPT_IN_FILE_NAMES.sub("-", text)[:FILE_NAME_CHARACTERS]


def _stored(key: str, metadata: Mapping[str, str], size: int) -> StoredDocument:
    pages = metadata.get("pages", "")
    return StoredDocument(
        key=key,
        sha256=metadata.get("sha256", ""),
        pages=int(pages) if pages.isdecimal() else 0,
        size=size,
        notices=_unpacked(metadata.get("warnings", "")),
    )


def _packed(notices: tuple[Notice, ...]) -> str:
    """Notices as ASCII JSON, as many as fit into S3's 2 kB of metadata, and how many did not."""
    packed: list[list[str]] = []
    for number, notice in enumerate(notices):
        entry = [notice.code, notice.detail]
        if len(json.dumps([*packed, entry])) > NOTICE_BYTES:
            packed.append(["more-warnings", f"{len(notices) - number} more"])
            break
        packed.append(entry)
    return json.dumps(packed)


def _unpacked(text: str) -> tuple[Notice, ...]:
    try:
        pairs: Any = parse_json(text)
        return tuple(Notice(str(code), str(detail)) for code, detail in pairs)
    except (JsonRefused, TypeError, ValueError):
        return ()  # metadata that somebody else wrote
