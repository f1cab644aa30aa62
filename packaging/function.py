"""The function archive, ``/var/task`` on Lambda: our package, its data, and the wheels."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import bindings
import prepare
from debian import PROJECT
from tools import tool
from trim import read_trim, trim_wheels

from invoice_renderer.catalogue import compile_beside

if TYPE_CHECKING:
    from collections.abc import Collection

    from python313 import Python313

REQUIREMENTS = PROJECT / "requirements" / "lambda.txt"
SOURCE = PROJECT / "src" / "invoice_renderer"
TEMPLATES = PROJECT / "templates"
PROFILES = PROJECT / "profiles"
TASK = Path("/var/task")
PLATFORMS = {"x86_64": "x86_64-manylinux_2_34", "arm64": "aarch64-manylinux_2_34"}

# Left out of the archive though the lock file has them.
EXCLUDED = {
    "botocore": "part of Lambda's managed runtime, with boto3; 30 MB (aws-xray-sdk asks for it)",
    "python-dateutil": "asked for by botocore only, and beside it in the managed runtime",
    "six": "asked for by python-dateutil only, and beside it in the managed runtime",
}
# Of our own package: the command line needs typer and rich, which are not in the archive; gallery,
# lint and preview are for people who make templates.
TOOLS = ("cli", "cli.py", "gallery", "lint", "preview")
BUILDERS = ("cffi", "pycparser")  # of the bindings


def fill_wheels(python: Python313, arch: str, into: Path) -> set[str]:
    """The third-party part: installed from the lock, trimmed, compiled, without sources.

    What was trimmed is returned: modules by name, data by path.
    """
    locked = REQUIREMENTS.read_text()
    install_wheels(requirements_of(locked, names_in(locked) - EXCLUDED.keys()), arch, into)
    trimmed = trim_wheels(into, read_trim())
    # -b: module.pyc beside where module.py was. The sources would be a third of the archive.
    _compile(python, into, "-b")
    for source in into.rglob("*.py"):
        source.unlink()
    return trimmed


def fill_bindings(python: Python313, into: Path) -> None:
    """``weasyprint_bindings.py``, for either architecture."""
    with tempfile.TemporaryDirectory() as folder:
        locked = requirements_of(REQUIREMENTS.read_text(), ("weasyprint", *BUILDERS))
        install_wheels(locked, python.arch, Path(folder))
        declared = Path(folder) / "weasyprint/text/ffi.py"
        python.run(bindings.__file__, folder, str(declared), str(into / f"{bindings.NAME}.py"))


def fill_prepared(python: Python313, wheels: Path, templates: Path, into: Path) -> None:
    """Compiled pages, for either architecture; ``wheels`` are of this one."""
    folders = [str(folder) for folder in (wheels, SOURCE.parent, templates, into)]
    python.run(prepare.__file__, *folders)


def fill_source(python: Python313, generated: list[Path], templates: Path, into: Path) -> None:
    """Our own part, with sources, so that a traceback shows lines; what was generated; and a
    folder of templates, ours or the operator's, with their catalogues compiled.
    """
    for folder in generated:
        shutil.copytree(folder, into, dirs_exist_ok=True)
    skipped = shutil.ignore_patterns("__pycache__", "*.md")
    shutil.copytree(SOURCE, into / "invoice_renderer", ignore=skipped)
    for name in TOOLS:
        _remove(into / "invoice_renderer" / name)
    shutil.copytree(templates, into / "templates", ignore=skipped)
    for template in (into / "templates").iterdir():
        compile_beside(template)
    shutil.copytree(PROFILES, into / "profiles", ignore=skipped)
    for path in _licence_files():
        shutil.copyfile(path, into / path.name)
    _compile(python, into)


def source_files(templates: Path) -> list[Path]:
    """Every file that our own part is made of."""
    folders = [SOURCE, templates, PROFILES]
    files = [file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file()]
    return [*(file for file in files if "__pycache__" not in file.parts), *_licence_files()]


def install_wheels(requirements: str, arch: str, into: Path) -> None:
    """Hash-checked wheels of CPython 3.13 on Lambda's glibc; nothing is ever built."""
    uv = [str(tool("uv")), "pip", "install", "--quiet", "--no-config", "--python", sys.executable]
    target = ["--target", str(into), "--python-version", "3.13"]
    platform = ["--python-platform", PLATFORMS[arch], "--only-binary", ":all:"]
    # --link-mode copy: the files are changed afterwards, and uv's own cache must not be.
    exact = ["--no-deps", "--require-hashes", "--link-mode", "copy", "--requirement", "-"]
    command = [*uv, *target, *platform, *exact]
    subprocess.run(command, check=True, input=requirements, text=True)


def requirements_of(locked: str, names: Collection[str]) -> str:
    """Only these packages of a lock file."""
    return "".join(block for block in _blocks(locked) if _name_in(block) in names)


def names_in(locked: str) -> set[str]:
    """The packages of a lock file."""
    return {_name_in(block) for block in _blocks(locked)}


def _blocks(locked: str) -> list[str]:
    return re.split(r"^(?=[A-Za-z0-9])", locked, flags=re.MULTILINE)[1:]


def _name_in(block: str) -> str:
    return re.split(r"[=\[ ]", block, maxsplit=1)[0]


def _licence_files() -> list[Path]:
    return [path for name in ("LICENSE", "NOTICE") if (path := PROJECT / name).exists()]


def _compile(python: Python313, folder: Path, *options: str) -> None:
    """Byte code that is never compared with a source: Lambda's disk is read-only."""
    unchecked = ["-q", "-f", "--invalidation-mode", "unchecked-hash"]
    paths = ["-s", str(folder), "-p", str(TASK)]  # what tracebacks name
    python.run("-m", "compileall", *unchecked, *options, *paths, str(folder))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
