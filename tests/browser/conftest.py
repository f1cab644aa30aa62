"""A running preview of a folder to work on, and a Chromium that looks at it.

This folder has an environment of its own (``make test-browser``): the browser and its driver are
150 MB that the other tests do without.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

PROJECT = Path(__file__).parents[2]
PROGRAM = PROJECT / ".venv" / "bin" / "invoice-pdf"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium",))), None)
MILLISECONDS = 60_000
"""Long enough for a machine that does other things, too."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # As root, as in a container, Chromium has no sandbox to put itself into.
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the templates and the profiles."""
    folder = tmp_path_factory.mktemp("work")
    for name in ("templates", "profiles"):
        shutil.copytree(PROJECT / name, folder / name)
    return folder


@pytest.fixture(scope="session")
def url(folder: Path) -> Iterator[str]:
    """The command itself, as an operator starts it."""
    profile = folder / "profiles" / "example.toml"
    command = [PROGRAM, "preview", "--json", "--templates", folder / "templates"]
    process = subprocess.Popen(
        [*map(str, command), "--profile", str(profile)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A wide window; whatever the page complains about fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(MILLISECONDS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    yield page
    context.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith(("http://127.0.0.1:", "data:"))] == []
