"""AWS's endpoints, of the services that are called alone.

botocore reads its list of all services' endpoints when it makes its first client: 1.2 MB of JSON,
7 MB of memory and a fiftieth of a second. Regions are kept, and every partition's pattern of names,
so that a region which is newer than this list is found by its name as ever.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SERVICES = frozenset({"s3", "secretsmanager", "sqs", "sts"})  # sts: for roles outside Lambda
FOLDER = "aws"
"""In the function archive; ``AWS_DATA_PATH`` names it (botocore, ``loaders.py``)."""


def fill_endpoints(botocore: Path, into: Path) -> None:
    """``aws/endpoints.json`` from the data of a botocore."""
    every = json.loads((botocore / "data" / "endpoints.json").read_text("utf-8"))
    target = into / FOLDER / "endpoints.json"
    target.parent.mkdir(parents=True)
    target.write_text(json.dumps(only_called(every), separators=(",", ":")), "utf-8")


def only_called(every: dict[str, Any]) -> dict[str, Any]:
    """The same list without services that nobody here calls."""
    return {**every, "partitions": [_of_partition(one) for one in every["partitions"]]}


def _of_partition(partition: dict[str, Any]) -> dict[str, Any]:
    called = {name: one for name, one in partition["services"].items() if name in SERVICES}
    return {**partition, "services": called}
