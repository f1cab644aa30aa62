"""Other ways to package a function, to be held against ours: trees for ``/var/task``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import bindings
import function
from steps import key_of
from tools import tool

from e2e import CACHE, PROJECT
from e2e.roots import LambdaRoot

TEMPLATES = PROJECT / "templates"
RECIPE = Path(__file__).with_name("recipe") / "handler.py"
RECIPE_NEEDS = ("weasyprint>=70,<71", "jinja2", "requests")  # boto3 is the runtime's


def ours_without_bytecode(root: LambdaRoot) -> LambdaRoot:
    """Our package with sources and nothing compiled: what ``sam build`` would make of it."""
    inputs = [*function.source_files(TEMPLATES), function.REQUIREMENTS]
    folder = CACHE / f"task-sources-{key_of(inputs)}"
    if not folder.exists():
        partial = folder.with_name(f".{folder.name}")
        shutil.rmtree(partial, ignore_errors=True)
        locked = function.REQUIREMENTS.read_text()
        names = function.names_in(locked) - function.EXCLUDED.keys()
        function.install_wheels(function.requirements_of(locked, names), root.arch, partial)
        skipped = shutil.ignore_patterns("__pycache__")
        shutil.copytree(function.SOURCE, partial / "invoice_renderer", ignore=skipped)
        shutil.copytree(TEMPLATES, partial / "templates", ignore=skipped)
        shutil.copytree(function.PROFILES, partial / "profiles", ignore=skipped)
        generated = f"{bindings.NAME}.py"
        shutil.copyfile(root.task / generated, partial / generated)
        partial.rename(folder)
    return replace(root, task=folder)


def recipe(root: LambdaRoot) -> LambdaRoot:
    """``pip install --target`` of WeasyPrint and a handler; the newest versions that there are."""
    folder = CACHE / "task-recipe"
    shutil.rmtree(folder, ignore_errors=True)
    command = [str(tool("uv")), "pip", "install", "--quiet", "--python", sys.executable]
    command += ["--target", str(folder), "--python-version", "3.13", "--only-binary", ":all:"]
    command += ["--python-platform", function.PLATFORMS[root.arch], *RECIPE_NEEDS]
    subprocess.run(command, check=True)
    shutil.copyfile(RECIPE, folder / RECIPE.name)
    return replace(root, task=folder)
