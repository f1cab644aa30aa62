"""The workers: each engine in a process of its own, measured, and ended where it takes too much."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from benchmarks.memory import children_bytes, open_files, peak_bytes, reset_peak, resident_bytes
from benchmarks.peers import Peer
from benchmarks.worker import Answer

START_SECONDS = 60
QUICK_LOOK, SLOW_LOOK = 0.02, 0.25  # seconds between two looks at children, at the worker itself
GIGABYTE = 1 << 30
SHARE_OF_MEMORY = 0.6  # of what is free at the start; the machine must not swap
LOGS = Path("build/bench")


@dataclass(frozen=True, slots=True)
class Run:
    """One PDF, and what it took."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    pdf: bytes


class Stopped(Exception):
    """The engine gave no PDF; the message says why, and whether it was ended."""


class Worker:
    """One engine at work. Ended by :meth:`end`, or by itself when it takes too much."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self._most_bytes = int(psutil.virtual_memory().available * SHARE_OF_MEMORY)
        ours, theirs = socket.socketpair()
        LOGS.mkdir(parents=True, exist_ok=True)
        with theirs, (LOGS / f"{peer.name}.log").open("wb") as log:
            descriptor = theirs.fileno()
            command = [sys.executable, "-m", "benchmarks.worker", peer.name, str(descriptor)]
            self._process = subprocess.Popen(
                command, pass_fds=(descriptor,), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._pipe = Connection(ours.detach())
        self.versions: str = self._receive(START_SECONDS)[0]

    @property
    def resident_bytes(self) -> int:
        """What the worker's own process holds now."""
        return resident_bytes(self._process.pid)

    @property
    def open_files(self) -> int:
        """Of the worker's own process."""
        return open_files(self._process.pid)

    def render(self, raw: bytes, *, seconds: float) -> Run:
        """One PDF in this time, or :class:`Stopped`."""
        reset_peak(self._process.pid)
        self._pipe.send(raw)
        answer, peak = self._receive(seconds)
        if isinstance(answer, str):
            raise Stopped(answer)
        return Run(answer[0], answer[1], peak, answer[2])

    def end(self) -> None:
        """Let it finish; end it and all of its children if it does not."""
        with suppress(OSError):
            self._pipe.send(None)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._kill()

    def _receive(self, seconds: float) -> tuple[Answer, int]:
        """The next answer, and the most memory that was seen meanwhile."""
        ends, peak = time.monotonic() + seconds, 0
        interval = QUICK_LOOK if self.peer.outside else SLOW_LOOK
        while not self._pipe.poll(interval):
            peak = max(peak, self._held())
            if peak > self._most_bytes:
                self._kill()
                raise Stopped(f"ended at {peak / GIGABYTE:.1f} GB")
            if time.monotonic() > ends:
                self._kill()
                raise Stopped(f"ended after {seconds:.0f} s")
        try:
            answer: Answer = self._pipe.recv()
        except EOFError:
            raise Stopped(f"died; see {LOGS / self.peer.name}.log") from None
        return answer, max(peak, self._held())

    def _held(self) -> int:
        pid = self._process.pid
        with suppress(OSError, KeyError):
            return children_bytes(pid) if self.peer.outside else peak_bytes(pid)
        return 0

    def _kill(self) -> None:
        """The process and its children, by their numbers."""
        with suppress(psutil.NoSuchProcess):
            family = psutil.Process(self._process.pid)
            for process in (*family.children(recursive=True), family):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        self._process.wait()
