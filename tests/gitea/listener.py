"""A place on this machine that hears webhooks, whole: headers and bytes."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Heard:
    headers: dict[str, str]  # names in lower case
    body: bytes


@dataclass
class Listener:
    """`status` is what is answered; `requests` is what came in, in its order."""

    url: str = ""
    status: int = 200
    requests: list[Heard] = field(default_factory=list)

    def wait_for(self, count: int, *, within_s: float = 10.0) -> None:
        end = time.monotonic() + within_s
        while len(self.requests) < count and time.monotonic() < end:
            time.sleep(0.02)
        assert len(self.requests) >= count


@contextmanager
def webhook_listener() -> Iterator[Listener]:
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            listener.requests.append(Heard({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(listener.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: the test reads `requests`."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()
