"""What a function sees as its disk: a system without Pango, ``/var/task``, ``/opt``, the runtime.

The system is Debian 13's Python 3.13 and what it needs, the packages that ``packaging/lock.toml``
pins: AWS's own image is not to be had without a container, and what it has that this has not
(the newest glibc symbol allowed) the build's gates check.
"""

from __future__ import annotations

import fcntl
import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import debian
import function
from aptroot import AptRoot
from lock import PYTHON_RELEASE, read_lock
from python313 import pinned_python
from steps import key_of

from e2e import CACHE, DIST, PROJECT

MANAGED_RUNTIME = PROJECT / "requirements" / "managed-runtime.txt"
EMULATORS = PROJECT / ".venv-infra/lib"
CLIENT_LIBRARIES = ("libstdc++6",)  # the runtime client is C++ inside
NEWER_PACKAGES = ("libglib2.0-0t64", "libpangoft2-1.0-0", "libharfbuzz-subset0", "libfontconfig1")
EMULATOR = Path("usr/local/bin/aws-lambda-rie")
BOOTSTRAP = Path("var/runtime/bootstrap")

# What AWS's own bootstrap does: the runtime client, in the task's folder, with the handler's name.
BOOTSTRAP_TEXT = """\
#!/usr/bin/python3.13
import os
import sys

sys.path[:0] = ["/var/task", "/opt/python", "/var/runtime"]
os.environ.setdefault("AWS_EXECUTION_ENV", "AWS_Lambda_python3.13")
os.chdir("/var/task")
from awslambdaric.__main__ import main

main(["awslambdaric", os.environ["_HANDLER"]])
"""
# Debian's packages still say /lib, its system has them in /usr.
MERGED = ("bin", "sbin", "lib", "lib64")


@dataclass(frozen=True)
class LambdaRoot:
    """Three folders of the host, from which a sandbox puts a file system together."""

    arch: str
    """Lambda's name of the processor: ``arm64`` or ``x86_64``."""
    system: Path
    task: Path
    opt: Path


def lambda_root(arch: str, *, dist: Path = DIST) -> LambdaRoot:
    """The root for the archives in ``dist/``; made once for the same archives and the same lock."""
    layers = [dist / f"layer-{arch}.zip", dist / "layer-fonts.zip"]
    return LambdaRoot(
        arch=arch,
        system=_system(arch),
        task=unpacked(f"task-{arch}", [dist / f"function-{arch}.zip"]),
        opt=unpacked(f"opt-{arch}", layers),
    )


def newer_libraries(root: LambdaRoot) -> Path:
    """A ``/usr/lib64`` as of a later system: what is there, and Debian 13's Pango and glib."""

    def fill(into: Path) -> None:
        apt = AptRoot(PYTHON_RELEASE, debian.ARCHITECTURES[root.arch])
        shutil.copytree(root.system / "usr/lib64", into, symlinks=True)
        there = {package.name for package in read_lock().python[root.arch]}
        newer = [each for each in apt.resolve(*NEWER_PACKAGES) if each.name not in there]
        for file in apt.fetch(*newer):
            partial = into.with_name(f"{into.name}.package")
            debian.unpack(file, partial)
            for library in partial.glob("usr/lib/*/*.so.*"):
                shutil.copyfile(library, into / library.name)
            shutil.rmtree(partial)

    return _kept(f"newer-{root.arch}", [*NEWER_PACKAGES, str(root.system)], fill)


def unpacked(name: str, archives: Sequence[Path]) -> Path:
    """A folder with the contents of the archives, one over the other, as Lambda does layers."""

    def fill(into: Path) -> None:
        for archive in archives:
            with zipfile.ZipFile(archive) as opened:
                opened.extractall(into)

    return _kept(name, archives, fill)


def _system(arch: str) -> Path:
    def fill(into: Path) -> None:
        _unpack_system(arch, into)
        requirements = MANAGED_RUNTIME.read_text()
        function.install_wheels(requirements, arch, into / "var/runtime")
        (into / EMULATOR).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_emulator(arch), into / EMULATOR)
        (into / BOOTSTRAP).write_text(BOOTSTRAP_TEXT)
        for program in (EMULATOR, BOOTSTRAP):
            (into / program).chmod(0o755)
        _compile(into)

    packages = [package.sha256 for package in read_lock().python[arch]]
    return _kept(f"system-{arch}", [*packages, MANAGED_RUNTIME, Path(__file__)], fill)


def _compile(system: Path) -> None:
    """Byte code of the standard library and of boto3, which an installed Python has, and a package
    of Debian's only once it is installed: without it, half of every start would be compiling.
    """
    folders = [str(system / "usr/lib/python3.13"), str(system / "var/runtime")]
    options = ["-q", "-f", "--invalidation-mode", "unchecked-hash", "-s", str(system)]
    pinned_python(read_lock()).run("-m", "compileall", *options, *folders)


def _unpack_system(arch: str, into: Path) -> None:
    """Python and its libraries, no shell, no Pango; and the empty folders to mount things on."""
    apt = AptRoot(PYTHON_RELEASE, debian.ARCHITECTURES[arch])
    into.mkdir(parents=True)
    for name in MERGED:
        (into / "usr" / name).mkdir(parents=True)
        (into / name).symlink_to(f"usr/{name}")
    locked = {package.name: package for package in read_lock().python[arch]}
    wanted = {package.name: package for package in apt.resolve(*CLIENT_LIBRARIES)} | locked
    for file in apt.fetch(*wanted.values()):
        _unpack_into_merged(file, into)
    for name in ("var/task", "opt", "tmp", "proc", "dev", "mnt", "etc/pki"):
        (into / name).mkdir(parents=True, exist_ok=True)
    (into / "etc/hosts").write_text("127.0.0.1 localhost\n")


def _unpack_into_merged(package: Path, root: Path) -> None:
    """``dpkg-deb --extract`` would put a folder where the link ``/lib`` is: copy over instead."""
    partial = root.with_name(f"{root.name}.package")
    shutil.rmtree(partial, ignore_errors=True)
    debian.unpack(package, partial)
    for name in MERGED:
        if (partial / name).is_dir() and not (partial / name).is_symlink():
            _copy_over(partial / name, root / "usr" / name)
            shutil.rmtree(partial / name)
    _copy_over(partial, root)
    shutil.rmtree(partial)


def _copy_over(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)


def _emulator(arch: str) -> Path:
    """The official one, from the wheel of AWS's command line."""
    name = f"site-packages/samcli/local/rapid/aws-lambda-rie-{arch}"
    found = next(EMULATORS.glob(f"python3.*/{name}"), None)
    if found is None:
        raise FileNotFoundError("the emulator comes with sam: run make setup-test")
    return found


def _kept(name: str, inputs: Sequence[Path | str], fill: Callable[[Path], None]) -> Path:
    """The folder that ``fill`` fills, from the cache where no input has changed."""
    folder = CACHE / f"{name}-{key_of(inputs)}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / ".lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)  # tests run side by side
        if folder.exists():
            return folder
        for old in CACHE.glob(f"{name}-*"):
            shutil.rmtree(old, ignore_errors=True)
        partial = folder.with_name(f".{folder.name}")
        shutil.rmtree(partial, ignore_errors=True)  # of a run that was ended
        fill(partial)
        return partial.rename(folder)
