"""The native layer, ``/opt`` on Lambda: Pango and all it needs, fonts, ``fonts.conf``, licences."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import closure
import debian
import expat
import fonts
from aptroot import AptRoot
from debian import ARCHITECTURES
from lock import EXPAT_RELEASE, LAYER_RELEASE, Lock
from tools import tool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OPT = Path("/opt")
FONT_FOLDER = Path("share/fonts")
LICENCE_FOLDER = Path("share/licences")
# Where fontconfig may write: Lambda's only writable folder.
FONT_CACHE = Path("/tmp/fontconfig")  # noqa: S108 - one process, one sandbox, nobody else
# What libthai reads at run time; LIBTHAI_DICTDIR=/opt/share/libthai makes it look there.
THAI_WORDS = Path("share/libthai/thbrk.tri")


def fill_layer(lock: Lock, arch: str, into: Path) -> None:
    """Everything of ``layer-{arch}.zip``."""
    with tempfile.TemporaryDirectory() as folder:
        unpacked = _unpack_packages(lock, arch, Path(folder) / "debian")
        compiled = Path(folder) / "expat"
        expat.build_expat(fetch_expat(lock), arch, compiled)
        if debian.sha256_of(compiled / expat.SONAME) != lock.expat_built[arch]:
            print(f"warning: another compiler than the lock's: layer-{arch}.zip has other bytes")
        libraries = closure.needed_libraries(closure.ROOTS, [*unpacked.values(), compiled])
        _copy_libraries(libraries, into / "lib")
        _copy(unpacked["libthai-data"] / "usr" / THAI_WORDS, into / THAI_WORDS)
        _copy_licences(unpacked, into / LICENCE_FOLDER)
        _copy(compiled / "expat.txt", into / LICENCE_FOLDER / "expat.txt")
    fill_fonts("base", into)
    conf = into / "etc/fonts/fonts.conf"
    conf.parent.mkdir(parents=True)
    conf.write_text(
        fonts.fonts_conf(
            folder=OPT / FONT_FOLDER,
            cache=FONT_CACHE,
            families=fonts.families_of(fonts.read_packages()),
        )
    )


def fill_fonts(layer: str, into: Path) -> None:
    """The fonts of one layer, "base" or "scripts", with their licences."""
    with tempfile.TemporaryDirectory() as folder:
        fonts.install(Path(folder), exactly=True)
        for package in fonts.read_packages():
            names = [font.name for font in package.fonts if font.layer == layer]
            for name in names:
                _copy(Path(folder) / name, into / FONT_FOLDER / name)
            if names:
                licence = f"{package.name}.txt"
                _copy(Path(folder) / fonts.LICENCES / licence, into / LICENCE_FOLDER / licence)


def fetch_expat(lock: Lock) -> list[Path]:
    """The files of expat's source package; any architecture's lists have them."""
    return AptRoot(EXPAT_RELEASE, "amd64").fetch_source(lock.expat)


def _unpack_packages(lock: Lock, arch: str, folder: Path) -> dict[str, Path]:
    root = AptRoot(LAYER_RELEASE, ARCHITECTURES[arch])
    unpacked = {package.name: folder / package.name for package in lock.layer[arch]}
    files = root.fetch(*lock.layer[arch])
    for package, file in zip(lock.layer[arch], files, strict=True):
        debian.unpack(file, unpacked[package.name])
    return unpacked


def _copy_libraries(libraries: Mapping[str, Path], into: Path) -> None:
    """Flat, by SONAME, each finding its neighbours and nothing else."""
    for soname, path in libraries.items():
        _copy(path, into / soname)
        # DT_RPATH, not DT_RUNPATH: it outranks LD_LIBRARY_PATH, in which Lambda puts the system's
        # folders, with another glib perhaps, before /opt/lib.
        patch = [str(tool("patchelf")), "--force-rpath", "--set-rpath", "$ORIGIN"]
        subprocess.run([*patch, str(into / soname)], check=True)


def _copy_licences(unpacked: Mapping[str, Path], into: Path) -> None:
    """Debian's copyright file of each package, and the licence texts that they refer to."""
    texts = set()
    for name, folder in unpacked.items():
        notice = folder / "usr/share/doc" / name / "copyright"
        # A package may link its documentation to that of a sibling from the same source.
        _copy(notice if notice.is_file() else _of_sibling(notice, unpacked), into / f"{name}.txt")
        texts |= set(_common_licences((into / f"{name}.txt").read_text(errors="replace")))
    common = unpacked["base-files"] / "usr/share/common-licenses"
    for text in sorted(texts):
        if (common / text).is_file():
            _copy(common / text, into / "common-licenses" / text)


def _of_sibling(notice: Path, unpacked: Mapping[str, Path]) -> Path:
    sibling = notice.parent.readlink().name
    return unpacked[sibling] / "usr/share/doc" / sibling / "copyright"


def _common_licences(notice: str) -> Iterator[str]:
    for match in re.findall(r"/usr/share/common-licenses/([A-Za-z0-9.-]+)", notice):
        yield match.rstrip(".")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
