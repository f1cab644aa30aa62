"""veraPDF: brought by Maven as ``pom.xml`` pins it, run by Java over all files at once."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parent / ".cache" / "verapdf"
MAIN = "org.verapdf.apps.GreenfieldCliWrapper"
STANDARDS = ("3a", "ua1")
MOST_HEAP = "-Xmx1g"


class Missing(Exception):
    """What is not there, and what to do about it."""


def find_programs() -> None:
    """Java runs the judge, Maven brings it."""
    for program, package in (
        ("java", "Java 17, such as openjdk-17-jre-headless"),
        ("mvn", "Maven"),
    ):
        if shutil.which(program) is None:
            raise Missing(f"{program} is not on the PATH; install {package}")


def fetch_verapdf() -> Path:
    """The folder of its archives; nothing is fetched twice for the same ``pom.xml``."""
    pom = HERE / "pom.xml"
    folder = CACHE / hashlib.sha256(pom.read_bytes()).hexdigest()[:12]
    if (folder / "complete").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
    result = subprocess.run(
        [*command, f"-DoutputDirectory={folder}"], capture_output=True, text=True, check=False
    )
    if result.returncode or not list(folder.glob("*.jar")):
        reasons = [line for line in result.stdout.splitlines() if "ERROR" in line]
        raise Missing(
            "Maven could not bring veraPDF (Maven Central not reachable, or a mirror without it):\n"
            + "\n".join(reasons[:3])
        )
    (folder / "complete").touch()
    return folder


def judge(files: Iterable[Path], verapdf: Path) -> list[str]:
    """What is wrong, a line for each; each file must pass both standards that it claims."""
    names = [str(file.resolve()) for file in files]
    command = ["java", MOST_HEAP, "-cp", f"{verapdf}/*", MAIN, "--format", "text", "-v", *names]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    verdicts = result.stdout.splitlines()
    passed = {line for line in verdicts if line.startswith("PASS ")}
    missing = [
        f"{name}: no pass for {standard}"
        for name in names
        for standard in STANDARDS
        if f"PASS {name} {standard}" not in passed
    ]
    return [line for line in verdicts if line not in passed] + missing if missing else []
