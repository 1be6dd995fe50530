"""The stand-in as a process: `python -m tests.runtime.serve`, configured by its environment alone.

As recorded it does not start without what `fatal` names (`[FATAL CONFIG]` on stderr and exit 1), listens on
RUNTIME_PORT, and swallows SIGTERM and SIGINT: /healthz is bad for ever and the port stays taken (W6). What a test may
adjust: SIM_COLD_START_S, SIM_OBEYS_SIGTERM=1, SIM_WARM=1, SIM_DIES_AFTER_S, SIM_PORT_FILE (where its port goes).
"""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from tests.runtime.server import Server, engine_of
from tests.runtime.world import CONTROL_WORDS, World

PATHS = ("RUNTIME_STATE_PATH", "POSITIONS_STORE_PATH", "PNL_HISTORY_PATH", "HEDGE_LOG_PATH", "OPS_ALERTS_FILE")


def fatal(environ: Mapping[str, str]) -> list[str]:
    """Why it does not start: spec 002, 2.2. The text of a template in a value is one more, left out here."""
    found = [f"{name} is empty" for name in ("APPROVE_TOKEN", *PATHS) if not environ.get(name)]
    if _flag(environ, "AUTH_ENABLED", "1") and not environ.get("API_TOKEN"):
        found.append("API_TOKEN is empty")
    if not _flag(environ, "DRY_RUN_MODE", "0") and not _flag(environ, "SAFE_MODE", "1"):
        found.append("DRY_RUN_MODE=false without SAFE_MODE")
    store = environ.get("SECRETS_STORE_PATH", "")
    if environ.get("PROFILE") == "live" and not (store and Path(store).is_file()):
        found.append(f"secrets store: {store}")
    return found


def _flag(environ: Mapping[str, str], name: str, default: str) -> bool:
    return environ.get(name, default).strip().lower() in CONTROL_WORDS


def main() -> int:
    why = fatal(os.environ)
    for one in why:
        sys.stderr.write(f"[FATAL CONFIG] {one}\n")
    if why:
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
