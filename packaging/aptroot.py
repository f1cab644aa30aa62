"""A private apt root: another release or architecture of Debian, beside the machine's own apt.

It has its own lists and an empty package database, needs no root, and installs nothing. The
machine's own sources say where packages come from; only release and architecture are replaced.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from debian import CACHE, PackageError, cached_file, sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
RELEASES = ("", "-updates", "-security")

# The machine's own apt.conf.d stays in force (proxies, certificates); hooks of it that would
# clean or index the machine's real apt do not.
APT_CONF = """\
Dir::State "{root}/state";
Dir::State::status "{root}/status";
Dir::Cache "{root}/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Dir::Etc::sourcelist "{root}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
#clear APT::Architectures;
APT::Architecture "{arch}";
APT::Architectures {{ "{arch}"; }};
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
"""


@dataclass(frozen=True)
class Package:
    """One Debian package file, exactly."""

    name: str
    version: str
    source: str
    sha256: str


@dataclass(frozen=True)
class SourcePackage:
    """One version of a Debian source package: the SHA-256 of each of its archives."""

    name: str
    version: str
    files: dict[str, str]


@dataclass(frozen=True)
class AptRoot:
    """The packages of one release for one architecture (Debian's name of it: amd64, arm64)."""

    release: str
    arch: str

    def resolve(self, *names: str) -> list[Package]:
        """The packages and everything they depend on, newest versions, in order of name."""
        simulation = self._run("apt-get", "install", "--simulate", *names)
        found = sorted(re.findall(r"^Inst (\S+) \((\S+) ", simulation, re.MULTILINE))
        shown = self._run("apt-cache", "show", *(f"{name}={version}" for name, version in found))
        described = {_identity(each): each for each in map(_package, shown.strip().split("\n\n"))}
        return [described[identity] for identity in found]

    def fetch(self, *packages: Package) -> list[Path]:
        """The package files, from the cache or from apt, each with the SHA-256 it must have."""
        kept = {package: cached_file(package.name, package.sha256) for package in packages}
        lacking = {
            package: keep
            for package, keep in kept.items()
            if not keep.exists() or sha256_of(keep) != package.sha256
        }
        if lacking:
            self._fetch(lacking)
        return list(kept.values())

    def _fetch(self, lacking: Mapping[Package, Path]) -> None:
        """One call of apt for all: it reads its lists anew each time."""
        wanted = [f"{package.name}={package.version}" for package in lacking]
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            self._download("apt-get", "download", *wanted, cwd=Path(folder))
            found = {sha256_of(file): file for file in Path(folder).glob("*.deb")}
            for package, keep in lacking.items():
                if package.sha256 not in found:
                    raise PackageError(f"{package.name}: SHA-256 is not the pinned one")
                found[package.sha256].replace(keep)

    def resolve_source(self, name: str) -> list[SourcePackage]:
        """Every version of a source package that the release lists, newest first."""
        shown = self._run("apt-cache", "showsrc", "--only-source", name)
        paragraphs = re.split(r"\n\n+", shown.strip())
        return [_source_package(p) for p in sorted(paragraphs, key=_version_key, reverse=True)]

    def fetch_source(self, source: SourcePackage) -> list[Path]:
        """The files of a source package, each with the SHA-256 it must have."""
        kept = [CACHE / f"{sha256[:16]}-{file}" for file, sha256 in source.files.items()]
        hashes = list(source.files.values())
        if all(k.exists() and sha256_of(k) == s for k, s in zip(kept, hashes, strict=True)):
            return kept
        folder = self._folder / "download" / f"{source.name}-source"
        folder.mkdir(parents=True, exist_ok=True)
        wanted = f"{source.name}={source.version}"
        # --download-only: nothing is unpacked, so dpkg-dev is not needed.
        self._download("apt-get", "source", "--download-only", "--only-source", wanted, cwd=folder)
        return [
            _keep_checked(folder / file, keep, sha256)
            for (file, sha256), keep in zip(source.files.items(), kept, strict=True)
        ]

    def update(self) -> None:
        """Bring the private lists up to date."""
        self._configure()
        self._run("apt-get", "update", "-qq")

    def _download(self, *command: str, cwd: Path) -> None:
        try:
            self._run(*command, cwd=cwd)
        except PackageError:  # the lists may be older than what they describe
            self.update()
            self._run(*command, cwd=cwd)

    @property
    def _folder(self) -> Path:
        return CACHE / f"{self.release}-{self.arch}"

    def _configure(self) -> None:
        root = self._folder
        for part in ("state/lists/partial", "cache/archives/partial"):
            (root / part).mkdir(parents=True, exist_ok=True)
        (root / "status").touch()
        (root / "sources.list").write_text("\n".join(_sources(self.release)) + "\n")
        (root / "apt.conf").write_text(APT_CONF.format(root=root, arch=self.arch))

    def _run(self, tool: str, *arguments: str, cwd: Path | None = None) -> str:
        if not (self._folder / "apt.conf").exists():
            self.update()
        command = [tool, "-c", str(self._folder / "apt.conf"), *arguments]
        english = os.environ | {"LC_ALL": "C"}
        done = subprocess.run(
            command, cwd=cwd, check=False, capture_output=True, text=True, env=english
        )
        if done.returncode == 0:
            return done.stdout
        raise PackageError(
            f"{tool} {' '.join(arguments)} (Debian {self.release}, {self.arch}):\n"
            f"{done.stderr.strip()}\n"
            "Where a pinned version has left Debian, pin the present ones with: make lock"
        )


def _keep_checked(file: Path, keep: Path, sha256: str) -> Path:
    if sha256_of(file) != sha256:
        raise PackageError(f"{file.name}: SHA-256 is not the pinned one")
    return file.replace(keep)


def _identity(package: Package) -> tuple[str, str]:
    return package.name, package.version


def _package(paragraph: str) -> Package:
    wanted = r"^(Package|Version|Source|SHA256): (.+)$"
    fields = dict(re.findall(wanted, paragraph, re.MULTILINE))
    source = fields.get("Source", fields["Package"]).split()[0]
    return Package(fields["Package"], fields["Version"], source, fields["SHA256"])


def _source_package(paragraph: str) -> SourcePackage:
    fields = dict(re.findall(r"^(Package|Version): (\S+)$", paragraph, re.MULTILINE))
    block = re.search(r"^Checksums-Sha256:\n((?: .*\n?)+)", paragraph, re.MULTILINE)
    rows = [line.split() for line in block[1].splitlines()] if block else []
    archives = {file: sha256 for sha256, _, file in rows if ".tar." in file}
    signed = {file for file in archives if file.endswith(".asc")}
    files = {file: sha256 for file, sha256 in archives.items() if file not in signed}
    return SourcePackage(name=fields["Package"], version=fields["Version"], files=files)


def _version_key(paragraph: str) -> list[tuple[int, str]]:
    """Good enough to order the versions of one source package within one release."""
    version = re.search(r"^Version: (\S+)$", paragraph, re.MULTILINE)
    parts = re.findall(r"\d+|\D+", version[1] if version else "")
    return [(int(part), "") if part.isdigit() else (0, part) for part in parts]


@cache
def _sources(release: str) -> list[str]:
    """One-line sources of a release, at the places where the machine gets its own from."""
    layout = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    targets = ["apt-get", "indextargets", "--format", layout, "Created-By: Packages"]
    listed = subprocess.run(targets, check=True, capture_output=True, text=True).stdout
    codename = _os_release().get("VERSION_CODENAME", "")
    keyring = f" signed-by={KEYRING}" if KEYRING.exists() else ""
    lines = set()
    for line in listed.splitlines():
        place, suite, component = line.split()
        pocket = suite.removeprefix(codename)
        if suite.startswith(codename) and pocket in RELEASES and component == "main":
            lines |= {
                f"{kind} [{keyring.strip()}] {place} {release}{pocket} main".replace(" []", "")
                for kind in ("deb", "deb-src")
            }
    if _os_release().get("ID") != "debian" or not lines:
        raise PackageError("the archives are made of Debian's packages: build them on Debian")
    return sorted(lines)


def _os_release() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text().splitlines()
    return {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines)}
