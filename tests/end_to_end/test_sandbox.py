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
UNMAPPED = 65534  # in a user namespace, groups of this machine's that it cannot drop
def writable(place):
    try:
        pathlib.Path(place, "probe").write_text("")
    except OSError:
        return False
    return True
places = "/ /var/task /var/runtime /opt /usr/lib /etc /dev /tmp".split()
print(json.dumps({
    "user": [os.getuid(), os.getgid(), sorted({*os.getgroups()} - {os.getgid(), UNMAPPED})],
    "writable": [place for place in places if writable(place)],
    "processes": sorted(int(name) for name in os.listdir("/proc") if name.isdigit()),
}))
"""

WATCH = """
import json, sys
asked = []
def listen(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.posix_spawn"}:
        asked.append(event)
    if event == "open" and set("wxa+") & set(arguments[1] or "") and arguments[0][:5] != "/tmp/":
        asked.append(f"{event} {arguments[0]}")
sys.addaudithook(listen)
sys.path[:0] = ["/var/task", "/opt/python", "/var/runtime"]
from invoice_renderer import app
ready = sorted({"store", "billing"} & {*vars(app.application())})
print(json.dumps({"asked": asked, "ready": ready}))
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


def test_a_start_asks_nobody_and_runs_no_other_program(root: LambdaRoot, alone: Function) -> None:
    """Neither a network, which may be slow or absent, nor a compiler to look for libraries with,
    nor a disk but ``/tmp``; and the collaborators are there.
    """
    command = Sandbox(root, alone).command(["/usr/bin/python3.13", "-c", WATCH])
    done = subprocess.run(command, env=alone.variables(), check=True, capture_output=True)
    assert json.loads(done.stdout) == {"asked": [], "ready": ["billing", "store"]}


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
