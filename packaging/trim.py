"""What is left out of the wheels: ``trim.toml``, applied."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import elf
from steps import files_of

TRIM_TOML = Path(__file__).with_name("trim.toml")
MODULE = re.compile(r"(?P<name>[\w/]+?)(?:/__init__)?(?:\.cpython-[\w-]+|\.abi3)?\.(?:so|py)")
LANGUAGE_DATA = re.compile(
    r"babel/locale-data/([a-z]+)(?:_\w+)?\.dat"
    r"|pyphen/dictionaries/hyph_([a-z]+)(?:[_-][\w-]+)?\.dic"
)


@dataclass(frozen=True)
class Trim:
    """The committed list."""

    patterns: tuple[str, ...]
    languages: frozenset[str]
    optional: frozenset[str]

    def removes(self, name: str) -> bool:
        """Whether a file (relative to the archive, with slashes) is left out."""
        listed = any(fnmatchcase(name, pattern) for pattern in self.patterns)
        return listed or self._is_foreign(name)

    def _is_foreign(self, name: str) -> bool:
        """Data of a language that is not kept, such as ``babel/locale-data/sw_KE.dat``."""
        match = LANGUAGE_DATA.fullmatch(name)
        return match is not None and {*match.groups()}.isdisjoint(self.languages | {"root"})


def read_trim(path: Path = TRIM_TOML) -> Trim:
    """Read the list."""
    table = tomllib.loads(path.read_text())
    patterns = tuple(pattern for entry in table["trim"] for pattern in entry["patterns"])
    return Trim(
        patterns=patterns,
        languages=frozenset(table["languages"]),
        optional=frozenset(table["optional"]),
    )


def trim_wheels(folder: Path, trim: Trim) -> set[str]:
    """Delete what the list names; the modules (by name) and data (by path) that are gone."""
    removed = [path for path in files_of(folder) if trim.removes(path.as_posix())]
    for path in removed:
        (folder / path).unlink()
    removed += _remove_orphans(folder)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    # A module can be there as .so and as .py: it is gone when both are.
    left = {module_of(path) for path in files_of(folder)}
    return {module_of(path) for path in removed} - left


def module_of(path: Path) -> str:
    """``PIL/_avif.cpython-313-x86_64-linux-gnu.so`` is ``PIL._avif``; data keep their path."""
    match = MODULE.fullmatch(path.as_posix())
    return match["name"].replace("/", ".") if match else path.as_posix()


def _remove_orphans(folder: Path) -> list[Path]:
    """Libraries that a wheel brought along for a module that is trimmed."""
    libraries = {
        p: elf.read_library(folder / p) for p in files_of(folder) if elf.is_elf(folder / p)
    }
    brought = {path.name: path for path in libraries if path.parent.name.endswith(".libs")}
    # From the modules down: two libraries that need only each other are orphans, too.
    waiting = [path for path in libraries if path not in brought.values()]
    reached = set(waiting)
    while waiting:
        found = {brought[name] for name in libraries[waiting.pop()].needed if name in brought}
        waiting += found - reached
        reached |= found
    orphans = [path for path in libraries if path not in reached]
    for path in orphans:
        (folder / path).unlink()
    return orphans
