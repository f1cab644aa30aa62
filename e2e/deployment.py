"""``sam deploy`` of ``template.yaml`` as it is, and what came of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.servers import LOOPBACK

from e2e import PROJECT
from e2e.local_aws import REGION, ROOT_KEY, LocalAws
from e2e.roots import LambdaRoot
from e2e.sandbox import Function, Sandbox

SAM = PROJECT / ".venv-infra/bin/sam"
STACK = "invoices"
API, WORKER = f"{STACK}-api", f"{STACK}-worker"
ARTIFACTS = "sam-artifacts"
PKI = "/etc/pki"  # in a sandbox


@dataclass(frozen=True)
class Deployment:
    """The stack: its outputs by name."""

    aws: LocalAws
    outputs: Mapping[str, str]

    def __getitem__(self, output: str) -> str:
        return self.outputs[output]

    def function(self, name: str) -> Function:
        """The function as it was deployed, with the environment that Lambda would give it."""
        found = self.aws.client("lambda").get_function_configuration(FunctionName=name)
        local = {
            "AWS_ENDPOINT_URL": self.aws.url,
            "AWS_CA_BUNDLE": f"{PKI}/ca.pem",
            "POWERTOOLS_TRACE_DISABLED": "true",  # nobody listens for traces here
        }
        return Function(
            handler=found["Handler"],
            name=name,
            timeout_seconds=found["Timeout"],
            memory_mb=found["MemorySize"],
            environment={
                **found["Environment"]["Variables"],
                **self.aws.credentials_of(found["Role"]),
                **local,
            },
        )

    def sandbox(self, root: LambdaRoot, name: str) -> Sandbox:
        return Sandbox(root, self.function(name), binds={PKI: self.aws.certificates})


def deploy(aws: LocalAws, parameters: Mapping[str, str]) -> Deployment:
    """Deploy, or update, with sam's own command line.

    :raises RuntimeError: sam says why.
    """
    _make_bucket(aws)
    given = [f'{name}="{value}"' for name, value in parameters.items()]
    command = [str(SAM), "deploy", "--template-file", "template.yaml", "--no-confirm-changeset"]
    command += ["--stack-name", STACK, "--no-resolve-s3", "--s3-bucket", ARTIFACTS]
    command += ["--capabilities", "CAPABILITY_IAM", "--no-progressbar", "--region", REGION]
    command += ["--parameter-overrides", *given]
    done = subprocess.run(
        command, cwd=PROJECT, env=_environment(aws), check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise RuntimeError(f"sam deploy:\n{done.stdout}\n{done.stderr}")
    return Deployment(aws, _outputs(aws))


def _outputs(aws: LocalAws) -> dict[str, str]:
    stack: Any = aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _make_bucket(aws: LocalAws) -> None:
    s3 = aws.client("s3")
    if ARTIFACTS not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=ARTIFACTS)


def _environment(aws: LocalAws) -> dict[str, str]:
    return ROOT_KEY | {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_CA_BUNDLE": aws.ca,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "NO_PROXY": LOOPBACK,
        "SAM_CLI_TELEMETRY": "0",
        "LC_ALL": "C.UTF-8",
    }
