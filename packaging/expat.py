"""libexpat.so.1 for the layer, compiled from upstream's source without ``arc4random``.

Debian 12's own build asks for one symbol of glibc 2.36, ``arc4random_buf``; Amazon Linux 2023 has
glibc 2.34. Configured for ``getrandom`` (glibc 2.25) it runs on both. In the layer it reads
``fonts.conf`` and nothing else, and never anything that came from outside.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from debian import TRIPLETS, PackageError, host_arch

if TYPE_CHECKING:
    from pathlib import Path

SONAME = "libexpat.so.1"
COMPILER_PACKAGES = {
    "x86_64": ("gcc-x86-64-linux-gnu", "libc6-dev-amd64-cross"),
    "arm64": ("gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"),
}
SOURCES = ("xmlparse.c", "xmlrole.c", "xmltok.c", "random_getrandom.c", "random_dev_urandom.c")
CONFIG = """\
#define BYTEORDER 1234
#define HAVE_GETRANDOM 1
#define XML_CONTEXT_BYTES 1024
#define XML_DEV_URANDOM 1
#define XML_DTD 1
#define XML_GE 1
#define XML_NS 1
"""
# Every path on the command line is relative, and no build id: the bytes depend on source and
# compiler only.
FLAGS = (
    "-O2 -DNDEBUG -D_GNU_SOURCE -DHAVE_EXPAT_CONFIG_H -DXML_ENABLE_VISIBILITY=1 -I."
    " -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fvisibility=hidden -fPIC -shared -s"
    f" -Wl,-soname,{SONAME} -Wl,--build-id=none -Wl,-z,relro -Wl,-z,now"
)


def build_expat(archives: list[Path], arch: str, into: Path) -> None:
    """Compile the library for one architecture into a folder, with its licence."""
    original = next(path for path in archives if ".orig.tar." in path.name)
    compiler = _compiler(arch)
    folder = into / "source"
    folder.mkdir(parents=True)
    # Not tarfile: Debian 12's Python 3.11.2 cannot yet filter what it extracts.
    subprocess.run(["tar", "-xf", str(original), "-C", str(folder)], check=True)
    library = next(folder.glob("*/expat/lib"))
    (library / "expat_config.h").write_text(CONFIG)
    subprocess.run([compiler, *FLAGS.split(), "-o", SONAME, *SOURCES], cwd=library, check=True)
    shutil.copyfile(library / SONAME, into / SONAME)
    shutil.copyfile(library.parent / "COPYING", into / "expat.txt")
    shutil.rmtree(folder)


def compiler_version(arch: str) -> str:
    """The first line of what the compiler says of itself: another compiler, other bytes."""
    asked = [_compiler(arch), "--version"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split("\n")[0]


def _compiler(arch: str) -> str:
    name = f"{TRIPLETS[arch]}-gcc"
    packages = ("gcc", "libc6-dev") if arch == host_arch() else COMPILER_PACKAGES[arch]
    if not shutil.which(name) and os.geteuid() == 0:
        print(f"installing {' '.join(packages)} ...", flush=True)
        quietly = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        apt = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
        subprocess.run(apt, check=False, stdout=subprocess.DEVNULL, env=quietly)
    if not shutil.which(name):
        raise PackageError(
            f"{name} is needed to compile expat for {arch}:\n"
            f"    sudo apt-get install {' '.join(packages)}"
        )
    return name
