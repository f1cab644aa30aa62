"""Pin Debian's packages: ``python3 packaging/lock.py`` rewrites ``lock.toml``.

For each architecture: the packages whose libraries end up in the layer, and the Python 3.13 that
compiles and checks the function on such a machine. Versions and SHA-256, no places: where packages
come from is the business of the machine's own apt configuration.
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

import closure
import debian
import expat
from aptroot import AptRoot, Package, SourcePackage
from debian import ARCHITECTURES, sha256_of

LOCK_TOML = Path(__file__).with_name("lock.toml")

# Debian 12 has the newest Pango whose libraries ask for no glibc above Amazon Linux 2023's 2.34
# (Debian 13's ask for 2.38). Python 3.13, the runtime's version, is in Debian 13.
LAYER_RELEASE = "bookworm"
PYTHON_RELEASE = "trixie"
# libexpat is built from the newest source that can be had (see expat.py). Testing lists several
# versions, stable only the last, which a mirror may not have yet.
EXPAT_RELEASE = "forky"

LAYER_PACKAGES = (
    "libpango-1.0-0",
    "libpangoft2-1.0-0",
    "libharfbuzz-subset0",
    "libfontconfig1",
    "base-files",  # the texts of the licences that the copyright files refer to
)
REPLACED_PACKAGES = ("libexpat1",)  # built from source: see expat.py
PYTHON_PACKAGES = ("python3.13",)
# Not libraries, but what they read at run time: Thai words end where this dictionary says.
DATA_PACKAGES = ("base-files", "libthai-data")

HEADER = """\
# Written by packaging/lock.py (make lock). Debian packages by version and SHA-256.
"""


@dataclass(frozen=True)
class Lock:
    """The pinned packages."""

    layer: dict[str, list[Package]]
    """By Lambda's name of the architecture."""
    python: dict[str, list[Package]]
    """The same, for the machine that builds."""
    expat: SourcePackage
    expat_built: dict[str, str]
    """SHA-256 of the compiled library, by architecture: another compiler gives another."""


def read_lock(path: Path = LOCK_TOML) -> Lock:
    """The committed lock file."""
    tables = tomllib.loads(path.read_text())
    return Lock(
        layer={arch: [Package(**p) for p in tables["layer"][arch]] for arch in ARCHITECTURES},
        python={arch: [Package(**p) for p in tables["python"][arch]] for arch in ARCHITECTURES},
        expat=SourcePackage(**tables["expat"]),
        expat_built=tables["expat_built"],
    )


def make_lock() -> str:
    """Resolve everything anew; the text of the lock file."""
    source, archives = _newest_expat()
    blocks = [HEADER, _format_source("expat", source), _format_built(archives)]
    for arch, debian_arch in ARCHITECTURES.items():
        root = AptRoot(LAYER_RELEASE, debian_arch)
        root.update()
        used = _used_packages(root, root.resolve(*LAYER_PACKAGES))
        blocks += [_format_package(f"layer.{arch}", package) for package in used]
    for arch, debian_arch in ARCHITECTURES.items():
        root = AptRoot(PYTHON_RELEASE, debian_arch)
        root.update()
        packages = root.resolve(*PYTHON_PACKAGES)
        blocks += [_format_package(f"python.{arch}", package) for package in packages]
    return "\n".join(blocks)


def _used_packages(root: AptRoot, packages: list[Package]) -> list[Package]:
    """Only those that a library of the closure, or a data file, comes from."""
    with tempfile.TemporaryDirectory() as folder:
        folders = {package: Path(folder) / package.name for package in packages}
        for package, unpacked in folders.items():
            debian.unpack(root.fetch(package)[0], unpacked)
        libraries = closure.needed_libraries(closure.ROOTS, folders.values())
        return [
            package
            for package, unpacked in folders.items()
            if package.name not in REPLACED_PACKAGES
            and (
                package.name in DATA_PACKAGES
                or any(path.is_relative_to(unpacked) for path in libraries.values())
            )
        ]


def _newest_expat() -> tuple[SourcePackage, list[Path]]:
    """The newest version whose files can be had: a mirror may lag behind its own lists."""
    root = AptRoot(EXPAT_RELEASE, "amd64")
    root.update()
    for source in root.resolve_source("expat"):
        try:
            archives = root.fetch_source(source)
        except debian.PackageError as error:
            print(f"warning: expat {source.version} is listed, not to be had", file=sys.stderr)
            last = error
            continue
        _refuse_patched_library(archives)
        return source, archives
    raise last


def _refuse_patched_library(archives: list[Path]) -> None:
    """We compile upstream's files as they are; a Debian patch to them must not be lost."""
    packaging = next(path for path in archives if ".debian.tar." in path.name)
    with tarfile.open(packaging) as tar:
        for member in tar:
            if not member.name.endswith(".patch"):
                continue
            file = tar.extractfile(member)
            if file and b"+++ b/expat/lib/" in file.read():
                raise debian.PackageError(f"Debian patches expat's library: {member.name}")


def _format_package(table: str, package: Package) -> str:
    return (
        f"[[{table}]]\n"
        f'name = "{package.name}"\n'
        f'version = "{package.version}"\n'
        f'source = "{package.source}"\n'
        f'sha256 = "{package.sha256}"\n'
    )


def _format_built(archives: list[Path]) -> str:
    lines = ["[expat_built]"]
    for arch in ARCHITECTURES:
        with tempfile.TemporaryDirectory() as folder:
            expat.build_expat(archives, arch, Path(folder))
            lines.append(f'{arch} = "{sha256_of(Path(folder) / expat.SONAME)}"')
    return "\n".join([*lines, ""])


def _format_source(table: str, source: SourcePackage) -> str:
    files = "".join(f'"{file}" = "{sha256}"\n' for file, sha256 in sorted(source.files.items()))
    return (
        f'[{table}]\nname = "{source.name}"\nversion = "{source.version}"\n\n'
        f"[{table}.files]\n{files}"
    )


def main() -> int:
    """The command line."""
    try:
        LOCK_TOML.write_text(make_lock())
    except (debian.PackageError, closure.MissingLibraryError) as error:
        print(f"lock: {error}", file=sys.stderr)
        return 1
    print(f"wrote {LOCK_TOML}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
