"""What ``make build`` has left in ``dist/``; skipped, with the reason, where it has not run."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import elf
import fonts
import gates
import pytest
from debian import ARCHITECTURES, sha256_of

Built = Callable[[str], Path]
NamesIn = Callable[[str], list[str]]

pytestmark = pytest.mark.parametrize("arch", ARCHITECTURES)


def test_the_archives_are_within_their_limits(built: Built, arch: str) -> None:
    gates.check_sizes(
        [
            gates.Archive(built(f"function-{arch}.zip"), gates.FUNCTION_ZIPPED),
            gates.Archive(built(f"layer-{arch}.zip"), gates.LAYER_ZIPPED),
            gates.Archive(built("layer-fonts.zip"), gates.LAYER_ZIPPED),
        ]
    )


def test_what_weasyprint_opens_is_in_the_layer(names_in: NamesIn, arch: str) -> None:
    assert {f"lib/{root}" for root in gates.ROOTS} <= set(names_in(f"layer-{arch}.zip"))


def test_every_library_of_the_layer_runs_on_amazon_linux_2023(built: Built, arch: str) -> None:
    with zipfile.ZipFile(built(f"layer-{arch}.zip")) as archive:
        libraries = {
            name: elf.parse_library(archive.read(name))
            for name in archive.namelist()
            if name.startswith("lib/")
        }
    assert max(library.glibc for library in libraries.values()) <= (2, 34)
    assert {library.machine for library in libraries.values()} == {arch}
    assert {(library.rpath, library.runpath) for library in libraries.values()} == {("$ORIGIN", "")}


def test_every_font_of_the_list_is_in_one_of_the_layers(names_in: NamesIn, arch: str) -> None:
    both = {*names_in(f"layer-{arch}.zip"), *names_in("layer-fonts.zip")}
    listed = {font.name for package in fonts.read_packages() for font in package.fonts}
    assert {f"share/fonts/{name}" for name in listed} <= both


def test_every_package_brings_its_licence(
    names_in: NamesIn, sbom_of: Callable[[str], dict[str, Any]], arch: str
) -> None:
    packages = {
        component["name"]
        for component in sbom_of(f"layer-{arch}")["components"]
        if component["type"] == "library"
    }
    assert {f"share/licences/{name}.txt" for name in packages} <= set(names_in(f"layer-{arch}.zip"))


def test_the_function_has_our_package_its_templates_and_its_profiles(
    names_in: NamesIn, arch: str
) -> None:
    names = set(names_in(f"function-{arch}.zip"))
    assert "invoice_renderer/settings.py" in names
    assert "invoice_renderer/__pycache__/settings.cpython-313.pyc" in names
    assert "templates/v1/template.toml" in names
    assert "weasyprint/__init__.pyc" in names


def test_byte_code_is_for_3_13_and_never_compared_with_a_source(built: Built, arch: str) -> None:
    """PEP 552: flags 0b01 mean that the hash in the header is not checked."""
    with zipfile.ZipFile(built(f"function-{arch}.zip")) as archive:
        headers = {archive.read(name)[:8] for name in archive.namelist() if name.endswith(".pyc")}
    assert headers == {b"\xf3\x0d\x0d\x0a\x01\x00\x00\x00"}


def test_what_the_managed_runtime_has_is_not_in_the_function(names_in: NamesIn, arch: str) -> None:
    tops = {name.split("/")[0] for name in names_in(f"function-{arch}.zip")}
    assert tops.isdisjoint({"boto3", "botocore", "dateutil", "six.pyc", "bin"})


def test_the_bill_of_materials_is_of_this_archive(
    built: Built, sbom_of: Callable[[str], dict[str, Any]], arch: str
) -> None:
    for kind in ("function", "layer"):
        document = sbom_of(f"{kind}-{arch}")
        digest = sha256_of(built(f"{kind}-{arch}.zip"))
        assert document["bomFormat"] == "CycloneDX"
        assert document["metadata"]["component"]["hashes"][0]["content"] == digest
        assert "timestamp" not in document["metadata"]
