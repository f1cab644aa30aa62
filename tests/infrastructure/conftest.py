"""The template as written, and as it is deployed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cloudformation import Deployment, deploy, load
from template_tools import TEMPLATE, run_tool


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    return load(TEMPLATE)


@pytest.fixture(scope="session")
def transformed() -> dict[str, Any]:
    """The template as CloudFormation gets it: SAM's resources turned into plain ones."""
    script = Path(__file__).with_name("transform.py")
    done = run_tool("python", str(script), str(TEMPLATE))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def deployed(transformed: dict[str, Any]) -> Deployment:
    """What a deployment with nothing but defaults makes."""
    return deploy(transformed)


@pytest.fixture(scope="session")
def deployed_with(transformed: dict[str, Any]) -> Callable[..., Deployment]:
    return lambda **parameters: deploy(transformed, **parameters)
