"""The files of ``events/``: one real-shaped event per trigger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EVENTS = Path(__file__).resolve().parent.parent / "events"


def read_event(name: str) -> dict[str, Any]:
    """``read_event("sqs-invoice-issued")``: a fresh copy each time."""
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def read_intake(name: str) -> bytes:
    """The body of an intake object: ``intake-one.json``, ``intake.ndjson``, ``intake.csv``..."""
    return (EVENTS / name).read_bytes()
