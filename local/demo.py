"""``python -m local.demo``: invoice 004 as a PDF, by every road, through the real handlers.

Starts a local AWS and the fake CarrierX API on free ports of 127.0.0.1, sends the events of
``events/`` through both Lambda handlers, downloads through the presigned link, and puts
``invoice-004.pdf`` and the handlers' log into ``out/``. Nothing else is left behind.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import requests
from rich.console import Console

from local.demo_run import Narrator, counted, expect, run_quietly
from local.demo_stage import Stage
from local.events import read_event, read_intake
from local.fake_carrierx import INVOICE_SID

OUT = Path(__file__).resolve().parent.parent / "out"
PDF_NAME = "invoice-004.pdf"
HTTP_SECONDS = 60
PDF_PATH = f"/invoices/{INVOICE_SID}/pdf"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="local.demo", description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT, help="where the PDF and the log go")
    out: Path = parser.parse_args(arguments).out
    console = Console(file=sys.stdout, highlight=False)
    return run_quietly(lambda: play(out, Narrator(console)), console, log=out / "demo.log")


def play(out: Path, narrator: Narrator) -> None:
    """The whole story; whatever was started is stopped at the end of the ``with``."""
    with Stage(narrator) as stage:
        facts = show_http(stage, narrator)
        pdf = show_download(facts, stage, narrator)
        show_link_checks(facts["url"], stage, narrator)
        show_intake(stage, narrator)
        show_event(stage, narrator)
        show_schedule(stage, narrator)
        show_direct(facts["sha256"], stage, narrator)
        expect(stage.dead_letters() == 0, "there are messages in the dead-letter queue")
        path = save(out / PDF_NAME, pdf)
        with narrator.step("Stop everything") as note:
            stage.close()
            note("servers stopped, nothing left behind")
    narrator.conclude(path=path, pages=facts["pages"], size=facts["bytes"], sha256=facts["sha256"])


def show_http(stage: Stage, narrator: Narrator) -> dict[str, Any]:
    """POST renders; POST again finds it stored."""
    body = json.loads(read_event("api-gateway-http-v2-post")["body"])
    url = stage.gateway.url + PDF_PATH
    with narrator.step(f"POST {PDF_PATH}") as note:
        answer = stage.http.post(url, json=body, timeout=HTTP_SECONDS)
        expect(answer.status_code == 201, f"POST answered {_told(answer)}")
        facts: dict[str, Any] = answer.json()
        note(f"201, {facts['document']}, {counted(facts['pages'], 'page')}")
    with narrator.step("POST again") as note:
        again = stage.http.post(url, json=body, timeout=HTTP_SECONDS)
        expect(again.status_code == 200, f"the second POST answered {_told(again)}")
        expect(again.json()["sha256"] == facts["sha256"], "the second POST gave other bytes")
        note("200, stored already, same SHA-256")
    return facts


def show_download(facts: dict[str, Any], stage: Stage, narrator: Narrator) -> bytes:
    """GET redirects to a fresh presigned link; the bytes are those that were promised."""
    with narrator.step("GET, follow the link, check") as note:
        redirect = stage.http.get(
            stage.gateway.url + PDF_PATH, allow_redirects=False, timeout=HTTP_SECONDS
        )
        expect(redirect.status_code == 303, f"GET answered {_told(redirect)}")
        stage.http.get(redirect.headers["Location"], timeout=HTTP_SECONDS).raise_for_status()
        download = stage.http.get(facts["url"], timeout=HTTP_SECONDS)
        expect(download.status_code == 200, f"the link answered {_told(download)}")
        digest = hashlib.sha256(download.content).hexdigest()
        expect(digest == facts["sha256"], "the downloaded bytes have another SHA-256")
        expect(len(download.content) == facts["bytes"], "the download has another length")
        note("303, 200, SHA-256 as promised")
    return download.content


def show_link_checks(url: str, stage: Stage, narrator: Narrator) -> None:
    """A changed link and an old one are worthless."""
    with narrator.step("The link changed, the link expired") as note:
        changed = stage.http.get(f"{url}&response-content-type=text/html", timeout=HTTP_SECONDS)
        stage.door.move_clock(3600)
        expired = stage.http.get(url, timeout=HTTP_SECONDS)
        stage.door.move_clock(-3600)
        statuses = (changed.status_code, expired.status_code)
        expect(statuses == (403, 403), f"a bad link answered {statuses}")
        note("403, 403")


def show_intake(stage: Stage, narrator: Narrator) -> None:
    """An object in the intake bucket, through EventBridge and the queue."""
    with narrator.step("S3 object requests/month.json, four invoices") as note:
        stage.put_intake("requests/month.json", read_intake("intake-many.json"))
        note(stage.pump(at_least_stored=3))


def show_event(stage: Stage, narrator: Narrator) -> None:
    """Our own event, through the bus and the queue."""
    with narrator.step("EventBridge event invoice.issued") as note:
        stage.put_event(read_event("eventbridge-invoice-issued"))
        note(stage.pump(at_least_stored=0))


def show_schedule(stage: Stage, narrator: Narrator) -> None:
    """The sweep finds what was issued since the last one."""
    with narrator.step("Schedule: three invoices issued this week") as note:
        stage.fire_schedule()
        note(stage.pump(at_least_stored=3))


def show_direct(sha256: str, stage: Stage, narrator: Narrator) -> None:
    """A direct invocation of the worker answers as the API does."""
    with narrator.step("Direct invocation") as note:
        answer = stage.invoke_worker(read_event("direct-invocation"))
        told = answer.get("detail", "another document")
        expect(bool(answer.get("sha256")), f"the direct invocation failed: {told}")
        same = answer["sha256"] == sha256
        note("the same document" if same else "its own options, its own document")


def save(path: Path, pdf: bytes) -> Path:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    try:
        draft.write_bytes(pdf)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def _told(answer: requests.Response) -> str:
    """Status and detail of a problem, in one line."""
    try:
        detail = answer.json().get("detail", "")
    except (ValueError, AttributeError):
        detail = ""
    return f"{answer.status_code} {detail}".strip()


if __name__ == "__main__":
    sys.exit(main())
