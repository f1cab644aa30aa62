"""``python -m conformance [COUNT]``: exit 0 if every document passes, 1 if not, 3 if unjudged."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from conformance.documents import BY_CHANCE, write_documents
from conformance.verapdf import STANDARDS, Missing, fetch_verapdf, find_programs, judge

FOLDER = Path("build/conformance")


def main(arguments: list[str]) -> int:
    by_chance = int(arguments[0]) if arguments else BY_CHANCE
    try:
        find_programs()
        verapdf = fetch_verapdf()
    except Missing as missing:
        print(f"conformance: not checked: {missing}", file=sys.stderr)
        return 3
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    began = time.monotonic()
    count = write_documents(FOLDER, by_chance=by_chance)
    drawn = time.monotonic()
    wrong = judge(sorted(FOLDER.glob("*.pdf")), verapdf)
    print("\n".join(wrong[:100]))
    standards = " and ".join(STANDARDS)
    print(
        f"conformance: {count} documents, {standards}: {len(wrong)} problems"
        f" (rendered in {drawn - began:.0f} s, judged in {time.monotonic() - drawn:.0f} s)"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
