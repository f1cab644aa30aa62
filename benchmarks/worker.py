"""``python -m benchmarks.worker ENGINE FD``: one engine, taking invoices over a pipe until the end.

It imports its own engine alone, so that its memory is that engine's.
"""

from __future__ import annotations

import os
import sys
import time
from multiprocessing.connection import Connection

from benchmarks.memory import cpu_seconds
from benchmarks.peers import PEERS, Engine

Answer = tuple[float, float, bytes] | str
"""Seconds, processor seconds, PDF; or what went wrong."""


def main(name: str, descriptor: str) -> None:
    boss = Connection(int(descriptor))
    os.dup2(2, 1)  # what an engine prints is no answer
    engine = PEERS[name].start()
    boss.send(engine.versions)
    while (raw := boss.recv()) is not None:
        boss.send(_answer(engine, raw))
    engine.close()


def _answer(engine: Engine, raw: bytes) -> Answer:
    cpu, began = cpu_seconds(), time.perf_counter()
    try:
        pdf = engine.render(raw)
    except Exception as failure:  # noqa: BLE001  whatever it is, the other engines go on
        return f"{type(failure).__name__}: {failure}"
    seconds = time.perf_counter() - began
    return seconds, cpu_seconds() - cpu, pdf


if __name__ == "__main__":
    main(*sys.argv[1:])
