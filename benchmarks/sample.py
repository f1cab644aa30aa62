"""One measurement."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """One PDF of one engine in one round."""

    peer: str
    lines: int
    round: int
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    pdf_bytes: int
    pages: int
