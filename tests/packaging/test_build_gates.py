"""What stops a build: each gate on a case that is made for it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import elf
import gates
import pytest
from elves import an_elf
from trim import Trim


def a_layer(folder: Path, **libraries: bytes) -> Path:
    """A layer with the six libraries that WeasyPrint opens, and these."""
    (folder / "lib").mkdir(parents=True)
    for root in gates.ROOTS:
        (folder / "lib" / root).write_bytes(an_elf(rpath="$ORIGIN", soname=root))
    for name, image in libraries.items():
        (folder / "lib" / f"{name}.so").write_bytes(image)
    return folder


def test_the_dynamic_section_is_read_as_the_loader_reads_it() -> None:
    image = an_elf(
        arch="arm64",
        needed=("liba.so.1", "libc.so.6"),
        soname="libb.so.2",
        rpath="$ORIGIN",
        versions=("GLIBC_2.9", "GLIBC_2.17", "GCC_3.0"),
    )
    library = elf.parse_library(image)
    assert library.machine == "arm64"
    assert library.needed == ("liba.so.1", "libc.so.6")
    assert library.soname == "libb.so.2"
    assert library.rpath == "$ORIGIN"
    assert library.runpath == ""
    assert library.versions == {"GLIBC_2.9", "GLIBC_2.17", "GCC_3.0"}


def test_versions_of_glibc_are_compared_as_numbers() -> None:
    assert elf.parse_library(an_elf(versions=("GLIBC_2.9", "GLIBC_2.17"))).glibc == (2, 17)


def test_what_is_not_elf_is_refused() -> None:
    with pytest.raises(ValueError, match="not a 64-bit"):
        elf.parse_library(b"\x7fELF\x01\x01" + bytes(64))


def test_a_good_layer_passes(tmp_path: Path) -> None:
    image = an_elf(rpath="$ORIGIN", versions=("GLIBC_2.34",), needed=("libpango-1.0.so.0",))
    gates.check_layer(a_layer(tmp_path, mine=image), "x86_64")


@pytest.mark.parametrize(
    ("problem", "image"),
    [
        ("asks for glibc 2.36", an_elf(rpath="$ORIGIN", versions=("GLIBC_2.36",))),
        ("asks for glibc 2.100", an_elf(rpath="$ORIGIN", versions=("GLIBC_2.100",))),
        ("needs libmissing.so.1", an_elf(rpath="$ORIGIN", needed=("libmissing.so.1",))),
        ("looks for libraries in '/usr/lib'", an_elf(rpath="/usr/lib")),
        ("looks for libraries in '/opt'", an_elf(rpath="$ORIGIN:/opt")),
        ("not $ORIGIN", an_elf(runpath="$ORIGIN")),
        ("not $ORIGIN", an_elf()),
        ("is for arm64, not x86_64", an_elf(arch="arm64", rpath="$ORIGIN")),
    ],
)
def test_a_bad_library_stops_the_build(tmp_path: Path, problem: str, image: bytes) -> None:
    with pytest.raises(gates.GateError) as refused:
        gates.check_layer(a_layer(tmp_path, bad=image), "x86_64")
    assert problem in str(refused.value)
    assert "bad.so" in str(refused.value)


def test_a_layer_without_pango_stops_the_build(tmp_path: Path) -> None:
    (a_layer(tmp_path) / "lib" / "libpango-1.0.so.0").unlink()
    with pytest.raises(gates.GateError, match=r"libpango-1\.0\.so\.0 is not in the layer"):
        gates.check_layer(tmp_path, "x86_64")


def test_a_wheel_finds_its_libraries_beside_it_or_in_the_layer(tmp_path: Path) -> None:
    layer = a_layer(tmp_path / "layer", zlib=an_elf())
    tree = tmp_path / "tree"
    (tree / "PIL").mkdir(parents=True)
    (tree / "pillow.libs").mkdir()
    needed = ("libjpeg.so", "zlib.so", "libc.so.6")
    module = an_elf(rpath="$ORIGIN/../pillow.libs", needed=needed)
    (tree / "PIL" / "_imaging.so").write_bytes(module)
    (tree / "pillow.libs" / "libjpeg.so").write_bytes(an_elf())
    gates.check_function(tree, "x86_64", layer)
    (tree / "pillow.libs" / "libjpeg.so").unlink()
    with pytest.raises(gates.GateError, match=r"_imaging\.so: needs libjpeg\.so"):
        gates.check_function(tree, "x86_64", layer)


def test_an_archive_over_its_limit_stops_the_build(tmp_path: Path) -> None:
    path = tmp_path / "function.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"12345")
    gates.check_sizes([gates.Archive(path, path.stat().st_size)])
    with pytest.raises(gates.GateError, match=r"function\.zip has \d+ bytes"):
        gates.check_sizes([gates.Archive(path, path.stat().st_size - 1)])


def test_archives_that_unpack_to_too_much_stop_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates, "UNZIPPED", 9)
    path = tmp_path / "layer.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"12345")
    small = gates.Archive(path, 1_000)
    gates.check_sizes([small])
    with pytest.raises(gates.GateError, match="10 bytes unzipped, limit 9"):
        gates.check_sizes([small, small])


def test_a_trimmed_module_that_is_asked_for_stops_the_build() -> None:
    trim = Trim(patterns=(), languages=frozenset(), optional=frozenset({"PIL._avif"}))
    trimmed = {"PIL._avif", "fontTools.merge", "babel/locale-data/sw.dat"}
    gates.check_trimmed_is_unused(["PIL._avif", "PIL.Image"], trimmed, trim)
    with pytest.raises(gates.GateError, match=r"fontTools\.merge is trimmed, and asked for"):
        gates.check_trimmed_is_unused(["fontTools.merge"], trimmed, trim)
    with pytest.raises(gates.GateError, match=r"sw\.dat is trimmed, and asked for"):
        gates.check_trimmed_is_unused(["babel/locale-data/sw.dat"], trimmed, trim)
