"""A webhook server that only checks signatures: `python signed_server.py PORT`, its secret from the environment.

ODD: `old` takes the secret of its first start for ever (kept in a file beside it), `both` that one as well,
`limited` answers 429 only.
"""

import hashlib
import hmac
import http.server
import os
import sys
from pathlib import Path

SECRET = os.environ.get("GITEA_WEBHOOK_SECRET", "")
ODD = os.environ.get("ODD", "")
FIRST = Path("first.secret").read_text() if ODD in ("old", "both") else SECRET
SECRETS = {"old": (FIRST,), "both": (FIRST, SECRET)}.get(ODD, (SECRET,))


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._say(200, b'{"status":"healthy"}')

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        good = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in SECRETS]
        given = self.headers.get("X-Gitea-Signature", "")
        self._say(429 if ODD == "limited" else 200 if given in good else 401, b"{}")

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answers).serve_forever()
