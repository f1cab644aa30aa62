"""The build's own modules, by their names; and what it has built, where it has."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "packaging"))


@pytest.fixture
def built() -> Callable[[str], Path]:
    """The path of a file in ``dist/``; the test is skipped where nothing is built."""

    def path_of(name: str) -> Path:
        path = PROJECT / "dist" / name
        if not path.exists():
            pytest.skip(f"dist/{name} is not built: make build")
        return path

    return path_of


@pytest.fixture
def names_in(built: Callable[[str], Path]) -> Callable[[str], list[str]]:
    """The file names in a built archive."""

    def names(archive: str) -> list[str]:
        with zipfile.ZipFile(built(archive)) as opened:
            return opened.namelist()

    return names


@pytest.fixture
def sbom_of(built: Callable[[str], Path]) -> Callable[[str], dict[str, Any]]:
    """The CycloneDX document beside a built archive."""

    def document(archive: str) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(built(f"{archive}.cdx.json").read_text())
        return parsed

    return document
