"""``python -m local.fake_carrierx --port 0``: the fake by itself, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import threading

from local.fake_carrierx import INVOICE_SID, FakeCarrierX


def main() -> None:
    parser = argparse.ArgumentParser(prog="local.fake_carrierx", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    arguments = parser.parse_args()
    with FakeCarrierX(port=arguments.port) as carrierx, contextlib.suppress(KeyboardInterrupt):
        print(f"url    {carrierx.url}")
        print(f"token  {carrierx.token}")
        print(f"try    curl -H 'Authorization: Bearer {carrierx.token}' \\")
        print(f"         '{carrierx.url}/billing/invoices/{INVOICE_SID}?with_related=true'")
        print("Ctrl-C stops it.", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
