"""The stand-in as a process: `python -m tests.runtime.serve`, configured by its environment alone.

As recorded it needs APPROVE_TOKEN and API_TOKEN (`[FATAL CONFIG]` on stderr and exit 1), listens on RUNTIME_PORT, and
swallows SIGTERM and SIGINT: /healthz is bad for ever and the port stays taken (W6). What a test may adjust:
SIM_COLD_START_S, SIM_OBEYS_SIGTERM=1, SIM_WARM=1, SIM_DIES_AFTER_S, SIM_PORT_FILE (where the port is written).
"""

import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from tests.runtime.server import Server, engine_of
from tests.runtime.world import World

NEEDED = ("APPROVE_TOKEN", "API_TOKEN")


def main() -> int:
    wanting = [name for name in NEEDED if not os.environ.get(name)]
    for name in wanting:
        sys.stderr.write(f"[FATAL CONFIG] {name} is required\n")
    if wanting:
        return 1
    time.sleep(float(os.environ.get("SIM_COLD_START_S", "0")))
    try:
        listening = socket.create_server(("127.0.0.1", int(os.environ.get("RUNTIME_PORT", "0"))))
    except OSError:
        sys.stderr.write("ERROR: [Errno 98] address already in use\n")
        return 1
    with listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _serve(Server(_booted(), listening.getsockname()[1]), listening)


def _booted() -> World:
    """A clean boot holds with `restart_safe_mode`, one after an orderly stop with `shutdown`."""
    world = World(os.environ)
    if os.environ.get("SIM_WARM") == "1":
        world.warm_up()
    state = _state_file()
    if state and state.exists() and state.read_text() == "shutdown":
        world.safety.hold_reason = "shutdown"
    if state:
        state.unlink(missing_ok=True)
    return world


def _state_file() -> Path | None:
    path = os.environ.get("RUNTIME_STATE_PATH")
    return Path(path) if path else None


def _serve(server: Server, listening: socket.socket) -> int:
    engine, over = engine_of(server), threading.Event()

    def swallow(number: int, frame: object) -> None:
        server.world.shut_down()
        if state := _state_file():
            state.parent.mkdir(parents=True, exist_ok=True)
            state.write_text("shutdown")
        if os.environ.get("SIM_OBEYS_SIGTERM") == "1":
            over.set()

    signal.signal(signal.SIGTERM, swallow)
    signal.signal(signal.SIGINT, swallow)
    thread = threading.Thread(target=engine.run, args=([listening],), daemon=True)
    thread.start()
    while not engine.started:
        time.sleep(0.01)
    if path := os.environ.get("SIM_PORT_FILE"):
        Path(path).write_text(str(server.port))
    sys.stdout.write(f"serving on {server.url}\n")
    sys.stdout.flush()
    dies = float(os.environ.get("SIM_DIES_AFTER_S", "0")) or None
    started = time.monotonic()
    while not over.wait(0.2):
        if dies and time.monotonic() - started > dies:
            return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
