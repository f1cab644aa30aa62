"""The clients of AWS's services, as impatient as a function must be; nothing else makes any.

botocore makes them. boto3 would put resources and transfers in parts on top, which nothing here
uses, and whose import is a tenth of a start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from botocore.config import Config
from botocore.credentials import Credentials
from botocore.session import Session

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

Service = Literal["s3", "secretsmanager", "sqs"]
NOBODY = "nobody"  # signs nothing: a client made with it has read AWS's models, and is dropped

AWS_CONFIG = Config(  # two tries of one call take eight seconds at most, and a little jitter
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 2},
    signature_version="v4",
)
CONFIGS: dict[Service, Config] = {
    "sqs": AWS_CONFIG,
    # The fetch that waits for the token has 12 seconds in all.
    "secretsmanager": AWS_CONFIG.merge(Config(read_timeout=2)),
    "s3": AWS_CONFIG.merge(
        Config(
            signature_version="s3v4",  # else it would presign with SigV2, which cannot be bounded
            s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
        )
    ),
}


class AwsClients:
    """One session of the function's role, and clients that sign with it."""

    def __init__(self) -> None:
        self._session = Session()

    def s3(self) -> S3Client:
        client: S3Client = self._make("s3")
        return client

    def secrets(self) -> SecretsManagerClient:
        client: SecretsManagerClient = self._make("secretsmanager")
        return client

    def sqs(self) -> SQSClient:
        client: SQSClient = self._make("sqs")
        return client

    def credentials(self) -> Credentials | None:
        """The role's, or whoever's this process runs as."""
        return self._session.get_credentials()

    def read_models(self, *services: Service) -> None:
        """Read what AWS says of these services, as nobody in particular."""
        for service in services:
            self._session.create_client(
                service, aws_access_key_id=NOBODY, aws_secret_access_key=NOBODY
            )

    def _make(self, service: Service) -> Any:
        return self._session.create_client(service, config=CONFIGS[service])
