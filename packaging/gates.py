"""What an archive must be, or the build fails."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import elf
from closure import GLIBC, ROOTS
from steps import files_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from trim import Trim

GLIBC_LIMIT = (2, 34)  # Amazon Linux 2023, on which python3.13 runs
MEBIBYTE = 2**20
FUNCTION_ZIPPED = 20 * MEBIBYTE
LAYER_ZIPPED = 8 * MEBIBYTE
UNZIPPED = 100 * MEBIBYTE  # everything together; Lambda's own limit is 250

# The C and C++ run time of GCC is part of every Lambda runtime image; wheels rely on it too.
PLATFORM = GLIBC | {"libgcc_s.so.1", "libstdc++.so.6"}


class GateError(Exception):
    """An archive is not fit to ship; one line per reason."""


@dataclass(frozen=True)
class Archive:
    """A finished zip and its limit."""

    path: Path
    limit: int

    @property
    def unzipped(self) -> int:
        """What Lambda counts against its limit."""
        with zipfile.ZipFile(self.path) as archive:
            return sum(entry.file_size for entry in archive.infolist())


def check_layer(tree: Path, arch: str) -> None:
    """Libraries for this platform, complete, that look at their own folder only."""
    libraries = read_libraries(tree)
    problems = [*platform_problems(libraries, arch), *closure_problems(libraries, GLIBC)]
    problems += [
        f"{name}: RPATH is {library.rpath or library.runpath!r}, not $ORIGIN"
        for name, library in libraries.items()
        if (library.rpath, library.runpath) != ("$ORIGIN", "")
    ]
    present = {Path(name).name for name in libraries}
    problems += [f"{root} is not in the layer" for root in ROOTS if root not in present]
    _refuse(problems)


def check_function(tree: Path, arch: str, layer_tree: Path) -> None:
    """Compiled modules for this platform, with all the libraries that they name."""
    libraries = read_libraries(tree)
    # Wheels may count on the platform's libz; Lambda also looks into /opt/lib, where ours is.
    provided = PLATFORM | {path.name for path in (layer_tree / "lib").iterdir()}
    _refuse([*platform_problems(libraries, arch), *closure_problems(libraries, provided)])


def check_sizes(archives: Iterable[Archive]) -> None:
    """Each zip within its own limit, and all that one function unpacks within the common one."""
    listed = list(archives)
    problems = [
        f"{archive.path.name} has {size} bytes, limit {archive.limit}"
        for archive in listed
        for size in [archive.path.stat().st_size]
        if size > archive.limit
    ]
    unzipped = sum(archive.unzipped for archive in listed)
    if unzipped > UNZIPPED:
        problems.append(f"{unzipped} bytes unzipped, limit {UNZIPPED}")
    _refuse(problems)


def check_trimmed_is_unused(asked_for: Iterable[str], trimmed: set[str], trim: Trim) -> None:
    """Nothing that a run of the trimmed archive asked for has been trimmed."""
    missed = sorted(trimmed.intersection(asked_for) - trim.optional)
    _refuse([f"{name} is trimmed, and asked for" for name in missed])


def read_libraries(tree: Path) -> dict[str, elf.Library]:
    """Every ELF file of a folder, by its path in the archive."""
    return {
        path.as_posix(): elf.read_library(tree / path)
        for path in files_of(tree)
        if elf.is_elf(tree / path)
    }


def platform_problems(libraries: Mapping[str, elf.Library], arch: str) -> Iterator[str]:
    """Another machine, a newer glibc, or a search path outside of the archive."""
    for name, library in libraries.items():
        if library.machine != arch:
            yield f"{name}: is for {library.machine}, not {arch}"
        if library.glibc > GLIBC_LIMIT:
            yield f"{name}: asks for glibc {'.'.join(map(str, library.glibc))}"
        for part in search_path(library):
            if not part.startswith("$ORIGIN"):
                yield f"{name}: looks for libraries in {part!r}"


def closure_problems(
    libraries: Mapping[str, elf.Library], platform: frozenset[str]
) -> Iterator[str]:
    """A needed library that is neither the platform's nor where the loader will look."""
    for name, library in libraries.items():
        folders = [_resolve(name, part) for part in search_path(library)]
        for needed in library.needed:
            found = any(f"{folder}/{needed}" in libraries for folder in folders)
            if not found and needed not in platform:
                yield f"{name}: needs {needed}, which is not there"


def search_path(library: elf.Library) -> list[str]:
    """The entries of DT_RPATH or DT_RUNPATH."""
    return [part for part in (library.rpath or library.runpath).split(":") if part]


def _resolve(name: str, part: str) -> str:
    """``PIL/_imaging.so`` with ``$ORIGIN/../pillow.libs`` looks in ``pillow.libs``."""
    resolved: list[str] = []
    for piece in PurePosixPath(name).parent.joinpath(part.replace("$ORIGIN", ".")).parts:
        if piece == "..":
            resolved.pop()
        else:
            resolved.append(piece)
    return "/".join(resolved)


def _refuse(problems: Iterable[str]) -> None:
    found = list(problems)
    if found:
        raise GateError("\n".join(found))
