"""The sandbox is what it says: otherwise every scenario in it proves less than it seems to."""

from __future__ import annotations

import json
import subprocess
import time

import pytest
from e2e.roots import LambdaRoot
from e2e.sandbox import LAMBDA_ENVIRONMENT, Function, FunctionFailed, Sandbox

LOOK_AROUND = """
import json, os, pathlib
def writable(place):
    try:
        pathlib.Path(place, "probe").write_text("")
    except OSError:
        return False
    return True
places = "/ /var/task /var/runtime /opt /usr/lib /etc /dev /tmp".split()
print(json.dumps({
    "user": [os.getuid(), os.getgid(), os.getgroups()],
    "writable": [place for place in places if writable(place)],
    "processes": sorted(int(name) for name in os.listdir("/proc") if name.isdigit()),
}))
"""


def test_only_tmp_can_be_written_to_and_the_user_is_nobody(root: LambdaRoot) -> None:
    """As on Lambda: a function that leaned on more would fail there alone."""
    command = Sandbox(root, Function("none")).command(["/usr/bin/python3.13", "-c", LOOK_AROUND])
    done = subprocess.run(command, env=LAMBDA_ENVIRONMENT, check=True, capture_output=True)
    expected = {"user": [993, 990, []], "writable": ["/tmp"], "processes": [1]}
    assert expected == json.loads(done.stdout)


def test_the_system_has_no_library_that_the_layer_brings(root: LambdaRoot) -> None:
    """Pango and its kin can only come from the layer; zlib, expat and ffi are Python's, too."""
    brought = {path.name.split(".so")[0] for path in (root.opt / "lib").iterdir()}
    there = {path.name.split(".so")[0] for path in root.system.rglob("*.so*")}
    shared_with_python = {"libexpat", "libffi", "libz", "libuuid"}
    assert (brought & there) <= shared_with_python
    assert {"libpango-1.0", "libharfbuzz", "libfontconfig", "libgobject-2.0"} <= brought - there


def test_the_function_answers_through_the_real_runtime_client(api: Sandbox) -> None:
    """An event that nothing recognises gets the problem document that the code says."""
    answer = api.invoke({})
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["code"] == "unknown-event"


def test_a_handler_that_is_not_there_is_a_failure(root: LambdaRoot) -> None:
    """The emulator answers 200 to that as well; it must not pass for an answer."""
    with (
        Sandbox(root, Function("invoice_renderer.app.absent")) as sandbox,
        pytest.raises(FunctionFailed, match="Runtime"),
    ):
        sandbox.invoke({})


def test_a_killed_sandbox_leaves_no_process(api: Sandbox) -> None:
    """Neither the emulator nor the function goes on: what is killed mid-render stores nothing."""
    api.invoke({})
    inside = api.processes()
    api.kill()
    assert len(inside) == 2
    give_up = time.monotonic() + 10  # the kernel takes its time to end a namespace
    while (left := [path for path in inside if path.exists()]) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert left == []
