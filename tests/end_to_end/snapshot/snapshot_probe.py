"""Stands before the real handler, in the sandbox, and tells what the process holds.

Its hooks are registered first and so run last before a snapshot: every sandbox that uses it has
one and the same state of ``random`` at that moment, as the copies of one snapshot have.
"""

import random
import sys

from snapshot_restore_py import register_before_snapshot

held_at_snapshot: list[str] = []
modules_at_snapshot: list[str] = []
register_before_snapshot(random.seed, 4711)
register_before_snapshot(lambda: held_at_snapshot.extend(vars(app.application())))
register_before_snapshot(lambda: modules_at_snapshot.extend(sys.modules))

from invoice_renderer import app  # noqa: E402  its hooks come after ours
from invoice_renderer.native import mapped_libraries  # noqa: E402


def handler(event, context):
    if event != "look":
        return app.api(event, context)
    return {
        "random": str(random.getrandbits(64)),
        "held_at_snapshot": sorted(held_at_snapshot),
        "held_now": sorted(vars(app.application())),
        "imported_since": sorted({*sys.modules} - {*modules_at_snapshot}),
        "libraries": sorted(mapped_libraries().values()),
        "bindings": "weasyprint_bindings" in sys.modules,
        "cffi": "cffi" in sys.modules,
    }
