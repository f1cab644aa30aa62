"""The short list of AWS's endpoints says what the long one says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.regions import EndpointResolver
from botocore.session import Session
from endpoints import FOLDER, SERVICES, fill_endpoints

BOTOCORE = Path(botocore.__file__).parent
UNKNOWN_REGION = "eu-north-9"


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that ``AWS_DATA_PATH`` would name."""
    into = tmp_path_factory.mktemp("task")
    fill_endpoints(BOTOCORE, into)
    return into / FOLDER


def everything_said(resolver: Any) -> dict[tuple[str, str], object]:
    """For each service and region of any partition, and for a region that is not listed."""
    regions = {
        region
        for partition in resolver.get_available_partitions()
        for service in SERVICES
        for region in resolver.get_available_endpoints(service, partition, True)
    }
    return {
        (service, region): resolver.construct_endpoint(service, region)
        for service in SERVICES
        for region in {*regions, UNKNOWN_REGION}
    }


def test_every_region_has_the_endpoint_that_it_had(short: Path) -> None:
    """Of the services that are called, in every partition."""
    long = json.loads((BOTOCORE / "data/endpoints.json").read_text("utf-8"))
    ours = json.loads((short / "endpoints.json").read_text("utf-8"))
    said = everything_said(EndpointResolver(long))
    assert said == everything_said(EndpointResolver(ours))
    assert len(said) > 100


def test_botocore_reads_the_short_list(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its own models of the services."""
    monkeypatch.setenv("AWS_DATA_PATH", str(short))
    session = Session()
    client = session.create_client(
        "s3", region_name="eu-west-1", aws_access_key_id="nobody", aws_secret_access_key="nobody"
    )
    assert client.meta.endpoint_url == "https://s3.eu-west-1.amazonaws.com"
    listed = session.get_component("data_loader").load_data("endpoints")["partitions"][0]
    assert listed["services"].keys() == SERVICES
