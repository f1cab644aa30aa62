"""What is left out of the wheels, and what must stay."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from debian import PROJECT
from elves import an_elf
from function import EXCLUDED, REQUIREMENTS, names_in, requirements_of
from trim import Trim, module_of, read_trim, trim_wheels

NO_TRIM = Trim(patterns=(), languages=frozenset(), optional=frozenset())


@pytest.mark.parametrize(
    ("module", "path"),
    [
        ("PIL._avif", "PIL/_avif.cpython-313-aarch64-linux-gnu.so"),
        ("zopfli.zopfli", "zopfli/zopfli.abi3.so"),
        ("fontTools.merge", "fontTools/merge/__init__.py"),
        ("brotli", "brotli.py"),
        ("babel/locale-data/sw.dat", "babel/locale-data/sw.dat"),
    ],
)
def test_a_module_is_known_by_its_name_and_data_by_its_path(module: str, path: str) -> None:
    assert module_of(Path(path)) == module


@pytest.mark.parametrize(
    ("name", "is_removed"),
    [
        ("babel/locale-data/en_GB.dat", False),
        ("babel/locale-data/zh_Hant_TW.dat", False),
        ("babel/locale-data/root.dat", False),
        ("babel/locale-data/sw_KE.dat", True),
        ("babel/global.dat", False),
        ("pyphen/dictionaries/hyph_de_DE.dic", False),
        ("pyphen/dictionaries/hyph_eo.dic", True),
        ("weasyprint/text/ffi.py", False),
        ("fontTools/misc/bezierTools.py", False),
        ("fontTools/misc/bezierTools.cpython-313-x86_64-linux-gnu.so", True),
        ("jinja2/py.typed", True),
        ("weasyprint-70.0.dist-info/METADATA", False),
        ("weasyprint-70.0.dist-info/licenses/LICENSE", False),
        ("weasyprint-70.0.dist-info/RECORD", True),
    ],
)
def test_the_committed_list_removes_exactly(name: str, is_removed: bool) -> None:
    assert read_trim().removes(name) is is_removed


def test_every_language_of_a_template_has_its_formats() -> None:
    """A language that a template offers must not lack its data on Lambda only."""
    offered: set[str] = set()
    for path in PROJECT.glob("templates/*/template.toml"):
        offered |= set(tomllib.loads(path.read_text()).get("languages", []))
    assert {tag.split("-")[0] for tag in offered} <= read_trim().languages


def test_a_module_with_a_twin_is_not_gone_with_one_of_them(tmp_path: Path) -> None:
    (tmp_path / "tools.py").touch()
    (tmp_path / "tools.cpython-313-x86_64-linux-gnu.so").touch()
    (tmp_path / "lonely.py").touch()
    trim = Trim(patterns=("*.so", "lonely.py"), languages=frozenset(), optional=frozenset())
    assert trim_wheels(tmp_path, trim) == {"lonely"}
    assert [path.name for path in tmp_path.iterdir()] == ["tools.py"]


def test_libraries_that_only_trimmed_modules_needed_go_with_them(tmp_path: Path) -> None:
    libraries = tmp_path / "pillow.libs"
    libraries.mkdir()
    (tmp_path / "_imaging.so").write_bytes(an_elf(needed=("libjpeg.so",)))
    (libraries / "libjpeg.so").write_bytes(an_elf(needed=("libz.so",)))
    (libraries / "libz.so").write_bytes(an_elf())
    (libraries / "libone.so").write_bytes(an_elf(needed=("libother.so",)))
    (libraries / "libother.so").write_bytes(an_elf(needed=("libone.so",)))
    trim_wheels(tmp_path, NO_TRIM)
    assert sorted(path.name for path in libraries.iterdir()) == ["libjpeg.so", "libz.so"]


def test_what_is_excluded_is_asked_for_by_what_is_excluded_only() -> None:
    """Except botocore itself, which aws-xray-sdk asks for and the managed runtime has."""
    locked = REQUIREMENTS.read_text()
    for name in EXCLUDED.keys() & names_in(locked) - {"botocore"}:
        askers = {
            line.strip("# ").removeprefix("via").strip()
            for line in requirements_of(locked, {name}).splitlines()
            if line.startswith("    #")
        }
        assert askers - {""} <= EXCLUDED.keys()
