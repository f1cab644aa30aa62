"""A direct invocation: ``{"invoice_sid": …, options…}``, by somebody whom IAM lets invoke us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from invoice_renderer.request import OPERATOR, Work, parse_request
from invoice_renderer.triggers.surroundings import Surroundings


def matches(event: Mapping[str, Any]) -> bool:
    return "invoice_sid" in event


def parse(event: Mapping[str, Any], _surroundings: Surroundings) -> list[Work]:
    return [parse_request(event, OPERATOR)]
