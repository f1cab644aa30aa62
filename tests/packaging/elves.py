"""Builds the smallest ELF files that have what the gates look at."""

from __future__ import annotations

import struct

MACHINES = {"x86_64": 62, "arm64": 183}
DYNAMIC_AT, STRINGS_AT = 0x200, 0x400


def an_elf(
    *,
    arch: str = "x86_64",
    needed: tuple[str, ...] = (),
    soname: str = "",
    rpath: str = "",
    runpath: str = "",
    versions: tuple[str, ...] = (),
) -> bytes:
    """A 64-bit little-endian shared library without any code."""
    strings = _Strings()
    dynamic = [(1, strings.add(name)) for name in needed]
    texts = ((14, soname), (15, rpath), (29, runpath))
    dynamic += [(tag, strings.add(text)) for tag, text in texts if text]
    needs, count = _version_needs(strings, versions)
    needs_at = STRINGS_AT + len(strings.table)
    dynamic.append((5, STRINGS_AT))
    if count:
        dynamic += [(0x6FFFFFFE, needs_at), (0x6FFFFFFF, count)]
    dynamic.append((0, 0))
    table = b"".join(struct.pack("<qQ", *entry) for entry in dynamic)
    size = needs_at + len(needs)
    header = _header(MACHINES[arch], dynamic_size=len(table), size=size)
    return header.ljust(DYNAMIC_AT, b"\0") + (
        table.ljust(STRINGS_AT - DYNAMIC_AT, b"\0") + strings.table + needs
    )


class _Strings:
    def __init__(self) -> None:
        self.table = b"\0"

    def add(self, text: str) -> int:
        at = len(self.table)
        self.table += text.encode() + b"\0"
        return at


def _version_needs(strings: _Strings, versions: tuple[str, ...]) -> tuple[bytes, int]:
    if not versions:
        return b"", 0
    file = strings.add("libc.so.6")
    names = [strings.add(version) for version in versions]
    needs = struct.pack("<HHIII", 1, len(names), file, 16, 0)
    for index, name in enumerate(names):
        following = 16 if index < len(names) - 1 else 0
        needs += struct.pack("<IHHII", 0, 0, 2 + index, name, following)
    return needs, 1


def _header(machine: int, *, dynamic_size: int, size: int) -> bytes:
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    rest = struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 4096)
    at = DYNAMIC_AT
    dynamic = struct.pack("<IIQQQQQQ", 2, 4, at, at, at, dynamic_size, dynamic_size, 8)
    return ident + rest + load + dynamic
