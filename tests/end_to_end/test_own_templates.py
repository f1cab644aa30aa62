"""``make build TEMPLATES=DIR``: the operator's own page, from the folder to the PDF."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from e2e import PROJECT
from e2e.roots import LambdaRoot, unpacked

from tests.end_to_end.test_same_bytes import hashes, made_here, rendered_again
from tests.pdf_reading import words_of

OURS, THEIRS = "Questions about this invoice?", "Talk to us"


def test_a_changed_copy_of_the_templates_prints_from_the_built_archive(
    root: LambdaRoot, tmp_path: Path
) -> None:
    """The gates pass, and the archive draws what the command line draws."""
    templates = tmp_path / "templates"
    shutil.copytree(PROJECT / "templates" / "v1", templates / "v1")
    for page in (templates / "v1").glob("*.html"):
        page.write_text(page.read_text().replace(OURS, THEIRS))
    build = [sys.executable, str(PROJECT / "packaging/build.py"), "--arch", root.arch]
    subprocess.run(
        [*build, "--templates", str(templates), "--into", str(tmp_path / "dist")], check=True
    )
    archive = tmp_path / "dist" / f"function-{root.arch}.zip"
    theirs = replace(root, task=unpacked("task-own-templates", [archive]))

    (tmp_path / "pages").mkdir()
    here = made_here(["documented"], tmp_path / "pages", templates)
    words = words_of((here / "documented.pdf").read_bytes())
    assert (OURS in words, THEIRS in words) == (False, True)
    assert hashes(here) == rendered_again(theirs, here)
