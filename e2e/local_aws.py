"""A local AWS that deploys CloudFormation and judges IAM: MiniStack, over TLS, on the loopback.

Every request is authorised (``AUTH=true``): keys, signatures, the roles' and the buckets' policies.
It is in an environment of its own, since it pins its libraries.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import boto3
import requests
import trustme
from botocore.config import Config
from local.servers import LOOPBACK, free_port

from e2e import PROJECT

PROGRAM = PROJECT / ".venv-ministack/bin/ministack"
ACCOUNT = "012345678912"  # what the runtime emulator says in a function's ARN
REGION = "us-east-1"
ROOT_KEY = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}  # of the account
READY_SECONDS = 60.0


class LocalAws:
    """``with LocalAws(functions) as aws: aws.client("s3")``.

    :param functions: the address that invokes each function, by its name.
    """

    def __init__(self, functions: Mapping[str, str]) -> None:
        self._functions = functions
        self._folder = tempfile.TemporaryDirectory()
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"https://{LOOPBACK}:{self.port}"

    @property
    def certificates(self) -> Path:
        """A folder with ``ca.pem``, which whoever talks to it must trust."""
        return Path(self._folder.name) / "pki"

    @property
    def ca(self) -> str:
        return str(self.certificates / "ca.pem")

    def __enter__(self) -> Self:
        self._write_certificates()
        self._log = tempfile.TemporaryFile("w+b")
        self._process = subprocess.Popen(
            [str(PROGRAM)], env=self._environment(), stdout=self._log, stderr=subprocess.STDOUT
        )
        self._wait_until_it_answers()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        self._folder.cleanup()

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:
        """A boto3 client of the account's root, or of someone else."""
        key = credentials or ROOT_KEY
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            verify=self.ca,
            aws_access_key_id=key["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=key["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=key.get("AWS_SESSION_TOKEN"),
            # boto3 would presign with SigV2, whose end this server does not enforce.
            config=Config(signature_version="s3v4" if service == "s3" else "v4", proxies={}),
        )

    def credentials_of(self, role_arn: str) -> dict[str, str]:
        """What Lambda puts into a function's environment: a session of its role."""
        answer = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="function")
        given = answer["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }

    def log(self) -> str:
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode(errors="replace")

    def _environment(self) -> dict[str, str]:
        proxies = {f"MINISTACK_LAMBDA_PROXY_{name}": url for name, url in self._functions.items()}
        return proxies | {
            "PATH": os.environ["PATH"],
            "HOME": self._folder.name,
            "TMPDIR": self._folder.name,
            "BIND_HOST": LOOPBACK,
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": LOOPBACK,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "AUTH": "true",
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(self.certificates / "server.pem"),
            "MINISTACK_SSL_KEY": str(self.certificates / "server.key"),
            "NO_PROXY": LOOPBACK,
        }

    def _write_certificates(self) -> None:
        self.certificates.mkdir(mode=0o755)
        Path(self._folder.name).chmod(0o755)  # the function's user reads ca.pem
        authority = trustme.CA()
        issued = authority.issue_cert(LOOPBACK, "localhost")
        authority.cert_pem.write_to_path(self.ca)
        issued.private_key_pem.write_to_path(str(self.certificates / "server.key"))
        chain = b"".join(pem.bytes() for pem in issued.cert_chain_pems)
        (self.certificates / "server.pem").write_bytes(chain)
        (self.certificates / "server.key").chmod(0o600)

    def _wait_until_it_answers(self) -> None:
        give_up = time.monotonic() + READY_SECONDS
        with requests.Session() as http:
            http.trust_env = False
            while time.monotonic() < give_up and self._process.poll() is None:
                try:
                    if http.get(f"{self.url}/_ministack/health", verify=self.ca, timeout=2).ok:
                        return
                except requests.RequestException:
                    time.sleep(0.05)
        self._process.kill()
        raise RuntimeError(f"the local AWS does not start: {self.log()}")
