"""Where the profile is kept: on the disk or in S3, read again every five minutes."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from invoice_renderer.errors import InvoiceRendererError, ProfileMalformed, ProfileUnavailable
from invoice_renderer.profile_source import (
    FRESH_SECONDS,
    PAUSE_SECONDS,
    DiskFolder,
    ProfileSource,
    S3Folder,
    open_profile,
)
from tests.builders import profile_fields
from tests.fakes import FailingAws, FakeClock, aws_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>'


def a_file(**changes: object) -> bytes:
    return json.dumps(profile_fields(**changes)).encode()


class MemoryFolder:
    """A folder in a dictionary; ``error`` is raised instead, where it is set."""

    def __init__(self, **files: bytes) -> None:
        self.files = files
        self.error: InvoiceRendererError | None = None
        self.reads = 0

    def read(self, name: str) -> bytes:
        self.reads += 1
        if self.error:
            raise self.error
        return self.files[name.partition(".")[0]]


# ----------------------------------------------------------------------------- caching


def test_the_profile_is_read_once_in_five_minutes() -> None:
    folder, clock = MemoryFolder(p=a_file(currency="USD")), FakeClock()
    source = ProfileSource(folder, "p.json", clock=clock)

    source.for_partner("p-1")
    clock.advance(FRESH_SECONDS - 1)
    folder.files["p"] = a_file(currency="EUR")
    assert source.for_partner("p-2").currency == "USD"
    assert folder.reads == 1

    clock.advance(1)
    assert source.for_partner("p-1").currency == "EUR"


def test_the_last_good_profile_serves_while_s3_is_silent(caplog: pytest.LogCaptureFixture) -> None:
    folder, clock = MemoryFolder(p=a_file()), FakeClock()
    source = ProfileSource(folder, "p.json", clock=clock)
    source.for_partner("p-1")
    folder.error = ProfileUnavailable()
    clock.advance(FRESH_SECONDS)

    with caplog.at_level(logging.WARNING):
        assert source.for_partner("p-1").currency == "USD"
    assert "profile_stale" in caplog.text

    folder.error, folder.files["p"] = None, a_file(currency="EUR")
    assert source.for_partner("p-1").currency == "USD"  # S3 is left alone for half a minute
    clock.advance(PAUSE_SECONDS)
    assert source.for_partner("p-1").currency == "EUR"


def test_silence_before_the_first_profile_may_heal() -> None:
    folder = MemoryFolder(p=a_file())
    folder.error = ProfileUnavailable()
    source = ProfileSource(folder, "p.json")

    with pytest.raises(ProfileUnavailable):
        source.for_partner("p-1")

    folder.error = None
    assert source.for_partner("p-1").currency == "USD"


def test_a_profile_that_was_spoiled_is_not_replaced_by_the_old_one_in_silence() -> None:
    """An invoice with yesterday's terms is worse than an error that says which key is wrong."""
    folder, clock = MemoryFolder(p=a_file()), FakeClock()
    source = ProfileSource(folder, "p.json", clock=clock)
    source.for_partner("p-1")
    folder.files["p"] = a_file(currency="usd")
    clock.advance(FRESH_SECONDS)

    with pytest.raises(ProfileMalformed, match="currency"):
        source.for_partner("p-1")


# ----------------------------------------------------------------------------- the disk


def test_a_profile_and_its_logo_lie_in_one_folder(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_bytes(a_file(brand={"logo": "l.svg"}))
    (tmp_path / "l.svg").write_bytes(SVG)

    profile = open_profile(str(tmp_path / "p.json")).for_partner("p-1")

    assert profile.logo is not None


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileMalformed, match=r"p\.json: cannot be read from the disk") as error:
        open_profile(str(tmp_path / "p.json")).for_partner("p-1")

    assert str(tmp_path) not in error.value.detail
    with pytest.raises(ProfileMalformed):
        DiskFolder(tmp_path).read("l.svg")


def test_a_profile_that_ships_is_opened_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert open_profile("example.toml").for_partner("p-1").currency == "USD"


def test_a_profile_in_the_working_folder_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "example.json").write_bytes(a_file(currency="EUR"))

    assert open_profile("example.json").for_partner("p-1").currency == "EUR"


# ----------------------------------------------------------------------------- S3


def test_a_profile_and_its_logo_lie_under_one_prefix(s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="sellers/one/p.json", Body=a_file(brand={"logo": "l.svg"}))
    s3.put_object(Bucket=bucket, Key="sellers/one/l.svg", Body=SVG)

    profile = open_profile(f"s3://{bucket}/sellers/one/p.json", s3=s3).for_partner("p-1")

    assert profile.logo is not None


def test_a_profile_may_lie_at_the_top_of_a_bucket(s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="p.json", Body=a_file())

    assert open_profile(f"s3://{bucket}/p.json", s3=s3).for_partner("p-1").currency == "USD"


def test_an_object_that_is_not_there_is_named(s3: S3Client, bucket: str) -> None:
    with pytest.raises(ProfileMalformed, match=r"p\.json: is not beside .* \(NoSuchKey\)"):
        open_profile(f"s3://{bucket}/p.json", s3=s3).for_partner("p-1")


def test_a_logo_over_the_limit_is_refused(s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="p.json", Body=a_file(brand={"logo": "l.svg"}))
    s3.put_object(Bucket=bucket, Key="l.svg", Body=b" " * 2**21)

    with pytest.raises(ProfileMalformed, match=r"brand\.logo: is over"):
        open_profile(f"s3://{bucket}/p.json", s3=s3).for_partner("p-1")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (aws_error(403, "AccessDenied"), ProfileMalformed),
        (aws_error(404, "NoSuchBucket"), ProfileMalformed),
        (aws_error(503, "SlowDown"), ProfileUnavailable),
        (ConnectTimeoutError(endpoint_url="https://bucket.example"), ProfileUnavailable),
    ],
    ids=str,
)
def test_s3_in_trouble_is_told_apart(error: Exception, expected: type[Exception]) -> None:
    s3: Any = FailingAws(error)

    with pytest.raises(expected):
        S3Folder(s3, bucket="sellers", prefix="").read("p.json")
