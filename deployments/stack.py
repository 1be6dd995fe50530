"""The stack that `make up` starts on one machine: embedded PostgreSQL, Prefect server, worker, webhook receiver.

Everything lives in `.watchkeeper` of the working directory, with a PREFECT_HOME of its own, so that nothing of the
operator's own Prefect is read or changed. The databases are always the embedded ones, whatever the environment says:
`make up` never touches a production database.
"""

import fcntl
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dotenv import dotenv_values

from deployments.children import Child, Stack, end, forget_stack, launch, read_stack, write_stack
from deployments.engine_client import SOCKET_VARIABLE
from tasks import embedded
from tasks.rules.faults import Fault, Misconfigured, Refused
from tasks.server import server_answers
from tasks.settings.receiver import RECEIVER_PORT, receiver_port

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("server", "engine", "worker", "receiver")
POOL = "watchkeeper"
_SERVER_PATIENCE_S = 240.0
# Another account's access has no business here, a profile may point to another server, and the DSNs of the operator's
# shell may lead to a real production database.
NOT_INHERITED = (
    "PREFECT_API_KEY",
    "PREFECT_PROFILE",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL",
    *embedded.DATABASES,
)


@dataclass(frozen=True)
class Place:
    """Where the stack lives and answers."""

    folder: Path
    port: int

    @property
    def home(self) -> Path:
        return self.folder / embedded.HOME

    @property
    def ui_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        return f"{self.ui_url}/api"

    @property
    def engine_socket(self) -> Path:
        return self.home / "engine.sock"

    def environment(self, secrets: dict[str, str]) -> dict[str, str]:
        """What every process of the stack finds in its environment; DSNs and keys go this way, never as arguments."""
        inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        settings = dotenv_values(ROOT / "deployments" / "prefect.server.env", interpolate=False)
        return {
            **inherited,
            **{name: value for name, value in settings.items() if value is not None},
            **secrets,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
            "WATCHKEEPER_HOME": str(ROOT),
            "PREFECT_HOME": str(self.home / "prefect"),
            "PREFECT_API_URL": self.api_url,
            "PREFECT_UI_URL": self.ui_url,
            # The UI learns its port from here alone.
            "PREFECT_SERVER_API_HOST": "127.0.0.1",
            "PREFECT_SERVER_API_PORT": str(self.port),
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            SOCKET_VARIABLE: str(self.engine_socket),
        }


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """One `up` or `down` at a time."""
    home.mkdir(exist_ok=True)
    with (home / "stack.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("lock_held", "another make up or make down is at work here: wait for its end") from None
        yield


def start_server(place: Place, environment: dict[str, str]) -> bool:
    """Start the Prefect server unless ours is up already; True if it was started. Does not wait for it."""
    stack = read_stack(place.home) or Stack(place.port)
    if stack.alive("server"):
        if stack.port != place.port:
            raise Misconfigured(
                "invalid_setting",
                f"a stack of this folder runs on port {stack.port}: use that (WATCHKEEPER_PORT={stack.port}), "
                "or end it with: make down",
            )
        return False
    refuse_busy_port(place.port)
    command = [sys.executable, "-m", "prefect", "server", "start"]
    _start(place, replace(stack, port=place.port), "server", command, environment)
    return True


def refuse_busy_port(port: int, variable: str = "WATCHKEEPER_PORT") -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Misconfigured(
                "invalid_setting",
                f"port {port} is in use by another program: end that program, or choose another port, "
                f"for example: {variable}={port + 1} make up",
            ) from None


def await_server(place: Place) -> None:
    """Wait until the server answers; a server that died says where its log is."""
    deadline = time.monotonic() + _SERVER_PATIENCE_S
    while not server_answers(place.api_url):
        stack = read_stack(place.home)
        if stack is None or not stack.alive("server"):
            raise Fault("orchestrator_unreachable", f"the Prefect server ended: read {embedded.HOME}/logs/server.log")
        if time.monotonic() > deadline:
            raise Fault("timeout", f"the Prefect server does not answer: read {embedded.HOME}/logs/server.log")
        time.sleep(0.2)


def start_engine(place: Place, environment: dict[str, str]) -> bool:
    """Start the warm engine unless it is up; where it cannot be, runs start cold, three seconds later each."""
    stack = read_stack(place.home) or Stack(place.port)
    if stack.alive("engine") or not embedded.fits_socket(place.engine_socket):
        return False
    _start(place, stack, "engine", [sys.executable, "-m", "deployments.engine_server"], environment)
    return True


def start_worker(place: Place, environment: dict[str, str], *, anew: bool) -> bool:
    """Start the worker unless it is up; `anew` replaces one whose server has been away."""
    stack = read_stack(place.home) or Stack(place.port)
    if stack.alive("worker"):
        if not anew:
            return False
        end(stack.children["worker"])
    # The limit keeps a backlog after an outage from starting everything at once.
    command = [
        sys.executable,
        "-m",
        "prefect",
        "worker",
        "start",
        "--type",
        "process",
        "--pool",
        POOL,
        "--limit",
        "6",
    ]
    # A worker keeps its runs' files in a folder of fixed name below TMPDIR, which another user's worker may own.
    scratch = place.home / "tmp"
    scratch.mkdir(exist_ok=True)
    _start(place, stack, "worker", [*command, "--name", "watchkeeper"], {**environment, "TMPDIR": str(scratch)})
    return True


def start_receiver(place: Place, environment: dict[str, str]) -> bool:
    """Start the webhook receiver unless it is up; its port is refused if another program has it."""
    stack = read_stack(place.home) or Stack(place.port)
    if stack.alive("receiver"):
        return False
    port = receiver_port()
    refuse_busy_port(port, RECEIVER_PORT)
    own = {**environment, RECEIVER_PORT: str(port)}
    _start(place, stack, "receiver", [sys.executable, "-m", "deployments.receiver"], own)
    return True


def _start(place: Place, stack: Stack, name: str, command: list[str], environment: dict[str, str]) -> None:
    child = launch(command, environment, ROOT, place.home / "logs" / f"{name}.log")
    try:
        write_stack(place.home, replace(stack, children={**stack.children, name: child}))
    except BaseException:  # a child that is not written down would never be found again
        end(child)
        raise


def stop(home: Path, tell: Callable[[str], None]) -> bool:
    """End what `up` started, the worker first, and forget it. True if there was anything to end."""
    stack = read_stack(home)
    ended = False
    for name, child in _last_first(stack):
        if end(child):
            ended = True
            tell(f"{name} ended")
    if embedded.give_up(home):
        ended = True
        tell("PostgreSQL ended")
    forget_stack(home)
    return ended


def _last_first(stack: Stack | None) -> list[tuple[str, Child]]:
    return list(reversed(stack.children.items())) if stack else []
