"""Debian packages by name: downloaded with the machine's own apt, checked, unpacked.

Where packages come from is the machine's business: no host name is written in this project.
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
CACHE = PROJECT / ".cache" / "debian"

ARCHITECTURES = {"arm64": "arm64", "x86_64": "amd64"}  # Lambda's name: Debian's name
TRIPLETS = {"arm64": "aarch64-linux-gnu", "x86_64": "x86_64-linux-gnu"}
MACHINES = {"aarch64": "arm64", "arm64": "arm64", "x86_64": "x86_64"}  # the kernel's name


class PackageError(Exception):
    """No version of the package can be downloaded; the message says what to run."""


def host_arch() -> str:
    """Lambda's name of this machine's architecture."""
    return MACHINES[platform.machine()]


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch_any_version(name: str, version: str, sha256: str) -> Path:
    """The package file: the pinned version from the cache or apt, else the machine's own one."""
    pinned = cached_file(name, sha256)
    if pinned.exists() and sha256_of(pinned) == sha256:
        return pinned
    try:
        return _download(name, version, sha256)
    except PackageError:
        if os.geteuid() != 0:
            raise
    # Empty lists (a fresh container image) or stale ones; only root can do something about it.
    subprocess.run(["apt-get", "update", "-qq"], check=False, stdout=subprocess.DEVNULL)
    return _download(name, version, sha256)


def cached_file(name: str, sha256: str) -> Path:
    """Where a package file with this hash is, or would be, kept."""
    return CACHE / f"{name}-{sha256[:16]}.deb"


def _download(name: str, version: str, sha256: str) -> Path:
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        for wanted in (f"{name}={version}", name):
            apt = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", wanted]
            subprocess.run(apt, cwd=folder, check=False, capture_output=True)
            for file in Path(folder).glob("*.deb"):
                found = sha256_of(file)
                if wanted != name and found != sha256:
                    raise PackageError(f"{wanted}: SHA-256 is {found}, expected {sha256}")
                return file.rename(cached_file(name, found))
    raise PackageError(
        f"cannot download the package {name} ({version}); bring apt's lists up to date with:\n"
        "    sudo apt-get update"
    )


def version_of(package: Path) -> str:
    """The version that a package file says it is."""
    show = ["dpkg-deb", "--field", str(package), "Version"]
    return subprocess.run(show, check=True, capture_output=True, text=True).stdout.strip()


def unpack(package: Path, into: Path) -> None:
    """Unpack the files of a package; no root and no maintainer script is involved."""
    into.mkdir(parents=True, exist_ok=True)
    subprocess.run(["dpkg-deb", "--extract", str(package), str(into)], check=True)
