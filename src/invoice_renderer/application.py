"""One deployment: every collaborator, made here and nowhere else.

``api`` answers API Gateway within 28 seconds; ``worker`` takes queue batches, direct events and
direct invocations within 300.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.credentials import RefreshableCredentials

from invoice_renderer.billing import BillingClient
from invoice_renderer.canary import warm_up
from invoice_renderer.clients import AwsClients, Service
from invoice_renderer.credentials import SecretToken
from invoice_renderer.deadline import Deadline
from invoice_renderer.document import DocumentRenderer
from invoice_renderer.errors import InvoiceRendererError, SettingsError, Unexpected, UnknownEvent
from invoice_renderer.health import Health, check_health
from invoice_renderer.intake import Intake
from invoice_renderer.observability import Observer
from invoice_renderer.pipeline import Delivery, deliver_invoice
from invoice_renderer.profile_source import ProfileSource, open_profile
from invoice_renderer.queues import RequestQueue
from invoice_renderer.request import HealthRequest, RenderRequest
from invoice_renderer.settings import Settings
from invoice_renderer.storage import InvoiceStore
from invoice_renderer.sweep import CursorStore, SweepReport, sweep_issued
from invoice_renderer.triggers import Surroundings, api_gateway, sqs
from invoice_renderer.worker import Worker

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SHORT_LINK_SECONDS = 900
BUNDLED_PROFILE = "example.toml"
COLLABORATORS = ("billing", "tokens", "s3", "store", "queue", "profiles")
"""Those of an :class:`Application` that a restored snapshot must not bring along."""

logger = Logger()
metrics = Metrics(namespace="InvoiceRenderer")
tracer = Tracer(auto_patch=False)  # our own stages only: no URLs, no headers


@dataclass(frozen=True)
class Application:
    """One deployment's collaborators, made on first use and kept while the container lives."""

    settings: Settings
    clients: AwsClients
    observer: Observer

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Application:
        """:raises SettingsError: names the variable that is missing or bad."""
        observer = Observer(logger, metrics, tracer)
        return cls(Settings.from_environment(environ), AwsClients(), observer)

    # ------------------------------------------------------------------------- entry points

    def api(self, event: object, context: LambdaContext) -> dict[str, object]:
        """Answer one HTTP request; every error is a problem document."""
        caller = None
        try:
            method, request = self._parse(event)
            caller = request.caller
            if isinstance(request, HealthRequest):
                return api_gateway.answer_health(self.check_health(request))
            delivery = self.deliver(request, Deadline.from_context(context))
            self.observer.delivered(delivery)
            return api_gateway.answer(method, delivery)
        except InvoiceRendererError as error:
            self.observer.refused(error)
            return api_gateway.answer_error(error, caller)
        except Exception as error:  # noqa: BLE001  the caller gets a problem, never a stack trace
            self.observer.unexpected()
            return api_gateway.answer_error(Unexpected(error), caller)

    def worker(self, event: object, context: LambdaContext) -> dict[str, object]:
        """Settle a queue's batch, or one event that came by itself."""
        deadline = Deadline.from_context(context)
        worker = self._worker(_account_of(context))
        if not sqs.matches(event):
            return worker.handle_event(event, deadline)
        return sqs.answer(worker.handle_batch(sqs.parse(event), deadline))

    # ------------------------------------------------------------------------- the work

    def deliver(self, request: RenderRequest, deadline: Deadline) -> Delivery:
        try:
            return deliver_invoice(
                request,
                billing=self.billing,
                profiles=self.profiles,
                renderer=self.renderer,
                store=self.store,
                meter=self.observer,
                deadline=deadline,
                max_lines=self.settings.max_lines,
            )
        except InvoiceRendererError as error:
            error.sid = request.invoice_sid
            raise

    def sweep(self, deadline: Deadline) -> SweepReport:
        return sweep_issued(
            billing=self.billing,
            cursors=CursorStore(self.s3, bucket=self.settings.output_bucket),
            queue=self.queue,
            deadline=deadline,
            now=datetime.now(UTC),
            first_days=self.settings.first_sweep_days,
        )

    def check_health(self, request: HealthRequest) -> Health:
        """The deep check reads the secret and the profile anew: what is cached may be old."""
        if not request.is_deep:
            return Health()
        health = check_health(
            renderer=lambda: self.renderer,
            profiles=self._make_profiles,
            tokens=self._make_tokens,
            bucket=lambda: self.store,
        )
        self.observer.checked(health)
        return health

    def _parse(self, event: object) -> tuple[str, RenderRequest | HealthRequest]:
        if not api_gateway.matches(event):
            raise UnknownEvent(tuple(map(str, event)) if isinstance(event, Mapping) else ())
        return api_gateway.parse(event, partner_claim=self.settings.partner_claim)

    def _worker(self, account: str) -> Worker:
        return Worker(
            deliver=self.deliver,
            sweep=self.sweep,
            intake=Intake(self.s3, bucket=self.settings.intake_bucket),
            queue=self.queue,
            journal=self.observer,
            surroundings=Surroundings(self.settings.intake_bucket, account),
            max_receives=self.settings.max_receives,
        )

    # ------------------------------------------------------------------------- starting

    def connect(self) -> None:
        """Make the collaborators. They connect when they are first used."""
        _ = self.store, self.billing, self.renderer.engine

    def draw(self) -> None:
        """Draw pages, and read what AWS says of its services, as nobody in particular."""
        warm_up(self.renderer, open_profile(BUNDLED_PROFILE).for_partner("canary"))
        services: tuple[Service, ...] = ("s3", "secretsmanager")
        self.clients.read_models(*services, *(("sqs",) if self.settings.queue_url else ()))

    def renew(self) -> None:
        """Forget whatever holds a secret, a connection or a clock; the renderer holds none."""
        for name in COLLABORATORS:
            vars(self).pop(name, None)

    # ------------------------------------------------------------------------- collaborators

    @cached_property
    def billing(self) -> BillingClient:
        return BillingClient(
            base_url=self.settings.carrierx_base_url,
            tokens=self.tokens,
            fields_parameter=self.settings.carrierx_fields_parameter,
            page_size=self.settings.carrierx_page_size,
        )

    @cached_property
    def tokens(self) -> SecretToken:
        return self._make_tokens()

    def _make_tokens(self) -> SecretToken:
        return SecretToken(
            self.clients.secrets(),
            secret_id=self.settings.carrierx_token_secret,
            field=self.settings.carrierx_token_field,
        )

    @cached_property
    def s3(self) -> S3Client:
        return self.clients.s3()

    @cached_property
    def store(self) -> InvoiceStore:
        return InvoiceStore(
            self.s3,
            bucket=self.settings.output_bucket,
            kms_key=self.settings.output_kms_key,
            link_seconds=self._link_seconds(),
            credentials=self._expiring_credentials(),
        )

    def _link_seconds(self) -> int:
        """Temporary credentials whose end is not known can carry a short link only."""
        credentials = self.clients.credentials()
        is_temporary = credentials is not None and bool(credentials.token)
        if is_temporary and self._expiring_credentials() is None:
            return min(self.settings.link_seconds, SHORT_LINK_SECONDS)
        return self.settings.link_seconds

    def _expiring_credentials(self) -> RefreshableCredentials | None:
        """Credentials that know their end. Those in a function's environment do not."""
        credentials = self.clients.credentials()
        return credentials if isinstance(credentials, RefreshableCredentials) else None

    @cached_property
    def queue(self) -> RequestQueue:
        for name in ("queue_url", "dead_letter_queue_url"):
            if not getattr(self.settings, name):
                raise SettingsError(name.upper(), "is missing, and this function uses the queue")
        return RequestQueue(
            self.clients.sqs(),
            queue_url=self.settings.queue_url,
            dead_letter_queue_url=self.settings.dead_letter_queue_url,
        )

    @cached_property
    def profiles(self) -> ProfileSource:
        return self._make_profiles()

    def _make_profiles(self) -> ProfileSource:
        return open_profile(self.settings.seller_profile, s3=self.s3)

    @cached_property
    def renderer(self) -> DocumentRenderer:
        return DocumentRenderer(max_plain_rows=self.settings.max_plain_rows)


def _account_of(context: LambdaContext) -> str:
    """The account in the function's own ARN, ``arn:aws:lambda:region:account:function:name``."""
    parts = str(getattr(context, "invoked_function_arn", "")).split(":")
    return parts[4] if len(parts) > 4 else ""
