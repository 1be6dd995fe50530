"""A service to start and to end: `python little_service.py PORT`; what is odd about it stands in its environment.

ODD: `ignores_term`, `ends`, `unhealthy`, `other_body`, `endless`, `forks` (goes on as a detached child), or nothing.
"""

import http.server
import json
import os
import signal
import subprocess
import sys
import time

ODD = os.environ.get("ODD", "")


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        good = self.path == "/health" and ODD != "unhealthy"
        self.send_response(200 if good else 500)
        self.end_headers()
        body = {"status": "ill" if ODD == "other_body" else "ok", "pid": os.getpid()}
        self.wfile.write(json.dumps(body).encode())
        while ODD == "endless":
            self.wfile.write(b" " * 4096)


def main() -> None:
    if ODD == "ignores_term":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if ODD == "ends":
        sys.exit(f"no {os.environ.get('API_TOKEN')}, no service")
    if ODD == "forks":
        subprocess.Popen([sys.executable, *sys.argv], env=os.environ | {"ODD": ""}, start_new_session=True)
        return
    sys.stdout.write(f"here {os.environ.get('API_TOKEN')} {' '.join(os.environ)}\n")
    sys.stdout.flush()
    time.sleep(float(os.environ.get("SLOW", "0")))
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answers).serve_forever()


if __name__ == "__main__":
    main()
