"""The three public judges of a template find nothing to say."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from template_tools import ROOT, TEMPLATE, run_tool


def test_sam_finds_the_template_valid() -> None:
    done = run_tool("sam", "validate", "--lint", "--template-file", "template.yaml")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "is a valid SAM Template" in done.stdout


def test_cfn_lint_finds_nothing() -> None:
    done = run_tool("cfn-lint", "template.yaml")

    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


@pytest.fixture(scope="session")
def checkov() -> dict[str, Any]:
    done = run_tool("checkov", "--output", "json")
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def test_checkov_finds_nothing(checkov: dict[str, Any]) -> None:
    failed = [(it["check_id"], it["resource"]) for it in checkov["results"]["failed_checks"]]

    assert failed == []
    assert checkov["summary"]["parsing_errors"] == 0
    assert checkov["summary"]["passed"] >= 50, "it has read the template, not an empty folder"


def test_every_waiver_has_a_reason_and_a_check_that_it_waives(checkov: dict[str, Any]) -> None:
    written = re.findall(r"checkov:skip=(\w+):(.*)", TEMPLATE.read_text("utf-8"))
    skipped = checkov["results"]["skipped_checks"]

    assert len(written) == len(skipped)
    assert all(len(reason.split()) >= 8 for _, reason in written)
    assert {identifier for identifier, _ in written} == {it["check_id"] for it in skipped}


def test_no_waiver_hides_in_a_configuration_file() -> None:
    for name in (".cfnlintrc", ".checkov.yaml"):
        text = (ROOT / name).read_text("utf-8")
        assert not re.search(r"^(skip-check|ignore_checks|soft-fail)", text, re.MULTILINE), name
