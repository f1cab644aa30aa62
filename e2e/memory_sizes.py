"""How long calls take at several memory sizes of Lambda, and what 1,000 invoices cost there.

Lambda gives processor time in proportion to memory. Here a control group of Linux does: for each
size the function has that part of a processor, from its start on.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from e2e.processor_share import ProcessorShare, SharedSandbox, why_no_share
from e2e.roots import LambdaRoot
from e2e.sandbox import Function
from e2e.start_runs import Run, Stage, median_of, run_started, told

ONE_PROCESSOR_MB = 1769
"""AWS Lambda Developer Guide, "Configure Lambda function memory"."""
SIZES_MB = (512, 1024, 1769, 3008)
REQUEST_DOLLARS = 0.20 / 1_000_000
GB_SECOND_DOLLARS = {"arm64": 0.0000133334, "x86_64": 0.0000166667}
"""us-east-1, the first tier; docs/start-up.md says where they were looked up."""
HEAD = (
    "| memory, MB | processors | init, ms | first call, ms | warm call, ms | 1,000 invoices, arm64"
    " | x86_64 | 1,000 cold starts on top, arm64 |"
)

Measured = dict[int, list[Run]]


def measure(root: LambdaRoot, stage: Stage, function: Function, rounds: int) -> Measured:
    """Nothing where this machine cannot give a part of a processor; it says why."""
    if reason := why_no_share():
        print(reason)
        return {}
    runs: Measured = {size: [] for size in SIZES_MB}
    for number in range(rounds):
        for size in SIZES_MB:
            with ProcessorShare(size / ONE_PROCESSOR_MB) as share:
                box = SharedSandbox(root, function, share=share)
                runs[size].append(run_started(box, stage))
            print(f"{number + 1}/{rounds} {size:5} MB     {told(runs[size][-1])}", flush=True)
    return runs


def dollars(milliseconds: float, size_mb: int, arch: str) -> float:
    """Of 1,000 calls: duration by the millisecond begun, and the requests."""
    gb_seconds = math.ceil(milliseconds) / 1000 * size_mb / 1024
    return 1000 * (gb_seconds * GB_SECOND_DOLLARS[arch] + REQUEST_DOLLARS)


def table(runs: Mapping[int, Sequence[Run]]) -> str:
    """Markdown."""
    rows = [HEAD, "|---" * (HEAD.count("|") - 1) + "|"]
    for size, each in runs.items():
        it = median_of(each)
        warm = {arch: dollars(it.warm, size, arch) for arch in GB_SECOND_DOLLARS}
        cold = dollars(it.to_first, size, "arm64") - warm["arm64"]
        rows.append(
            f"| {size:,} | {size / ONE_PROCESSOR_MB:.2f} | {it.init:.0f} | {it.first:.0f}"
            f" | {it.warm:.0f} | ${warm['arm64']:.4f} | ${warm['x86_64']:.4f} | ${cold:.4f} |"
        )
    return "\n".join(rows)


def in_short(runs: Mapping[int, Sequence[Run]]) -> str:
    """One sentence: what 1,000 invoices cost at the size that the template has."""
    warm = statistics.median(run.warm for run in runs[ONE_PROCESSOR_MB])
    arm64, x86_64 = (dollars(warm, ONE_PROCESSOR_MB, arch) for arch in ("arm64", "x86_64"))
    return (
        f"1,000 invoices of one page are ${arm64:.4f} of Lambda on arm64 and ${x86_64:.4f} on"
        f" x86_64, at 1,769 MB and {warm:.0f} ms a call."
    )
