"""The deployed system on one machine: Lambda's runtime client and emulator, a local AWS, sam.

The build's own modules are used for what they already do: a private apt root, pinned packages.
"""

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
CACHE = PROJECT / ".cache" / "e2e"
DIST = PROJECT / "dist"

sys.path.insert(0, str(PROJECT / "packaging"))
