"""The preview over a real socket: for this machine's browser, and for nobody else."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from invoice_renderer.preview.run import Preview
from invoice_renderer.profile_source import path_of_profile
from invoice_renderer.template import Templates
from tests.builders import SAMPLES

SECONDS = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Templates and a profile to work on."""
    folder = tmp_path_factory.mktemp("work")
    shutil.copytree(Templates().folder, folder / "templates")
    shutil.copytree(path_of_profile("example.toml").parent, folder / "profiles")
    return folder


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """The address of a running preview."""
    page = Preview(
        profile=str(folder / "profiles" / "example.toml"), templates=folder / "templates"
    )
    with page.serve(port=0) as url:
        yield url


@pytest.fixture(scope="module")
def proof(url: str) -> str:
    """The id of a drawn invoice."""
    answer = requests.get(f"{url}scene?case=one-line", timeout=SECONDS)
    return str(answer.json()["proof"]["id"])


def get(url: str, path: str, **headers: str) -> requests.Response:
    return requests.get(f"{url.rstrip('/')}{path}", headers=headers, timeout=SECONDS)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/page.css", "text/css; charset=utf-8"),
        ("/page.js", "text/javascript; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
        ("/fonts.css", "text/css; charset=utf-8"),
        ("/fonts/0", "font/ttf"),
        ("/scene?case=one-line", "application/json"),
        ("/documents/{proof}.pdf", "application/pdf"),
        ("/documents/{proof}.html", "text/html; charset=utf-8"),
        ("/pages/{proof}/0-96.png", "image/png"),
    ],
)
def test_everything_of_the_page_is_served(url: str, proof: str, path: str, kind: str) -> None:
    answer = get(url, path.format(proof=proof))
    assert (200, kind) == (answer.status_code, answer.headers["Content-Type"])
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content


def test_it_listens_on_loopback_alone(url: str) -> None:
    port = int(url.rstrip("/").rpartition(":")[2])
    listening = {
        line.split()[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    }
    assert {f"0100007F:{port:04X}"} == listening


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", ""])
def test_a_name_that_was_rebound_gets_nothing(url: str, host: str) -> None:
    """A page of another site that has its name lead to 127.0.0.1 still sends its name."""
    port = url.rstrip("/").rpartition(":")[2]
    answer = get(url, "/scene", Host=host.format(port=port))
    assert (answer.status_code, "cases" in answer.text) == (421, False)


def test_its_own_names_are_answered(url: str) -> None:
    port = url.rstrip("/").rpartition(":")[2]
    assert {200} == {
        get(url, "/", Host=f"{name}:{port}").status_code for name in ("127.0.0.1", "localhost")
    }


@pytest.mark.parametrize(
    "path",
    [
        "/../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/page.html",
        "/site/page.css",
        "/fonts/../page.css",
        "/fonts/999",
        "/fonts/-1",
        "/documents/../../README.pdf",
        "/documents/0000000000000000.pdf",
        "/pages/{proof}/9-96.png",
        "/pages/{proof}/0-97.png",
        "/pages/{proof}/0-999999.png",
        "/scene/",
    ],
)
def test_no_address_is_a_path_of_a_file(url: str, proof: str, path: str) -> None:
    """Whatever is not in the table of routes is not there."""
    port = int(url.rstrip("/").rpartition(":")[2])
    request = f"GET {path.format(proof=proof)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    with closing(socket.create_connection(("127.0.0.1", port), timeout=SECONDS)) as wire:
        wire.sendall(f"{request}Connection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: wire.recv(65_536), b""))
    assert answer.split(b" ", 2)[1] == b"404"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_sent(url: str, method: str) -> None:
    assert requests.request(method, f"{url}scene", timeout=SECONDS).status_code == 501


def test_the_page_may_load_only_what_is_its_own(url: str) -> None:
    policy = get(url, "/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "http" not in policy


def test_the_invoice_as_html_is_sandboxed(url: str, proof: str) -> None:
    """No script, no address but the bundle's fonts: it is somebody's template."""
    policy = get(url, f"/documents/{proof}.html").headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script" not in policy


def test_a_file_that_is_saved_is_announced_and_drawn(url: str, folder: Path) -> None:
    """Over the same connection, with the file's name; the next scene is another proof."""
    before = get(url, "/scene?case=one-line").json()
    with requests.get(f"{url}changes", stream=True, timeout=SECONDS) as answer:
        news = (
            json.loads(line.removeprefix(b"data: "))
            for line in answer.iter_lines(chunk_size=1)
            if line.startswith(b"data: ")
        )
        assert {"change": before["change"], "files": []} == next(news)
        style = folder / "templates" / "v1" / "invoice.css"
        style.write_text(style.read_text("utf-8") + "h1 { font-size: 31pt }\n", "utf-8")
        assert next(news)["files"] == ["invoice.css"]
    after = get(url, "/scene?case=one-line").json()
    assert before["proof"]["id"] != after["proof"]["id"]


def test_a_saved_profile_is_announced_and_its_neighbours_are_not(url: str, folder: Path) -> None:
    """An editor that puts a new file in the old one's place is heard, too."""
    profile = folder / "profiles" / "example.toml"
    with requests.get(f"{url}changes", stream=True, timeout=SECONDS) as answer:
        lines = (line for line in answer.iter_lines(chunk_size=1) if line.startswith(b"data: "))
        next(lines)
        (profile.parent / "notes.txt").write_text("not a profile")
        fresh = profile.with_suffix(".tmp")
        fresh.write_text(profile.read_text("utf-8").replace('currency = "USD"', 'currency = "EUR"'))
        fresh.replace(profile)
        assert b'["example.toml"]' in next(lines)
    drawn = get(url, "/scene?case=one-line").json()["proof"]["id"]
    assert "€" in get(url, f"/documents/{drawn}.html").text


def test_the_command_tells_its_address_and_ends_when_it_is_interrupted(folder: Path) -> None:
    """Ctrl-C is how a preview ends, and no failure."""
    program = Path(sys.executable).with_name("invoice-pdf")
    own = SAMPLES / "invoice-get-by-sid.json"
    command = [program, "preview", own, "--templates", folder / "templates", "--json"]
    process = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as told:
        url = json.loads(told.readline())["url"]
        scene = get(url, "/scene").json()
        process.send_signal(signal.SIGINT)
    assert ("yours", own.name) == (scene["cases"][0]["name"], scene["cases"][0]["says"])
    assert process.wait(timeout=SECONDS) == 0
