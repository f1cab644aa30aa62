"""Whether a PDF holds the whole bill. Poppler's tools read it, none of the engines."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bill import Bill, read_bill

MINUS = "\u2212"
_AMOUNT = re.compile(r"-?\$[\d,]+\.\d\d(?![\d/])")


def count_pages(pdf: bytes) -> int:
    """As ``pdfinfo`` counts them."""
    found = re.search(r"^Pages:\s+(\d+)", _tell("pdfinfo", pdf), re.MULTILINE)
    if found is None:
        raise ValueError("pdfinfo finds no pages")
    return int(found[1])


def missing_amounts(pdf: bytes, raw: bytes) -> Counter[str]:
    """The amounts of the bill that are not on the pages, each as often as it is missing."""
    text = _tell("pdftotext", pdf, "-").replace(MINUS, "-")
    return Counter(_amounts(read_bill(raw))) - Counter(_AMOUNT.findall(text))


def _amounts(bill: Bill) -> Iterator[str]:
    for group in bill.groups:
        yield from (row[-1] for row in group.rows)
        if group.subtotal:
            yield group.subtotal
    yield from (tax.amount for tax in bill.taxes)
    yield from (value for _, value in bill.summary)
    yield from (bill.total, bill.taxes_total, bill.due)


def _tell(program: str, pdf: bytes, *arguments: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.pdf"
        path.write_bytes(pdf)
        command = [program, str(path), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
