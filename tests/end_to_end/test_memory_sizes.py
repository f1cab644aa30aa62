"""What `make bench-start` computes and gives, before anybody believes its table."""

from __future__ import annotations

import subprocess

import pytest
from e2e.memory_sizes import dollars
from e2e.processor_share import ProcessorShare, why_no_share


def test_a_thousand_calls_cost_their_gigabyte_seconds_and_their_requests() -> None:
    """1,000 times 0.25 s, 1.7275 GB and the price; and $0.0002."""
    assert dollars(250, 1769, "arm64") == pytest.approx(0.00596, abs=0.00001)
    assert dollars(250, 1769, "x86_64") == pytest.approx(0.00740, abs=0.00001)


def test_a_millisecond_that_has_begun_is_billed() -> None:
    assert dollars(100, 512, "arm64") == dollars(99.1, 512, "arm64")


def test_a_command_runs_in_the_group_that_has_the_share() -> None:
    """With all that it starts; and the group is gone afterwards."""
    if reason := why_no_share():
        pytest.skip(reason)
    with ProcessorShare(0.5) as half:
        group = half.enter[-1].rpartition("/")[0]
        told = subprocess.run(
            [*half.enter, "/bin/sh", "-c", "cat /proc/self/cgroup"],
            check=True,
            capture_output=True,
            text=True,
        )
    assert group.rpartition("/")[2] in told.stdout
    with ProcessorShare(0.25):  # of the same name
        pass
