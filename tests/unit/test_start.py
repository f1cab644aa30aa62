"""A process is prepared as far as its kind of start pays for, and a snapshot keeps no secret."""

from __future__ import annotations

import gc
import logging
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from invoice_renderer import start
from invoice_renderer.errors import SettingsError


@dataclass
class RecordingApplication:
    """Remembers its steps; the one named ``fails_at`` raises."""

    fails_at: str = ""
    steps: list[str] = field(default_factory=list)

    def connect(self) -> None:
        self._step("connect")

    def draw(self) -> None:
        self._step("draw")

    def renew(self) -> None:
        self._step("renew")

    def _step(self, name: str) -> None:
        if name == self.fails_at:
            raise SettingsError("OUTPUT_BUCKET", "is missing")
        self.steps.append(name)


class RuntimeHooks:
    """Runs hooks as AWS's client does: before in reverse order, after in order."""

    def __init__(self) -> None:
        self.before: list[Callable[[], None]] = []
        self.after: list[Callable[[], None]] = []

    def register_before_snapshot(self, call: Callable[[], None], /) -> None:
        self.before.append(call)

    def register_after_restore(self, call: Callable[[], None], /) -> None:
        self.after.append(call)

    def snapshot(self) -> None:
        for call in reversed(self.before):
            call()

    def restore(self) -> None:
        for call in self.after:
            call()


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    """What a start sets aside for good is only this process's until the test is over."""
    yield
    gc.unfreeze()


def begun(kind: str, **environ: str) -> RecordingApplication:
    app = RecordingApplication()
    variables = {"AWS_LAMBDA_INITIALIZATION_TYPE": kind} if kind else {}
    start.begin(lambda: app, {**variables, **environ})
    return app


def test_nothing_is_prepared_outside_lambda() -> None:
    """A test, a tool or the command line imports the entry module and pays for nothing."""
    assert begun("").steps == []


def test_collaborators_are_made_before_the_first_request() -> None:
    assert begun("on-demand").steps == ["connect"]


def test_a_page_is_drawn_where_nobody_waits_for_the_start() -> None:
    assert begun("provisioned-concurrency").steps == ["connect", "draw"]


@pytest.mark.parametrize("fails_at", ["", "connect"])
def test_garbage_is_collected_from_then_on_and_not_looked_for_in_what_stays(fails_at: str) -> None:
    gc.disable()  # as in Lambda, when start is imported
    start.begin(
        lambda: RecordingApplication(fails_at=fails_at),
        {"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"},
    )
    assert gc.isenabled()
    assert gc.get_freeze_count() > 1000


def test_a_failing_start_is_left_to_the_first_request_to_tell(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Lambda would try an init that fails again and again, and answer without a reason."""
    app = RecordingApplication(fails_at="connect")
    with caplog.at_level(logging.WARNING):
        start.begin(lambda: app, {"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"})

    assert app.steps == []
    assert caplog.messages == ["start_incomplete: SettingsError"]


def test_a_page_is_drawn_before_the_snapshot_and_no_collaborator_made() -> None:
    app, hooks = RecordingApplication(), RuntimeHooks()
    start.use_hooks(lambda: app, hooks)
    assert app.steps == []

    hooks.snapshot()
    assert app.steps == ["draw"]


def test_every_restore_renews_the_application() -> None:
    app, hooks = RecordingApplication(), RuntimeHooks()
    start.use_hooks(lambda: app, hooks)
    hooks.snapshot()

    hooks.restore()
    assert app.steps == ["draw", "renew"]


def test_two_restores_of_one_snapshot_draw_other_random_numbers() -> None:
    hooks = RuntimeHooks()
    start.use_hooks(RecordingApplication, hooks)
    hooks.snapshot()
    state = random.getstate()

    drawn = set()
    for _ in range(2):
        random.setstate(state)
        hooks.restore()
        drawn.add(random.getrandbits(128))
    assert len(drawn) == 2


def test_a_version_that_cannot_draw_is_not_published() -> None:
    """An exception in a hook fails the snapshot, and with it the deployment."""
    hooks = RuntimeHooks()
    start.use_hooks(lambda: RecordingApplication(fails_at="draw"), hooks)

    with pytest.raises(SettingsError):
        hooks.snapshot()


def test_the_layer_is_pointed_at_only_where_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    there = tmp_path / "fonts.conf"
    there.touch()
    places = {"FONTCONFIG_FILE": str(there), "LIBTHAI_DICTDIR": str(tmp_path / "missing")}
    monkeypatch.setattr(start, "OUR_FILES", places)

    environ: dict[str, str] = {}
    start.point_at_our_files(environ)
    assert environ == {"FONTCONFIG_FILE": str(there)}

    environ = {"FONTCONFIG_FILE": "/chosen"}
    start.point_at_our_files(environ)
    assert environ == {"FONTCONFIG_FILE": "/chosen"}
