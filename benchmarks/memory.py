"""Resident memory and processor time of a process and its children, from Linux's ``/proc``."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

TICKS = os.sysconf("SC_CLK_TCK")
KILOBYTE = 1024


def peak_bytes(pid: int) -> int:
    """The most that one process has held since it began, or since :func:`reset_peak`."""
    return _status(pid)["VmHWM"]


def reset_peak(pid: int) -> None:
    """Begin to measure the peak anew (proc(5), ``clear_refs``)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def resident_bytes(pid: int) -> int:
    """What one process holds now."""
    return _status(pid)["VmRSS"]


def children_bytes(pid: int) -> int:
    """What all children of a process hold now; files that they share are counted once."""
    own, shared = 0, 0
    for child in _children(pid):
        with suppress(OSError, KeyError):  # it may have ended meanwhile
            status = _status(child)
            own += status["RssAnon"] + status["RssShmem"]
            shared = max(shared, status["RssFile"])
    return own + shared


def cpu_seconds() -> float:
    """This process and its children, those that have ended included."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    living = sum(_cpu_seconds(_children(os.getpid())))
    return time.process_time() + ended.ru_utime + ended.ru_stime + living


def open_files(pid: int) -> int:
    """Of one process."""
    return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208  no object for each is needed


def _children(pid: int) -> list[int]:
    with suppress(psutil.NoSuchProcess):
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return []


def _cpu_seconds(pids: Iterable[int]) -> Iterator[float]:
    for pid in pids:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            yield sum(int(field) for field in fields[11:15]) / TICKS


def _status(pid: int) -> dict[str, int]:
    """The lines of ``/proc/PID/status`` that are sizes, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    pairs = (line.split(":", 1) for line in lines if line.endswith(" kB"))
    return {name: int(value.split()[0]) * KILOBYTE for name, value in pairs}
