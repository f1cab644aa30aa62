"""Build the archives: ``build.py [--arch arm64|x86_64|all] [--templates DIR] [--into DIR]``.

``dist/layer-{arch}.zip``      native libraries and fonts
``dist/layer-fonts.zip``       fonts of further scripts, for either architecture
``dist/function-{arch}.zip``   our package, templates, profiles and the wheels
``dist/*.cdx.json``            what is in each of them (CycloneDX)
``dist/template-x86_64.yaml``  ``template.yaml`` for the other architecture

No container, no root (but to install a compiler), and the same bytes from the same commit.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import closure
import debian
import expat
import fonts
import function
import gates
import layer
import sbom
from debian import ARCHITECTURES, PROJECT
from endpoints import fill_endpoints
from lock import Lock, read_lock
from python313 import Python313, pinned_python
from steps import CACHE, NotReproducibleError, kept
from template import for_x86_64
from tools import tool
from trim import read_trim

DIST = PROJECT / "dist"
TEMPLATE = PROJECT / "template.yaml"
RECIPES = Path(__file__).parent
RUNTIME_REQUIREMENTS = PROJECT / "requirements" / "dev.txt"
# boto3 and all it needs: what the managed runtime has, for the trial run of the function.
RUNTIME = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")


FAILURES = (
    closure.MissingLibraryError,
    debian.PackageError,
    gates.GateError,
    NotReproducibleError,
    subprocess.CalledProcessError,
)


@dataclass(frozen=True)
class Build:
    """One run: the lock and the Python that everything is made with."""

    lock: Lock
    python: Python313
    templates: Path = function.TEMPLATES

    def layer(self, arch: str) -> Path:
        """A folder with ``tree/`` and ``archive.zip``; so for every step below."""

        def make(into: Path) -> None:
            layer.fill_layer(self.lock, arch, into / "tree")
            self._zip(into / "tree", into / "archive.zip")

        return kept(f"layer-{arch}", [expat.compiler_version(arch)], make)

    def font_layer(self) -> Path:
        """The fonts of further scripts."""

        def make(into: Path) -> None:
            layer.fill_fonts("scripts", into / "tree")
            self._zip(into / "tree", into / "archive.zip")

        return kept("layer-fonts", [], make)

    def wheels(self, arch: str) -> Path:
        """The third-party part of the function, and the list of what it lacks."""

        def make(into: Path) -> None:
            trimmed = function.fill_wheels(self.python, arch, into / "tree")
            (into / "trimmed.json").write_text(json.dumps(sorted(trimmed), indent=1))
            self._zip(into / "tree", into / "archive.zip")

        return kept(f"wheels-{arch}", [function.REQUIREMENTS], make)

    def bindings(self) -> Path:
        """WeasyPrint's declarations as a module."""

        def make(into: Path) -> None:
            function.fill_bindings(self.python, into)

        return kept("bindings", [function.REQUIREMENTS], make)

    def prepared(self) -> Path:
        """The templates' pages, compiled."""
        wheels = self.wheels(self.python.arch)

        def make(into: Path) -> None:
            function.fill_prepared(self.python, wheels / "tree", self.templates, into / "prepared")

        return kept("prepared", [wheels.name, *function.source_files(self.templates)], make)

    def runtime(self) -> Path:
        """What Lambda's managed runtime has besides Python: boto3."""

        def make(into: Path) -> None:
            locked = function.requirements_of(RUNTIME_REQUIREMENTS.read_text(), RUNTIME)
            function.install_wheels(locked, self.python.arch, into / "tree")

        return kept("runtime", [RUNTIME_REQUIREMENTS], make) / "tree"

    def endpoints(self) -> Path:
        """AWS's endpoints, as far as they are called."""
        runtime = self.runtime()

        def make(into: Path) -> None:
            fill_endpoints(runtime / "botocore", into)

        return kept("endpoints", [RUNTIME_REQUIREMENTS], make)

    def generated(self) -> list[Path]:
        """What is made for the function besides wheels, for either architecture."""
        return [self.bindings(), self.prepared(), self.endpoints()]

    def function(self, arch: str, wheels: Path) -> Path:
        """Our own part after the wheels: seconds, as the wheels are not compressed anew."""
        generated = self.generated()

        def make(into: Path) -> None:
            function.fill_source(self.python, generated, self.templates, into / "tree")
            self._zip(into / "tree", into / "archive.zip", after=wheels / "archive.zip")

        sources = function.source_files(self.templates)
        inputs: list[Path | str] = [wheels.name, *(made.name for made in generated), *sources]
        return kept(f"function-{arch}", inputs, make)

    def try_out(self, wheels: Path, layer_tree: Path) -> None:
        """Run the function archive with the layer's libraries; nothing trimmed may be missed."""
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            task = Path(folder) / "task"
            shutil.copytree(wheels / "tree", task, copy_function=_link)
            function.fill_source(self.python, self.generated(), self.templates, task)
            conf = Path(folder) / "fonts.conf"
            families = fonts.families_of(fonts.read_packages())
            conf.write_text(
                fonts.fonts_conf(
                    folder=layer_tree / layer.FONT_FOLDER,
                    cache=Path(folder) / "cache",
                    families=families,
                )
            )
            told = self.python.run(
                str(RECIPES / "probe.py"),
                str(task),
                libraries=[layer_tree / "lib"],
                environment={"FONTCONFIG_FILE": str(conf), "PYTHONPATH": str(self.runtime())},
            )
        asked_for = json.loads(told)
        trimmed = set(json.loads((wheels / "trimmed.json").read_text()))
        everything = [*asked_for["modules"], *asked_for["files"]]
        gates.check_trimmed_is_unused(everything, trimmed, read_trim())

    def _zip(self, tree: Path, out: Path, after: Path | None = None) -> None:
        script = [str(RECIPES / "archive.py"), str(tree), str(out)]
        self.python.run(*script, *(["--after", str(after)] if after else []))


def build(architectures: list[str], templates: Path, into: Path) -> list[Path]:
    """Make everything, hold it against the gates, write what is in it, and only then publish."""
    lock = read_lock()
    run = Build(lock=lock, python=pinned_python(lock), templates=templates)
    tool("uv")
    # This machine's own architecture is always made: it is the one that can be tried out.
    needed = list(dict.fromkeys([run.python.arch, *architectures]))
    with ThreadPoolExecutor(2 * len(needed)) as pool:
        coming = {arch: pool.submit(run.wheels, arch) for arch in needed}
        _fetch_what_is_shared(lock, needed)
        fonts_made = run.font_layer()
        layers = dict(zip(needed, pool.map(run.layer, needed), strict=True))
        wheels = {arch: made.result() for arch, made in coming.items()}
    run.generated()
    with ThreadPoolExecutor(1 + len(architectures)) as pool:
        trial = pool.submit(run.try_out, wheels[run.python.arch], layers[run.python.arch] / "tree")
        functions = {arch: pool.submit(run.function, arch, wheels[arch]) for arch in architectures}
        trial.result()
        made = {arch: function.result() for arch, function in functions.items()}
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        out = Path(folder)
        shutil.copyfile(fonts_made / "archive.zip", out / "layer-fonts.zip")
        for arch in architectures:
            shutil.copyfile(layers[arch] / "archive.zip", out / f"layer-{arch}.zip")
            shutil.copyfile(made[arch] / "archive.zip", out / f"function-{arch}.zip")
            gates.check_layer(layers[arch] / "tree", arch)
            gates.check_function(wheels[arch] / "tree", arch, layers[arch] / "tree")
            gates.check_sizes(_archives(out, arch))
            _write_sboms(out, lock, arch, wheels[arch] / "tree", layers[arch] / "tree")
        sbom.write_sbom(out / "layer-fonts.zip", _font_components("scripts"))
        if TEMPLATE.exists():
            (out / "template-x86_64.yaml").write_text(for_x86_64(TEMPLATE.read_text()))
        into.mkdir(parents=True, exist_ok=True)
        return [Path(shutil.move(path, into / path.name)) for path in sorted(out.iterdir())]


def _fetch_what_is_shared(lock: Lock, architectures: list[str]) -> None:
    """What several steps would fetch or install at once, before they are made side by side."""
    for arch in architectures:
        expat.compiler_version(arch)
    layer.fetch_expat(lock)


def _archives(out: Path, arch: str) -> list[gates.Archive]:
    return [
        gates.Archive(out / f"function-{arch}.zip", gates.FUNCTION_ZIPPED),
        gates.Archive(out / f"layer-{arch}.zip", gates.LAYER_ZIPPED),
        gates.Archive(out / "layer-fonts.zip", gates.LAYER_ZIPPED),
    ]


def _write_sboms(out: Path, lock: Lock, arch: str, wheels: Path, layer_tree: Path) -> None:
    function_parts = [*sbom.python_packages(wheels), *sbom.binary_files(wheels)]
    sbom.write_sbom(out / f"function-{arch}.zip", function_parts)
    packages = [sbom.debian_package(p, ARCHITECTURES[arch]) for p in lock.layer[arch]]
    compiled = [sbom.source_package(lock.expat), *sbom.binary_files(layer_tree)]
    layer_parts = [*packages, *compiled, *_font_components("base")]
    sbom.write_sbom(out / f"layer-{arch}.zip", layer_parts)


def _font_components(part: str) -> list[sbom.Component]:
    return [
        sbom.font_package(package)
        for package in fonts.read_packages()
        if any(font.layer == part for font in package.fonts)
    ]


def _link(source: str, target: str) -> None:
    """Instead of a copy: the tree is only read."""
    Path(target).hardlink_to(source)


def folder_of_templates(given: str) -> Path:
    """An operand of the command line, refused where there is no template in it."""
    folder = Path(given).resolve()
    if not any(folder.glob("*/template.toml")):
        raise argparse.ArgumentTypeError(f"no folder in {given} has a template.toml")
    return folder


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Build the archives for Lambda into dist/.")
    parser.add_argument("--arch", choices=[*ARCHITECTURES, "all"], default="all")
    parser.add_argument(
        "--templates",
        type=folder_of_templates,
        default=function.TEMPLATES,
        metavar="DIR",
        help="a folder of templates, in place of ours",
    )
    parser.add_argument("--into", type=Path, default=DIST, metavar="DIR", help="instead of dist/")
    asked = parser.parse_args()
    started = time.monotonic()
    CACHE.mkdir(parents=True, exist_ok=True)
    try:
        with (CACHE / ".lock").open("w") as alone:
            fcntl.flock(alone, fcntl.LOCK_EX)  # a second build waits for the first
            chosen = list(ARCHITECTURES) if asked.arch == "all" else [asked.arch]
            made = build(chosen, asked.templates, asked.into)
    except FAILURES as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    for path in made:
        print(f"{path.stat().st_size / gates.MEBIBYTE:6.2f} MiB  {os.path.relpath(path)}")
    print(f"built in {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
