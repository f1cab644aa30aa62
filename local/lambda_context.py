"""The second argument of a handler, with what the Lambda runtime puts there."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field

from local.stack import ACCOUNT, REGION

TIMEOUT_SECONDS = 28.0


def _new_request_id() -> str:
    return str(uuid.uuid4())


@dataclass
class LambdaContext:
    """One invocation; its time runs from the moment it is made."""

    function_name: str = "invoice-renderer-api"
    timeout_seconds: float = TIMEOUT_SECONDS
    memory_limit_in_mb: int = 1024
    aws_request_id: str = field(default_factory=_new_request_id)
    function_version: str = "$LATEST"
    client_context: None = None
    identity: None = None
    _started: float = field(default_factory=time.monotonic, repr=False)

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        return f"2025/01/20/[{self.function_version}]{self.aws_request_id.replace('-', '')}"

    def get_remaining_time_in_millis(self) -> int:
        left = self._started + self.timeout_seconds - time.monotonic()
        return max(0, int(left * 1000))
