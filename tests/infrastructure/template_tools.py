"""Runs a program of the template tools, which have virtual environments of their own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"
TOOLS = Path(os.environ.get("INFRA_VENV") or ROOT / ".venv-infra") / "bin"
CHECKOV = Path(os.environ.get("CHECKOV_VENV") or ROOT / ".venv-checkov") / "bin"

# The tools sign nothing and call nobody, but do not start without these.
OFFLINE = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "SAM_CLI_TELEMETRY": "0",
}


def run_tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = (CHECKOV if name == "checkov" else TOOLS) / name
    if not program.exists():
        pytest.fail(f"{program} is missing: run `make setup`", pytrace=False)
    return subprocess.run(
        [str(program), *arguments],
        cwd=ROOT,
        env={**os.environ, **OFFLINE},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
