"""What an event is judged against: whose deployment this is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The intake bucket's name, and the AWS account (empty where it is not known)."""

    intake_bucket: str
    account: str = ""
