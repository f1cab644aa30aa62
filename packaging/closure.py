"""Which libraries a set of roots needs, transitively, by SONAME."""

from __future__ import annotations

from typing import TYPE_CHECKING

import elf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# glibc and the loader are the platform's: a second copy in one process would crash.
GLIBC = frozenset(
    {
        "libc.so.6",
        "libm.so.6",
        "libdl.so.2",
        "libpthread.so.0",
        "librt.so.1",
        "libresolv.so.2",
        "libutil.so.1",
        "ld-linux-x86-64.so.2",
        "ld-linux-aarch64.so.1",
    }
)

# What WeasyPrint opens by name; everything else follows.
ROOTS = (
    "libgobject-2.0.so.0",
    "libpango-1.0.so.0",
    "libharfbuzz.so.0",
    "libharfbuzz-subset.so.0",
    "libfontconfig.so.1",
    "libpangoft2-1.0.so.0",
)


class MissingLibraryError(Exception):
    """A library is needed and is in none of the folders."""


def needed_libraries(roots: Iterable[str], folders: Iterable[Path]) -> dict[str, Path]:
    """SONAME -> file of the roots and all that they need; glibc left out."""
    available = {path.name: path for folder in folders for path in _libraries(folder)}
    found: dict[str, Path] = {}
    waiting = [(root, "WeasyPrint") for root in roots]
    while waiting:
        soname, wanted_by = waiting.pop()
        if soname in found or soname in GLIBC:
            continue
        if soname not in available:
            raise MissingLibraryError(f"{wanted_by} needs {soname}, which is not there")
        found[soname] = available[soname].resolve()
        waiting += [(name, soname) for name in elf.read_library(found[soname]).needed]
    return dict(sorted(found.items()))


def _libraries(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*.so*")) if path.resolve().is_file())
