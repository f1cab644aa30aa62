"""Everything that can be true when an invoice does not become a PDF.

    InvoiceRendererError
    ├── SettingsError                the deployment lacks a setting, or has a bad one
    ├── Unexpected                   a fault of our own                       (may heal)
    ├── RequestError                 the caller asked for something that cannot be done
    │   ├── UnknownEvent             no trigger recognises this event
    │   ├── ForeignEvent             an event from a source, account or bucket that is not ours
    │   ├── RouteUnknown             no such path
    │   ├── MethodNotAllowed         the path has no such method
    │   ├── MediaTypeUnsupported     a body that does not say it is JSON
    │   ├── RequestMalformed         a body, file or field that cannot be read
    │   ├── RequestTooLarge          a body or file over the limit
    │   ├── InvoiceSidInvalid        not a plain token of [A-Za-z0-9-]{1,64}
    │   ├── OptionRefused            a locale, paper, time zone, template... that is not offered
    │   ├── CallerUnknown            the trigger names no caller that we can trust
    │   ├── OperatorOnly             a question that only the operator may ask
    │   └── IntakeObjectMissing      the object that announced itself is not there any more
    ├── CredentialsError             the bearer token cannot be had
    │   ├── SecretUnreadable         missing, denied, empty or malformed secret
    │   └── SecretUnavailable        Secrets Manager does not answer         (may heal)
    ├── BillingError                 CarrierX
    │   ├── InvoiceNotFound          unknown, or of a partner the caller may not read
    │   ├── BillingRefused           token or scope refused
    │   ├── BillingRejected          another final answer: 400, 409, 422
    │   ├── BillingUntrusted         a TLS certificate or protocol we do not accept
    │   ├── BillingThrottled         429                                      (may heal)
    │   └── BillingUnavailable       no answer, a broken one, 5xx             (may heal)
    ├── InvoiceError                 the invoice data
    │   ├── InvoiceMalformed         a field is missing, or not what it should be
    │   ├── InvoiceTooLarge          more lines or bytes than this path takes
    │   └── RecordUnreadable         a PDF that holds no record to verify it by
    ├── ProfileError                 the seller profile
    │   ├── ProfileMalformed         cannot be read or is not valid
    │   └── ProfileUnavailable       S3 does not answer                       (may heal)
    ├── RenderingError               the document cannot be drawn
    │   ├── TemplateBroken           a template asks for what is not there, or does not parse
    │   ├── AssetRefused             the page asked for something outside the bundle
    │   └── DocumentTooLarge         more pages, bytes or rows than allowed
    ├── StorageError                 S3
    │   ├── StorageRefused           bucket missing, access denied
    │   ├── StoredDocumentDiffers    same key, other bytes: must not happen
    │   └── StorageUnavailable       S3 does not answer                       (may heal)
    ├── QueueError                   SQS
    │   └── QueueUnavailable         a message could not be sent              (may heal)
    │       └── QueueRefused         access denied, queue missing; the message stays (may heal)
    └── OutOfTime                    the deadline is nearer than the next step needs (may heal)

Each class has a stable ``code`` (printed to callers, alarms and dead letters) and says whether
trying again, unchanged, can help (``may_heal``). Messages are safe to show to a caller: they
name fields, limits and settings, and never values, tokens, hosts or stack traces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar


class InvoiceRendererError(Exception):
    """The root. Where they are known: ``sid`` of the invoice, ``retry_after`` in seconds."""

    code: ClassVar[str] = "invoice-renderer-error"
    may_heal: ClassVar[bool] = False
    sid: str = ""
    retry_after: float | None = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.code = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", cls.__name__).lower()

    @property
    def detail(self) -> str:
        """One sentence for the reader: what is true, and what to do."""
        return str(self)


class SettingsError(InvoiceRendererError):
    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(f"The setting {setting} {problem}.")
        self.setting = setting


class Unexpected(InvoiceRendererError):
    """A fault of our own. Its text stays in the log; the class is all that is told."""

    may_heal = True

    def __init__(self, error: Exception) -> None:
        super().__init__(f"An unexpected {type(error).__name__}; the log has its stack.")


def nearest(
    table: Mapping[type[InvoiceRendererError], int], error: InvoiceRendererError, *, otherwise: int
) -> int:
    """What a table says of an error: the entry of the nearest class in its ancestry."""
    return next((table[kind] for kind in type(error).__mro__ if kind in table), otherwise)


# ----------------------------------------------------------------------------- request


class RequestError(InvoiceRendererError):
    """The caller asked for something that cannot be done."""


def _printable(key: object) -> str:
    return re.sub(r"[^ -~]", "?", str(key))[:40]


class UnknownEvent(RequestError):
    def __init__(self, keys: tuple[str, ...] = ()) -> None:
        self.keys = tuple(_printable(key) for key in keys[:8])
        seen = ", ".join(self.keys) or "none"
        super().__init__(f"No trigger recognises this event; its top-level keys are: {seen}.")


class ForeignEvent(RequestError):
    def __init__(self, what: str) -> None:
        super().__init__(f"The event is not for this deployment: {what}.")


class RouteUnknown(RequestError):
    def __init__(self) -> None:
        super().__init__("There is nothing at this path; use /invoices/{invoice_sid}/pdf.")


class MethodNotAllowed(RequestError):
    def __init__(self, *allowed: str) -> None:
        super().__init__(f"Use {' or '.join(allowed)} on this path.")
        self.allowed = allowed


class MediaTypeUnsupported(RequestError):
    def __init__(self) -> None:
        super().__init__("Send the body as application/json.")


class RequestMalformed(RequestError):
    def __init__(self, problem: str, *, path: str = "") -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path


class RequestTooLarge(RequestError):
    def __init__(self, what: str, limit_bytes: int) -> None:
        super().__init__(f"{what} is over the limit of {limit_bytes} bytes.")
        self.limit_bytes = limit_bytes


class InvoiceSidInvalid(RequestError):
    def __init__(self) -> None:
        super().__init__(
            "The invoice SID must be 1 to 64 ASCII letters, digits and hyphens, nothing else."
        )


class OptionRefused(RequestError):
    """``option`` names the field; ``offered`` lists what may be asked for instead."""

    def __init__(self, option: str, problem: str, offered: tuple[str, ...] = ()) -> None:
        choice = f" Offered: {', '.join(offered)}." if offered else ""
        super().__init__(f"{option}: {problem}.{choice}")
        self.option = option
        self.offered = offered


class CallerUnknown(RequestError):
    def __init__(self) -> None:
        super().__init__(
            "The request carries no identity that names the partners it may read; "
            "call with IAM credentials or with a token that has the partner claim."
        )


class OperatorOnly(RequestError):
    def __init__(self) -> None:
        super().__init__("Only callers with IAM credentials, who are the operator, may ask this.")


class IntakeObjectMissing(RequestError):
    def __init__(self) -> None:
        super().__init__("The object that announced itself is not in the intake bucket any more.")


# ----------------------------------------------------------------------------- credentials


class CredentialsError(InvoiceRendererError):
    """The bearer token for CarrierX cannot be had."""


class SecretUnreadable(CredentialsError):
    def __init__(self, problem: str) -> None:
        super().__init__(f"The CarrierX token secret {problem}.")


class SecretUnavailable(CredentialsError):
    may_heal = True

    def __init__(self) -> None:
        super().__init__("Secrets Manager does not answer; try again later.")


# ----------------------------------------------------------------------------- billing


class BillingError(InvoiceRendererError):
    """CarrierX did not give the invoice."""


class InvoiceNotFound(BillingError):
    """Unknown SID, or an invoice of a partner that the caller may not read: one answer for both."""

    def __init__(self) -> None:
        super().__init__("There is no such invoice among those you may read.")


class BillingRefused(BillingError):
    """401 after a refreshed token, or 403: ``scopes`` names what the token needs."""

    def __init__(self, status: int, scopes: tuple[str, ...] = ()) -> None:
        needs = f"; the token needs one of the scopes {', '.join(scopes)}" if scopes else ""
        super().__init__(f"CarrierX refused the bearer token with {status}{needs}.")
        self.status = status
        self.scopes = scopes


class BillingRejected(BillingError):
    def __init__(self, status: int) -> None:
        super().__init__(f"CarrierX answered {status}; the same request will not fare better.")
        self.status = status


class BillingThrottled(BillingError):
    may_heal = True

    def __init__(self, retry_after: float | None = None) -> None:
        super().__init__("CarrierX asks to slow down; try again later.")
        self.retry_after = retry_after


class BillingUnavailable(BillingError):
    """``again`` says whether the same call, repeated at once, may fare better."""

    may_heal = True

    def __init__(
        self, problem: str, *, again: bool = True, retry_after: float | None = None
    ) -> None:
        super().__init__(f"CarrierX cannot be reached or answers badly ({problem}); try later.")
        self.problem = problem
        self.again = again
        self.retry_after = retry_after


class BillingUntrusted(BillingError):
    """The TLS certificate or protocol is not acceptable: somebody else, or a person must look."""

    def __init__(self) -> None:
        super().__init__("CarrierX's TLS certificate or protocol is not acceptable.")


# ----------------------------------------------------------------------------- invoice, profile


class InvoiceError(InvoiceRendererError):
    """The invoice data cannot be used."""


class InvoiceMalformed(InvoiceError):
    """``path`` points at the field, as in ``invoice_items[2].amount``; the value is never told."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}.")
        self.path = path


class InvoiceTooLarge(InvoiceError):
    def __init__(self, what: str, count: int, limit: int) -> None:
        super().__init__(f"The invoice has {count} {what}; this path takes {limit} at most.")
        self.count = count
        self.limit = limit


class RecordUnreadable(InvoiceError):
    def __init__(self, problem: str) -> None:
        super().__init__(f"The file cannot be verified: {problem}.")


class ProfileError(InvoiceRendererError):
    """The seller profile cannot be used."""


class ProfileMalformed(ProfileError):
    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"Seller profile, {path}: {problem}.")
        self.path = path


class ProfileUnavailable(ProfileError):
    may_heal = True

    def __init__(self) -> None:
        super().__init__("The seller profile cannot be fetched from S3; try again later.")


# ----------------------------------------------------------------------------- rendering


class RenderingError(InvoiceRendererError):
    """The document cannot be drawn as it should be; nothing was stored."""


class TemplateBroken(RenderingError):
    """``file`` and ``line`` of the template ``template``; ``line`` is 0 where it is not known."""

    def __init__(self, template: str, file: str, line: int, problem: str) -> None:
        place = f"{file}, line {line}" if line else file
        super().__init__(f"The template {template} fails in {place} ({problem}).")
        self.template = template
        self.file = file
        self.line = line
        self.problem = problem


class AssetRefused(RenderingError):
    """The page asked for something outside the bundle. ``schemes`` names how, never what."""

    def __init__(self, count: int, schemes: tuple[str, ...]) -> None:
        super().__init__(
            f"The page asked for {count} asset(s) outside the bundle ({', '.join(schemes)})."
        )
        self.count = count
        self.schemes = schemes


class DocumentTooLarge(RenderingError):
    def __init__(self, what: str, count: int, limit: int) -> None:
        super().__init__(f"The document has {count} {what}; the limit is {limit}.")
        self.count = count
        self.limit = limit


# ----------------------------------------------------------------------------- storage, queue


class StorageError(InvoiceRendererError):
    """The PDF could not be stored or found."""


class StorageRefused(StorageError):
    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(f"S3 refused: {problem}; look at the setting {setting}.")
        self.setting = setting


class StoredDocumentDiffers(StorageError):
    def __init__(self) -> None:
        super().__init__("Another document is stored under the same digest; nothing was replaced.")


class StorageUnavailable(StorageError):
    may_heal = True

    def __init__(self) -> None:
        super().__init__("S3 does not answer; try again later.")


class QueueError(InvoiceRendererError):
    """SQS."""


class QueueUnavailable(QueueError):
    may_heal = True

    def __init__(self, why: str = "The queue does not take messages; try again later.") -> None:
        super().__init__(why)


class QueueRefused(QueueUnavailable):
    """It heals when a person mends the role or the setting; until then nothing may be lost."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"SQS refused: {problem}; look at the function's role, QUEUE_URL and"
            " DEAD_LETTER_QUEUE_URL."
        )


class OutOfTime(InvoiceRendererError):
    may_heal = True

    def __init__(self, step: str) -> None:
        super().__init__(f"There was not enough time left to {step}; try again.")
        self.step = step
