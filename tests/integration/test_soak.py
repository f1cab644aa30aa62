"""A process that renders again and again stays as it was."""

from __future__ import annotations

import subprocess
import sys

RENDERS = 25
MOST_KILOBYTES = 3_000  # a font configuration for each render would leave 270 of them each time

SCRIPT = f"""
import os, re
from invoice_renderer.document import DocumentRenderer
from invoice_renderer.gallery.builders import a_line, an_invoice
from invoice_renderer.profile_source import open_profile
from invoice_renderer.request import RenderOptions

renderer, profile = DocumentRenderer(), open_profile("example.toml").for_partner("any")
presentation = renderer.present(RenderOptions(), profile)

def render(number):
    lines = [a_line(usage=60 * number, amount=f"{{number}}.{{line}}5") for line in range(3)]
    renderer.render(an_invoice(invoice_items=lines), profile, presentation)

def held():
    status = open("/proc/self/status").read()
    return int(re.search(r"VmRSS:\\s+(\\d+)", status)[1]), len(os.listdir("/proc/self/fd"))

for number in range(10):
    render(number)
before = held()
for number in range(10, 10 + {RENDERS}):
    render(number)
after = held()
print(after[0] - before[0], after[1] - before[1])
"""


def test_a_row_of_renders_leaves_neither_memory_nor_files() -> None:
    """Resident memory stays within a few megabytes; no descriptor stays open."""
    command = [sys.executable, "-c", SCRIPT]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    kilobytes, files = map(int, told.split())

    assert files == 0
    assert kilobytes < MOST_KILOBYTES
