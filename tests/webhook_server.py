"""A webhook on this machine that keeps what it is sent and can be told to misbehave."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Webhook:
    """`answers` are the statuses to give next (200 when there are none left); `delay_s` passes before each."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.requests = 0
        self.answers: list[int] = []
        self.delay_s = 0.0
        self.url = ""

    def take(self, body: bytes) -> int:
        self.requests += 1
        time.sleep(self.delay_s)
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.texts.append(json.loads(body)["text"])
        return status


@contextmanager
def webhook_server() -> Iterator[Webhook]:
    webhook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status = webhook.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: the test reads `texts`."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        webhook.url = f"http://127.0.0.1:{server.server_address[1]}/services/s3cretpath"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield webhook
        finally:
            server.shutdown()
            thread.join()
