"""The Lambda entry points, ``api`` and ``worker``. Both functions run one package."""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from invoice_renderer import start  # first: it imports WeasyPrint as it should be

# isort: split
from invoice_renderer.application import Application, logger, metrics, tracer
from invoice_renderer.errors import SettingsError
from invoice_renderer.triggers import api_gateway


@lru_cache(maxsize=1)
def application() -> Application:
    """This container's application, read from its environment."""
    _write_one_log()
    try:
        return Application.from_environment(os.environ)
    except SettingsError as error:
        logger.critical("settings", extra={"setting": error.setting, "detail": error.detail})
        raise


def _write_one_log() -> None:
    """Our modules' warnings go out as the handlers' lines do: JSON, with the correlation id."""
    package = logging.getLogger("invoice_renderer")
    package.handlers = [logger.registered_handler]
    package.propagate = False


@logger.inject_lambda_context(correlation_id_path="requestContext.requestId", clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
@metrics.log_metrics(capture_cold_start_metric=True)
def api(event: dict[str, Any], context: LambdaContext) -> dict[str, object]:
    """``invoice_renderer.app.api``: behind API Gateway."""
    try:
        return application().api(event, context)
    except SettingsError as error:
        return api_gateway.answer_error(error)


@logger.inject_lambda_context(correlation_id_path="id", clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
@metrics.log_metrics(capture_cold_start_metric=True)
def worker(event: dict[str, Any], context: LambdaContext) -> dict[str, object]:
    """``invoice_renderer.app.worker``: behind the queue, and for direct invocations."""
    return application().worker(event, context)


start.begin(application)
