"""A part of one processor, as Lambda gives it in proportion to memory: a control group of Linux.

The kernel lets whoever is in the group work for so long in each period and then stops them until
the next one. It is for root to set, and only where the kernel has the controller ``cpu``.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Self

from e2e.roots import LambdaRoot
from e2e.sandbox import Function, Sandbox

GROUPS = Path("/sys/fs/cgroup")
PERIOD_MICROSECONDS = 20_000
PATIENCE_SECONDS = 10.0
# $0 is the group's list of processes: the shell puts itself on it, and becomes the command.
ENTER = ("/bin/sh", "-c", 'echo $$ >"$0" && exec "$@"')


class ProcessorShare:
    """``with ProcessorShare(0.5) as half:`` whoever is started with ``half.enter`` has half of one.

    :param processors: may be more than 1.
    """

    def __init__(self, processors: float) -> None:
        self._quota = round(processors * PERIOD_MICROSECONDS)
        self._parent = _controller()
        self._group = self._parent / f"invoice-renderer-{os.getpid()}"

    @property
    def enter(self) -> tuple[str, ...]:
        """The beginning of a command that runs in the group, with all that it starts."""
        return (*ENTER, str(self._group / "cgroup.procs"))

    def __enter__(self) -> Self:
        self._group.mkdir()
        try:
            self._limit()
        except OSError:
            self._group.rmdir()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        give_up = time.monotonic() + PATIENCE_SECONDS
        while (self._group / "cgroup.procs").read_text() and time.monotonic() < give_up:
            time.sleep(0.02)  # the kernel takes its time to end a namespace
        self._group.rmdir()

    def _limit(self) -> None:
        if _is_unified(self._parent):
            (self._group / "cpu.max").write_text(f"{self._quota} {PERIOD_MICROSECONDS}")
            return
        (self._group / "cpu.cfs_period_us").write_text(str(PERIOD_MICROSECONDS))
        (self._group / "cpu.cfs_quota_us").write_text(str(self._quota))


class SharedSandbox(Sandbox):
    """A sandbox that has a part of a processor."""

    def __init__(
        self, root: LambdaRoot, function: Function, *, share: ProcessorShare, **options: Any
    ) -> None:
        super().__init__(root, function, **options)
        self._share = share

    def command(self, inside: list[str]) -> list[str]:
        return [*self._share.enter, *super().command(inside)]


def why_no_share() -> str:
    """What forbids shares on this machine, or nothing."""
    try:
        with ProcessorShare(1):
            return ""
    except OSError as error:
        return f"no part of a processor can be given here: {error}"


def _controller() -> Path:
    """Where the groups are that have the controller: its own tree, or the one of all."""
    own = GROUPS / "cpu"
    return own if own.is_dir() else GROUPS


def _is_unified(parent: Path) -> bool:
    return (parent / "cgroup.controllers").exists()
