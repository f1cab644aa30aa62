"""Run inside a sandbox: renders every PDF of a folder again from its record, and prints SHA-256.

``python3.13 render_again.py FOLDER`` prints ``{"name.pdf": {"sha256": …, "reasons": […]}}``.
"""

import json
import sys
from pathlib import Path

sys.path[:0] = ["/var/task", "/opt/python", "/var/runtime"]

from invoice_renderer import start  # noqa: F401  first: it opens the layer's libraries

# isort: split
from invoice_renderer.document import DocumentRenderer
from invoice_renderer.profile_source import open_profile
from invoice_renderer.verification import verify_document

renderer, profiles = DocumentRenderer(), open_profile("example.toml")
found = {}
for path in sorted(Path(sys.argv[1]).glob("*.pdf")):
    verdict = verify_document(path.read_bytes(), renderer=renderer, profiles=profiles)
    found[path.name] = {"sha256": verdict.rendered_sha256, "reasons": list(verdict.reasons)}
print(json.dumps(found))
