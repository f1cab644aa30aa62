"""What the loader reads in a shared library, and nothing more (64-bit little-endian ELF)."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MACHINES = {62: "x86_64", 183: "arm64"}
PT_LOAD, PT_DYNAMIC = 1, 2
DT_NEEDED, DT_STRTAB, DT_SONAME, DT_RPATH, DT_RUNPATH = 1, 5, 14, 15, 29
DT_VERNEED, DT_VERNEEDNUM = 0x6FFFFFFE, 0x6FFFFFFF


@dataclass(frozen=True)
class Library:
    """The dynamic section of one library or executable."""

    machine: str
    soname: str = ""
    needed: tuple[str, ...] = ()
    rpath: str = ""
    runpath: str = ""
    versions: frozenset[str] = field(default_factory=frozenset)
    """Symbol versions that it asks of others, such as ``GLIBC_2.34``."""

    @property
    def glibc(self) -> tuple[int, ...]:
        """The highest glibc that it asks for; ``(0,)`` where it asks for none."""
        asked = (re.fullmatch(r"GLIBC_(\d+(?:\.\d+)*)", version) for version in self.versions)
        numbers = (tuple(int(n) for n in match[1].split(".")) for match in asked if match)
        return max(numbers, default=(0,))


def is_elf(path: Path) -> bool:
    """Whether a file is ELF at all."""
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def read_library(path: Path) -> Library:
    """Parse one file."""
    return parse_library(path.read_bytes())


def parse_library(image: bytes) -> Library:
    """Parse the bytes of one file; ``ValueError`` where they are not 64-bit little-endian ELF."""
    if image[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not a 64-bit little-endian ELF file")
    (machine,) = struct.unpack_from("<H", image, 18)
    return _Image(image).library(MACHINES.get(machine, f"machine {machine}"))


class _Image:
    """The bytes of one file, with addresses turned into offsets through its load segments."""

    def __init__(self, image: bytes) -> None:
        self._image = image
        (start,) = struct.unpack_from("<Q", image, 32)
        size, count = struct.unpack_from("<HH", image, 54)
        headers = [struct.unpack_from("<IIQQQQQQ", image, start + i * size) for i in range(count)]
        self._loads: list[tuple[int, int, int]] = [
            (h[3], h[2], h[5]) for h in headers if h[0] == PT_LOAD
        ]
        self._dynamic = [(h[2], h[5]) for h in headers if h[0] == PT_DYNAMIC]
        self._entries = list(self._read_dynamic())

    def library(self, machine: str) -> Library:
        """Everything at once."""
        return Library(
            machine=machine,
            soname=self._text(DT_SONAME),
            needed=tuple(self._string(value) for tag, value in self._entries if tag == DT_NEEDED),
            rpath=self._text(DT_RPATH),
            runpath=self._text(DT_RUNPATH),
            versions=frozenset(self._read_versions()),
        )

    def _read_dynamic(self) -> Iterator[tuple[int, int]]:
        for offset, size in self._dynamic:
            for at in range(offset, offset + size, 16):
                tag, value = struct.unpack_from("<qQ", self._image, at)
                if tag == 0:
                    return
                yield tag, value

    def _read_versions(self) -> Iterator[str]:
        at = self._offset(self._value(DT_VERNEED))
        for _ in range(self._value(DT_VERNEEDNUM)):
            _, count, _, aux, following = struct.unpack_from("<HHIII", self._image, at)
            entry = at + aux
            for _ in range(count):
                _, _, _, name, next_entry = struct.unpack_from("<IHHII", self._image, entry)
                yield self._string(name)
                entry += next_entry
            at += following

    def _value(self, tag: int) -> int:
        return next((value for found, value in self._entries if found == tag), 0)

    def _text(self, tag: int) -> str:
        found = [value for entry, value in self._entries if entry == tag]
        return self._string(found[0]) if found else ""

    def _string(self, index: int) -> str:
        start = self._offset(self._value(DT_STRTAB)) + index
        return self._image[start : self._image.index(b"\0", start)].decode()

    def _offset(self, address: int) -> int:
        for base, offset, size in self._loads:
            if base <= address < base + size:
                return address - base + offset
        return address
