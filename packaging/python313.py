"""A Python 3.13 of its own, from Debian 13's packages, started through its own loader.

The machine may have none, and two 3.13s may compile to different bytes; this one is pinned, so it
also writes the archives: another zlib would compress to other bytes.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import debian
from aptroot import AptRoot
from lock import PYTHON_RELEASE, Lock
from steps import CACHE, key_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LOADERS = {"x86_64": "lib64/ld-linux-x86-64.so.2", "arm64": "lib/ld-linux-aarch64.so.1"}


@dataclass(frozen=True)
class Python313:
    """The unpacked packages of the pinned Python."""

    root: Path
    arch: str

    def run(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        libraries: Sequence[Path] = (),
    ) -> str:
        """Run it, isolated from this machine's Python; what it prints."""
        triplet = debian.TRIPLETS[self.arch]
        # Debian 13 has its libraries in /usr only; packages still say /lib for the loader.
        folders = [*libraries, self.root / "usr/lib" / triplet, self.root / "lib" / triplet]
        path = ":".join(str(folder) for folder in folders)
        loader = next(
            path
            for path in (self.root / "usr" / LOADERS[self.arch], self.root / LOADERS[self.arch])
            if path.exists()
        )
        command = [str(loader), "--library-path", path, str(self.root / "usr/bin/python3.13")]
        clean = {
            "PATH": os.environ["PATH"],
            "PYTHONHOME": str(self.root / "usr"),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "SOURCE_DATE_EPOCH": "315532800",
        }
        return subprocess.run(
            [*command, "-s", *arguments],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env=clean | dict(environment or {}),
        ).stdout


def pinned_python(lock: Lock) -> Python313:
    """The Python of the lock file, unpacked once."""
    arch = debian.host_arch()
    packages = lock.python[arch]
    root = CACHE / f"python313-{arch}-{key_of(package.sha256 for package in packages)}"
    if not root.exists():
        apt = AptRoot(PYTHON_RELEASE, debian.ARCHITECTURES[arch])
        partial = root.with_name(f"{root.name}.{os.getpid()}")
        for file in apt.fetch(*packages):
            debian.unpack(file, partial)
        partial.rename(root)
    return Python313(root=root, arch=arch)
