"""What was measured, kept as JSON under ``build/bench``: a report can be written at any time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.bounds import Bounds
from benchmarks.machine import Machine, Quiet
from benchmarks.sample import Sample
from benchmarks.stages import Profile

FOLDER = Path("build/bench")


@dataclass(slots=True)
class Results:
    """One race: who ran, on what, and every sample."""

    machine: Machine
    quiet: dict[int, Quiet]
    """By lines: races of single lengths are kept beside those of others."""
    versions: dict[str, str]
    samples: list[Sample]
    absent: dict[tuple[str, int], str] = field(default_factory=dict)

    @property
    def lengths(self) -> list[int]:
        """The lengths of invoice in this race, shortest first."""
        return sorted({sample.lines for sample in self.samples})

    @property
    def peers(self) -> list[str]:
        """The engines in this race, in the order in which they are told of."""
        return list(self.versions)


def save(name: str, record: Results | Bounds | list[Profile]) -> None:
    """As ``build/bench/NAME.json``."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    fields: Any = [asdict(each) for each in record] if isinstance(record, list) else asdict(record)
    if isinstance(record, Results):
        fields["absent"] = [[*key, reason] for key, reason in record.absent.items()]
    (FOLDER / f"{name}.json").write_text(json.dumps(fields, indent=1), "utf-8")


def joined(before: Results | None, now: Results) -> Results:
    """The new race, and of the one before what the new one did not run again."""
    if before is None:
        return now
    kept = [sample for sample in before.samples if sample.lines not in now.quiet]
    absent = {key: why for key, why in before.absent.items() if key[1] not in now.quiet}
    return Results(
        machine=now.machine,
        quiet=dict(sorted({**before.quiet, **now.quiet}.items())),
        versions={**before.versions, **now.versions},
        samples=[*kept, *now.samples],
        absent={**absent, **now.absent},
    )


def load_results() -> Results | None:
    """The last race."""
    fields = _load("race")
    return fields and Results(
        machine=Machine(**fields["machine"]),
        quiet={int(lines): Quiet(**quiet) for lines, quiet in fields["quiet"].items()},
        versions=fields["versions"],
        samples=[Sample(**sample) for sample in fields["samples"]],
        absent={(peer, lines): reason for peer, lines, reason in fields["absent"]},
    )


def load_bounds() -> Bounds | None:
    """The last measurement of bounds."""
    fields = _load("bounds")
    return fields and Bounds(**_with_whole_keys(fields))


def load_profiles() -> list[Profile]:
    """The last profiles."""
    return [Profile(**fields) for fields in _load("profiles") or ()]


def _with_whole_keys(fields: Mapping[str, Any]) -> dict[str, Any]:
    """JSON turns the numbers of lines into strings."""
    return {
        name: {int(key): inner for key, inner in value.items()}
        if isinstance(value, dict)
        else value
        for name, value in fields.items()
    }


def _load(name: str) -> Any:
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else None
