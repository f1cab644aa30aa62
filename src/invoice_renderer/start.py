"""What happens once in a process, before its first request.

Importing this module imports WeasyPrint, with its libraries opened from the layer. :func:`begin`
then prepares as much as the way in which Lambda starts the process makes worth while:

on-demand                 collaborators: the time is the caller's either way, and Lambda starts
                          some processes ahead of their callers
provisioned-concurrency   those, and some pages drawn: nobody waits
snap-start                some pages drawn before the snapshot, and no collaborator made; after each
                          restore everything that holds a secret, a connection or a clock is new

None of it makes a connection.
"""

from __future__ import annotations

import gc
import importlib
import logging
import os
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from invoice_renderer.native import quick_weasyprint

OUR_FILES = {
    "FONTCONFIG_FILE": "/opt/etc/fonts/fonts.conf",
    "LIBTHAI_DICTDIR": "/opt/share/libthai",
    "AWS_DATA_PATH": "/var/task/aws",  # botocore's list of endpoints, as far as they are called
}
"""What libraries look for elsewhere unless they are told, each once it is needed."""


def point_at_our_files(environ: dict[str, str] | os._Environ[str] = os.environ) -> None:
    """Where the archives have these files, unless the environment says otherwise."""
    for name, place in OUR_FILES.items():
        if Path(place).exists():
            environ.setdefault(name, place)


INITIALIZATION_TYPE = "AWS_LAMBDA_INITIALIZATION_TYPE"
if INITIALIZATION_TYPE in os.environ:
    gc.disable()  # until begin() is done: what is imported stays, and looking through it costs

point_at_our_files()  # before fontconfig is asked for anything
with quick_weasyprint():
    import invoice_renderer.pdf.assets  # noqa: F401  the first to import WeasyPrint

logger = logging.getLogger(__name__)


class Startable(Protocol):
    """One deployment's application, as far as starting it goes."""

    def connect(self) -> None: ...

    def draw(self) -> None: ...

    def renew(self) -> None: ...


class Hooks(Protocol):
    """AWS's ``snapshot_restore_py``."""

    def register_before_snapshot(self, call: Callable[[], None], /) -> object: ...

    def register_after_restore(self, call: Callable[[], None], /) -> object: ...


def begin(application: Callable[[], Startable], environ: Mapping[str, str] = os.environ) -> None:
    """Prepare this process. Outside Lambda nothing happens.

    What fails here fails again, and is told, when the first request comes; only a snapshot of a
    function that cannot draw is refused, and with it the version that is being published.
    """
    kind = environ.get(INITIALIZATION_TYPE, "")
    if kind:
        _prepare(kind, application)
        gc.freeze()  # nothing of a start is ever garbage: collections look at what came later
        gc.enable()


def _prepare(kind: str, application: Callable[[], Startable]) -> None:
    if kind == "snap-start":
        use_hooks(application, importlib.import_module("snapshot_restore_py"))
        return
    steps = {"on-demand": ("connect",), "provisioned-concurrency": ("connect", "draw")}
    try:
        for step in steps.get(kind, ()):
            getattr(application(), step)()
    except Exception as failure:  # noqa: BLE001  an answer that says why is worth more than no start
        logger.warning("start_incomplete: %s", type(failure).__name__)


def use_hooks(application: Callable[[], Startable], hooks: Hooks) -> None:
    """Draw before the snapshot is taken; be somebody else after every restore of it."""
    hooks.register_before_snapshot(lambda: application().draw())
    hooks.register_after_restore(random.seed)
    hooks.register_after_restore(lambda: application().renew())
