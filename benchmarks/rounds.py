"""Rounds: one invoice to every engine, in an order that turns, so that a ratio is of one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from benchmarks.crew import Stopped, Worker
from benchmarks.invoices import invoice_bytes
from benchmarks.proof import count_pages, missing_amounts
from benchmarks.sample import Sample

WARM_SEEDS = 1_000
MOST_PROVED_LINES = 5_000
LONG_LINES = 500  # from here on, time grows with the lines

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Heat:
    """One length of invoice: how often, and how long an engine may take for one and for all."""

    lines: int
    rounds: int
    warm: int
    seconds: float
    all_seconds: float


@dataclass(slots=True)
class Race:
    """The crew and what it has done; ``absent`` says why an engine has no figure."""

    workers: dict[str, Worker]
    say: Say
    samples: list[Sample] = field(default_factory=list)
    absent: dict[tuple[str, int], str] = field(default_factory=dict)
    _lost: dict[str, str] = field(default_factory=dict)
    _pages: dict[tuple[str, int], int] = field(default_factory=dict)

    def run(self, heat: Heat) -> None:
        """Warm, then every round."""
        runners = [name for name in self.workers if self._is_able(name, heat)]
        for seed in range(heat.warm):
            for name in runners:
                self._render(name, heat, WARM_SEEDS + seed, None)
        for number in range(heat.rounds):
            turn = number % max(1, len(runners))
            for name in (*runners[turn:], *runners[:turn]):
                if not number or self._spent(name, heat.lines) < heat.all_seconds:
                    self._render(name, heat, number, number)
        self.say(f"{heat.lines:>6,} lines  {'  '.join(self._told(runners, heat.lines))}")

    def _is_able(self, name: str, heat: Heat) -> bool:
        """Lost, or so slow at the length before that even linear growth would take too long."""
        reason = self._lost.get(name)
        before = max((each.lines for each in self.samples if each.peer == name), default=0)
        if reason is None and before >= LONG_LINES:
            known = [s.seconds for s in self.samples if (s.peer, s.lines) == (name, before)]
            if min(known) * heat.lines / before > heat.seconds:
                reason = f"would take over {heat.seconds:.0f} s"
        if reason:
            self.absent[name, heat.lines] = reason
        return reason is None

    def _render(self, name: str, heat: Heat, seed: int, number: int | None) -> None:
        if name in self._lost:
            return
        raw = invoice_bytes(heat.lines, seed=seed)
        try:
            run = self.workers[name].render(raw, seconds=heat.seconds)
            pages = self._judge(name, heat.lines, run.pdf, raw)
        except Stopped as stopped:
            self._lost[name] = self.absent[name, heat.lines] = str(stopped)
            self.say(f"{name} at {heat.lines:,} lines: {stopped}")
            return
        if number is not None:
            self.samples.append(
                Sample(name, heat.lines, number, run.seconds, run.cpu_seconds, run.peak_bytes,
                       len(run.pdf), pages)
            )  # fmt: skip

    def _judge(self, name: str, lines: int, pdf: bytes, raw: bytes) -> int:
        """Pages of the first PDF of each length, which must hold the whole bill."""
        if (name, lines) not in self._pages:
            if lines <= MOST_PROVED_LINES and (missing := missing_amounts(pdf, raw)):
                raise Stopped(f"{missing.total()} amounts are not on its pages")
            self._pages[name, lines] = count_pages(pdf)
        return self._pages[name, lines]

    def _spent(self, name: str, lines: int) -> float:
        return sum(s.seconds for s in self.samples if (s.peer, s.lines) == (name, lines))

    def _told(self, runners: list[str], lines: int) -> Iterator[str]:
        for name in runners:
            times = [s.seconds for s in self.samples if (s.peer, s.lines) == (name, lines)]
            yield f"{name} {min(times) * 1000:,.0f} ms" if times else f"{name} –"
