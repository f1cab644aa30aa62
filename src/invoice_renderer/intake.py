"""Objects under ``requests/`` of the intake bucket: which invoices somebody wants rendered.

The body is JSON (one object or an array), NDJSON (a line each) or CSV with a column
``invoice_sid``; other columns and fields are the options. An empty object names the invoice by
its key: ``requests/<sid>``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from invoice_renderer.aws_faults import code_of, status_of, storage_error
from invoice_renderer.errors import (
    IntakeObjectMissing,
    RequestError,
    RequestMalformed,
    RequestTooLarge,
    StorageUnavailable,
)
from invoice_renderer.request import (
    INTAKE_PREFIX,
    OPERATOR,
    REQUEST_FIELDS,
    IntakeObject,
    RenderRequest,
    is_sid,
    parse_request,
    parse_sid,
)
from invoice_renderer.strict_json import JsonRefused, parse_json

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ASKED_CHARACTERS = 65  # of one field, in the dead letter of a refused row: no SID when cut
INTAKE_BYTES = 1024 * 1024
MAX_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is no request: ``where`` it stands, what is wrong, and what it asked for."""

    where: str
    error: RequestError
    asked: Mapping[str, str]

    @property
    def sid(self) -> str:
        """Its SID, if it has a sound one."""
        sid = self.asked.get("invoice_sid")
        return sid if is_sid(sid) else ""


class Intake:
    """Reads the intake bucket. Whoever can write there is the operator (IAM guards it)."""

    def __init__(self, s3: S3Client, *, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def read_requests(self, item: IntakeObject) -> list[RenderRequest | RefusedRow]:
        """Every row of one object, each judged alone; the event's own version is read.

        :raises RequestError: the object as a whole cannot be read.
        """
        return list(parse_rows(self._read(item), key=item.key))

    def _read(self, item: IntakeObject) -> bytes:
        version = {"VersionId": item.version_id} if item.version_id else {}
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=item.key, **version)  # type: ignore[arg-type]
            if answer["ContentLength"] > INTAKE_BYTES:
                raise RequestTooLarge("The intake object", INTAKE_BYTES)
            return answer["Body"].read()
        except ClientError as error:
            if status_of(error) == 404 and code_of(error) != "NoSuchBucket":
                raise IntakeObjectMissing from None
            raise storage_error(error, "INTAKE_BUCKET") from None
        except BotoCoreError:
            raise StorageUnavailable from None


def parse_rows(body: bytes, *, key: str) -> Iterator[RenderRequest | RefusedRow]:
    """Requests of one object, in order.

    :raises RequestMalformed: neither JSON nor NDJSON nor CSV with a column ``invoice_sid``.
    """
    text = _decoded(body)
    first = text.strip()[:1]
    if not first:
        yield RenderRequest(parse_sid(key.removeprefix(INTAKE_PREFIX)), OPERATOR)
        return
    rows = _json_rows(text) if first in "[{" else _csv_rows(text)
    if len(rows) > MAX_ROWS:
        raise RequestMalformed(f"The intake object lists over {MAX_ROWS} invoices; split it.")
    for where, row in rows:
        yield _judge(where, row)


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")  # spreadsheets write a byte order mark
    except UnicodeDecodeError:
        raise RequestMalformed("The intake object is not UTF-8 text.") from None


def _json_rows(text: str) -> list[tuple[str, object]]:
    try:
        parsed = parse_json(text.strip())
    except JsonRefused as refused:
        lines = text.split("\n")  # and not U+2028, which may stand in a JSON string
        rows = [_json_line(number, line) for number, line in enumerate(lines, 1) if line.strip()]
        if text.lstrip()[0] == "[" or not any(isinstance(row, Mapping) for _, row in rows):
            raise RequestMalformed(f"The intake object {refused}.") from None
        return rows
    items = parsed if isinstance(parsed, list) else [parsed]
    return [(f"row {number}", item) for number, item in enumerate(items, 1)]


def _json_line(number: int, line: str) -> tuple[str, object]:
    try:
        return f"line {number}", parse_json(line.strip())
    except JsonRefused:
        return f"line {number}", None


def _csv_rows(text: str) -> list[tuple[str, object]]:
    """Spaces around a name or a cell are a person's, and a line of empty cells a spreadsheet's."""
    lines = list(io.StringIO(text, newline=""))
    head = next(number for number, line in enumerate(lines) if line.strip())
    try:
        reader = csv.reader(lines[head:], strict=True, skipinitialspace=True)
        names = [name.strip() for name in next(reader)]
        if "invoice_sid" not in names:
            raise RequestMalformed("The CSV has no column invoice_sid.")
        rows = [(f"line {head + reader.line_num}", _csv_row(names, cells)) for cells in reader]
    except csv.Error:
        raise RequestMalformed("The intake object is neither JSON nor NDJSON nor CSV.") from None
    return [(where, row) for where, row in rows if any(row.values())]


def _csv_row(names: list[str], cells: list[str]) -> dict[str, str | None]:
    row = {name: cell.strip() or None for name, cell in zip(names, cells, strict=False) if name}
    return {"invoice_sid": None, **row}


def _judge(where: str, row: object) -> RenderRequest | RefusedRow:
    if not isinstance(row, Mapping):
        return RefusedRow(where, RequestMalformed("is not a JSON object", path=where), {})
    try:
        return parse_request(row, OPERATOR)
    except RequestError as error:
        asked = {name: row[name] for name in REQUEST_FIELDS if row.get(name) is not None}
        return RefusedRow(where, error, {name: _short(value) for name, value in asked.items()})


def _short(value: object) -> str:
    return str(value)[:ASKED_CHARACTERS] if isinstance(value, str | int) else "?"
