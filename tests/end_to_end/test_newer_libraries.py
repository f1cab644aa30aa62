"""Lambda looks into the system's folders before the layer's: what is there must not matter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from e2e.roots import LambdaRoot, newer_libraries
from e2e.sandbox import Function, Sandbox

from tests.end_to_end.test_same_bytes import hashes, made_here, rendered_again


@pytest.fixture
def newer(root: LambdaRoot) -> Path:
    """The system's own ``/usr/lib64``, and Debian 13's glib and Pango in it."""
    return newer_libraries(root)


def test_a_newer_glib_of_the_system_changes_nothing(
    alone: Function, newer: Path, root: LambdaRoot
) -> None:
    """Everything that the layer has is loaded from the layer, whatever the system offers."""
    planted = {path.name for path in newer.iterdir()}
    ours = {path.name for path in (root.opt / "lib").iterdir()}
    assert {"libgobject-2.0.so.0", "libglib-2.0.so.0"} <= planted & ours
    with Sandbox(root, alone, binds={"/usr/lib64": newer}) as sandbox:
        assert json.loads(sandbox.invoke({})["body"])["code"] == "unknown-event"
        loaded = sandbox.loaded_libraries()
    from_layer = {path for path in loaded if Path(path).name in ours}
    assert {"/opt/lib"} == {str(Path(path).parent) for path in from_layer}
    assert "/opt/lib/libgobject-2.0.so.0" in from_layer


def test_a_newer_glib_of_the_system_changes_no_byte(
    newer: Path, root: LambdaRoot, tmp_path: Path
) -> None:
    """Nor does it change a page: drawn beside it, an invoice in every script is the same."""
    here = made_here(["every-script"], tmp_path)
    assert hashes(here) == rendered_again(root, here, {"/usr/lib64": newer})
