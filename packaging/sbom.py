"""What is in an archive: a CycloneDX 1.6 document without a clock or a random number in it."""

from __future__ import annotations

import email.message
import email.parser
import json
import tomllib
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import elf
from debian import PROJECT, sha256_of
from steps import files_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from aptroot import Package, SourcePackage
    from fonts import FontPackage

Component = dict[str, Any]
NAMESPACE = uuid.UUID("7d9c6f0e-6a64-5b0e-9d0c-0d4a5c3a8f11")


def write_sbom(archive: Path, components: Iterable[Component]) -> Path:
    """Write the document beside the archive."""
    digest = sha256_of(archive)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, digest)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": archive.name,
                "name": archive.name,
                "version": _own_version(),
                "hashes": _hashes(digest),
            }
        },
        "components": sorted(components, key=lambda component: component["bom-ref"]),
    }
    path = archive.with_suffix(".cdx.json")
    path.write_text(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    return path


def debian_package(package: Package, debian_arch: str) -> Component:
    """A package of Debian, by the hash of its package file."""
    purl = f"pkg:deb/debian/{package.name}@{quote(package.version)}?arch={debian_arch}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "purl": purl,
        "hashes": _hashes(package.sha256),
        "properties": [{"name": "debian:source", "value": package.source}],
    }


def source_package(source: SourcePackage) -> Component:
    """A library that is compiled here, by the hash of its source."""
    original = next(sha256 for file, sha256 in source.files.items() if ".orig." in file)
    purl = f"pkg:deb/debian/{source.name}@{quote(source.version)}?arch=source"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": source.name,
        "version": source.version,
        "purl": purl,
        "hashes": _hashes(original),
        "licenses": [{"license": {"id": "MIT"}}],
    }


def font_package(package: FontPackage) -> Component:
    """A package of fonts."""
    purl = f"pkg:deb/debian/{package.name}@{quote(package.version)}?arch=all"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "purl": purl,
        "hashes": _hashes(package.sha256),
        "licenses": [{"license": {"id": package.licence}}],
    }


def python_packages(tree: Path) -> list[Component]:
    """Every distribution in a folder, from its own metadata."""
    return [_distribution(path) for path in sorted(tree.glob("*.dist-info/METADATA"))]


def binary_files(tree: Path) -> list[Component]:
    """Every compiled file: also those that a wheel brought along under no name of their own."""
    return [
        {
            "type": "file",
            "bom-ref": f"file:{path.as_posix()}",
            "name": path.as_posix(),
            "hashes": _hashes(sha256_of(tree / path)),
        }
        for path in files_of(tree)
        if elf.is_elf(tree / path)
    ]


def _distribution(metadata: Path) -> Component:
    fields = email.parser.HeaderParser().parsestr(metadata.read_text(encoding="utf-8"))
    name, version = fields["Name"].lower().replace("_", "-").replace(".", "-"), fields["Version"]
    purl = f"pkg:pypi/{name}@{version}"
    component = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
    }
    if fields["License-Expression"]:
        component["licenses"] = [{"expression": fields["License-Expression"]}]
    elif names := _licence_names(fields):
        component["licenses"] = [{"license": {"name": each}} for each in names]
    return component


def _licence_names(fields: email.message.Message) -> list[str]:
    """The classifiers, which are short; the License field may be a whole text."""
    prefix = "License :: OSI Approved :: "
    classifiers = [c for c in fields.get_all("Classifier", []) if c.startswith(prefix)]
    stated = (fields["License"] or "").split("\n", 1)[0]
    return [c.removeprefix(prefix) for c in classifiers] or [stated] * bool(stated)


def _hashes(sha256: str) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": sha256}]


def _own_version() -> str:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    return str(project["version"])
