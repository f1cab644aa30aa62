"""What is pinned, and that no place of a registry is."""

from __future__ import annotations

import re
from pathlib import Path

import fonts
import lock
import pytest
from debian import ARCHITECTURES, PROJECT
from template import for_x86_64

COMMITTED = sorted(
    path
    for pattern in ("packaging/*.py", "packaging/*.toml", "requirements/packaging.*")
    for path in PROJECT.glob(pattern)
)
SHA256 = re.compile(r"[0-9a-f]{64}")
HOST = re.compile(r"\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|dev|io|net|org)\b")


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.name)
def test_no_file_names_a_host(path: Path) -> None:
    """Where packages come from is the business of the machine's own configuration."""
    # The names of XML's vocabularies look like addresses, and are none.
    text = path.read_text().replace("http://www.w3.org/2000/svg", "")
    assert "://" not in text
    assert HOST.findall(text) == []


def test_every_package_is_pinned_by_version_and_hash() -> None:
    pinned = lock.read_lock()
    for packages in [*pinned.layer.values(), *pinned.python.values()]:
        assert packages
        assert all(package.version and SHA256.fullmatch(package.sha256) for package in packages)
    assert all(SHA256.fullmatch(sha256) for sha256 in pinned.expat.files.values())
    assert set(pinned.expat_built) == set(ARCHITECTURES)


def test_both_architectures_have_the_same_packages_in_the_same_versions() -> None:
    """Else the same invoice would have other bytes on the other architecture."""
    layers = lock.read_lock().layer
    arm64, x86_64 = ([(p.name, p.version) for p in layers[arch]] for arch in ARCHITECTURES)
    assert arm64 == x86_64


def test_the_fonts_are_pinned_one_by_one() -> None:
    packages = fonts.read_packages()
    listed = [font for package in packages for font in package.fonts]
    assert all(SHA256.fullmatch(font.sha256) for font in listed)
    assert len({font.name for font in listed}) == len(listed)
    assert {font.layer for font in listed} == {"base", "scripts"}
    assert all(SHA256.fullmatch(package.sha256) and package.licence for package in packages)


def test_the_first_fonts_are_those_of_the_page() -> None:
    families = fonts.families_of(fonts.read_packages())
    assert families[:2] == ["Inter", "Noto Sans"]
    assert families[-3:] == ["Droid Sans Fallback", "NanumGothicCoding", "MotoyaLCedar"]


def test_fonts_conf_knows_one_folder_and_no_hinting() -> None:
    conf = fonts.fonts_conf(folder=Path("/a&b"), cache=Path("/c"), families=["One", "Two"])
    assert conf.count("<dir>") == 1
    assert "<dir>/a&amp;b</dir>" in conf
    assert "<include" not in conf
    assert conf.index("<string>One</string>") < conf.index("<string>Two</string>")
    assert '<edit name="hinting" mode="assign"><bool>false</bool></edit>' in conf


def test_the_template_for_the_other_architecture_names_its_archives_beside_it() -> None:
    template = "Architectures: [arm64]\nCodeUri: dist/function-arm64.zip\nContentUri: ./dist/a.zip"
    expected = "Architectures: [x86_64]\nCodeUri: function-x86_64.zip\nContentUri: a.zip"
    assert for_x86_64(template) == expected
