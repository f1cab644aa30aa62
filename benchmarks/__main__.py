"""``python -m benchmarks TASK``: what is measured is kept, and reported from what is kept.

full        race, bounds, profiles, report
quick       ours against three peers in two minutes; a line of JSON last
race N…     every engine; every length, or these alone, joined with what is kept
bounds      memory, growth and a long row of renders, ours alone
profiles    where our time goes, for the report
report      docs/performance.md from what was measured last
look        one PDF of each engine, into build/bench/look
profile N   where our time goes at N lines, on the terminal
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks.bounds import measure_bounds
from benchmarks.crew import Stopped, Worker
from benchmarks.figures import figures, ratio
from benchmarks.invoices import invoice_bytes
from benchmarks.machine import how_quiet, mean_quiet, this_machine
from benchmarks.peers import PEERS, QUICK
from benchmarks.report import PAGE, write_report
from benchmarks.results import Results, joined, load_bounds, load_profiles, load_results, save
from benchmarks.rounds import Heat, Race
from benchmarks.stages import profile_stages, told
from benchmarks.tables import AGAINST, table, target_rows
from benchmarks.targets import TARGETS

FULL = (
    Heat(3, 15, 2, 30, 90),
    Heat(8, 11, 1, 30, 60),
    Heat(50, 9, 1, 60, 60),
    Heat(500, 5, 1, 90, 60),
    Heat(5_000, 5, 1, 150, 90),
    Heat(20_000, 3, 1, 180, 90),
)
BRIEF = (Heat(3, 12, 2, 10, 12), Heat(50, 10, 1, 10, 15), Heat(500, 5, 1, 15, 15),
         Heat(5_000, 3, 1, 20, 30))  # fmt: skip
PROFILED = {3: 30, 50: 5, 500: 3, 5_000: 1}
LOOKS = Path("build/bench/look")
LOOK_LINES = 50


def main(arguments: list[str]) -> int:
    task, *rest = arguments or ["full"]
    numbers = [int(number) for number in rest]
    tasks = {
        "full": _full,
        "quick": _quick,
        "race": _whole_race,
        "bounds": _bounds,
        "profiles": _profiles,
        "report": _report,
        "look": _look,
    }
    if task == "profile":
        return _profile(*numbers)
    if task == "race" and numbers:
        return _part_of_race(numbers)
    return tasks[task]()


def _full() -> int:
    return max(_whole_race(), _bounds(), _profiles(), _report())


def _whole_race() -> int:
    save("race", _race(PEERS, FULL))
    return 0


def _part_of_race(lengths: list[int]) -> int:
    heats = [heat for heat in FULL if heat.lines in lengths]
    now = _race(PEERS, heats)
    save("race", joined(load_results(), now))
    return 0


def _quick() -> int:
    """The last line is one of JSON."""
    results = _race(QUICK, BRIEF)
    print("\n".join(table(("lines", *AGAINST), target_rows(results))))
    print(json.dumps(_brief(results)))
    return 0


def _race(names: Iterable[str], heats: Iterable[Heat]) -> Results:
    workers = {name: Worker(PEERS[name]) for name in names}
    race, quiet = Race(workers, _say), {}
    try:
        for heat in heats:
            before = how_quiet()
            race.run(heat)
            quiet[heat.lines] = mean_quiet(before, how_quiet())
    finally:
        for worker in workers.values():
            worker.end()
    versions = {name: worker.versions for name, worker in workers.items()}
    return Results(this_machine(), quiet, versions, race.samples, race.absent)


def _bounds() -> int:
    save("bounds", measure_bounds(_say, day=this_machine().day))
    return 0


def _profiles() -> int:
    profiles = [profile_stages(lines, renders=renders) for lines, renders in PROFILED.items()]
    save("profiles", profiles)
    return 0


def _profile(lines: int = 3) -> int:
    print("\n".join(told(profile_stages(lines, renders=max(1, min(20, 2_000 // lines))))))
    return 0


def _report() -> int:
    results = load_results()
    if results is None:
        print("nothing is measured yet; run: make bench", file=sys.stderr)
        return 1
    write_report(results, load_bounds(), load_profiles())
    print(f"written: {PAGE}")
    return 0


def _look() -> int:
    """One PDF of each engine, to be looked at: a race with a broken page is worth nothing."""
    LOOKS.mkdir(parents=True, exist_ok=True)
    for name, peer in PEERS.items():
        worker = Worker(peer)
        try:
            pdf = worker.render(invoice_bytes(LOOK_LINES), seconds=120).pdf
        except Stopped as stopped:
            print(f"{name}: {stopped}")
            continue
        finally:
            worker.end()
        (LOOKS / f"{name}.pdf").write_bytes(pdf)
        print(LOOKS / f"{name}.pdf")
    return 0


def _brief(results: Results) -> dict[str, object]:
    """Milliseconds, megabytes and ratios, for a machine to read."""
    told: dict[str, object] = {"load": [round(each.load, 1) for each in results.quiet.values()]}
    for lines in TARGETS:
        for peer in results.peers:
            one, measured = (figure(results.samples, peer, lines) for figure in (figures, ratio))
            if one and measured:
                told[f"{peer}.{lines}"] = {
                    "ms": round(one.seconds.median * 1000, 1),
                    "cpu_ms": round(one.cpu_seconds * 1000, 1),
                    "mb": round(one.peak_bytes / 1e6),
                    "ratio": round(measured.median, 3),
                    "runs": one.runs,
                }
    return told


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
