"""The template for the other architecture: ``dist/template-x86_64.yaml``."""

from __future__ import annotations

import re


def for_x86_64(template: str) -> str:
    """``template.yaml`` with the other architecture, and paths as seen from ``dist/``."""
    beside = re.sub(r"(?<=Uri: )(?:\./)?dist/", "", template)
    return beside.replace("arm64", "x86_64")
