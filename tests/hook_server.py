"""The other side of the soak's hooks: a control service that answers as it is told and remembers who called."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Control:
    """`calls` holds headers and body of each call; `status` and `delay_s` are how it answers."""

    url: str = ""
    status: int = 204
    delay_s: float = 0.0
    calls: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        return [headers["Idempotency-Key"] for headers, _ in self.calls]


@contextmanager
def running_control() -> Iterator[Control]:
    control = Control()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            control.calls.append((dict(self.headers), json.loads(body)))
            time.sleep(control.delay_s)
            self.send_response(control.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    control.url = f"http://127.0.0.1:{server.server_port}/soak"
    try:
        yield control
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
