"""One deadline per invocation; a step that cannot end is not begun."""

from __future__ import annotations

import pytest

from invoice_renderer.deadline import RESERVE_SECONDS, Deadline
from invoice_renderer.errors import OutOfTime
from tests.fakes import FakeClock


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 28_000


def test_time_runs_out_and_is_never_negative() -> None:
    clock = FakeClock()
    deadline = Deadline.after(10, clock=clock)

    clock.advance(4)
    assert deadline.remaining() == pytest.approx(6)
    clock.advance(60)
    assert deadline.remaining() == 0


def test_a_step_that_needs_more_than_is_left_is_not_begun() -> None:
    deadline = Deadline.after(2, clock=FakeClock())

    deadline.require(2, "render")
    with pytest.raises(OutOfTime, match="not enough time left to render") as error:
        deadline.require(2.1, "render")
    assert error.value.step == "render"


def test_the_nearer_of_two_deadlines_counts() -> None:
    deadline = Deadline.after(10, clock=FakeClock())

    assert deadline.no_later_than(3).remaining() == pytest.approx(3)
    assert deadline.no_later_than(30).remaining() == pytest.approx(10)


def test_a_reserve_is_kept_for_the_answer() -> None:
    remaining = Deadline.from_context(Context()).remaining()

    assert remaining == pytest.approx(28 - RESERVE_SECONDS, abs=0.5)
