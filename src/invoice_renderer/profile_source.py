"""Where the seller profile is kept: a file that ships with the code, or an object in S3."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from invoice_renderer.aws_faults import code_of, is_final
from invoice_renderer.errors import ProfileMalformed, ProfileUnavailable
from invoice_renderer.profile import PROFILE_BYTES, SellerProfile, SellerProfiles, parse_profiles

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FRESH_SECONDS = 300
PAUSE_SECONDS = 30  # between two tries while S3 is silent, which costs its time-outs each time
BUNDLED_FOLDERS = (
    Path(__file__).parents[2] / "profiles",  # a checkout
    Path(__file__).parent / "_bundled" / "profiles",  # an installed wheel
    Path("/var/task/profiles"),  # Lambda
)

_S3_URI = re.compile(r"s3://([a-z0-9.-]{3,63})/([^?#]{1,1000})")

logger = logging.getLogger(__name__)


class Folder(Protocol):
    """A place that holds a profile and, beside it, its logo."""

    def read(self, name: str) -> bytes: ...


class DiskFolder:
    """A folder of the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, name: str) -> bytes:
        try:
            return (self._path / name).read_bytes()
        except OSError:
            raise ProfileMalformed(name, "cannot be read from the disk") from None


class S3Folder:
    """A prefix of a bucket."""

    def __init__(self, s3: S3Client, *, bucket: str, prefix: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._prefix = prefix

    def read(self, name: str) -> bytes:
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=self._prefix + name)
            return answer["Body"].read(4 * PROFILE_BYTES)
        except ClientError as error:
            if is_final(error):
                problem = f"is not beside the profile in S3, or may not be read ({code_of(error)})"
                raise ProfileMalformed(name, problem) from None
            raise ProfileUnavailable from None
        except BotoCoreError:
            raise ProfileUnavailable from None


class ProfileSource:
    """The profile, read again every five minutes; the last good one serves while S3 is silent."""

    def __init__(
        self, folder: Folder, name: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder = folder
        self._name = name
        self._clock = clock
        self._lock = threading.Lock()
        self._profiles: SellerProfiles | None = None
        self._read_again_at = float("-inf")

    def for_partner(self, partner_sid: str) -> SellerProfile:
        """The seller as this partner sees it.

        :raises ProfileMalformed: names the key that is wrong.
        :raises ProfileUnavailable: S3 does not answer, and nothing was read before.
        """
        with self._lock:
            if self._profiles is None or self._clock() >= self._read_again_at:
                self._profiles = self._read(self._profiles)
            return self._profiles.for_partner(partner_sid)

    def _read(self, last_good: SellerProfiles | None) -> SellerProfiles:
        try:
            profiles = parse_profiles(
                self._folder.read(self._name), name=self._name, read_neighbour=self._folder.read
            )
        except ProfileUnavailable:
            if last_good is None:
                raise
            logger.warning("profile_stale: S3 is silent; using the profile read before")
            self._read_again_at = self._clock() + PAUSE_SECONDS
            return last_good
        self._read_again_at = self._clock() + FRESH_SECONDS
        return profiles


def open_profile(where: str, *, s3: S3Client | None = None) -> ProfileSource:
    """``s3://bucket/key``, a path, or the name of a profile that ships with the code."""
    match = _S3_URI.fullmatch(where)
    if match and s3 is None:
        raise ProfileMalformed(where, "is in S3, which only fetch and deliver read")
    if match and s3 is not None:
        prefix, slash, name = match[2].rpartition("/")
        return ProfileSource(S3Folder(s3, bucket=match[1], prefix=prefix + slash), name)
    path = path_of_profile(where)
    return ProfileSource(DiskFolder(path.parent), path.name)


def path_of_profile(where: str) -> Path:
    """A path, or that of a profile that ships with the code."""
    path = Path(where)
    if path.is_absolute() or path.exists():
        return path
    return next((folder / where for folder in BUNDLED_FOLDERS if folder.is_dir()), path)
