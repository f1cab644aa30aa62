"""``python -m e2e.start_up``: how long a function takes to start, packaged in several ways.

Each package is started afresh in each round, in turn, under the official emulator (or the Runtime
API with a restore phase). Times of single runs mean little on a shared machine: the ratios of
medians are meant. Then ours is started at several memory sizes.
"""

from __future__ import annotations

import argparse
import platform
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from local.aws import LocalAws
from local.fake_carrierx import FakeCarrierX

from e2e import PROJECT, memory_sizes, packages
from e2e.roots import LambdaRoot, lambda_root
from e2e.runtime_api import SnapStartSandbox
from e2e.sandbox import Sandbox, why_no_sandbox
from e2e.start_runs import Run, Stage, median_of, run_restored, run_started, told

REPORT = PROJECT / "docs" / "start-up.md"
COSTS = PROJECT / "docs" / "deploy.md"
HANDLER = "invoice_renderer.app.api"
HEAD = (
    "| | init, ms | first call, ms | both, of the recipe's | processor, ms | of the recipe's"
    " | warm call, ms | first / warm | peak RSS, MB |"
)
KINDS = {
    "ours": "ours, on demand",
    "sources": "ours, without .pyc",
    "recipe": "`pip install -t`, plain WeasyPrint",
    "provisioned": "ours, provisioned concurrency",
    "restored": "ours, restored from a snapshot",
}


def measure(root: LambdaRoot, stage: Stage, rounds: int) -> dict[str, list[Run]]:
    """Every kind of package in every round."""
    sources, recipe = packages.ours_without_bytecode(root), packages.recipe(root)
    ours = stage.function(HANDLER)
    plain = stage.function("handler.handler", FONTCONFIG_FILE="/opt/etc/fonts/fonts.conf")
    primed = stage.function(HANDLER, AWS_LAMBDA_INITIALIZATION_TYPE="provisioned-concurrency")
    acts: Mapping[str, Callable[[], Run]] = {
        "ours": lambda: run_started(Sandbox(root, ours), stage),
        "sources": lambda: run_started(Sandbox(sources, ours), stage),
        "recipe": lambda: run_started(Sandbox(recipe, plain), stage),
        "provisioned": lambda: run_started(Sandbox(root, primed), stage),
        "restored": lambda: run_restored(SnapStartSandbox(root, ours), stage),
    }
    runs: dict[str, list[Run]] = {kind: [] for kind in KINDS}
    for number in range(rounds):
        for kind, act in acts.items():
            runs[kind].append(act())
            print(f"{number + 1}/{rounds} {kind:12} {told(runs[kind][-1])}", flush=True)
    return runs


def table(runs: Mapping[str, list[Run]]) -> str:
    """Markdown: medians, and what they are of the recipe's."""
    medians = {kind: median_of(each) for kind, each in runs.items()}
    base = medians["recipe"]
    rows = [HEAD, "|---" * (HEAD.count("|") - 1) + "|"]
    for kind, it in medians.items():
        rows.append(
            f"| {KINDS[kind]} | {it.init:.0f} | {it.first:.0f} | {it.to_first / base.to_first:.2f}"
            f" | {it.cpu:.0f} | {it.cpu / base.cpu:.2f} | {it.warm:.0f}"
            f" | {it.first / it.warm:.2f} | {it.peak:.0f} |"
        )
    return "\n".join(rows)


def write(report: Path, block: str, text: str) -> None:
    """Between ``<!-- block -->`` and ``<!-- /block -->``."""
    marks = f"<!-- {block} -->", f"<!-- /{block} -->"
    before, _, rest = report.read_text().partition(marks[0])
    after = rest.partition(marks[1])[2]
    report.write_text(f"{before}{marks[0]}\n{text}\n{marks[1]}{after}")


def _said(rounds: int) -> str:
    when = f"{datetime.now(UTC):%Y-%m-%d}"
    machine = f"{platform.machine()}, {_processor()}, Linux {platform.release()}"
    return f"Median of {rounds}, {when}, {machine}; WeasyPrint 70, Python 3.13 of the sandbox."


def _processor() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else "processor unknown"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure start-up; writes docs/start-up.md.")
    parser.add_argument("--rounds", type=int, default=10, help="of the packages; the sizes: half")
    rounds = parser.parse_args().rounds
    if reason := why_no_sandbox():
        parser.exit(1, f"{reason}\n")
    root = lambda_root({"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()])
    with LocalAws() as aws, FakeCarrierX() as carrierx:
        stage = Stage(aws, carrierx)
        figures = table(measure(root, stage, rounds))
        half = (rounds + 1) // 2
        sizes = memory_sizes.measure(root, stage, stage.function(HANDLER), half)
    print(figures)
    write(REPORT, "figures", f"{_said(rounds)}\n\n{figures}")
    if sizes:
        print(memory_sizes.table(sizes))
        write(REPORT, "sizes", f"{_said(half)}\n\n{memory_sizes.table(sizes)}")
        write(COSTS, "cost", memory_sizes.in_short(sizes))


if __name__ == "__main__":
    main()
