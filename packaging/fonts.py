"""The bundled fonts, on this machine: ``python3 packaging/fonts.py --into .cache/fonts``.

Fetches the Debian packages that ``fonts.toml`` names, checks every font against its SHA-256, and
leaves in the folder the fonts, their licences and a ``fonts.conf`` that knows nothing else. Set
``FONTCONFIG_FILE`` to it and a PDF has the same bytes here as on Lambda. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import debian

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FONTS_TOML = Path(__file__).with_name("fonts.toml")
STAMP = "installed.json"
LICENCES = "licences"


@dataclass(frozen=True)
class Font:
    """One font file: where it is in its package, what it must hash to, and its layer."""

    path: str
    sha256: str
    family: str
    layer: str

    @property
    def name(self) -> str:
        """The file name, unique among the bundled fonts."""
        return Path(self.path).name


@dataclass(frozen=True)
class FontPackage:
    """One Debian package and the fonts that are taken from it."""

    name: str
    version: str
    sha256: str
    licence: str
    fonts: tuple[Font, ...]

    @property
    def copyright_path(self) -> str:
        """Debian's copyright file, which carries the whole licence."""
        return f"usr/share/doc/{self.name}/copyright"


def read_packages(fonts_toml: Path = FONTS_TOML) -> tuple[FontPackage, ...]:
    """The list of fonts, in order of preference."""
    tables = tomllib.loads(fonts_toml.read_text())["package"]
    return tuple(
        FontPackage(**table, fonts=tuple(Font(**file) for file in files))
        for table in tables
        for files in [table.pop("file")]
    )


def install(into: Path, *, exactly: bool = False) -> None:
    """Make the folder complete; instant where it is. ``exactly``: refuse any other version."""
    packages = read_packages()
    into.mkdir(parents=True, exist_ok=True)
    if not _is_complete(into, exactly=exactly):
        files: dict[str, str] = {}
        for package in packages:
            files |= dict(_install_package(package, into, exactly=exactly))
        stamp = {"list": debian.sha256_of(FONTS_TOML), "files": files}
        _write(into / STAMP, json.dumps(stamp, indent=1))
    families = families_of(packages)
    conf = fonts_conf(folder=into.resolve(), cache=_private_cache(), families=families)
    _write(into / "fonts.conf", conf)


def families_of(packages: Sequence[FontPackage]) -> list[str]:
    """Every family once, in the order of the list."""
    return list(dict.fromkeys(font.family for package in packages for font in package.fonts))


def fonts_conf(*, folder: Path, cache: Path, families: Sequence[str]) -> str:
    """One folder, one cache, one order of families; no font of the system, no hinting."""
    strings = "\n".join(f"      <string>{escape(family)}</string>" for family in families)
    return f"""<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<!-- Written by packaging/fonts.py. The bundled fonts and nothing else. -->
<fontconfig>
  <dir>{escape(str(folder))}</dir>
  <cachedir>{escape(str(cache))}</cachedir>
  <!-- Whatever family is asked for, a missing glyph is looked for in this order. "strong": else
       the language of the text would outrank the order, and bytes would depend on it. -->
  <match target="pattern">
    <edit name="family" mode="append_last" binding="strong">
{strings}
    </edit>
  </match>
  <!-- Widths come from the outlines: hinting would move glyphs with the FreeType version. -->
  <match target="font">
    <edit name="hinting" mode="assign"><bool>false</bool></edit>
    <edit name="autohint" mode="assign"><bool>false</bool></edit>
    <edit name="hintstyle" mode="assign"><const>hintnone</const></edit>
    <edit name="rgba" mode="assign"><const>none</const></edit>
  </match>
</fontconfig>
"""


def _is_complete(into: Path, *, exactly: bool) -> bool:
    try:
        stamp = json.loads((into / STAMP).read_text())
        if stamp["list"] != debian.sha256_of(FONTS_TOML):
            return False
        if exactly and stamp["files"] != _pinned_hashes():
            return False
        return all(debian.sha256_of(into / name) == is_ for name, is_ in stamp["files"].items())
    except (OSError, ValueError, KeyError):
        return False


def _pinned_hashes() -> dict[str, str]:
    return {font.name: font.sha256 for package in read_packages() for font in package.fonts}


def _install_package(
    package: FontPackage, into: Path, *, exactly: bool
) -> Iterator[tuple[str, str]]:
    file = debian.fetch_any_version(package.name, package.version, package.sha256)
    pinned = debian.sha256_of(file) == package.sha256
    if exactly and not pinned:
        raise debian.PackageError(
            f"{package.name} {package.version} is needed, apt has {debian.version_of(file)}"
        )
    with tempfile.TemporaryDirectory() as folder:
        unpacked = Path(folder)
        debian.unpack(file, unpacked)
        hashes = {font: _copy(font, unpacked, into) for font in package.fonts}
        (into / LICENCES).mkdir(exist_ok=True)
        licence = into / LICENCES / f"{package.name}.txt"
        shutil.copyfile(unpacked / package.copyright_path, licence)
    other = [font.name for font, found in hashes.items() if found != font.sha256]
    if pinned and other:
        raise debian.PackageError(f"{package.name}: SHA-256 differs: {', '.join(other)}")
    if other:
        print(
            f"warning: {package.name} is {debian.version_of(file)} here, {package.version} on "
            "Lambda: PDFs of this machine will have other bytes",
            file=sys.stderr,
        )
    yield from ((font.name, found) for font, found in hashes.items())


def _copy(font: Font, unpacked: Path, into: Path) -> str:
    source = unpacked / font.path
    if not source.exists():  # another version of the package may have moved it
        source = next(unpacked.rglob(font.name), source)
    if not source.exists():
        raise debian.PackageError(f"{font.name} is not in the package")
    partial = into / f".{font.name}.{os.getpid()}"
    shutil.copyfile(source, partial)
    partial.replace(into / font.name)  # at once: another run may be reading it
    return debian.sha256_of(into / font.name)


def _private_cache() -> Path:
    """fontconfig maps its cache into memory: nobody else may write to the folder."""
    cache = Path(tempfile.gettempdir()) / f"invoice-renderer-fonts-{os.getuid()}"
    cache.mkdir(mode=0o700, exist_ok=True)
    status = cache.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise PermissionError(f"{cache} is not ours alone: remove it")
    return cache


def _write(path: Path, text: str) -> None:
    if path.exists() and path.read_text() == text:
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text)
    partial.replace(path)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Put the bundled fonts into a folder.")
    parser.add_argument("--into", type=Path, required=True, metavar="DIR")
    into: Path = parser.parse_args().into
    try:
        install(into)
    except (debian.PackageError, PermissionError) as error:
        print(f"fonts: {error}", file=sys.stderr)
        return 1
    print(f"{len(_pinned_hashes())} fonts are in {into}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
